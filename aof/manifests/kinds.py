"""The kinds, by the word that stands after `kind:`. Each is imported when it is met."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aof.manifests.base import Manifest

KINDS: dict[str, str] = {
    "Agent": "aof.manifests.agent:Agent",
    "AgentTest": "aof.manifests.agent_test:AgentTest",
    "Fleet": "aof.manifests.fleet:Fleet",
    "Policy": "aof.manifests.policy:Policy",
    "Trigger": "aof.manifests.trigger:Trigger",
    "Workflow": "aof.manifests.workflow:Workflow",
}
"""Kind to `module:Class`."""


def model_of(kind: str) -> type[Manifest]:
    """The model of a known kind."""
    module, _, attribute = KINDS[kind].partition(":")
    model: type[Manifest] = getattr(importlib.import_module(module), attribute)
    return model
