"""The conditions of a rule against one question: yes, no, or not known.

What is not known is never taken for granted: see `evaluate`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from aof.manifests.base import duration_s
from aof.manifests.policy import DAYS, ArgumentCondition, ArgumentRange, When, Window, minutes
from aof.messages import Effect
from aof.plans import Origin
from aof.policy.commands import command_matches


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that was made before."""

    at: datetime
    tool: str
    operation: str


@dataclass(frozen=True, slots=True)
class Question:
    """May this be done? Empty texts mean: not known.

    Attributes:
        arguments: With the operation's defaults filled in; `{"$result": ...}` is not known yet.
        declared: For notify: a manifest declares this output.
        tainted: Text from outside was read before this was proposed.
        applied: Earlier changes, for rates.
    """

    tool: str
    operation: str
    now: datetime
    effect: Effect = Effect.WRITE
    arguments: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    environment: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    actor: str = ""
    agent: str = ""
    verdict: str = ""
    decision: str = ""
    origin: Origin = Origin.MODEL
    declared: bool = False
    tainted: bool = True
    applied: Sequence[Applied] = ()

    @property
    def counts_as(self) -> Effect:
        """A notification no manifest declares is a write like any other."""
        undeclared = self.effect is Effect.NOTIFY and not self.declared
        return Effect.WRITE if undeclared else self.effect


Person = Callable[[str, Sequence[str]], bool]
"""Whether an identity is among people, identities and teams."""


def matches(when: When, question: Question, *, is_one_of: Person) -> bool | None:
    """True, False, or None when something the rule asks about is not known."""
    answers = [
        _one(when.tools, question.tool),
        _one(when.operations, question.operation),
        not when.effects or question.counts_as in when.effects,
        _one(when.environments, question.environment),
        _one(when.verdicts, question.verdict),
        _one(when.decisions, question.decision),
        _one(when.agents, question.agent),
        not when.origins or question.origin in when.origins,
        _actor(when.actors, question.actor, is_one_of),
        _command(when.commands, question.command),
        _in_window(when.window, question.now),
        *(_label(question.labels, key, value) for key, value in when.labels.items()),
        *(_argument(question.arguments, key, cond) for key, cond in when.arguments.items()),
        _rate(when, question),
    ]
    if False in answers:
        return False
    return None if None in answers else True


def _one(patterns: Sequence[str], value: str) -> bool | None:
    if not patterns:
        return True
    if not value:
        return None
    return any(fnmatchcase(value, pattern) for pattern in patterns)


def _actor(allowed: Sequence[str], actor: str, is_one_of: Person) -> bool | None:
    if not allowed:
        return True
    return is_one_of(actor, allowed) if actor else None


def _command(patterns: Sequence[str], command: str) -> bool | None:
    if not patterns:
        return True
    if not command:
        return None
    return any(command_matches(pattern, command) for pattern in patterns)


def _label(labels: Mapping[str, str], key: str, pattern: str) -> bool | None:
    return fnmatchcase(labels[key], pattern) if key in labels else None


def _argument(arguments: Mapping[str, Any], name: str, condition: ArgumentCondition) -> bool | None:
    value = arguments.get(name)
    if isinstance(value, Mapping) and "$result" in value:
        return None
    if isinstance(condition, ArgumentRange):
        return _in_range(value, condition)
    return _equals(value, condition)


def _in_range(value: Any, condition: ArgumentRange) -> bool:
    if condition.absent is not None and (value is None) is not condition.absent:
        return False
    if condition.not_ is not None and _equals(value, condition.not_):
        return False
    if condition.min is None and condition.max is None:
        return True
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    low = condition.min is None or value >= condition.min
    return low and (condition.max is None or value <= condition.max)


def _equals(value: Any, condition: Any) -> bool:
    if isinstance(condition, tuple):
        return any(_equals(value, item) for item in condition)
    if isinstance(value, list | tuple):
        return any(_equals(item, condition) for item in value)
    if isinstance(condition, bool) or isinstance(value, bool):
        return value is condition
    if isinstance(condition, str):
        return value is not None and fnmatchcase(str(value), condition)
    return bool(value == condition)


def _in_window(window: Window | tuple[Window, ...] | None, now: datetime) -> bool:
    if window is None:
        return True
    if isinstance(window, tuple):
        return any(_in_window(item, now) for item in window)
    if (window.start and now < window.start) or (window.end and now >= window.end):
        return False
    from zoneinfo import ZoneInfo

    local = now.astimezone(ZoneInfo(window.timezone))
    minute = local.hour * 60 + local.minute
    begins, ends = minutes(window.from_), minutes(window.to)
    today, yesterday = DAYS[local.weekday()], DAYS[(local.weekday() - 1) % 7]
    if begins < ends:
        return today in window.days and begins <= minute < ends
    return (today in window.days and minute >= begins) or (
        yesterday in window.days and minute < ends
    )


def _rate(when: When, question: Question) -> bool:
    if when.rate is None:
        return True
    since = question.now - timedelta(seconds=duration_s(when.rate.within))
    counted = [
        earlier
        for earlier in question.applied
        if earlier.at >= since
        and _one(when.tools, earlier.tool)
        and _one(when.operations, earlier.operation)
    ]
    return len(counted) >= when.rate.at_least
