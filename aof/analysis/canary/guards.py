"""Hard rules that do not wait for statistics: errors above 10 %, p99 above 10 s, dying pods.

They look at the last two minutes, warm-up included. What both versions suffer from is a
shared outage: it holds the rollout, since going back would not help.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

from aof.analysis.canary.evidence import Arm, Event, Window
from aof.analysis.canary.intervals import wilson, z_of
from aof.analysis.canary.judgement import Guard
from aof.analysis.canary.limits import CanaryLimits
from aof.analysis.canary.wording import percent

_POD_FAILURES = ("oom", "crash", "restart")
_SLOW_SHARE = 0.01  # p99 above a bound is the same as 1 % above it


@dataclass(slots=True)
class RecentWindows:
    """The windows of the last `guard_s` seconds."""

    guard_s: float
    windows: deque[Window] = field(default_factory=deque)

    def add(self, window: Window) -> None:
        """Add the newest window and forget those outside."""
        self.windows.append(window)
        while (window.end - self.windows[0].start).total_seconds() > self.guard_s + 1:
            if len(self.windows) == 1:
                return
            self.windows.popleft()

    def guards(self, limits: CanaryLimits) -> list[Guard]:
        """Guards that the newest windows trip."""
        found = (self._errors(limits), self._slow(limits))
        return [guard for guard in found if guard is not None]

    def _errors(self, limits: CanaryLimits) -> Guard | None:
        bad, total = _errors(self._arms("canary"))
        base_bad, base_total = _errors(self._arms("baseline"))
        if total <= 0 or bad < limits.min_errors:
            return None
        low, _ = wilson(bad / total, total, z_of(limits.guard_confidence))
        if low <= limits.guard_error_rate:
            return None
        base = base_bad / base_total if base_total else 0.0
        shared = base >= limits.guard_baseline_rate
        end = f"but the baseline's is {percent(base)}: shared outage" if shared else "roll back now"
        return Guard(
            name="error-rate",
            title=f"Error rate spike: {percent(bad / total)} of the last {total:.0f} canary "
            f"requests failed (guard {percent(limits.guard_error_rate)}); {end}",
            stop=None if shared else "ROLLBACK",
        )

    def _slow(self, limits: CanaryLimits) -> Guard | None:
        slow, total = _slower(self._arms("canary"), limits.guard_slow_s)
        base_slow, base_total = _slower(self._arms("baseline"), limits.guard_slow_s)
        if total <= 0 or slow < limits.min_errors:
            return None
        low, _ = wilson(slow / total, total, z_of(limits.guard_confidence))
        if low <= _SLOW_SHARE:
            return None
        shared = base_total > 0 and base_slow / base_total >= _SLOW_SHARE / 2
        end = "; so is the baseline's: shared" if shared else ""
        return Guard(
            name="slow-requests",
            title=f"P99 latency above {limits.guard_slow_s:g} s: {percent(slow / total)} of canary "
            f"requests took longer{end}",
            stop=None if shared else "ROLLBACK",
        )

    def _arms(self, name: str) -> list[Arm]:
        arms = (window.canary if name == "canary" else window.baseline for window in self.windows)
        return [arm for arm in arms if arm is not None]


def _errors(arms: list[Arm]) -> tuple[float, float]:
    counted = [arm for arm in arms if arm.errors is not None and arm.requests is not None]
    return sum(arm.errors or 0.0 for arm in counted), sum(arm.requests or 0.0 for arm in counted)


def _slower(arms: list[Arm], limit_s: float) -> tuple[float, float]:
    """Requests surely slower than `limit_s`, by the first finite bound at or above it."""
    slow = total = 0.0
    for arm in arms:
        histogram = arm.histogram
        if histogram is None:
            continue
        bound = next((b for b in histogram.bounds if limit_s <= b < math.inf), None)
        if bound is not None:
            slow += histogram.slower_than(bound)
            total += histogram.total
    return slow, total


def event_guards(events: tuple[Event, ...], limits: CanaryLimits) -> list[Guard]:
    """Guards tripped by killed or restarted pods, failing health checks and new errors."""
    found = (_pods(events), _health(events, limits), _new_errors(events))
    return [guard for guard in found if guard is not None]


def _pods(events: tuple[Event, ...]) -> Guard | None:
    canary = [e for e in events if e.kind in _POD_FAILURES and e.arm == "canary"]
    baseline = [e for e in events if e.kind in _POD_FAILURES and e.arm == "baseline"]
    # Events without a pod's name may be of as many pods.
    pods = {event.pod or f"#{n}" for n, event in enumerate(canary)}
    if not canary or len(canary) <= len(baseline):
        return None
    kinds = ", ".join(sorted({event.kind for event in canary}))
    many = len(pods) >= 2
    where = f"{len(pods)} canary pods" if many else "one canary pod"
    return Guard(
        name="pod-failures",
        title=f"{len(canary)} failures ({kinds}) on {where}, {len(baseline)} on the baseline's",
        stop="ROLLBACK" if many else "NO-GO",
    )


def _health(events: tuple[Event, ...], limits: CanaryLimits) -> Guard | None:
    """The run of failing checks that is still going on."""
    run: list[Event] = []
    for event in sorted(events, key=lambda e: e.at):
        if event.arm != "canary" or not event.kind.startswith("health"):
            continue
        run = [*run, event] if event.kind == "health-fail" else []
    if not run:
        return None
    lasted = run[-1].at - run[0].at
    if lasted >= timedelta(seconds=limits.health_fail_s):
        text = f"Health checks of the canary have failed for {lasted.total_seconds():.0f} s"
        return Guard(name="health", title=text, stop="ROLLBACK")
    if len(run) > limits.health_failures:
        text = f"{len(run)} consecutive health checks of the canary failed"
        return Guard(name="health", title=text, stop="NO-GO")
    return None


def _new_errors(events: tuple[Event, ...]) -> Guard | None:
    known = {e.detail for e in events if e.kind == "new-error" and e.arm == "baseline"}
    new = {e.detail for e in events if e.kind == "new-error" and e.arm == "canary"} - known
    if not new:
        return None
    first = sorted(new)[0]
    more = f" and {len(new) - 1} more" if len(new) > 1 else ""
    return Guard(
        name="new-errors",
        title=f"Error only the canary logs: {first or 'unnamed'}{more}",
        stop="NO-GO",
    )
