"""What a scenario came to, as assertions see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aof.engine.result import RunResult
from aof.errors import AofError, ExitCode, Unreachable
from aof.models.base import Model


@dataclass(frozen=True, slots=True)
class Called:
    """One tool call that was made."""

    tool: str
    operation: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one scenario's run: a result, or the error it failed with.

    `models` can grade a rubric; there are some only in live runs.
    """

    result: RunResult | None
    error: AofError | None
    calls: Sequence[Called] = ()
    memory: Sequence[Mapping[str, Any]] = ()
    document: Mapping[str, Any] = field(default_factory=dict)
    steps: Sequence[str] = ()
    models: Sequence[Model] = ()

    @property
    def report(self) -> str:
        """The report, or the error's text."""
        if self.result is not None:
            return self.result.report
        return str(self.error or "")

    @property
    def exit_code(self) -> ExitCode:
        """What `aofctl run` would have returned."""
        if self.result is not None:
            return self.result.exit_code()
        return self.error.exit_code if self.error else ExitCode.INTERNAL


@dataclass(frozen=True, slots=True)
class Failure:
    """An assertion that does not hold: which, where it stands, and why."""

    assertion: str
    message: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """One scenario's end. `duration_s` is wall time."""

    test: str
    scenario: str
    file: str
    line: int
    failures: Sequence[Failure]
    duration_s: float
    outcome: Outcome | None = None
    skipped: str = ""
    live: bool = False

    @property
    def passed(self) -> bool:
        """Whether every assertion holds."""
        return not self.failures and not self.skipped

    @property
    def unreachable(self) -> bool:
        """Whether it failed because something outside could not be reached."""
        error = self.outcome.error if self.outcome else None
        return bool(self.failures) and self.live and isinstance(error, Unreachable)

    @property
    def id(self) -> str:
        """`file::scenario`, what `-k` and `--last-failed` see."""
        return f"{self.file}::{self.scenario}"
