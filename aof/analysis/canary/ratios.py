"""Judging a counted ratio: errors, 4xx, business outcomes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from aof.analysis.canary.blocks import Block, Rates, Totals
from aof.analysis.canary.counters import Mark, RatioSeries
from aof.analysis.canary.dispersion import believed_dispersion
from aof.analysis.canary.judgement import Metric, MetricVerdict, Stop, Worst
from aof.analysis.canary.limits import RatioLimits
from aof.analysis.canary.look import Coverage, Look
from aof.analysis.canary.timeline import Placed
from aof.analysis.canary.wording import above_limit, minutes, percent, points, strength_of, title_of

Counted = tuple[float, float]
_RARE = 10.0  # times the baseline's rate: all that is tolerable
_RULE_OF_THREE = 3.0  # events: 95 % upper bound when none was seen
_IDLE = "No minute in which both versions served requests: is traffic routed to them?"
_OUTLIER = 4.0  # standard deviations of counting noise


@dataclass(slots=True)
class RatioTrack:
    """One ratio's windows so far.

    Where bad outcomes are the common ones (97 % of visits do not buy) the good ones are
    counted instead, with the arms exchanged: the rise is the same number, and rare events
    are what the test is sharp for.
    """

    name: str
    series: RatioSeries = field(default_factory=RatioSeries)
    coverage: Coverage = field(default_factory=Coverage)
    exchanged: bool | None = None
    canary_requests: float = 0.0
    stage: int = 0
    stage_mark: Mark | None = None

    def add(self, placed: Placed, canary: Counted | None, baseline: Counted | None) -> None:
        """Add one compared window, (bad, all) of each arm; None is an arm without this ratio."""
        self.coverage.add(canary=canary is not None, baseline=baseline is not None)
        if canary is None or baseline is None:
            return
        if self.exchanged is None and baseline[1] > 0:
            self.exchanged = baseline[0] > 0.5 * baseline[1]
        self.canary_requests += canary[1]
        if self.exchanged:
            good_c, good_b = canary[1] - canary[0], baseline[1] - baseline[0]
            canary, baseline = (good_b, baseline[1]), (good_c, canary[1])
        if placed.stage != self.stage:
            # The first stage is the whole rollout so far: nothing to look at apart.
            self.stage_mark = self.series.mark() if self.stage else None
            self.stage = placed.stage
        self.series.add(placed.block, placed.span, canary, baseline)

    def shown(self, rates: Rates) -> tuple[float, float]:
        """Bad share of baseline and canary."""
        if self.exchanged:
            return 1 - rates.canary, 1 - rates.baseline
        return rates.baseline, rates.canary

    def judge(self, rules: RatioLimits, look: Look) -> Metric:
        """The metric's verdict at this look."""
        rates = self.series.totals.rates
        if rates is None or self.canary_requests <= 0:
            return self._without_data()
        whole = _Judged(self, self.series, rules, look, rates).metric()
        stage = None if whole.stop == "ROLLBACK" else self._stage_alone(rules, look)
        return whole if stage is None else stricter(whole, stage, self.stage)

    def _stage_alone(self, rules: RatioLimits, look: Look) -> Metric | None:
        """The current stage judged alone, when it looks worse than tolerable."""
        if self.stage_mark is None:
            return None
        rates = self.series.totals_since(self.stage_mark).rates
        if rates is None or rates.rise <= rules.allowed(self.shown(rates)[0]):
            return None
        series = self.series.since(self.stage_mark)
        return _Judged(self, series, rules, look.of_stage(), rates).metric()

    def _without_data(self) -> Metric:
        return without_data(self.name, self.coverage, "ratio")


def without_data(name: str, coverage: Coverage, unit: str) -> Metric:
    """A metric of which nothing can be said: why, and what to do."""
    idle = "no window with traffic on both versions" if coverage.expected else "warming up"
    gap = coverage.gap or idle
    warming = not coverage.expected
    return Metric(
        name=name,
        verdict="inconclusive" if warming else "nodata",
        title=f"{title_of(name)}: {gap}",
        detail="" if warming else coverage.advice or _IDLE,
        unit=unit,
    )


def stricter(whole: Metric, stage: Metric, number: int) -> Metric:
    """The whole rollout's metric, or the current stage's where that alone is worse."""
    if stage.stop and (whole.stop is None or stage.stop == "ROLLBACK"):
        return stage.model_copy(
            update={
                "title": f"{stage.title} since stage {number} began",
                "detail": f"Stage {number} alone: {stage.detail}",
            }
        )
    if not stage.suspect or whole.stop:
        return whole
    verdict = "inconclusive" if whole.verdict in ("pass", "warn") else whole.verdict
    title = f"{stage.title} since stage {number} began, not confirmed"
    return whole.model_copy(update={"suspect": True, "verdict": verdict, "title": title})


