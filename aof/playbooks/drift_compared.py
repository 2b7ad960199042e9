"""One scope of a drift run, judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aof.analysis.drift import DriftReport
from aof.playbooks.drift_scopes import Scope


@dataclass(slots=True)
class Compared:
    """A scope with its result, what could not be looked at, and the evidence behind both."""

    scope: Scope
    report: DriftReport
    not_checked: Mapping[str, str]
    evidence: tuple[str, ...]
    warnings: list[str] = field(default_factory=list)
