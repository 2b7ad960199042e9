"""Kind `Fleet`: agents that answer one request together."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aof.manifests.base import Approval, Manifest, Reference, Strict


class FleetSpec(Strict):
    """Agents in order. The strictest verdict is the fleet's."""

    description: str = ""
    agents: tuple[Reference, ...] = Field(min_length=1)
    mode: Literal["sequential", "parallel"] = "sequential"
    approval: Approval | None = None


class Fleet(Manifest):
    """A fleet."""

    kind: Literal["Fleet"]
    spec: FleetSpec
