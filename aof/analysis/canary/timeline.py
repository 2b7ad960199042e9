"""Where a window belongs: its stage, whether it is warm-up, whether both versions ran beside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aof.analysis.canary.evidence import Stage, Strategy, Window
from aof.analysis.canary.judgement import StageView
from aof.analysis.canary.wording import percent

STAGES: dict[Strategy, tuple[Stage, ...]] = {
    # Specification: 5 % 5 min, 25 % 10 min, 50 % 15 min, 100 % 30 min.
    "canary": (
        Stage(weight=0.05, seconds=300),
        Stage(weight=0.25, seconds=600),
        Stage(weight=0.50, seconds=900),
        Stage(weight=1.00, seconds=1800),
    ),
    "blue-green": (Stage(weight=1.00, seconds=1800),),
    "rolling": tuple(Stage(weight=share / 4, seconds=300) for share in range(1, 5)),
    "ab": (Stage(weight=0.50, seconds=86400),),
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A window's place: seconds since the start of the rollout, stage (0 is before it), block."""

    start_s: float
    end_s: float
    stage: int
    weight: float | None
    block: int
    warming: bool
    alone: bool

    @property
    def span(self) -> tuple[float, float]:
        """Start and end in seconds since the start of the rollout."""
        return self.start_s, self.end_s


class Timeline:
    """Follows the rollout window by window."""

    def __init__(
        self, stages: tuple[Stage, ...], *, warm_up_s: float, block_s: float, factor: float
    ) -> None:
        self.stages = stages
        self._warm_up_s = warm_up_s
        self._block_s = block_s
        self._factor = factor
        self._origin: datetime | None = None
        self._stage_started_s = 0.0
        self._block_started_s = 0.0
        self._block = 0
        self.last: Placed | None = None
        self.last_seconds = 60.0

    def place(self, window: Window) -> Placed:
        """Where `window` belongs; windows come in order of time."""
        # Windows before the rollout (weight 0) are reference, not warm-up.
        before = window.weight == 0 or window.stage == 0
        if self._origin is None and not before:
            self._origin = window.start
        origin = self._origin or window.end
        start_s = (window.start - origin).total_seconds()
        end_s = start_s + window.seconds
        stage = 0 if before else self._stage_of(window, start_s)
        if self.last is None or stage != self.last.stage:
            self._stage_started_s = start_s
        weight = window.weight if window.weight is not None else self._weight_of(stage)
        placed = Placed(
            start_s=start_s,
            end_s=end_s,
            stage=stage,
            weight=weight,
            block=self._block_of(stage, start_s, weight),
            warming=end_s <= self._warm_up_s + 1e-6,
            alone=weight is not None and weight >= 1,
        )
        self.last, self.last_seconds = placed, window.seconds
        return placed

    def _stage_of(self, window: Window, start_s: float) -> int:
        if window.stage:
            return window.stage
        if window.weight is not None:
            for number, stage in enumerate(self.stages, start=1):
                if abs(stage.weight - window.weight) < 0.005:
                    return number
        passed = 0.0
        for number, stage in enumerate(self.stages, start=1):
            passed += stage.seconds
            if start_s < passed:
                return number
        return len(self.stages)

    def _weight_of(self, stage: int) -> float | None:
        if stage == 0:
            return 0.0
        return self.stages[min(stage, len(self.stages)) - 1].weight

    def _block_of(self, stage: int, start_s: float, weight: float | None) -> int:
        changed = self.last is None or (stage, weight) != (self.last.stage, self.last.weight)
        if changed or start_s - self._block_started_s >= self._block_s - 1e-6:
            self._block += 1
            self._block_started_s = start_s
        return self._block

    def view(self) -> StageView | None:
        """The current stage; None before the rollout's first window."""
        if self.last is None or self.last.stage == 0:
            return None
        number = self.last.stage
        planned = self.stages[min(number, len(self.stages)) - 1]
        elapsed = self.last.end_s - self._stage_started_s
        weight = self.last.weight
        return StageView(
            number=number,
            of=max(len(self.stages), number),
            weight=weight,
            elapsed_s=elapsed,
            seconds=planned.seconds,
            # A second of slack: starts and lengths are rounded separately.
            ended=elapsed >= planned.seconds - 1,
            proof_needed=number >= self._last_beside(),
            concurrent=not self.last.alone,
        )

    def _last_beside(self) -> int:
        """The last stage in which both versions run: after it there is no way to compare."""
        beside = [n for n, stage in enumerate(self.stages, start=1) if stage.weight < 1]
        return max(beside, default=len(self.stages))

    def extension_left_s(self, view: StageView) -> float:
        """Seconds the current stage may still be extended by."""
        return max(0.0, view.seconds * self._factor - view.elapsed_s)


@dataclass(slots=True)
class StageTraffic:
    """Requests each version served in the current stage, outside warm-up."""

    stage: int = 0
    canary: float = 0.0
    baseline: float = 0.0

    def add(self, stage: int, canary: float, baseline: float) -> None:
        """Add one window; a new stage starts from nothing."""
        if stage != self.stage:
            self.stage, self.canary, self.baseline = stage, 0.0, 0.0
        self.canary += canary
        self.baseline += baseline

    def split_note(self, weight: float) -> list[str]:
        """A note when the traffic split is far from the declared one: is routing skewed?"""
        total = self.canary + self.baseline
        # A version without any is missing or idle, which its metrics say.
        if total * weight * (1 - weight) < 100 or not self.canary or not self.baseline:
            return []
        seen = self.canary / total
        if abs(seen - weight) <= 0.25 * min(weight, 1 - weight):
            return []
        return [
            f"The canary served {percent(seen)} of the requests, declared are {percent(weight)}: "
            "check that both versions get the same kind of traffic."
        ]
