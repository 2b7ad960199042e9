"""Playbooks: which evidence to gather for a question, and which analysis to hand it to.

A playbook sees tools only through `Calls` and imports none. `base` has the contract,
`catalog` the names.
"""
