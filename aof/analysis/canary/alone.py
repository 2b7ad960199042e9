"""The canary with nothing beside it (100 %): SLOs and the frozen reference.

There is no concurrent baseline any more, so nothing here is a comparison and nothing here
rolls back: load, time of day and neighbours differ from when the reference was taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from operator import add

from aof.analysis.canary.evidence import Arm
from aof.analysis.canary.histogram import Histogram
from aof.analysis.canary.intervals import wilson, z_of
from aof.analysis.canary.judgement import Metric, MetricVerdict, Stop
from aof.analysis.canary.limits import CanaryLimits
from aof.analysis.canary.look import Coverage
from aof.analysis.canary.wording import percent, relative, seconds


@dataclass(slots=True)
class Sums:
    """Requests, errors and latency of one version over many windows."""

    requests: float = 0.0
    errors: float = 0.0
    histogram: Histogram | None = None
    counts: list[tuple[float, float]] = field(default_factory=list)

    def add(self, arm: Arm) -> None:
        """Add one window."""
        if arm.requests is not None and arm.errors is not None:
            self.requests += arm.requests
            self.errors += arm.errors
            self.counts.append((arm.errors, arm.requests))
        found = arm.histogram
        if found is None:
            return
        known = self.histogram
        if known is None or known.bounds != found.bounds:
            self.histogram = found
        else:
            self.histogram = Histogram(known.bounds, [*map(add, known.counts, found.counts)])

    @property
    def spread(self) -> float:
        """Relative standard deviation of the error rate from window to window beyond counting."""
        rate = self.errors / self.requests if self.requests else 0.0
        expected = [rate * requests for _, requests in self.counts]
        squares = sum(value * value for value in expected)
        if squares <= 0:
            return 0.0
        beyond = sum(
            (errors - mean) ** 2 - mean
            for (errors, _), mean in zip(self.counts, expected, strict=True)
        )
        return math.sqrt(max(beyond, 0.0) / squares)

    @property
    def p95(self) -> float | None:
        """Seconds, or None when latency was not measured."""
        return self.histogram.quantile(0.95) if self.histogram else None


@dataclass(slots=True)
class AloneTrack:
    """The canary's windows at 100 %, and the baseline as it was before."""

    canary: Sums
    reference: Sums
    coverage: Coverage

    def metrics(self, limits: CanaryLimits) -> list[Metric]:
        """Error rate and p95 against SLO and frozen reference."""
        if self.coverage.gap:
            title = f"Canary at 100 %: {self.coverage.gap}"
            advice = self.coverage.advice
            return [Metric(name="error_rate_frozen", verdict="nodata", title=title, detail=advice)]
        found = [self._errors(limits)] if self.canary.requests else []
        if self.canary.p95:
            found.append(self._latency(self.canary.p95, limits))
        return found

    def _errors(self, limits: CanaryLimits) -> Metric:
        rate = self.canary.errors / self.canary.requests
        low, _ = wilson(rate, self.canary.requests, z_of(limits.guard_confidence))
        base, allowed, much, far = self._reference(limits)
        above_slo = limits.slo_error_rate is not None and low > limits.slo_error_rate
        against = "no reference" if base is None else f"frozen reference {percent(base)}"
        return _metric(
            "error_rate_frozen",
            f"Error rate at 100 % is {percent(rate)} ({against})",
            "ratio",
            (base, rate, allowed if limits.slo_error_rate is None else limits.slo_error_rate),
            failed=above_slo or low > far,
            open_=low > much,
            total=self.canary.requests,
        )

    def _reference(self, limits: CanaryLimits) -> tuple[float | None, float | None, float, float]:
        """The reference's error rate; what is tolerable, too much, and too much for any drift.

        Beside a baseline drift cancels out; here it does not. Only a rate beyond the noise
        believed and the drift the reference itself showed is called harm.
        """
        if self.reference.requests <= 0:
            return None, None, math.inf, math.inf
        base = self.reference.errors / self.reference.requests
        noise = math.hypot(limits.noise, self.reference.spread)
        much = base + limits.errors.stopping(base)
        explained = base * math.exp(min(z_of(limits.guard_confidence) * noise, 50.0))
        return base, base + limits.errors.allowed(base), much, max(much, explained)

    def _latency(self, p95: float, limits: CanaryLimits) -> Metric:
        base = self.reference.p95
        above_slo = limits.slo_p95_s is not None and p95 > limits.slo_p95_s
        above_reference = base is not None and p95 > base * limits.latency_stop_ratio
        against = (
            f"frozen reference {seconds(base)}, {relative(p95 / base - 1)}"
            if base
            else "no reference"
        )
        allowed = base * limits.latency_ratio if base else None
        return _metric(
            "latency_p95_frozen",
            f"P95 latency at 100 % is {seconds(p95)} ({against})",
            "s",
            (base, p95, allowed if limits.slo_p95_s is None else limits.slo_p95_s),
            failed=above_slo or above_reference,
            total=self.canary.histogram.total if self.canary.histogram else 0.0,
        )


def _metric(
    name: str,
    title: str,
    unit: str,
    values: tuple[float | None, float, float | None],
    *,
    failed: bool,
    open_: bool = False,
    total: float,
) -> Metric:
    base, now, limit = values
    verdict: MetricVerdict = "pass"
    stop: Stop | None = None
    if failed:
        verdict, stop = "fail", "NO-GO"
    elif open_:
        verdict = "inconclusive"
    elif limit is not None and now > limit:
        verdict = "warn"
    return Metric(
        name=name,
        verdict=verdict,
        title=title,
        detail="Judged alone: nothing runs beside it, so this is no comparison.",
        unit=unit,
        baseline=base,
        canary=now,
        delta=None if base is None else now - base,
        limit=limit,
        limit_is_absolute=True,
        canary_total=total,
        stop=stop,
    )
