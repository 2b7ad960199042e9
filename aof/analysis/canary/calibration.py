"""Judging the stable version against itself: whatever is stopped here is a false alarm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aof.analysis.canary.counters import RatioSeries
from aof.analysis.canary.evidence import CanaryEvidence, Window
from aof.analysis.canary.intervals import wilson
from aof.analysis.canary.limits import CanaryLimits
from aof.analysis.canary.replay import replay
from aof.analysis.canary.timeline import STAGES
from aof.analysis.canary.wording import percent
from aof.verdict import Verdict

MOST_FALSE_ROLLBACKS = 0.05  # specification: false positive rate below 5 %
_FEWEST = 20
_Z95 = 1.96


@dataclass(frozen=True, slots=True)
class Rate:
    """Hits out of tries, with the 95 % interval."""

    hits: int
    tries: int

    @property
    def share(self) -> float:
        """Hits over tries; 0 for none."""
        return self.hits / self.tries if self.tries else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson interval."""
        return wilson(self.share, self.tries, _Z95)

    def as_dict(self) -> dict[str, Any]:
        """JSON."""
        low, high = self.interval
        return {
            "hits": self.hits,
            "tries": self.tries,
            "share": self.share,
            "low": low,
            "high": high,
        }

    def __str__(self) -> str:
        low, high = self.interval
        if not self.tries:
            return "not known (0 rollouts)"
        likely = f"{percent(low)} to {percent(high)}"
        return f"{percent(self.share)} ({self.hits} of {self.tries}; {likely})"


@dataclass(frozen=True, slots=True)
class Calibration:
    """What stable against stable showed.

    Attributes:
        rollbacks, stops: Rollouts that ended in ROLLBACK, and in ROLLBACK or NO-GO.
        noise: Measured relative noise between the arms, minute to minute; None when there
            are too few errors to tell it from counting noise.
        suggested: Limits to set; empty when the ones used will do.
        rollbacks_suggested: False rollbacks with them.
    """

    rollbacks: Rate
    stops: Rate
    noise: float | None
    suggested: dict[str, float]
    rollbacks_suggested: Rate | None

    @property
    def verdict(self) -> Verdict:
        """Pass when automatic rollback may be recommended; inconclusive with too few rollouts."""
        if self.rollbacks.tries and self.rollbacks.interval[0] > MOST_FALSE_ROLLBACKS:
            return Verdict.FAIL
        if self.rollbacks.tries < _FEWEST:
            return Verdict.INCONCLUSIVE
        return Verdict.FAIL if self.rollbacks.share > MOST_FALSE_ROLLBACKS else Verdict.PASS

    def as_dict(self) -> dict[str, Any]:
        """JSON."""
        suggested = self.rollbacks_suggested
        return {
            "schema": "aof.dev/canary-calibration/v1",
            "automatic_rollback": self.verdict is Verdict.PASS,
            "verdict": self.verdict.value,
            "false_rollbacks": self.rollbacks.as_dict(),
            "false_stops": self.stops.as_dict(),
            "noise": self.noise,
            "suggested": self.suggested,
            "false_rollbacks_suggested": suggested.as_dict() if suggested else None,
        }

    def markdown(self) -> str:
        """For people."""
        words = {
            Verdict.PASS: "Automatic rollback may be used with these limits.",
            Verdict.FAIL: "Do not roll back automatically: more than 5 % would be wrong.",
            Verdict.INCONCLUSIVE: f"Too little to tell: {self.rollbacks.tries // 2} rollouts of 30 "
            f"minutes, each judged both ways; give at least {_FEWEST // 2} ({_FEWEST // 4} hours).",
        }
        words[Verdict.PASS] += self._not_excluded()
        noise = "not measurable (too few errors)" if self.noise is None else f"{self.noise:.0%}"
        lines = [
            "## Stable against stable",
            words[self.verdict],
            f"- false rollbacks: {self.rollbacks}\n- stopped at all: {self.stops}\n"
            f"- noise between the arms, minute to minute: {noise}",
        ]
        if self.suggested:
            pairs = " ".join(f"--limit {name}={value:g}" for name, value in self.suggested.items())
            lines.append(f"Suggested: `{pairs}`; false rollbacks then: {self.rollbacks_suggested}")
        return "\n\n".join(lines) + "\n"

    def _not_excluded(self) -> str:
        high = self.rollbacks.interval[1]
        if high <= MOST_FALSE_ROLLBACKS:
            return ""
        return f" So few rollouts cannot exclude {percent(high)} false ones: measure longer."


