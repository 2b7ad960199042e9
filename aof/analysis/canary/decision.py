"""From metrics and guards to one word: ROLLBACK over NO-GO over HOLD over PROCEED."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from aof.analysis.canary.judgement import Decision, Guard, Metric, StageView
from aof.analysis.canary.wording import minutes
from aof.verdict import Verdict


class Ruling(NamedTuple):
    """The decision, its verdict, one sentence why, the minutes needed; `final`: time is up."""

    decision: Decision
    verdict: Verdict
    why: str
    needs_minutes: float | None = None
    final: bool = False


def stopping(metrics: Sequence[Metric], guards: Sequence[Guard]) -> Ruling | None:
    """ROLLBACK or NO-GO when anything asks for it."""
    asking: list[Guard | Metric] = [*guards, *metrics]
    for word in ("ROLLBACK", "NO-GO"):
        titles = [one.title for one in asking if one.stop == word]
        if titles:
            decision: Decision = "ROLLBACK" if word == "ROLLBACK" else "NO-GO"
            return Ruling(decision, Verdict.FAIL, "; ".join(titles))
    return None


def holding(metrics: Sequence[Metric], guards: Sequence[Guard]) -> Ruling | None:
    """HOLD for a shared outage or missing data."""
    titles = [guard.title for guard in guards]
    titles += [metric.title for metric in metrics if metric.verdict == "nodata"]
    if titles:
        return Ruling("HOLD", Verdict.INCONCLUSIVE, "; ".join(titles))
    return None


def proceeding(metrics: Sequence[Metric]) -> Ruling:
    """PROCEED; a warning when anything is near a limit."""
    near = [metric.title for metric in metrics if metric.verdict == "warn"]
    if near:
        return Ruling(
            "PROCEED", Verdict.WARN, "nothing is over its limit; watch: " + "; ".join(near)
        )
    return Ruling("PROCEED", Verdict.PASS, "every metric judged is within its limit")


def of_points(metrics: Sequence[Metric], guards: Sequence[Guard]) -> Ruling:
    """The ruling on numbers without counts."""
    ruling = stopping(metrics, guards) or holding(metrics, guards)
    if ruling:
        return ruling
    if not any(metric.verdict in ("pass", "warn") for metric in metrics):
        return Ruling("HOLD", Verdict.INCONCLUSIVE, "no number given can be judged", final=True)
    return proceeding(metrics)


def of_stage(
    metrics: Sequence[Metric],
    guards: Sequence[Guard],
    *,
    stage: StageView,
    short_of_requests: str,
    extension_left_s: float,
) -> Ruling:
    """The ruling on a stage: before its end a healthy canary is held for the rest of it."""
    ruling = stopping(metrics, guards) or holding(metrics, guards)
    if ruling:
        return ruling
    if not stage.ended:
        left = (stage.seconds - stage.elapsed_s) / 60
        why = (
            f"no confirmed harm; stage {stage.number} ends in {minutes(left).replace('more ', '')}"
        )
        return Ruling("HOLD", Verdict.INCONCLUSIVE, why, max(left, 1.0))
    open_ = [metric for metric in metrics if metric.verdict == "inconclusive"]
    suspects = [metric for metric in metrics if metric.suspect]
    if suspects:
        return _extended("harm is suspected, not confirmed", suspects, extension_left_s)
    if short_of_requests:
        return _extended(short_of_requests, (), extension_left_s)
    if open_ and stage.proof_needed:
        return _extended("not proven harmless", open_, extension_left_s)
    return proceeding(metrics)


def _extended(why: str, metrics: Sequence[Metric], left_s: float) -> Ruling:
    titles = "; ".join(metric.title for metric in metrics)
    text = f"{why}: {titles}" if titles else why
    if left_s <= 0:
        end = (
            "; the stage has been extended as far as it may: decide by hand or give it more traffic"
        )
        return Ruling("HOLD", Verdict.INCONCLUSIVE, text + end, final=True)
    known = [metric.needs_minutes for metric in metrics if metric.needs_minutes is not None]
    needs = min(max(known, default=5.0), left_s / 60)
    return Ruling("HOLD", Verdict.INCONCLUSIVE, text, max(needs, 1.0))
