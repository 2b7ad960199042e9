"""Kubernetes: the reads of `kubectl_reads` and the changes, each once and owned by `aofctl`."""

from __future__ import annotations

from aof.tools.kubectl_reads import KubectlReads


class Kubectl(KubectlReads):
    """Objects of one cluster."""
