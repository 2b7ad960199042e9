"""Kind `Workflow`: agents, approvals and waits in order, with branches on what they found."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from aof.manifests.base import Approval, Duration, Manifest, Reference, Scalar, Strict

_KINDS = ("agent", "approval", "wait", "parallel", "branch")


class Branch(Strict):
    """Steps chosen by a fact. `on` is a jmespath over the facts of earlier steps."""

    on: str
    cases: dict[str, tuple[Step, ...]] = Field(default_factory=dict)
    default: tuple[Step, ...] = ()


class Step(Strict):
    """One step; exactly one of agent, approval, wait, parallel and branch.

    `input` and the values of `set` may hold `${step.path}`: a jmespath over the facts of
    earlier steps. An `approval` is about the plan of the last step that proposed one.
    A step whose verdict is fail ends the workflow unless `on_fail` says `continue`.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    agent: Reference | None = None
    input: str = ""
    set: dict[str, Scalar] = Field(default_factory=dict)
    approval: Approval | None = None
    wait: Duration | None = None
    parallel: tuple[Step, ...] = ()
    branch: Branch | None = None
    on_fail: Literal["stop", "continue"] = "stop"

    @model_validator(mode="after")
    def _one_kind(self) -> Step:
        given = [kind for kind in _KINDS if getattr(self, kind)]
        if len(given) != 1:
            raise ValueError(f"step '{self.name}' needs exactly one of: {', '.join(_KINDS)}")
        return self


class WorkflowSpec(Strict):
    """Steps in order."""

    description: str = ""
    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique_names(self) -> WorkflowSpec:
        names = [step.name for step in all_steps(self.steps)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two steps are called '{twice[0]}'")
        return self


def all_steps(steps: Any) -> list[Step]:
    """The steps and those inside them."""
    found: list[Step] = []
    for step in steps:
        found.append(step)
        found += all_steps(step.parallel)
        if step.branch is not None:
            for case in (*step.branch.cases.values(), step.branch.default):
                found += all_steps(case)
    return found


class Workflow(Manifest):
    """A workflow."""

    kind: Literal["Workflow"]
    spec: WorkflowSpec
