"""What every statistical metric needs to know at one look, and whether its data is there."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from aof.analysis.canary.limits import CanaryLimits

# Harm may begin with a stage's higher load. Alpha is split between the whole rollout and the
# current stage alone, whose evidence earlier good minutes cannot dilute.
WHOLE_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the rollout: limits, number of metrics tested, now, minutes compared."""

    limits: CanaryLimits
    families: int
    now_s: float
    compared_s: float
    share: float = WHOLE_SHARE

    @property
    def log_threshold(self) -> float:
        """Log of the e-value that confirms harm: all metrics together stay below alpha."""
        return math.log(max(self.families, 1) / (self.limits.alpha * self.share))

    def of_stage(self) -> Look:
        """The same look at the current stage alone."""
        return replace(self, share=1 - WHOLE_SHARE)

    @property
    def recent_from_s(self) -> float:
        """Harm must still be there in blocks ending after this."""
        return self.now_s - self.limits.recent_s

    def minutes_for(self, half_width: float, room: float) -> float | None:
        """Minutes until an interval of `half_width` shrinks to `room`; None when never."""
        if room <= 0 or half_width <= 0:
            return None
        factor = (half_width / room) ** 2
        return max(1.0, (factor - 1) * self.compared_s / 60)


@dataclass(slots=True)
class Coverage:
    """How many windows should hold a metric of both versions, and how many do."""

    expected: int = 0
    present: int = 0
    canary: int = 0
    baseline: int = 0
    missing_at_end: int = 0
    _missing: str = ""

    def add(self, *, canary: bool, baseline: bool) -> None:
        """Count one window in which the metric was expected of both."""
        both = canary and baseline
        self.expected += 1
        self.present += both
        self.canary += canary
        self.baseline += baseline
        self.missing_at_end = 0 if both else self.missing_at_end + 1
        if not both:
            self._missing = "the canary" if baseline else "the baseline" if canary else "either"

    @property
    def gap(self) -> str:
        """Why the data does not suffice, or nothing."""
        if self.expected and not self.present:
            if self.canary and self.baseline:
                return "no window has it for both versions, only for one or the other"
            lacking = "the canary" if self.baseline else "the baseline" if self.canary else "either"
            return f"no window has it for {lacking}"
        if self.missing_at_end:
            return f"missing in the last {self.missing_at_end} of {self.expected} windows"
        if self.present < 0.8 * self.expected:
            return f"present in only {self.present} of {self.expected} windows"
        return ""

    @property
    def advice(self) -> str:
        """What to do about a gap; nothing without one."""
        if not self.gap:
            return ""
        if self.canary and self.baseline and not self.present:
            return "Both versions are measured, never in one window: compare clocks and intervals."
        return (
            f"Last missing for {self._missing}: is it running, scraped and selected by the right "
            "labels? What was not measured neither passes nor rolls back."
        )
