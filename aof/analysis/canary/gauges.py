"""Judging gauges: CPU and memory against their limit, anything else against the baseline.

Readings are few and autocorrelated, so there are no p-values on limits: one must be passed
for several windows in a row. Without a limit the medians of blocks are compared, and a
difference warns; only CPU-seconds per request may stop a rollout.
"""

from __future__ import annotations

import math
from statistics import fmean, median, pstdev

from aof.analysis.canary.evidence import Gauge
from aof.analysis.canary.intervals import theil_sen, z_of
from aof.analysis.canary.judgement import Metric, Stop
from aof.analysis.canary.limits import CanaryLimits
from aof.analysis.canary.wording import percent, relative, title_of

_BLOCKS = 10
_SLOPE_POINTS = 60
_HOURS_AHEAD = 24.0
_WORK_PER_REQUEST = ("cpu_seconds_per_request", "cpu_per_request")


def judge_gauge(name: str, gauge: Gauge, limits: CanaryLimits, *, window_s: float) -> Metric:
    """Verdict on one gauge; readings are `window_s` seconds apart, None is a missed scrape."""
    canary = [value for value in gauge.canary if value is not None]
    baseline = [value for value in gauge.baseline if value is not None]
    if not canary or (gauge.limit is None and not baseline):
        side = "the canary" if not canary else "the baseline, and it has no limit"
        return Metric(name=name, verdict="nodata", title=f"{title_of(name)}: no reading for {side}")
    if gauge.limit is None:
        return _against_baseline(name, canary, baseline, limits)
    used = [value / gauge.limit for value in canary]
    base = [value / gauge.limit for value in baseline]
    return _against_limit(name, used, base, limits, window_s=window_s)


def _sustained(values: list[float], limit: float, windows: int) -> bool:
    """The newest `windows` readings are all above `limit`."""
    tail = values[-windows:]
    return len(tail) == windows and min(tail) > limit


def _against_limit(
    name: str, used: list[float], base: list[float], limits: CanaryLimits, *, window_s: float
) -> Metric:
    allowed, stopping = limits.for_gauge(name)
    now = median(used[-limits.gauge_windows :])
    stop: Stop | None = None
    if _sustained(used, stopping, limits.gauge_windows):
        stop = "ROLLBACK"
    elif _sustained(used, allowed, limits.gauge_windows):
        stop = "NO-GO"
    # One dip of the baseline does not make a shared problem the canary's own.
    shared = stop is not None and bool(base) and median(base[-limits.gauge_windows :]) > allowed
    before = median(base) if base else None
    title, trend = title_of(name), _trend(used, window_s)
    if shared:
        verdict, text = "inconclusive", f"{title} exhausted on both versions ({percent(now)})"
    elif stop:
        verdict, text = "fail", f"{title} exhaustion: {percent(now)} (limit {percent(allowed)})"
    elif median(used[-2 * limits.gauge_windows :]) > allowed:
        verdict = "inconclusive"
        text = f"{title} over its limit on and off: {percent(now)} (limit {percent(allowed)})"
    else:
        near = now >= 0.95 * allowed or trend is not None
        verdict = "warn" if near else "pass"
        text = f"{title} within threshold ({percent(now)}, limit {percent(allowed)})"
    return Metric.model_validate(
        {
            "name": name,
            "verdict": verdict,
            "title": text,
            "detail": trend or "",
            "baseline": before,
            "canary": now,
            "delta": None if before is None else now - before,
            "limit": allowed,
            "stop_limit": stopping,
            "limit_is_absolute": True,
            "stop": None if shared else stop,
        }
    )


def _trend(used: list[float], window_s: float) -> str | None:
    """When the gauge would reach its limit within a day if it goes on rising like this."""
    if len(used) < 10:
        return None
    step = math.ceil(len(used) / _SLOPE_POINTS)
    thin = [median(used[at : at + step]) for at in range(0, len(used), step)]
    slope = theil_sen(thin)
    grown = slope * (len(thin) - 1)
    # A slope within the readings' own scatter is not a trend.
    if grown <= max(0.02, 2 * _scatter(thin, slope)):
        return None
    hours = (1 - thin[-1]) / slope * step * window_s / 3600
    if not 0 <= hours <= _HOURS_AHEAD:
        return None
    return f"Rising steadily: at this rate the limit is reached in about {hours:.1f} hours."


def _scatter(values: list[float], slope: float) -> float:
    return pstdev(value - slope * at for at, value in enumerate(values))


def _against_baseline(
    name: str, canary: list[float], baseline: list[float], limits: CanaryLimits
) -> Metric:
    logs_c, logs_b = _log_medians(canary), _log_medians(baseline)
    if logs_c is None or logs_b is None:
        return Metric(
            name=name,
            verdict="info",
            title=f"{title_of(name)}: not comparable (readings of zero or below)",
        )
    change = fmean(logs_c) - fmean(logs_b)
    spread = math.hypot(_error(logs_c), _error(logs_b))
    z, ratio = z_of(limits.confidence), math.exp(change)
    worse = change - z * spread > 0 and ratio > limits.gauge_ratio and len(logs_c) >= 5
    stops = worse and name in _WORK_PER_REQUEST
    title, allowed = title_of(name), limits.gauge_ratio - 1
    where = "rise" if worse else "within threshold"
    return Metric(
        name=name,
        verdict="fail" if stops else "warn" if worse else "pass",
        title=f"{title} {where} ({relative(ratio - 1)}, limit {relative(allowed)})",
        unit="",
        baseline=median(baseline),
        canary=median(canary),
        delta=ratio - 1,
        delta_kind="relative",
        delta_low=math.exp(change - z * spread) - 1,
        delta_high=math.exp(change + z * spread) - 1,
        limit=allowed,
        stop="NO-GO" if stops else None,
    )


def _log_medians(values: list[float]) -> list[float] | None:
    """Logs of the medians of up to ten stretches of time; None when any is not positive."""
    step = math.ceil(len(values) / _BLOCKS)
    medians = [median(values[at : at + step]) for at in range(0, len(values), step)]
    return [math.log(value) for value in medians] if min(medians) > 0 else None


def _error(logs: list[float]) -> float:
    """Standard error of the mean; a single block says nothing of its own noise."""
    if len(logs) < 2:
        return 1.0
    count = len(logs)
    return pstdev(logs) * math.sqrt(count / (count - 1)) / math.sqrt(count)
