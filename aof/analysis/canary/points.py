"""Numbers without counts: the specification's limits applied to point estimates.

The fallback for a request that only says "error rate 0.12 % (baseline 0.10 %)". There is
no sample size, so nothing here is statistics, and every result is labelled unverified.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aof.analysis.canary.evidence import Point
from aof.analysis.canary.judgement import Guard, Metric, Stop
from aof.analysis.canary.limits import CanaryLimits
from aof.analysis.canary.wording import above_limit, amount, percent, points, relative, title_of

_SCALES = {
    "percent": ("ratio", 0.01),
    "%": ("ratio", 0.01),
    "ratio": ("ratio", 1.0),
    "": ("ratio", 1.0),
    "ms": ("s", 0.001),
    "milliseconds": ("s", 0.001),
    "s": ("s", 1.0),
    "seconds": ("s", 1.0),
    "us": ("s", 1e-6),
}
_ERRORS = {"error_rate", "errors", "error", "error_ratio", "5xx", "5xx_rate", "http_5xx"}
_HIGHER_IS_BETTER = {
    "conversion",
    "conversion_rate",
    "payment_success",
    "success_rate",
    "availability",
    "user_engagement",
    "engagement",
    "apdex",
    "latency_satisfied",
}
_LOWER_IS_BETTER = {"cart_abandonment", "abandonment"}
# A sum of decimal fractions may miss a limit it meets exactly.
_EPSILON = 1e-9


def judge_point(point: Point, limits: CanaryLimits) -> Metric:
    """Judge one number against the limits; names nobody set a limit for are `info`."""
    name = canonical_name(point.name)
    unit, scale = _SCALES.get(point.unit.lower(), (point.unit, 1.0))
    baseline = None if point.baseline is None else point.baseline * scale
    given = _Given(name, point.canary * scale, baseline, unit)
    if name in _ERRORS | {"error_rate"}:
        return _error_rate(given, limits)
    if name.startswith("latency_p"):
        return _latency(given, limits)
    if unit == "ratio" and name in ("cpu", "memory", "connection_pool"):
        return _utilisation(given, limits)
    if name in _HIGHER_IS_BETTER | _LOWER_IS_BETTER:
        return _business(given, limits)
    return _shown(given)


def point_guards(points_: tuple[Point, ...], limits: CanaryLimits) -> list[Guard]:
    """The specification's absolute rollback triggers that a number alone can meet."""
    guards = []
    for point in points_:
        name = canonical_name(point.name)
        unit, scale = _SCALES.get(point.unit.lower(), (point.unit, 1.0))
        value, base = point.canary * scale, (point.baseline or 0.0) * scale
        if name == "error_rate" and value > limits.guard_error_rate:
            shared = base >= limits.guard_baseline_rate
            end = f", but so is the baseline's ({percent(base)}): shared outage" if shared else ""
            above = percent(limits.guard_error_rate)
            guards.append(
                Guard(
                    name="error-rate",
                    title=f"Error rate of {percent(value)} is above {above}{end}",
                    stop=None if shared else "ROLLBACK",
                )
            )
        if name == "latency_p99" and unit == "s" and value > limits.guard_slow_s:
            guards.append(
                Guard(
                    name="slow-requests",
                    title=f"P99 latency of {value:.3g} s is above {limits.guard_slow_s:g} s",
                    stop="ROLLBACK",
                )
            )
    return guards


def canonical_name(name: str) -> str:
    """`P95 Latency` -> `latency_p95`, `5xx` -> `error_rate`, `CPU Usage` -> `cpu`."""
    word = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    quantile = re.search(r"(?:^|_)p(\d{2})(?:_|$)", word)
    if quantile:
        return f"latency_p{quantile.group(1)}"
    word = word.removesuffix("_usage").removesuffix("_utilisation").removesuffix("_utilization")
    return "error_rate" if word in _ERRORS else word


@dataclass(frozen=True, slots=True)
class _Given:
    name: str
    canary: float
    baseline: float | None
    unit: str

    def metric(self, allowed: float, stopping: float, delta: float, *, kind: str) -> Metric:
        """The verdict of `delta` against what is allowed and what stops."""
        stop: Stop | None = None
        if delta > stopping + _EPSILON:
            stop = "ROLLBACK"
        elif delta > allowed + _EPSILON:
            stop = "NO-GO"
        return Metric(
            name=self.name,
            verdict="fail" if stop else "pass",
            title="",
            detail="A number as given, without counts: no sample size, no interval.",
            unit=self.unit,
            baseline=self.baseline,
            canary=self.canary,
            delta=delta,
            delta_kind="relative" if kind == "relative" else "difference",
            limit=allowed,
            stop_limit=stopping,
            stop=stop,
            unverified=True,
        )


