"""Judging latency: shares slower than two real bucket bounds, effect as a quantile's ratio.

The test counts requests above the bounds around the baseline's quantile: no interpolation
can fake significance. The size of the effect is the ratio of the interpolated quantiles,
the baseline's windows re-weighted to the canary's exposure.
"""

from __future__ import annotations

import math

from aof.analysis.canary.blocks import Totals
from aof.analysis.canary.dispersion import believed_dispersion
from aof.analysis.canary.histogram import Histogram
from aof.analysis.canary.intervals import z_of
from aof.analysis.canary.judgement import Metric, MetricVerdict, Stop, Worst
from aof.analysis.canary.latency_counts import LatencyTrack
from aof.analysis.canary.look import Look
from aof.analysis.canary.ratios import stricter, without_data
from aof.analysis.canary.wording import minutes, relative, seconds, strength_of, title_of

_WIDE = 1.5
# Fewer slow requests more than this cannot be a p95 beyond its limit.
_WORTH_A_LOOK = 0.2


def judge_latency(track: LatencyTrack, level: float, look: Look) -> Metric:
    """Verdict on the quantile `level` (0.95 or 0.99)."""
    judged = _Judged.of(track, level, look)
    if judged is None:
        return without_data(f"latency_p{level * 100:.0f}", track.coverage, "s")
    whole = judged.metric()
    if not judged.is_p95 or whole.stop == "ROLLBACK":
        return whole
    stage = track.stage_alone(level, least=_WORTH_A_LOOK)
    alone = None if stage is None else _Judged.of(stage, level, look.of_stage())
    return whole if alone is None else stricter(whole, alone.metric(), track.stage)


