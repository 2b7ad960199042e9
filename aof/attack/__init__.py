"""Attacks on our own runs: what hostile text from outside must never achieve."""
