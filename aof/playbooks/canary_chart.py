"""The rollout as a picture: canary against baseline, stages, and the moment of decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aof.analysis.canary import CanaryEvidence, CanaryLimits, Judgement
from aof.analysis.canary.history import History, history_of
from aof.analysis.canary.power import EFFECTS, Power
from aof.analysis.canary.replay import replay
from aof.plots.chart import Band, Chart, Line, Mark, svg
from aof.plots.sparkline import sparkline


def rollout_svg(
    evidence: CanaryEvidence, judgement: Judgement, limits: CanaryLimits | None = None
) -> str:
    """Error rate and p95 of both versions over time, as an SVG document.

    The mark stands where the rollout was first stopped when judged window by window, else at
    its end; the dashed line is what the baseline's rate and the limit allow.
    """
    history = history_of(evidence)
    mark = _decided(evidence, judgement, limits)
    charts = [
        Chart(
            title=title,
            x_label="minutes since the start; shaded: stages, share of traffic on the canary",
            lines=_lines(history, series, _limit(judgement, name)),
            bands=[Band(start, end, label) for start, end, label in history.stretches],
            marks=[mark] if mark else [],
            scale=scale,
            unit=unit,
        )
        for title, name, series, scale, unit in (
            ("Error rate", "error_rate", history.error_rate, 100.0, "%"),
            ("P95 latency", "latency_p95", history.latency_p95, 1000.0, " ms"),
        )
    ]
    shown = [chart for chart in charts if any(y is not None for _, y in chart.lines[1].points)]
    return svg(shown or charts[:1], title=judgement.summary)


def sparklines(evidence: CanaryEvidence) -> str:
    """Both versions' error rate and p95, a line of block characters each; empty for no data."""
    history = history_of(evidence)
    rows = []
    for name, series in (("errors", history.error_rate), ("p95", history.latency_p95)):
        known = [value for arm in series.values() for value in arm if value is not None]
        top = max(known, default=0.0)
        rows += [
            f"{name:6} {arm:8} {sparkline(series[arm], top=top)}"
            for arm in ("baseline", "canary")
            if any(value is not None for value in series[arm])
        ]
    return "\n".join(rows)


def _decided(
    evidence: CanaryEvidence, judgement: Judgement, limits: CanaryLimits | None
) -> Mark | None:
    if not evidence.windows:
        return None
    run = replay(evidence, limits)
    at = run.stopped_at or len(evidence.windows)
    word = run.outcome if run.stopped_at else judgement.decision
    seconds = (evidence.windows[at - 1].end - evidence.windows[0].start).total_seconds()
    minute = seconds / 60
    return Mark(minute, f"{word} at {minute:.0f} min")


def _lines(
    history: History, series: Mapping[str, Sequence[float | None]], limit: float | None
) -> list[Line]:
    lines = [
        Line(arm, list(zip(history.ends, series[arm], strict=True)))
        for arm in ("baseline", "canary")
    ]
    if limit is not None and history.starts:
        ends = [(history.starts[0], limit), (history.ends[-1], limit)]
        lines.append(Line("limit", ends, dashed=True))
    return lines


def _limit(judgement: Judgement, name: str) -> float | None:
    metric = judgement.metric(name)
    if metric is None or metric.baseline is None or metric.limit is None:
        return None
    if metric.delta_kind == "relative":
        return metric.baseline * (1 + metric.limit)
    return metric.baseline + metric.limit


def power_svg(found: Power) -> str:
    """Probability of a stop by the end of each stage, over the canary's error rate."""
    rates = [found.baseline_error * effect for effect in EFFECTS]
    lines = [
        Line(
            f"stage {stage.number} ({stage.weight:.0%})",
            [
                (rate * 100, stage.detects[f"{effect:g}"])
                for rate, effect in zip(rates, EFFECTS, strict=True)
            ],
        )
        for stage in found.stages
    ]
    chart = Chart(
        title="Probability of a stop by the end of each stage",
        x_label="true error rate of the canary, %",
        lines=lines,
        scale=100.0,
        unit="%",
        log_x=True,
    )
    what = f"{found.rps:g} requests a second, {found.baseline_error:.2%} errors of the baseline"
    return svg([chart], title=f"What this rollout can detect: {what}")
