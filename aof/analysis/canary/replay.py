"""Judging a recorded rollout as it happened: what would have been said after each window."""

from __future__ import annotations

from dataclasses import dataclass

from aof.analysis.canary.evidence import CanaryEvidence, Gauge
from aof.analysis.canary.judge import Judge, judge
from aof.analysis.canary.judgement import Decision, Judgement
from aof.analysis.canary.limits import CanaryLimits


@dataclass(frozen=True, slots=True)
class Replay:
    """How a rollout ends when each window is judged as it comes.

    Attributes:
        outcome: ROLLBACK at the first one; else NO-GO when there was one; else the last word.
        stopped_at: Number of the window (from 1) that first stopped it; 0 when none did.
        deciding: The judgement that stopped it, else the last one.
        proceeded: Numbers of the windows after which it said PROCEED.
    """

    outcome: Decision
    stopped_at: int
    deciding: Judgement
    proceeded: tuple[int, ...]


def replay(evidence: CanaryEvidence, limits: CanaryLimits | None = None) -> Replay:
    """Judge `evidence` window by window, ending at the first ROLLBACK."""
    if not evidence.windows:
        alone = judge(evidence, limits)
        return Replay(alone.decision, 0, alone, ())
    judging = Judge(limits, evidence=evidence.model_copy(update={"windows": ()}))
    last = judging.judgement()
    stop: tuple[int, Judgement] | None = None
    proceeded: list[int] = []
    for number, window in enumerate(evidence.windows, start=1):
        judging.know(_until(evidence, number))
        last = judging.add(window)
        if last.decision == "ROLLBACK":
            return Replay("ROLLBACK", stop[0] if stop else number, last, tuple(proceeded))
        if last.decision == "NO-GO" and stop is None:
            stop = (number, last)
        if last.decision == "PROCEED":
            proceeded.append(number)
    if stop is not None:
        return Replay("NO-GO", stop[0], stop[1], tuple(proceeded))
    return Replay(last.decision, 0, last, tuple(proceeded))


def _until(evidence: CanaryEvidence, number: int) -> CanaryEvidence:
    """What was known besides the windows when window `number` ended."""
    if not evidence.gauges and not evidence.events:
        return evidence
    end = evidence.windows[number - 1].end
    gauges = {
        name: Gauge.model_construct(
            baseline=gauge.baseline[:number], canary=gauge.canary[:number], limit=gauge.limit
        )
        for name, gauge in evidence.gauges.items()
    }
    events = tuple(event for event in evidence.events if event.at <= end)
    return evidence.model_copy(update={"gauges": gauges, "events": events})
