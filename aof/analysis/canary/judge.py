"""The judge: takes windows in order of time and answers at any moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aof.analysis.canary import decision
from aof.analysis.canary.alone import AloneTrack, Sums
from aof.analysis.canary.decision import Ruling
from aof.analysis.canary.evidence import Arm, CanaryEvidence, Window
from aof.analysis.canary.gauges import judge_gauge
from aof.analysis.canary.guards import RecentWindows, event_guards
from aof.analysis.canary.judgement import Guard, Judgement, Metric, StageView
from aof.analysis.canary.latency import judge_latency
from aof.analysis.canary.latency_counts import LatencyTrack
from aof.analysis.canary.limits import CanaryLimits
from aof.analysis.canary.look import Coverage, Look
from aof.analysis.canary.points import judge_point, point_guards
from aof.analysis.canary.ratios import Counted, RatioTrack
from aof.analysis.canary.timeline import STAGES, Placed, StageTraffic, Timeline
from aof.analysis.canary.wording import minutes
from aof.verdict import Verdict

_EMPTY = Arm()


def judge(evidence: CanaryEvidence, limits: CanaryLimits | None = None) -> Judgement:
    """Judge a rollout by all evidence so far.

    Args:
        evidence: Windows with counts, or points (numbers alone) as the labelled fallback.
        limits: Defaults are the specification's, its contradictions settled.

    Returns:
        The decision with its reasons. Safe at any time and as often as wanted: looking
        more often does not raise the rate of false alarms.
    """
    limits = limits or CanaryLimits()
    if evidence.points and not evidence.windows:
        return _of_points(evidence, limits)
    judging = Judge(limits, evidence=evidence)
    return judging.judgement()


class Judge:
    """The same judgement, window by window."""

    def __init__(
        self, limits: CanaryLimits | None = None, *, evidence: CanaryEvidence | None = None
    ) -> None:
        """Start with `evidence` (its windows included), e.g. `{"strategy": .., "windows": []}`."""
        self.limits = limits or CanaryLimits()
        self._evidence = evidence or CanaryEvidence(windows=())
        self._timeline = Timeline(
            self._evidence.stages or STAGES[self._evidence.strategy],
            warm_up_s=self.limits.warm_up_s,
            block_s=self.limits.block_s,
            factor=self.limits.max_stage_factor,
        )
        self._error_limits = self.limits.errors
        self._ratios: dict[str, RatioTrack] = {}
        self._latency: LatencyTrack | None = None
        self._latency_before = LatencyTrack()
        self._alone = AloneTrack(Sums(), Sums(), Coverage())
        self._recent = RecentWindows(self.limits.guard_s)
        self._count = 0
        self._compared_s = 0.0
        self._counts_requests = False
        self._traffic = StageTraffic()
        self._until: datetime | None = None
        self._gaps: list[str] = []
        for window in self._evidence.windows:
            self._absorb(window)

    def add(self, window: Window | Mapping[str, Any]) -> Judgement:
        """Take the next window and judge everything so far."""
        if not isinstance(window, Window):
            window = Window.model_validate(window)
        self._absorb(window)
        return self.judgement()

    def know(self, evidence: CanaryEvidence) -> None:
        """Take gauges, events and warnings from `evidence`; its windows are not read."""
        self._evidence = evidence

    def _absorb(self, window: Window) -> None:
        if self._until is not None:
            gap_s = (window.start - self._until).total_seconds()
            if gap_s < -1:
                raise ValueError(f"window at {window.start.isoformat()} overlaps the one before it")
            if gap_s > self.limits.recent_s:
                self._gaps.append(f"{gap_s / 60:.0f} minutes before {window.start:%H:%M} UTC")
        self._count += 1
        self._until = window.end
        placed = self._timeline.place(window)
        self._recent.add(window)
        if placed.stage == 0 or (placed.warming and not placed.alone):
            self._learn(window)
        elif placed.alone:
            self._follow_alone(window)
        else:
            self._compare(placed, window)

    def _learn(self, window: Window) -> None:
        """Baseline seen before anything is compared."""
        if window.baseline is not None:
            self._alone.reference.add(window.baseline)
            (self._latency or self._latency_before).learn(window.baseline.histogram)

    def _follow_alone(self, window: Window) -> None:
        present = window.canary is not None and (
            window.canary.requests is not None or window.canary.latency_buckets is not None
        )
        self._alone.coverage.add(canary=present, baseline=True)
        if window.canary is not None:
            self._alone.canary.add(window.canary)

    def _compare(self, placed: Placed, window: Window) -> None:
        canary, baseline = window.canary or _EMPTY, window.baseline or _EMPTY
        self._compared_s += window.seconds
        # Latency alone may be given; but who counts requests means to have errors judged.
        self._counts_requests |= canary.requests is not None or baseline.requests is not None
        self._alone.reference.add(baseline)
        self._traffic.add(placed.stage, _served(canary), _served(baseline))
        both = {"error_rate": (_errors(canary), _errors(baseline))}
        for name in sorted(canary.ratios.keys() | baseline.ratios.keys()):
            both[name] = (_ratio(canary, name), _ratio(baseline, name))
        for name in self._ratios.keys() - both.keys():
            both[name] = (None, None)
        for name, (ratio_c, ratio_b) in both.items():
            track = self._ratios.get(name)
            if track is None:
                track = self._ratios[name] = RatioTrack(name)
            track.add(placed, ratio_c, ratio_b)
        if self._latency is None and (canary.histogram or baseline.histogram):
            self._latency = self._latency_before
        if self._latency is not None:
            self._latency.add(placed, canary.histogram, baseline.histogram)

    def judgement(self) -> Judgement:
        """Judge everything so far."""
        stage = self._timeline.view()
        metrics = self._metrics()
        guards = self._recent.guards(self.limits)
        guards += event_guards(self._evidence.events, self.limits)
        ruling = self._ruling(stage, metrics, guards)
        return _judgement(self._evidence, ruling, metrics, guards).model_copy(
            update={
                "stage": stage,
                "windows": self._count,
                "wait_s": self._wait_s(ruling),
                "firm": ruling.decision != "HOLD" or ruling.final,
                "decided_at": self._until.isoformat() if self._until else None,
                "notes": self._notes(stage),
            }
        )

    def _ruling(
        self,
        stage: StageView | None,
        metrics: list[Metric],
        guards: list[Guard],
    ) -> Ruling:
        if stage is None:
            stopped = decision.stopping(metrics, guards)
            return stopped or Ruling(
                "HOLD", Verdict.INCONCLUSIVE, "no window of the rollout yet", 1.0
            )
        return decision.of_stage(
            metrics,
            guards,
            stage=stage,
            short_of_requests=self._short_of_requests(stage, metrics),
            extension_left_s=self._timeline.extension_left_s(stage),
        )

    def _short_of_requests(self, stage: StageView, metrics: list[Metric]) -> str:
        judged = [m for m in metrics if m.verdict in ("pass", "warn", "inconclusive")]
        if not judged:
            return "no metric could be judged"
        served = self._traffic.canary if self._traffic.stage == stage.number else 0.0
        if not stage.concurrent or served >= self.limits.min_requests:
            return ""
        return f"only {served:.0f} canary requests in this stage (needs {self.limits.min_requests})"

    def _wait_s(self, ruling: Ruling) -> float | None:
        if ruling.decision != "HOLD":
            return None
        return max(self._timeline.last_seconds, 1.0)

    def _metrics(self) -> list[Metric]:
        look = self._look()
        found = []
        for name, track in self._ratios.items():
            if name != "error_rate" or self._counts_requests or self._latency is None:
                rules = self._error_limits if name == "error_rate" else self.limits.for_ratio(name)
                found.append(track.judge(rules, look))
        if self._latency is not None:
            latency = self._latency
            found += [judge_latency(latency, level, look) for level in latency.levels]
        found += self._alone.metrics(self.limits)
        for name, gauge in self._evidence.gauges.items():
            found.append(
                judge_gauge(name, gauge, self.limits, window_s=self._timeline.last_seconds)
            )
        return found

    def _look(self) -> Look:
        families = len([t for t in self._ratios.values() if t.coverage.present])
        families += self._latency is not None
        now_s = self._timeline.last.end_s if self._timeline.last else 0.0
        return Look(self.limits, families, now_s, self._compared_s)

    def _notes(self, stage: StageView | None) -> tuple[str, ...]:
        notes = list(self._evidence.warnings)
        if self._gaps:
            notes.append(f"Nothing was measured for {', '.join(self._gaps)}: not judged.")
        if self._latency is None and self._compared_s:
            notes.append("Latency was not measured: give `latency_buckets` to have it judged.")
        if stage and not stage.concurrent:
            notes.append(
                "Nothing runs beside the canary at 100 %: guards, SLOs and the frozen "
                "reference judge it; this is not a comparison."
            )
        notes += [
            f"Given, not measured, and not used: {point.name} {point.canary:g} {point.unit}"
            for point in self._evidence.points
        ]
        if stage and stage.concurrent and stage.weight:
            notes += self._traffic.split_note(stage.weight)
        return tuple(notes)


def _served(arm: Arm) -> float:
    if arm.requests is not None:
        return arm.requests
    return arm.histogram.total if arm.histogram else 0.0


def _errors(arm: Arm) -> Counted | None:
    if arm.requests is None or arm.errors is None:
        return None
    return arm.errors, arm.requests


def _ratio(arm: Arm, name: str) -> Counted | None:
    found = arm.ratios.get(name)
    return None if found is None else (found.bad, found.total)


def _of_points(evidence: CanaryEvidence, limits: CanaryLimits) -> Judgement:
    metrics = [judge_point(point, limits) for point in evidence.points]
    guards = point_guards(evidence.points, limits)
    guards += event_guards(evidence.events, limits)
    found = _judgement(evidence, decision.of_points(metrics, guards), metrics, guards)
    note = "Numbers as given, without counts and not measured: point estimates, no statistics."
    return found.model_copy(update={"unverified": True, "notes": (note, *evidence.warnings)})


def _judgement(
    evidence: CanaryEvidence, ruling: Ruling, metrics: list[Metric], guards: list[Guard]
) -> Judgement:
    needs = ruling.needs_minutes
    wait = f" (needs about {minutes(needs)})" if needs is not None else ""
    return Judgement(
        decision=ruling.decision,
        verdict=ruling.verdict,
        summary=f"{ruling.decision}: {ruling.why}{wait}",
        strategy=evidence.strategy,
        metrics=tuple(metrics),
        guards=tuple(guards),
        needs_minutes=needs,
        queries=evidence.queries,
    )
