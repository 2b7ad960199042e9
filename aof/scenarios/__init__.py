"""Scenario tests: an agent, mocked tools, a frozen clock, and what must be true afterwards.

Scenarios go through the same engine as real runs; only tools, clock, memory and model are
replaced.
"""
