"""Kind `AgentTest`: scenarios an agent must pass."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from aof.manifests.base import Manifest, Reference, Scalar, Strict


class Scenario(Strict):
    """One input and what must be true of the answer."""

    name: str
    description: str = ""
    input: str = ""
    set: dict[str, Scalar] = Field(default_factory=dict)
    event: dict[str, Any] | None = None
    env: dict[str, str] = Field(default_factory=dict)
    assertions: tuple[dict[str, Any], ...] = Field(min_length=1)


class AgentTestSpec(Strict):
    """The agent under test and its scenarios."""

    agent: Reference
    scenarios: tuple[Scenario, ...] = Field(min_length=1)


class AgentTest(Manifest):
    """Scenario tests of one agent."""

    kind: Literal["AgentTest"]
    spec: AgentTestSpec
