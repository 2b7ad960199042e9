"""The kinds, by the word that stands after `kind:`."""

from __future__ import annotations

from aof.manifests.agent import Agent
from aof.manifests.agent_test import AgentTest
from aof.manifests.base import Manifest
from aof.manifests.fleet import Fleet
from aof.manifests.policy import Policy
from aof.manifests.trigger import Trigger
from aof.manifests.workflow import Workflow

KINDS: dict[str, type[Manifest]] = {
    "Agent": Agent,
    "AgentTest": AgentTest,
    "Fleet": Fleet,
    "Policy": Policy,
    "Trigger": Trigger,
    "Workflow": Workflow,
}
