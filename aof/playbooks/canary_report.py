"""The canary report's parts: findings, tables and lists. Pure; a template places them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aof.analysis.canary import CanaryEvidence, Judgement
from aof.analysis.canary.markdown import metrics_table
from aof.analysis.canary.wording import title_of
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
    evidence: CanaryEvidence,
    asked: CanaryRequest,
    *,
    app: str,
    history: Sequence[Mapping[str, Any]],
) -> dict[str, str]:
    """Markdown by name, in the order of the report; what there is nothing to say of is left out."""
    made = {
        "heading": _heading(judgement, asked, app),
        "golden_signals": metrics_table(judgement.metrics) if judgement.metrics else "",
        "trend": _trend(evidence),
        "indicators": _indicators(judgement),
        "details": _details(judgement),
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
        lines.append(f"Duration: {elapsed:.0f} minutes in this stage, {planned:.0f} planned")
    return "\n".join(f"- {line}" for line in lines)


def _details(judgement: Judgement) -> str:
    """What stands behind each judged metric: samples, intervals, strength of the evidence."""
    return "\n".join(
        f"- **{title_of(metric.name)}**: {metric.detail}"
        for metric in judgement.metrics
        if metric.detail and not metric.unverified
    )


def _trend(evidence: CanaryEvidence) -> str:
    """Both versions over time, in a line of blocks each."""
    if not evidence.windows:
        return ""
    from aof.playbooks.canary_chart import sparklines

    lines = sparklines(evidence)
    return f"```text\n{lines}\n```" if lines else ""


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