def _finish(metric: Metric, limits: CanaryLimits, good: str, bad: str) -> Metric:
    """Title and the warning near a limit."""
    delta, limit = metric.delta or 0.0, metric.limit or 0.0
    near = metric.verdict == "pass" and limit > 0 and delta >= limits.near_limit * limit
    if near:
        good = good.replace("within threshold", "close to its threshold")
        good = good.replace("acceptable", "close to its limit")
    return metric.model_copy(
        update={
            "title": bad if metric.stop else good,
            "verdict": "warn" if near else metric.verdict,
        }
    )


def _lacking_baseline(given: _Given) -> Metric:
    return Metric(
        name=given.name,
        verdict="nodata",
        title=f"{title_of(given.name)}: no baseline to compare {amount(given.canary, given.unit)}",
        unit=given.unit,
        canary=given.canary,
        unverified=True,
    )


def _error_rate(given: _Given, limits: CanaryLimits) -> Metric:
    base = given.baseline
    if base is None:
        return _lacking_baseline(given)
    allowed, stopping = limits.errors.allowed(base), limits.errors.stopping(base)
    delta = given.canary - base
    return _finish(
        given.metric(allowed, stopping, delta, kind="difference"),
        limits,
        f"Error rate within threshold ({points(delta)}, limit {points(allowed)})",
        f"Error rate spike: {percent(given.canary)} against {percent(base)} "
        f"({above_limit(delta, allowed, base)})",
    )


def _latency(given: _Given, limits: CanaryLimits) -> Metric:
    base, title = given.baseline, title_of(given.name)
    if base is None or base <= 0:
        return _lacking_baseline(given)
    delta = given.canary / base - 1
    allowed, stopping = limits.latency_ratio - 1, limits.latency_stop_ratio - 1
    now, then = amount(given.canary, given.unit), amount(base, given.unit)
    metric = _finish(
        given.metric(allowed, stopping, delta, kind="relative"),
        limits,
        f"{title} acceptable ({relative(delta)}, limit {relative(allowed)})",
        f"{title} degradation: {now} against {then} ({relative(delta)}, limit {relative(allowed)})",
    )
    if given.name == "latency_p95" or metric.stop is None:
        return metric
    # The specification sets limits for p95 alone; other quantiles warn.
    return metric.model_copy(update={"verdict": "warn", "stop": None})


def _utilisation(given: _Given, limits: CanaryLimits) -> Metric:
    allowed, stopping = limits.for_gauge(given.name)
    metric = given.metric(allowed, stopping, given.canary, kind="difference")
    title = title_of(given.name)
    done = _finish(
        metric,
        limits.model_copy(update={"near_limit": max(limits.near_limit, 0.95)}),
        f"{title} within threshold ({percent(given.canary)}, limit {percent(allowed)})",
        f"{title} exhaustion: {percent(given.canary)} (limit {percent(allowed)})",
    )
    change = None if given.baseline is None else given.canary - given.baseline
    return done.model_copy(update={"delta": change, "limit_is_absolute": True})


def _business(given: _Given, limits: CanaryLimits) -> Metric:
    base = given.baseline
    if base is None or base <= 0:
        return _lacking_baseline(given)
    change = given.canary / base - 1
    loss = -change if given.name in _HIGHER_IS_BETTER else change
    rules, title = limits.for_ratio(given.name), title_of(given.name)
    done = _finish(
        given.metric(rules.rise_rel, rules.stop_rel, loss, kind="relative"),
        limits,
        f"{title} acceptable ({relative(change)}, limit {relative(-rules.rise_rel)})",
        f"{title} drop: {amount(given.canary, given.unit)} against {amount(base, given.unit)} "
        f"({relative(change)}, limit {relative(-rules.rise_rel)})",
    )
    return done.model_copy(update={"delta": change})


def _shown(given: _Given) -> Metric:
    base = given.baseline
    against = "" if base is None else f" against {amount(base, given.unit)}"
    return Metric(
        name=given.name,
        verdict="info",
        title=f"{title_of(given.name)}: {amount(given.canary, given.unit)}{against} (not judged)",
        detail="No limit is known for this number.",
        unit=given.unit,
        baseline=base,
        canary=given.canary,
        delta=None if base is None else given.canary - base,
        unverified=True,
    )