def calibrate(windows: Sequence[Window], limits: CanaryLimits) -> Calibration:
    """Replay windows whose arms both ran the stable version, as rollouts of 30 minutes.

    Args:
        windows: Two arms of one version, e.g. halves of its pods, in order of time.
        limits: What to judge by.
    """
    rollouts = _rollouts(windows)
    rollbacks, stops = _rates(rollouts, limits)
    noise = _noise(windows)
    suggested = _suggestion(rollouts, limits, noise, too_many=rollbacks)
    again = None
    if suggested:
        again, _ = _rates(rollouts, limits.model_copy(update=suggested))
    return Calibration(rollbacks, stops, noise, suggested, again)


def _rollouts(windows: Sequence[Window]) -> list[CanaryEvidence]:
    """Whole rollouts of the default plan without its last stage, each also with arms swapped."""
    plan = [stage for stage in STAGES["canary"] if stage.weight < 1]
    length_s = sum(stage.seconds for stage in plan)
    found: list[list[Window]] = [[]]
    for window in windows:
        current = found[-1]
        if current and (window.start - current[0].start).total_seconds() >= length_s - 1:
            found.append(current := [])
        passed = (window.start - current[0].start).total_seconds() if current else 0.0
        current.append(window.model_copy(update={"stage": _stage_at(passed), "weight": None}))
    whole = [run for run in found if run and sum(window.seconds for window in run) >= length_s - 1]
    swapped = [
        [w.model_copy(update={"baseline": w.canary, "canary": w.baseline}) for w in run]
        for run in whole
    ]
    return [CanaryEvidence(windows=tuple(run)) for run in (*whole, *swapped)]


def _stage_at(passed_s: float) -> int:
    end = 0.0
    for number, stage in enumerate(STAGES["canary"], start=1):
        end += stage.seconds
        if passed_s < end - 1:
            return number
    return len(STAGES["canary"])


def _rates(rollouts: Sequence[CanaryEvidence], limits: CanaryLimits) -> tuple[Rate, Rate]:
    outcomes = [replay(rollout, limits).outcome for rollout in rollouts]
    stopped = [outcome for outcome in outcomes if outcome in ("ROLLBACK", "NO-GO")]
    return Rate(outcomes.count("ROLLBACK"), len(outcomes)), Rate(len(stopped), len(outcomes))


def _series(windows: Sequence[Window]) -> RatioSeries:
    series = RatioSeries()
    for number, window in enumerate(windows):
        a, b = window.canary, window.baseline
        if a is None or b is None or a.errors is None or b.errors is None:
            continue
        counts_a, counts_b = (a.errors, a.requests or 0.0), (b.errors, b.requests or 0.0)
        series.add(number, (0.0, 1.0), counts_a, counts_b)
    return series


def _noise(windows: Sequence[Window]) -> float | None:
    """Relative noise between the arms beyond counting noise, by Pearson's residuals."""
    squares = information = 0.0
    count = 0
    for block in _series(windows).blocks:
        bad, total = block.bad_c + block.bad_b, block.n_c + block.n_b
        if not block.usable or not bad:
            continue
        share = block.n_c / total
        variance = bad * share * (1 - share)
        squares += (block.bad_c - bad * share) ** 2 / variance
        information += variance
        count += 1
    # Under half an event of information a minute, even 100 % noise hides in counting noise.
    if count < _FEWEST or information / count < 0.5:
        return None
    return math.sqrt(max(squares - count, 0.0) / information)


def _suggestion(
    rollouts: Sequence[CanaryEvidence], limits: CanaryLimits, noise: float | None, *, too_many: Rate
) -> dict[str, float]:
    suggested: dict[str, float] = {}
    if noise is not None and noise > limits.noise * 1.1:
        suggested["noise"] = round(noise, 2)
    if too_many.share > MOST_FALSE_ROLLBACKS:
        rise = _usual_rise(rollouts)
        if rise > limits.error_rise_rel:
            suggested["error_rise_rel"] = math.ceil(rise * 20) / 20
            suggested["error_stop_rel"] = 2 * suggested["error_rise_rel"]
    return suggested


def _usual_rise(rollouts: Sequence[CanaryEvidence]) -> float:
    """The relative difference that 95 % of the rollouts stay below."""
    rises = []
    for rollout in rollouts:
        rates = _series(rollout.windows).totals.rates
        if rates is not None and rates.baseline > 0:
            rises.append(abs(rates.rise) / rates.baseline)
    return sorted(rises)[int(0.95 * (len(rises) - 1))] if rises else 0.0
