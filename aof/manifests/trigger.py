"""Kind `Trigger`: which event or schedule starts whom, and where the answer goes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from aof.manifests.base import Approval, Manifest, Reference, Strict


class InlineFleet(Strict):
    """A chain of agents, written in place or by reference."""

    agents: tuple[Reference, ...] = ()
    ref: str = ""


class Output(Strict):
    """Where an answer goes. Each `type` has further fields of its own."""

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)

    type: str
    condition: str = Field(default="", description="Sent only when this holds.")


class TriggerSpec(Strict):
    """What starts a run."""

    platform: str = ""
    events: tuple[str, ...] = ()
    schedule: str = Field(default="", description="Cron expression, five fields.")
    timezone: str = "UTC"
    filter: str = ""
    jmespath: str = ""
    agent: Reference | None = None
    fleet: InlineFleet | None = None
    input_template: str = ""
    input: dict[str, Any] = Field(default_factory=dict)
    output: tuple[Output, ...] = ()
    approval: Approval | None = None

    @model_validator(mode="after")
    def _one_source_one_target(self) -> TriggerSpec:
        if bool(self.platform) == bool(self.schedule):
            raise ValueError("give either `platform` (with `events`) or `schedule`")
        if (self.agent is None) == (self.fleet is None):
            raise ValueError("give either `agent` or `fleet`")
        return self


class Trigger(Manifest):
    """A trigger."""

    kind: Literal["Trigger"]
    spec: TriggerSpec
