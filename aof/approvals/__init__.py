"""Approvals: who gave them, whether they count, and that each is used once."""
