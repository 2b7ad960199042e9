"""Every tool name and the class behind it. No scanning, no side effects."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from aof.errors import NotBound, UsageFault, did_you_mean

if TYPE_CHECKING:
    from aof.tools.base import Tool

TOOLS: dict[str, str] = {
    "argocd": "aof.tools.argocd:Argocd",
    "flux": "aof.tools.flux:Flux",
    "git": "aof.tools.git:Git",
    "github_actions": "aof.tools.github_actions:GithubActions",
    "gitlab_ci": "aof.tools.gitlab_ci:GitlabCi",
    "gitops": "aof.tools.git:Gitops",
    "grafana_query": "aof.tools.grafana_query:GrafanaQuery",
    "jenkins": "aof.tools.jenkins:Jenkins",
    "kubectl": "aof.tools.kubectl:Kubectl",
    "loki_query": "aof.tools.loki_query:LokiQuery",
    "prometheus_query": "aof.tools.prometheus_query:PrometheusQuery",
}
"""Tool name to `module:Class`; an empty class means: known, not in this version."""


def check_name(name: str) -> None:
    """`UsageFault` with a suggestion when no tool is called `name`; imports none."""
    if name not in TOOLS:
        raise UsageFault(
            f"unknown tool '{name}'",
            why="it is not in the catalog",
            fix=did_you_mean(name, TOOLS, otherwise="see: aofctl get tools"),
        )


def tool_class(name: str) -> type[Tool]:
    """The class of a tool.

    Raises:
        UsageFault: No tool has that name.
        NotBound: The tool is known but not in this version.
    """
    check_name(name)
    if not TOOLS[name]:
        raise NotBound(f"{name} is not in this version", why="known, but not built yet")
    module, _, attribute = TOOLS[name].partition(":")
    found: type[Tool] = getattr(importlib.import_module(module), attribute)
    return found
