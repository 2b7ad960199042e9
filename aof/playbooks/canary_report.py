"""The canary report's parts: findings, tables and lists. Pure; a template places them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aof.analysis.canary import Judgement
from aof.analysis.canary.judgement import Metric
from aof.analysis.canary.wording import amount, title_of
from aof.playbooks.canary_request import CanaryRequest
from aof.verdict import Finding, Verdict

_STATUS = {
    "pass": "✅ PASS",
    "warn": "⚠️ WARN",
    "inconclusive": "❔ OPEN",
    "nodata": "❔ NO DATA",
    "fail": "❌ FAIL",
    "info": "-",
}
_VERDICTS = {
    "pass": Verdict.PASS,
    "warn": Verdict.WARN,
    "inconclusive": Verdict.INCONCLUSIVE,
    "nodata": Verdict.INCONCLUSIVE,
    "fail": Verdict.FAIL,
    "info": Verdict.PASS,
}
_LAST_DEPLOYMENTS = 5


def findings(judgement: Judgement, evidence: Sequence[str]) -> tuple[Finding, ...]:
    """Guards first, then every judged metric."""
    guards = [
        Finding(
            id=f"guard-{guard.name}",
            verdict=Verdict.FAIL if guard.stop else Verdict.INCONCLUSIVE,
            title=guard.title,
            evidence=tuple(evidence),
        )
        for guard in judgement.guards
    ]
    judged = [
        Finding(
            id=metric.name,
            verdict=_VERDICTS[metric.verdict],
            title=metric.title,
            detail=metric.detail,
            evidence=tuple(evidence),
        )
        for metric in judgement.metrics
        if metric.verdict != "info"
    ]
    return (*guards, *judged)


def blocks(
    judgement: Judgement,
    asked: CanaryRequest,
    *,
    app: str,
    history: Sequence[Mapping[str, Any]],
) -> dict[str, str]:
    """Markdown by name: `heading`, `golden_signals`, `indicators`, `queries`, `history`."""
    made = {
        "heading": _heading(judgement, asked, app),
        "golden_signals": _table(judgement.metrics),
        "indicators": _indicators(judgement),
        "queries": _queries(judgement.queries),
        "history": _history(history),
    }
    return {name: text for name, text in made.items() if text}


def _heading(judgement: Judgement, asked: CanaryRequest, app: str) -> str:
    lines = [f"Deployment: {' '.join(filter(None, [app, asked.version])) or 'not named'}"]
    if asked.baseline_version:
        lines.append(f"Baseline: {asked.baseline_version}")
    lines.append(f"Strategy: {judgement.strategy}")
    stage = judgement.stage
    if stage is not None:
        share = f" ({stage.weight:.0%} traffic)" if stage.weight is not None else ""
        lines.append(f"Current stage: {stage.number} of {stage.of}{share}")
        elapsed, planned = stage.elapsed_s / 60, stage.seconds / 60
        lines.append(f"Duration: {elapsed:.0f} of {planned:.0f} minutes of this stage")
    return "  \n".join(lines)


def _table(metrics: Sequence[Metric]) -> str:
    if not metrics:
        return ""
    rows = [
        "| Metric | Baseline | Canary | Delta | Sample | Status |",
        "|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {title_of(metric.name)} | {_amount(metric.baseline, metric)} "
        f"| {_amount(metric.canary, metric)} | {_delta(metric)} | {_sample(metric)} "
        f"| {_STATUS[metric.verdict]} |"
        for metric in metrics
    ]
    return "\n".join(rows)


def _amount(value: float | None, metric: Metric) -> str:
    return "-" if value is None else amount(value, metric.unit)


def _delta(metric: Metric) -> str:
    if metric.delta is None or metric.baseline is None:
        return "-"
    if metric.delta_kind == "relative":
        shown = f"{metric.delta:+.1%}"
        if metric.delta_low is not None and metric.delta_high is not None:
            shown += f" ({metric.delta_low:+.1%} to {metric.delta_high:+.1%})"
        return shown
    difference = metric.canary - metric.baseline if metric.canary is not None else metric.delta
    shown = f"{difference * 100:+.2f} pp" if metric.unit == "ratio" else f"{difference:+.3g}"
    if metric.delta_low is not None and metric.delta_high is not None and metric.unit == "ratio":
        shown += f" ({metric.delta_low * 100:+.2f} to {metric.delta_high * 100:+.2f})"
    return shown


def _sample(metric: Metric) -> str:
    if metric.baseline_total is None and metric.canary_total is None:
        return "-"
    return f"{metric.baseline_total or 0:,.0f} / {metric.canary_total or 0:,.0f}"


def _indicators(judgement: Judgement) -> str:
    groups = (
        ("Positive", {"pass"}),
        ("Warning", {"warn"}),
        ("Open", {"inconclusive", "nodata"}),
        ("Negative", {"fail"}),
    )
    parts = []
    for name, verdicts in groups:
        lines = [
            f"- {_STATUS[metric.verdict].split()[0]} {metric.title}"
            for metric in judgement.metrics
            if metric.verdict in verdicts
        ]
        if name == "Negative":
            lines = [f"- ❌ {guard.title}" for guard in judgement.guards] + lines
        if lines:
            parts.append(f"**{name} indicators**:\n\n" + "\n".join(lines))
    return "\n\n".join(parts)


def _queries(queries: Mapping[str, str]) -> str:
    if not queries:
        return ""
    lines = [f"# {name}\n{query}" for name, query in queries.items()]
    return "```promql\n" + "\n".join(lines) + "\n```"


def _history(history: Sequence[Mapping[str, Any]]) -> str:
    # Lower case: `ROLLBACK` in a report always means this run's decision.
    rows = [
        f"- {entry.get('at', '')} {entry.get('version') or ''}: "
        f"{str(entry.get('decision', '')).lower()}"
        for entry in list(history)[-_LAST_DEPLOYMENTS:]
    ]
    return "\n".join(rows)