class _Judged:
    """One quantile at one look."""

    def __init__(self, track: LatencyTrack, level: float, look: Look) -> None:
        self.track, self.level, self.look = track, level, look
        limits = look.limits
        self.canary_histogram = Histogram(track.bounds, track.canary)
        self.baseline_histogram = Histogram(track.bounds, track.baseline)
        self.canary = self.canary_histogram.quantile(level) or 0.0
        self.baseline = self.baseline_histogram.quantile(level) or 0.0
        self.series = track.series(level)
        self.dispersions = [series.dispersion(limits.noise) for series in self.series]
        self.dispersion = max(self.dispersions, default=1.0)
        self.log_e = self._mean_log_e([1.0] * len(self.series))
        self.is_p95 = level < 0.99
        # Few requests decide p99 and it is noisier: it may pause a rollout, not roll back.
        self.limit = limits.latency_ratio if self.is_p95 else limits.latency_stop_ratio

    @classmethod
    def of(cls, track: LatencyTrack, level: float, look: Look) -> _Judged | None:
        """The quantile judged, or None when either arm's cannot be known."""
        if not track.canary_total:
            return None
        judged = cls(track, level, look)
        return judged if judged.canary > 0 and judged.baseline > 0 else None

    @property
    def ratio(self) -> float:
        """Canary's quantile over the baseline's."""
        return self.canary / self.baseline

    def _mean_log_e(self, nulls: list[float]) -> float:
        """Log of the mean of the bounds' e-values: valid however they depend."""
        logs = [
            series.log_e(dispersion, null=null)
            for series, dispersion, null in zip(self.series, self.dispersions, nulls, strict=True)
        ]
        if not logs:
            return 0.0
        top = max(logs)
        return top + math.log(sum(math.exp(value - top) for value in logs) / len(logs))

    def _confirmed(self) -> bool:
        limits, track = self.look.limits, self.track
        if self.log_e < self._log_threshold():
            return False
        slower = self.series[0]
        if not slower.totals.covers(limits.min_compared_s):
            return False
        if slower.totals.bad_c < limits.min_errors or self.ratio <= self.limit:
            return False
        rest = track.ratio_without(self.level, slower.worst) if slower.worst else None
        recent = track.recent_ratio(self.level, self.look.recent_from_s)
        return (
            rest is not None
            and rest > self.limit
            and recent is not None
            and recent > 1 + (self.limit - 1) / 2
        )

    def _stop(self) -> Stop | None:
        if not self._enough() or not self._confirmed():
            return None
        limits = self.look.limits
        if not self.is_p95 or self.ratio <= limits.latency_stop_ratio:
            return "NO-GO"
        nulls = [
            self._exceedance_ratio(self.track.bounds[at], limits.latency_ratio)
            for at in self.track.around[self.level]
        ]
        beyond = self._mean_log_e(nulls) >= self._log_threshold()
        return "ROLLBACK" if beyond else "NO-GO"

    def _exceedance_ratio(self, bound: float, slower: float) -> float:
        """How many times more requests exceed `bound` when all take `slower` times as long."""
        now = self.baseline_histogram.share_above(bound)
        then = self.baseline_histogram.share_above(bound / slower)
        if not now or not then:
            return 100.0
        return max(1.0, then / now)

    def _log_threshold(self) -> float:
        """The family's share of alpha: nine tenths to p95, one to p99."""
        return self.look.log_threshold - math.log(0.9 if self.is_p95 else 0.1)

    def _enough(self) -> bool:
        return self.is_p95 or self.track.canary_total >= self.look.limits.p99_min_requests

    def _interval(self) -> tuple[float, float]:
        """One-sided 95 % ends of the ratio, from the order statistics of both arms."""
        z = z_of(self.look.limits.confidence)
        total, square = self.track.canary_total, self.track.baseline_square
        # A stage's square is a difference: with next to no requests it can be nothing.
        baseline_size = total * total / square if square > 0 else 0.0
        spread = math.hypot(
            self._log_error(self.canary_histogram, total),
            self._log_error(self.baseline_histogram, baseline_size),
        )
        return self.ratio * math.exp(-z * spread), self.ratio * math.exp(z * spread)

    def _log_error(self, histogram: Histogram, n: float) -> float:
        step = math.sqrt(self.level * (1 - self.level) * self.dispersion / max(n, 1.0))
        low = histogram.quantile(max(self.level - step, 0.01))
        high = histogram.quantile(min(self.level + step, 1 - 0.1 * (1 - self.level)))
        if not low or not high or high <= low:
            return math.inf
        return (math.log(high) - math.log(low)) / 2

    def metric(self) -> Metric:
        """Everything people and machines want to know of it."""
        limits, stop = self.look.limits, self._stop()
        low, up = self._interval()
        verdict = self._verdict(stop, up)
        lately = self._lately() if self.is_p95 else None
        significant = self.log_e >= self._log_threshold() and self.ratio > self.limit
        if lately is not None and verdict in ("pass", "warn"):
            verdict = "inconclusive"
        e_value = math.exp(min(self.log_e, 690.0))
        return Metric(
            name=f"latency_p{self.level * 100:.0f}",
            verdict=verdict,
            title=self._title(verdict, up, lately),
            detail=self._detail(low, up),
            unit="s",
            baseline=self.baseline,
            canary=self.canary,
            delta=self.ratio - 1,
            delta_kind="relative",
            delta_low=low - 1,
            delta_high=up - 1 if up < math.inf else None,
            limit=self.limit - 1,
            stop_limit=limits.latency_stop_ratio - 1,
            e_value=e_value,
            strength=strength_of(e_value),
            dispersion=self.dispersion,
            baseline_total=self.track.baseline_total,
            canary_total=self.track.canary_total,
            worst=self._worst(),
            needs_minutes=self._needs(up) if verdict == "inconclusive" else None,
            suspect=stop is None and (significant or (lately or 0.0) > limits.latency_stop_ratio),
            stop=stop,
        )

    def _lately(self) -> float | None:
        """The last minutes' ratio when they credibly show harm, which may have just begun."""
        limits, since = self.look.limits, self.look.recent_from_s
        ratio = self.track.recent_ratio(self.level, since)
        if ratio is None or ratio <= 1 + limits.recent_factor * (self.limit - 1):
            return None
        blocks = self.series[0].recent(since)
        slower = Totals.over(blocks)
        if slower.rates is None or slower.bad_c < limits.min_errors:
            return None
        believed = believed_dispersion(blocks, limits.noise)
        low, _ = slower.rates.interval(believed, limits.recent_confidence)
        return ratio if low > 0 else None

    def _worst(self) -> Worst | None:
        """Both quantiles in the block that speaks most against the canary."""
        worst = self.series[0].worst if self.series else None
        if worst is None:
            return None
        canary, baseline = self.track.quantiles_in(self.level, worst.start_s)
        if canary is None or baseline is None:
            return None
        return Worst(at=f"+{worst.start_s / 60:.0f} min", baseline=baseline, canary=canary)

    def _verdict(self, stop: Stop | None, up: float) -> MetricVerdict:
        limits = self.look.limits
        if stop:
            return "fail"
        if not self._enough():
            return "info"
        if self.track.coverage.gap:
            return "nodata" if self.is_p95 else "info"
        if not self.is_p95:
            return "warn" if self.ratio > limits.latency_ratio else "pass"
        if up > self.limit:
            return "inconclusive"
        return "warn" if self.ratio - 1 >= limits.near_limit * (self.limit - 1) else "pass"

    def _needs(self, up: float) -> float | None:
        if up == math.inf:
            return None
        return self.look.minutes_for(math.log(up / self.ratio), math.log(self.limit / self.ratio))

    def _title(self, verdict: MetricVerdict, up: float, lately: float | None) -> str:
        title = title_of(f"latency_p{self.level * 100:.0f}")
        change, limit = relative(self.ratio - 1), relative(self.limit - 1)
        if verdict == "fail":
            return (
                f"{title} degradation: {seconds(self.canary)} against {seconds(self.baseline)} "
                f"({change}, limit {limit})"
            )
        if verdict == "nodata":
            return f"{title}: {self.track.coverage.gap}"
        if verdict == "info":
            return f"{title}: {seconds(self.canary)} against {seconds(self.baseline)} (not judged)"
        if verdict == "inconclusive" and lately is not None:
            recent = self.look.limits.recent_s / 60
            return f"{title} lately worse: {relative(lately - 1)} in the last {recent:.0f} minutes"
        if verdict == "inconclusive":
            most = relative(up - 1) if up < math.inf else "unknown"
            return f"{title} not yet decided: {change}, could be up to {most} (limit {limit})"
        word = "elevated" if verdict == "warn" else "acceptable"
        return f"{title} {word} ({change}, limit {limit})"

    def _detail(self, low: float, up: float) -> str:
        e_value = math.exp(min(self.log_e, 690.0))
        most = relative(up - 1) if up < math.inf else "unknown"
        text = (
            f"{self.track.canary_total:.0f} canary requests; 90 % interval of the change "
            f"{relative(low - 1)} to {most}; evidence of harm: {strength_of(e_value)} "
            f"(E = {e_value:.3g}), noise taken as {self.dispersion:.1f}x counting noise."
        )
        below, above = self.baseline_histogram.around(self.level)
        if not below or above / below > _WIDE:
            text += (
                f" Coarse: the baseline's lies between the bucket bounds {seconds(below)} and "
                f"{seconds(above) if above < math.inf else 'infinity'}; finer buckets see more."
            )
        needs = self._needs(up) if up > self.limit else None
        return text + (f" Needs about {minutes(needs)}." if needs and self.is_p95 else "")
