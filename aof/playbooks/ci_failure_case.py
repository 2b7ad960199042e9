"""One failed pipeline with everything that was found out about it; the report is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aof.analysis.ci_log.compare import LogChanges
from aof.analysis.ci_log.records import Diagnosis
from aof.analysis.ci_log.retries import Recovered
from aof.playbooks.ci_failure_service import Gathered, JobLog


@dataclass(slots=True)
class Judged:
    """A failed job and what its log says."""

    job: JobLog
    diagnosis: Diagnosis


@dataclass(slots=True)
class Case:
    """What is known of the failure.

    Attributes:
        judged: The failed jobs, the telling one first.
        diagnosis: Of that one, with what other evidence adds.
        changed: How its log differs from the last green one.
        retried: What failed in it and passed on a retry.
        passed_before: Where the same commit passed, before something around it changed.
        bisect: The answer of git's `bisect_plan`.
        earlier: Failures like this one, oldest first.
        entry: What memory is to keep of it; `remembered` when it has it already.
    """

    gathered: Gathered
    judged: list[Judged]
    diagnosis: Diagnosis
    changed: LogChanges = field(default_factory=LogChanges)
    retried: tuple[Recovered, ...] = ()
    passed_before: list[str] = field(default_factory=list)
    bisect: Mapping[str, Any] | None = None
    earlier: list[Mapping[str, Any]] = field(default_factory=list)
    entry: dict[str, Any] | None = None
    remembered: bool = False
