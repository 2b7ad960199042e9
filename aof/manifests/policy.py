"""Kind `Policy`: what agents may change, when, and who must approve it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from aof.manifests.base import Duration, Manifest, Scalar, Strict
from aof.messages import Effect
from aof.plans import Decision, Origin

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _clock_time(value: Any) -> Any:
    """`22:00` without quotes is the number 1320 to YAML 1.1."""
    return f"{value // 60:02}:{value % 60:02}" if isinstance(value, int) else value


def minutes(text: str) -> int:
    """Minutes since midnight of `HH:MM`; `24:00` is the end of the day."""
    if not re.fullmatch(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00", text):
        raise ValueError(f"'{text}' is not a time such as 08:30")
    return int(text[:2]) * 60 + int(text[3:])


ClockTime = Annotated[str, BeforeValidator(_clock_time)]


class Window(Strict):
    """A time: days and hours in a timezone, or a span of dates, or both.

    Hours that end before they begin go over midnight and belong to the day they begin on.
    """

    timezone: str = "UTC"
    days: tuple[Day, ...] = DAYS
    from_: ClockTime = Field(default="00:00", alias="from")
    to: ClockTime = "24:00"
    start: datetime | None = Field(default=None, description="From here on (RFC 3339).")
    end: datetime | None = Field(default=None, description="Until here (RFC 3339).")

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("not a timezone such as Europe/Berlin") from None
        return value

    @model_validator(mode="after")
    def _times(self) -> Window:
        if minutes(self.from_) == minutes(self.to):
            raise ValueError("`from` and `to` are the same: the window is empty")
        for moment in (self.start, self.end):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("`start` and `end` need an offset, e.g. 2026-12-20T00:00:00+01:00")
        return self


class Rate(Strict):
    """How often the same operations were applied before."""

    at_least: int = Field(ge=1)
    within: Duration


class ArgumentRange(Strict):
    """A condition on a number, on absence, or the opposite of another condition."""

    min: float | None = None
    max: float | None = None
    absent: bool | None = None
    not_: Scalar | tuple[Scalar, ...] | None = Field(default=None, alias="not")


ArgumentCondition = Scalar | tuple[Scalar, ...] | ArgumentRange


class When(Strict):
    """Conditions; all that are given must hold. Texts are patterns: `*` matches anything."""

    tools: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    effects: tuple[Literal[Effect.NOTIFY, Effect.WRITE], ...] = ()
    commands: tuple[str, ...] = Field(
        default=(), description="Words in order, e.g. `git push --tags`."
    )
    arguments: dict[str, ArgumentCondition] = Field(default_factory=dict)
    environments: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    window: Window | tuple[Window, ...] | None = None
    actors: tuple[str, ...] = Field(default=(), description="Who asked for the run.")
    agents: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
    rate: Rate | None = None


class PolicyApproval(Strict):
    """Who must approve where a rule says `require-approval`."""

    approvers: tuple[str, ...] = ()
    quorum: int = Field(default=1, ge=1)
    timeout: Duration = "4h"
    local: bool | None = Field(
        default=None, description="May the person at this terminal approve? Default: outside CI."
    )
    self_approval: bool | None = Field(
        default=None, description="May who asked for the run approve? Default: at the terminal."
    )
    forge_environment: str = ""


class Rule(Strict):
    """One rule. Within a policy the first rule that matches decides."""

    name: str = Field(min_length=1)
    when: When = Field(default_factory=When)
    decision: Decision
    reason: str = ""
    approval: PolicyApproval | None = None


class Given(Strict):
    """What a table test asks about."""

    tool: str
    operation: str
    effect: Literal[Effect.NOTIFY, Effect.WRITE] = Effect.WRITE
    arguments: dict[str, Any] = Field(default_factory=dict)
    command: str = ""
    environment: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    at: datetime = datetime.fromisoformat("2026-01-07T12:00:00+00:00")
    actor: str = ""
    agent: str = ""
    verdict: str = ""
    decision: str = ""
    origin: Origin = Origin.PLAYBOOK
    declared: bool = False
    applied: int = Field(default=0, ge=0, description="Times applied a minute before.")


class PolicyTest(Strict):
    """One row of a table test: a question and the expected answer."""

    name: str
    given: Given
    expect: Decision
    rule: str = Field(default="", description="The rule that must decide, where it matters.")


class PolicySpec(Strict):
    """Rules in order, defaults for approval, and who is who."""

    rules: tuple[Rule, ...] = Field(min_length=1)
    approval: PolicyApproval = Field(default_factory=PolicyApproval)
    teams: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Team, e.g. `@deployment-team`, to its members."
    )
    people: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Person to identities: `github:ana`, `ssh:ana@x.org`."
    )
    tests: tuple[PolicyTest, ...] = ()


class Policy(Manifest):
    """A policy. Where several disagree, the strictest holds."""

    kind: Literal["Policy"]
    spec: PolicySpec
