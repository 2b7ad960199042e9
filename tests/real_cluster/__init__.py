"""Tests with a real API server, and cases recorded on one."""
