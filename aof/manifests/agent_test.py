"""Kind `AgentTest`: scenarios an agent must pass."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from aof.manifests.base import Duration, Manifest, Reference, Scalar, Strict

_WAYS = ("equals", "contains", "pattern", "subset", "jmespath")


class Matcher(Strict):
    """How an argument must look. Written without a mapping it means `equals`."""

    equals: Any = None
    contains: str | None = Field(default=None, description="Text that stands in it.")
    pattern: str | None = Field(default=None, description="Regular expression found in it.")
    subset: dict[str, Any] | None = Field(default=None, description="Keys it must have.")
    jmespath: str | None = Field(default=None, description="Expression that must be true of it.")

    @model_validator(mode="after")
    def _one_way(self) -> Matcher:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"give exactly one of: {', '.join(_WAYS)}")
        return self


class MockAnswer(Strict):
    """What one call gets: data, data from a file, or an error."""

    returns: Any = None
    returns_file: str = Field(default="", description="JSON or YAML beside the test file.")
    error: str = ""
    warnings: tuple[str, ...] = ()
    delay: Duration = Field(default="0s", description="How long it takes, on the frozen clock.")


class Mock(MockAnswer):
    """An operation of a tool and what it answers.

    With `sequence` the first call gets the first answer and so on; the last one repeats.
    Arguments that `match` does not name may be anything. `when` is state that must hold
    for the mock to answer, `sets` what its answer changes: a tag that was pushed is there
    afterwards.
    """

    tool: str
    operation: str
    match: dict[str, Matcher] = Field(default_factory=dict)
    sequence: tuple[MockAnswer, ...] = ()
    when: dict[str, Any] = Field(default_factory=dict)
    sets: dict[str, Any] = Field(default_factory=dict)

    @field_validator("match", mode="before")
    @classmethod
    def _plain_values_must_be_equal(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: _as_matcher(item) for name, item in value.items()}


def _as_matcher(item: Any) -> Any:
    is_matcher = isinstance(item, dict) and item and set(item) <= set(_WAYS)
    return item if is_matcher else {"equals": item}


class CalledTool(Strict):
    """A call that must, or must not, have happened; `tool.operation` is the short form."""

    tool: str
    operation: str = ""
    arguments: dict[str, Matcher] = Field(default_factory=dict)
    times: int | None = Field(default=None, ge=0)
    at_least: int = Field(default=1, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if isinstance(value, str):
            tool, _, operation = value.partition(".")
            return {"tool": tool, "operation": operation}
        if isinstance(value, dict) and isinstance(value.get("arguments"), dict):
            arguments = {name: _as_matcher(item) for name, item in value["arguments"].items()}
            return {**value, "arguments": arguments}
        return value


class Assertion(Strict):
    """One thing that must be true of the outcome. Exactly one field is given.

    `contains` and its kind look at the report. `facts` maps jmespath expressions to the
    values they must have. `not`, `any_of` and `all_of` combine.
    """

    contains: str | None = None
    not_contains: str | None = None
    icontains: str | None = None
    matches: str | None = None
    verdict: Literal["pass", "warn", "inconclusive", "fail"] | None = None
    decision: str | None = None
    exit_code: int | None = None
    error_contains: str | None = Field(default=None, description="The run failed, saying so.")
    facts: dict[str, Any] | None = None
    json_schema: dict[str, Any] | None = None
    tool_called: CalledTool | None = None
    tool_not_called: CalledTool | None = None
    call_order: tuple[CalledTool, ...] | None = None
    plan_contains: str | None = None
    plan_empty: bool | None = None
    proposes: str | None = Field(default=None, description="Text of a proposed command.")
    approval_required: bool | None = None
    memory_contains: str | None = None
    steps: tuple[str, ...] | None = Field(
        default=None, description="A workflow's steps that were taken, `name: state`, in order."
    )
    max_tokens: int | None = None
    max_cost: float | None = None
    max_duration: Duration | None = None
    rubric: str | None = Field(default=None, description="Graded by a model; only with --live.")
    not_: Assertion | None = Field(default=None, alias="not")
    any_of: tuple[Assertion, ...] | None = None
    all_of: tuple[Assertion, ...] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Assertion:
        if len(self.model_fields_set) != 1:
            raise ValueError("an assertion has exactly one field")
        return self

    @property
    def kind(self) -> str:
        """The field that is given, as the manifest writes it."""
        return next(iter(self.model_fields_set)).rstrip("_")


class ScriptedCall(Strict):
    """A call of a scripted model: `argocd_app_get` and its arguments."""

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class ScriptedTurn(Strict):
    """What a scripted model answers once."""

    text: str = ""
    calls: tuple[ScriptedCall, ...] = ()


class Scenario(Strict):
    """One input and what must be true of the answer."""

    name: str
    description: str = ""
    input: str = ""
    set: dict[str, Scalar] = Field(default_factory=dict)
    with_: dict[str, Any] = Field(
        default_factory=dict,
        alias="with",
        description="Options of the agent's playbook, laid over those in the agent.",
    )
    event: dict[str, Any] | None = None
    env: dict[str, str] = Field(default_factory=dict)
    clock: datetime | None = Field(default=None, description="When it happens.")
    memory: tuple[dict[str, Any], ...] = Field(default=(), description="Earlier entries.")
    wait: Duration = "0s"
    mocks: tuple[Mock, ...] = ()
    approvals: dict[str, Literal["approve", "reject"]] = Field(
        default_factory=dict, description="What people say at a workflow's approval steps."
    )
    model: tuple[ScriptedTurn, ...] = Field(
        default=(), description="A scripted model's turns; empty for the built-in one."
    )
    assertions: tuple[Assertion, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _a_rubric_is_never_alone(self) -> Scenario:
        if all(assertion.kind == "rubric" for assertion in self.assertions):
            raise ValueError("a rubric is graded by a model: add an assertion that code checks")
        return self


class AgentTestSpec(Strict):
    """The agent, fleet or workflow under test, mocks for every scenario, and the scenarios."""

    agent: Reference | None = None
    fleet: Reference | None = None
    workflow: Reference | None = None
    env: dict[str, str] = Field(default_factory=dict)
    clock: datetime | None = None
    mocks: tuple[Mock, ...] = ()
    scenarios: tuple[Scenario, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_subject(self) -> AgentTestSpec:
        if sum(one is not None for one in (self.agent, self.fleet, self.workflow)) != 1:
            raise ValueError("give one of `agent`, `fleet` and `workflow`")
        if self.agent is None and any(scenario.with_ for scenario in self.scenarios):
            raise ValueError("`with` of a scenario is for the test of one agent")
        names = [scenario.name for scenario in self.scenarios]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two scenarios are called '{twice[0]}'")
        return self


class AgentTest(Manifest):
    """Scenario tests of one agent, fleet or workflow."""

    kind: Literal["AgentTest"]
    spec: AgentTestSpec
