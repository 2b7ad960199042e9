"""Real HTTP servers on loopback that answer as the vendors' published APIs do."""
