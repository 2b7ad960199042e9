"""What the analysis passes around and returns: steps, candidates and the diagnosis.

Shapes only; nothing here reads a log.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Category(StrEnum):
    """Cause classes of a failed pipeline. `FLAKY` needs evidence beyond one log line."""

    COMPILE = "compile"
    DEPENDENCY = "dependency"
    ENVIRONMENT = "environment"
    UNIT_TEST = "unit-test"
    INTEGRATION_TEST = "integration-test"
    TIMEOUT = "timeout"
    OOM_RESOURCE = "oom-resource"
    CONFIG = "config"
    LINT = "lint"
    DEPLOY = "deploy"
    NETWORK_INFRA = "network-infra"
    FLAKY = "flaky"
    UNKNOWN = "unknown"


Outcome = Literal["failed", "passed", "unknown"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Location(_Frozen):
    """A place in the sources. `line` and `column` are 1-based; None when the log has none."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n is not None)]
        return ":".join(parts)


class Failure(_Frozen):
    """One line that says why the pipeline failed.

    Attributes:
        line: 1-based number of the line in the log.
        text: The line without colour, timestamps and runner prefixes, at most 4,000 characters.
        step: Step, section, stage or command it was printed in; None when the log has none.
        location: Place in the sources the failure points at.
        rule: Id of the rule that recognised it, e.g. `pytest-assertion`.
        category: Cause class of this line.
        score: Higher is more likely the cause; only comparable within one log.
        signature: Rule and message with numbers and paths masked; equal for equal failures.
    """

    line: int
    text: str
    step: str | None = None
    location: Location | None = None
    rule: str
    category: Category
    score: float
    signature: str


class FlakyEvidence(_Frozen):
    """Why a failure is believed to come and go: `kind` names the evidence, `detail` shows it."""

    kind: Literal["same-commit-passed", "retry-passed", "unrelated-branches"]
    detail: str


class Diagnosis(_Frozen):
    """What one log says about the failure of its pipeline.

    Attributes:
        outcome: How the pipeline ended according to its log.
        primary: The most likely cause; None when the log passed or nothing was recognised.
        recognised: A rule recognised `primary`; False when it is only the last output.
        category: Cause class of `primary`, `unknown` without one.
        confidence: 0 to 1, from the margin between `primary` and the next other failure.
        candidates: Runners-up, best first, at most ten.
        excerpt: `(line number, text)` in order; what a reader or a model should see.
        exit_code: Of the failing command when the log states it.
        step: Failing step, section, stage or command.
        platform: CI system the log format belongs to.
        flaky: Evidence that the failure comes and goes; empty without evidence.
        tests: Ids of failed tests as pytest takes them, at most five; empty when the log has none.
        fix_id: Key of `fixes.advice`; "" when there is no specific advice.
        notes: What limits the answer, e.g. a log cut off by its size limit.
        complete: False when only the end of the log was scanned.
    """

    outcome: Outcome
    primary: Failure | None = None
    recognised: bool = False
    category: Category = Category.UNKNOWN
    confidence: float = 0.0
    candidates: tuple[Failure, ...] = ()
    excerpt: tuple[tuple[int, str], ...] = ()
    exit_code: int | None = None
    step: str | None = None
    platform: str = "plain"
    flaky: tuple[FlakyEvidence, ...] = ()
    tests: tuple[str, ...] = ()
    fix_id: str = ""
    notes: tuple[str, ...] = ()
    complete: bool = True

    def as_dict(self) -> dict[str, Any]:
        """The JSON document of `aofctl analyze log -o json`."""
        return self.model_dump(mode="json")


class Context(_Frozen):
    """What is known beside the log; raises or lowers candidates, never invents one.

    Attributes:
        changed_files: Paths changed since the last green run.
        retried_green: The same commit passed in another attempt or run; says which.
        seen_on: Other branches where the same signature failed.
    """

    changed_files: tuple[str, ...] = ()
    retried_green: str = ""
    seen_on: tuple[str, ...] = Field(default=())
