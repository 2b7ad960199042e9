"""Judging recorded rollouts again: how often would these limits have been wrong?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aof.analysis.canary.calibration import Rate
from aof.analysis.canary.evidence import CanaryEvidence
from aof.analysis.canary.limits import CanaryLimits
from aof.analysis.canary.replay import replay

_STOPS = ("ROLLBACK", "NO-GO")


@dataclass(frozen=True, slots=True)
class Row:
    """One recorded rollout: its truth (`healthy`, `bad` or empty) and what the judge says."""

    name: str
    truth: str
    outcome: str
    stopped_at: int
    windows: int
    why: str


@dataclass(frozen=True, slots=True)
class Backtest:
    """All rows, and the rates over those whose truth is known."""

    rows: tuple[Row, ...]

    def _rate(self, truth: str, outcomes: tuple[str, ...]) -> Rate:
        known = [row for row in self.rows if row.truth == truth]
        return Rate(sum(row.outcome in outcomes for row in known), len(known))

    @property
    def false_rollbacks(self) -> Rate:
        """Healthy ones rolled back."""
        return self._rate("healthy", ("ROLLBACK",))

    @property
    def false_stops(self) -> Rate:
        """Healthy ones stopped at all."""
        return self._rate("healthy", _STOPS)

    @property
    def misses(self) -> Rate:
        """Bad ones not stopped: let through or held to the end."""
        return self._rate("bad", ("PROCEED", "HOLD"))

    @property
    def passed(self) -> Rate:
        """Bad ones let through."""
        return self._rate("bad", ("PROCEED",))

    def as_dict(self) -> dict[str, Any]:
        """JSON."""
        return {
            "schema": "aof.dev/canary-backtest/v1",
            "false_rollbacks": self.false_rollbacks.as_dict(),
            "false_stops": self.false_stops.as_dict(),
            "misses": self.misses.as_dict(),
            "passed": self.passed.as_dict(),
            "rollouts": [
                {
                    "name": row.name,
                    "truth": row.truth or None,
                    "outcome": row.outcome,
                    "stopped_at": row.stopped_at or None,
                    "windows": row.windows,
                    "why": row.why,
                }
                for row in self.rows
            ],
        }

    def markdown(self) -> str:
        """For people."""
        rows = ["| Rollout | Truth | Outcome | Stopped after | Why |", "|---|---|---|---|---|"]
        for row in self.rows:
            after = f"{row.stopped_at} of {row.windows} windows" if row.stopped_at else "-"
            rows.append(
                f"| {row.name} | {row.truth or '-'} | {row.outcome} | {after} | {row.why} |"
            )
        rates = (
            f"- false rollbacks: {self.false_rollbacks}\n- false stops: {self.false_stops}\n"
            f"- misses: {self.misses}\n- bad ones let through: {self.passed}"
        )
        if not any(row.truth for row in self.rows):
            rates += "\n\nNothing is counted: put files into `healthy/` or `bad/` of the folder."
        return "## Recorded rollouts\n\n" + rates + "\n\n" + "\n".join(rows) + "\n"


def backtest_of(recorded: Sequence[tuple[str, CanaryEvidence]], limits: CanaryLimits) -> Backtest:
    """Replay each rollout; the first part of its name (`healthy/x`, `bad/x`) is its truth."""
    return Backtest(tuple(_row(name, evidence, limits) for name, evidence in recorded))


def _row(name: str, evidence: CanaryEvidence, limits: CanaryLimits) -> Row:
    run = replay(evidence, limits)
    truth = name.split("/", maxsplit=1)[0] if "/" in name else ""
    reasons = run.deciding.reasons
    return Row(
        name=name,
        truth=truth if truth in ("healthy", "bad") else "",
        outcome=run.outcome,
        stopped_at=run.stopped_at,
        windows=len(evidence.windows),
        why=reasons[0] if reasons else run.deciding.summary,
    )
