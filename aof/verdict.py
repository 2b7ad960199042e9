"""Verdicts and what they rest on: findings, evidence and the assessment of a playbook.

Verdicts are ordered pass < warn < inconclusive < fail; the strictest one wins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from aof.errors import ExitCode
from aof.plans import Action


class Verdict(StrEnum):
    """What a run concludes. Compare with `severity` or `strictest`."""

    PASS = "pass"
    WARN = "warn"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"

    @property
    def severity(self) -> int:
        """0 for pass to 3 for fail."""
        return _ORDER.index(self)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code this verdict alone gives."""
        if self is Verdict.FAIL:
            return ExitCode.STOP
        if self is Verdict.INCONCLUSIVE:
            return ExitCode.INCONCLUSIVE
        return ExitCode.OK


_ORDER = [Verdict.PASS, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.FAIL]


def strictest(*verdicts: Verdict) -> Verdict:
    """The strictest of `verdicts`; pass when there are none."""
    return max(verdicts, key=lambda verdict: verdict.severity, default=Verdict.PASS)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Evidence(_Frozen):
    """One recorded observation. `digest` is of the whole answer; `at` is RFC 3339, UTC."""

    id: str
    tool: str
    operation: str
    arguments: dict[str, Any]
    digest: str
    at: str


class Finding(_Frozen):
    """One judged fact: what was looked at, how it came out, and the evidence ids behind it."""

    id: str
    verdict: Verdict
    title: str
    detail: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that a model may word where there is one; the code's own stands otherwise.

    Attributes:
        about: What the text is, e.g. `title and highlights of v1.2.0`.
        instructions: What to write.
        data: All it may speak of; JSON, and untrusted.
        schema: JSON Schema of the reply.
        accept: Checks a reply; returns the assessment with it, or unchanged and why not.
    """

    about: str
    instructions: str
    data: Mapping[str, Any]
    schema: Mapping[str, Any]
    accept: Callable[[Assessment, Any], tuple[Assessment, str]]


class Assessment(_Frozen):
    """What a playbook concludes from evidence, before any model has spoken.

    Attributes:
        verdict: Of the whole run; a model may only raise it, and as far as inconclusive.
        decision: The specification's word, e.g. PROCEED, ROLLBACK, DRIFT, DIAGNOSED.
        summary: One sentence.
        findings: In the order a reader should see them.
        actions: Proposed changes; nothing has been done.
        facts: The analysis' own result, JSON; printed as `facts` and fed to templates.
        blocks: Markdown rendered by code (tables, excerpts) that a report template places.
        files: Name to text of files for the run's folder, e.g. a plot.
        warnings: What the reader must know that is not a finding.
        memory: Entry to remember for next time, or None.
        drafts: Texts a model may word before the plan is made; each a `Draft`.
        firm: False when waiting for more data could change the answer.
        wait_s: When not firm: seconds until looking again makes sense.
    """

    verdict: Verdict
    decision: str
    summary: str
    findings: tuple[Finding, ...] = ()
    actions: tuple[Action, ...] = ()
    facts: dict[str, Any] = Field(default_factory=dict)
    blocks: dict[str, str] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    memory: dict[str, Any] | None = None
    drafts: tuple[Any, ...] = Field(default=(), exclude=True, repr=False)
    firm: bool = True
    wait_s: float | None = None