class _Lately(NamedTuple):
    """The last minutes' rates; `sure` when even they alone are significantly intolerable."""

    rates: Rates
    sure: bool


class _Judged:
    """One ratio at one look: every number once, then the verdict."""

    def __init__(
        self, track: RatioTrack, series: RatioSeries, rules: RatioLimits, look: Look, rates: Rates
    ) -> None:
        self.track, self.series, self.rules = track, series, rules
        self.look, self.rates = look, rates
        limits = look.limits
        self.baseline, self.canary = track.shown(rates)
        self.allowed = rules.allowed(self.baseline)
        self.stopping = rules.stopping(self.baseline)
        self.dispersion = series.dispersion(limits.noise)
        self.log_e = series.log_e(self.dispersion)
        self.low, self.up = rates.interval(self.dispersion, limits.confidence)
        self.total = series.totals
        self.worst = series.worst

    @cached_property
    def _rest(self) -> Rates | None:
        """All but the worst block."""
        return self.series.without(self.worst).rates

    @cached_property
    def _recent(self) -> list[Block]:
        """The last minutes."""
        return self.series.recent(self.look.recent_from_s)

    def _confirmed(self) -> bool:
        """Significant, large enough, not the work of one block, and still going on."""
        limits, total = self.look.limits, self.total
        if self.log_e < self.look.log_threshold or not total.covers(limits.min_compared_s):
            return False
        if total.bad_c < limits.min_errors or self.rates.rise <= self.allowed:
            return False
        rest, recent = self._rest, Totals.over(self._recent).rates
        return (
            rest is not None
            and rest.rise > self.allowed
            and recent is not None
            and recent.rise > self.allowed / 2
        )

    def _beyond_limit(self) -> bool:
        """Worse than tolerable by the same test, and beyond what stops a rollout."""
        series, rest, recent = self.series, self._rest, Totals.over(self._recent).rates
        if self.rates.rise <= self.stopping or rest is None or rest.rise <= self.stopping:
            return False
        if recent is None or recent.rise <= self.allowed:
            return False
        null = self._ratio_at(self.allowed)
        if null > _RARE and not self.track.exchanged:
            # Next to no baseline errors: which of two large ratios is true cannot be told from
            # which arm an error fell on, but drift of so low a rate does not matter either.
            base = (self.total.bad_b + _RULE_OF_THREE) / max(self.total.n_b, 1.0)
            log_e = series.log_e_above(base + self.allowed, self.dispersion)
        else:
            log_e = series.log_e(self.dispersion, null=null)
        return log_e >= self.look.log_threshold

    def _ratio_at(self, rise: float) -> float:
        """Rate ratio of the tested events when the bad share rises by `rise`."""
        if self.track.exchanged:
            good = 1 - self.baseline
            return good / max(good - rise, 1e-12)
        base = self.baseline + 0.5 / max(self.total.n_b, 1.0)
        return 1 + rise / base

    def _stop(self) -> Stop | None:
        if not self._confirmed():
            return None
        return "ROLLBACK" if self._beyond_limit() else "NO-GO"

    def _lately(self) -> _Lately | None:
        """The last minutes' rates when they credibly show harm, which may have just begun."""
        limits, totals = self.look.limits, Totals.over(self._recent)
        recent = totals.rates
        if recent is None or recent.rise <= self.allowed or totals.bad_c < limits.min_errors:
            return None
        believed = believed_dispersion(self._recent, limits.noise)
        sure = recent.interval(believed, limits.confidence)[0] > self.allowed
        worse = recent.interval(believed, limits.recent_confidence)[0] > 0
        large = recent.rise > limits.recent_factor * self.allowed
        return _Lately(recent, sure) if sure or (worse and large) else None

    def metric(self) -> Metric:
        """Everything people and machines want to know of it."""
        stop, gap = self._stop(), self.track.coverage.gap
        lately = self._lately()
        significant = self.log_e >= self.look.log_threshold and self.rates.rise > self.allowed
        verdict = self._verdict(stop, gap)
        if lately is not None and verdict in ("pass", "warn"):
            verdict = "inconclusive"
        return Metric(
            name=self.track.name,
            verdict=verdict,
            title=self._title(verdict, gap, lately),
            detail=self._detail(verdict) + (f" {self.track.coverage.advice}" if gap else ""),
            baseline=self.baseline,
            canary=self.canary,
            delta=self.rates.rise,
            delta_low=self.low,
            delta_high=self.up,
            limit=self.allowed,
            stop_limit=self.stopping,
            e_value=math.exp(min(self.log_e, 690.0)),
            strength=strength_of(math.exp(min(self.log_e, 690.0))),
            dispersion=self.dispersion,
            baseline_total=self.total.n_c if self.track.exchanged else self.total.n_b,
            canary_total=self.track.canary_requests,
            worst=self._worst(self.worst),
            needs_minutes=self._needs(verdict),
            suspect=stop is None and (significant or (lately is not None and lately.sure)),
            stop=stop,
        )

    def _verdict(self, stop: Stop | None, gap: str) -> MetricVerdict:
        if stop:
            return "fail"
        if gap:
            return "nodata"
        if self.up > self.allowed and not self._proven_but_for_a_burst():
            return "inconclusive"
        near = self.rates.rise >= self.look.limits.near_limit * self.allowed > 0
        return "warn" if near else "pass"

    def _proven_but_for_a_burst(self) -> bool:
        """Tolerable on the whole, and proven so without one block far out of line.

        One bad minute cannot confirm harm; neither shall it hold a rollout that is proven
        harmless in all the others. Only a real outlier may be left out: leaving out whatever
        looks worst would make every proof too easy.
        """
        limits, worst = self.look.limits, self.worst
        if worst is None or self.rates.rise > self.allowed:
            return False
        rest = self._rest if self.total.covers(limits.min_compared_s) else None
        if rest is None:
            return False
        expected = worst.n_c * rest.canary
        if worst.bad_c - expected < _OUTLIER * math.sqrt(expected + 1):
            return False
        dispersion = self.series.dispersion_without(worst, limits.noise)
        return rest.interval(dispersion, limits.confidence)[1] <= self.allowed

    def _needs(self, verdict: MetricVerdict) -> float | None:
        if verdict != "inconclusive":
            return None
        return self.look.minutes_for(self.up - self.rates.rise, self.allowed - self.rates.rise)

    def _title(self, verdict: MetricVerdict, gap: str, lately: _Lately | None) -> str:
        title, rise, allowed = title_of(self.track.name), self.rates.rise, self.allowed
        if verdict == "fail":
            word = "spike" if self.rules.of == "bad" else "worse"
            return (
                f"{title} {word}: {percent(self.canary)} against {percent(self.baseline)} "
                f"({above_limit(rise, allowed, self.baseline)})"
            )
        if verdict == "nodata":
            return f"{title}: {gap}"
        if verdict == "inconclusive" and lately is not None:
            baseline, canary = self.track.shown(lately.rates)
            return (
                f"{title} lately worse: {percent(canary)} against {percent(baseline)} "
                f"in the last {self.look.limits.recent_s / 60:.0f} minutes"
            )
        if verdict == "inconclusive":
            return (
                f"{title} not yet decided: {points(rise)}, could be up to {points(self.up)} "
                f"(limit {points(allowed)})"
            )
        where = "close to its threshold" if verdict == "warn" else "within threshold"
        return f"{title} {where} ({points(rise)}, limit {points(allowed)})"

    def _detail(self, verdict: MetricVerdict) -> str:
        e_value = math.exp(min(self.log_e, 690.0))
        needs = self.look.minutes_for(self.up - self.rates.rise, self.allowed - self.rates.rise)
        later = ""
        if self.up > self.allowed and verdict in ("pass", "warn"):
            later = " Proven tolerable without its worst block."
        elif needs and verdict == "inconclusive":
            later = f" Needs about {minutes(needs)}."
        counted = "" if self.track.name == "error_rate" else "Shares are of bad outcomes; "
        return (
            f"{counted}{self.track.canary_requests:.0f} canary requests in "
            f"{len(self.series.blocks)} blocks; 90 % interval of the difference "
            f"{points(self.low)} to {points(self.up)}; "
            f"evidence of harm: {strength_of(e_value)} (E = {e_value:.3g}), "
            f"noise taken as {self.dispersion:.1f}x counting noise.{later}"
        )

    def _worst(self, block: Block | None) -> Worst | None:
        if block is None:
            return None
        baseline, canary = block.bad_b / block.n_b, block.bad_c / block.n_c
        if self.track.exchanged:
            baseline, canary = 1 - canary, 1 - baseline
        return Worst(at=f"+{block.start_s / 60:.0f} min", baseline=baseline, canary=canary)
