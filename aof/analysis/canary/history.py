"""The rollout as series over time, for pictures: error rate, p95 and stages per window."""

from __future__ import annotations

from dataclasses import dataclass

from aof.analysis.canary.evidence import Arm, CanaryEvidence


@dataclass(frozen=True, slots=True)
class History:
    """One value per window; None where it was not measured. Minutes since the first window."""

    starts: tuple[float, ...]
    ends: tuple[float, ...]
    stages: tuple[int | None, ...]
    weights: tuple[float | None, ...]
    error_rate: dict[str, tuple[float | None, ...]]
    latency_p95: dict[str, tuple[float | None, ...]]

    @property
    def stretches(self) -> list[tuple[float, float, str]]:
        """Start and end minute and label of each stage."""
        found: list[tuple[float, float, str]] = []
        for at, stage in enumerate(self.stages):
            start, end = self.starts[at], self.ends[at]
            weight = self.weights[at]
            label = f"{weight:.0%}" if weight is not None else f"stage {stage}"
            if found and self.stages[at - 1] == stage:
                found[-1] = (found[-1][0], end, found[-1][2])
            else:
                found.append((start, end, label))
        return found


def history_of(evidence: CanaryEvidence) -> History:
    """The series of `evidence`."""
    windows = evidence.windows
    origin = windows[0].start if windows else None
    return History(
        starts=tuple((one.start - origin).total_seconds() / 60 for one in windows if origin),
        ends=tuple((one.end - origin).total_seconds() / 60 for one in windows if origin),
        stages=tuple(window.stage for window in windows),
        weights=tuple(window.weight for window in windows),
        error_rate={
            "baseline": tuple(_error_rate(window.baseline) for window in windows),
            "canary": tuple(_error_rate(window.canary) for window in windows),
        },
        latency_p95={
            "baseline": tuple(_p95(window.baseline) for window in windows),
            "canary": tuple(_p95(window.canary) for window in windows),
        },
    )


def _error_rate(arm: Arm | None) -> float | None:
    if arm is None or arm.errors is None or not arm.requests:
        return None
    return arm.errors / arm.requests


def _p95(arm: Arm | None) -> float | None:
    if arm is None or arm.histogram is None:
        return None
    return arm.histogram.quantile(0.95)
