"""Manifests: one file per kind, the loader that keeps file and line, references.

Shapes only: whether a tool or playbook exists is for `assembly` to say.
"""
