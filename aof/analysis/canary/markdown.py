"""A judgement for people: markdown with the reasons, the numbers and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aof.analysis.canary.judgement import Judgement, Metric
from aof.analysis.canary.wording import amount, points, relative, title_of

_WORDS = {
    "pass": "✅ PASS",
    "warn": "⚠️ WARN",
    "inconclusive": "❔ OPEN",
    "nodata": "❔ NO DATA",
    "fail": "❌ FAIL",
    "info": "-",
}


def as_markdown(judgement: Judgement) -> str:
    """Decision first, then guards, the table of metrics, details, notes and queries."""
    parts = [f"## Decision: {judgement.decision}", judgement.summary]
    stage = judgement.stage
    if stage is not None:
        share = "" if stage.weight is None else f" ({stage.weight:.0%} on the canary)"
        parts.append(
            f"Stage {stage.number} of {stage.of}{share}, {stage.elapsed_s / 60:.0f} minutes "
            f"in it, {stage.seconds / 60:.0f} planned; strategy {judgement.strategy}; "
            f"{judgement.windows} windows."
        )
    if judgement.guards:
        parts.append(_list(guard.title for guard in judgement.guards))
    if judgement.metrics:
        parts.append(metrics_table(judgement.metrics))
        details = [f"**{title_of(m.name)}**: {m.detail}" for m in judgement.metrics if m.detail]
        parts.append(_list(details))
    if judgement.notes:
        parts.append("Notes:\n\n" + _list(judgement.notes))
    if judgement.queries:
        queries = "\n".join(f"# {name}\n{query}" for name, query in judgement.queries.items())
        parts.append(f"```promql\n{queries}\n```")
    return "\n\n".join(part for part in parts if part) + "\n"


def metrics_table(metrics: Sequence[Metric]) -> str:
    """One row a metric: both versions, the change with its 90 % interval, worst minute."""
    rows = [
        "| Metric | Baseline | Canary | Change (90 % interval) | Limit | Harm | Worst | Status |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for metric in metrics:
        cells = [
            title_of(metric.name),
            _value(metric.baseline, metric),
            _value(metric.canary, metric),
            _change(metric),
            _limit(metric),
            metric.strength or "-",
            _worst(metric),
            _WORDS[metric.verdict],
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _value(value: float | None, metric: Metric) -> str:
    return "-" if value is None else amount(value, metric.unit)


def _shown(change: float, metric: Metric) -> str:
    if metric.delta_kind == "relative":
        return relative(change)
    return points(change) if metric.unit == "ratio" else f"{change:+.3g} {metric.unit}"


def _change(metric: Metric) -> str:
    if metric.delta is None:
        return "-"
    shown = _shown(metric.delta, metric)
    if metric.delta_low is None or metric.delta_high is None:
        return shown
    return f"{shown} ({_shown(metric.delta_low, metric)} to {_shown(metric.delta_high, metric)})"


def _limit(metric: Metric) -> str:
    if metric.limit is None:
        return "-"
    return (
        amount(metric.limit, metric.unit)
        if metric.limit_is_absolute
        else _shown(metric.limit, metric)
    )


def _worst(metric: Metric) -> str:
    worst = metric.worst
    if worst is None:
        return "-"
    canary, baseline = _value(worst.canary, metric), _value(worst.baseline, metric)
    return "-" if canary == baseline else f"{worst.at}: {canary} against {baseline}"
