"""The drift report's parts: findings, counts, details, compliance, trends. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aof.analysis.drift import Change, DriftClass, DriftReport, ResourceResult, Severity
from aof.analysis.drift.markdown import headline, notes_of, resource_block, summary_block
from aof.analysis.drift.quantities import parse_quantity
from aof.playbooks.drift_compared import Compared
from aof.playbooks.drift_request import DriftRequest
from aof.playbooks.drift_trends import Trends
from aof.verdict import Finding, Verdict

_MARKS = {
    Severity.HIGH: "### 🔴 High priority",
    Severity.MEDIUM: "### 🟡 Medium priority",
    Severity.LOW: "### 🟢 Low priority",
}
_MOST_SHOWN = 50


def summary_of(report: DriftReport, not_checked: Mapping[str, str]) -> str:
    """One sentence."""
    text = headline(report)
    return f"{text} Not checked: {', '.join(sorted(not_checked))}." if not_checked else text


def findings(compared: Sequence[Compared]) -> tuple[Finding, ...]:
    """One for each drifted object, one for each place that could not be looked at."""
    found = []
    for item in compared:
        for one in item.report.drifted:
            identity = one.identity
            found.append(
                Finding(
                    id="-".join(
                        filter(None, [identity.kind, identity.namespace, identity.name])
                    ).lower(),
                    verdict=Verdict.FAIL,
                    title=f"{identity}: {', '.join(one.classes)}",
                    detail="; ".join(f"{change.field}: {change.reason}" for change in one.changes),
                    evidence=item.evidence,
                )
            )
        found += [
            Finding(
                id=f"not-checked-{number}",
                verdict=Verdict.INCONCLUSIVE,
                title=f"{name} was not checked",
                detail=why,
                evidence=item.scope.evidence,
            )
            for number, (name, why) in enumerate(sorted(item.not_checked.items()), 1)
        ]
    return tuple(found)


def blocks(
    compared: Sequence[Compared],
    report: DriftReport,
    facts: Mapping[str, Any],
    past: Trends,
    *,
    at: datetime,
    asked: DriftRequest,
) -> dict[str, str]:
    """Markdown by name: heading, counts, details, acceptable, compliance, trends, notes."""
    made = {
        "heading": _heading(facts, at, asked),
        "counts": summary_block(report),
        "details": _details(report),
        "acceptable": _acceptable(report),
        "compliance": _compliance(report, facts["not_checked"]),
        "trends": _trends(past),
        "notes": _notes(compared, report),
    }
    return {name: text for name, text in made.items() if text}


def _heading(facts: Mapping[str, Any], at: datetime, asked: DriftRequest) -> str:
    words = {"DRIFT": "DRIFT DETECTED", "CLEAN": "CLEAN", "UNKNOWN": "UNKNOWN"}
    lines = [
        f"Scan: {at.isoformat(timespec='seconds')}",
        f"Scope: {facts['scope']}" + (f" (namespace {asked.namespace})" if asked.namespace else ""),
        f"GitOps tool: {facts['tool']}",
        f"Drift status: {words[facts['decision']]}",
    ]
    return "  \n".join(lines)


def _details(report: DriftReport) -> str:
    parts: list[str] = []
    shown = 0
    for level in Severity:
        chosen = [one for one in report.drifted if one.severity is level]
        if not chosen:
            continue
        parts.append(_MARKS[level])
        for one in chosen[: _MOST_SHOWN - shown]:
            parts.append(_resource(one))
            shown += 1
    left = len(report.drifted) - shown
    if left:
        parts.append(f"{left} more: see `facts.resources` of the JSON output.")
    return "\n\n".join(parts)


def _resource(one: ResourceResult) -> str:
    text = resource_block(one).replace("### ", "#### Resource: ", 1)
    impact = [line for change in one.changes if (line := impact_of(change))]
    if impact:
        text += "\n\n**Impact**:\n" + "\n".join(f"- {line}" for line in impact)
    return text


def impact_of(change: Change) -> str:
    """What a change means for what runs, where that is certain; else an empty string."""
    git, cluster = change.desired, change.live
    if change.field == "spec.replicas" and isinstance(git, int) and isinstance(cluster, int):
        word = "more" if cluster > git else "fewer"
        return f"{abs(cluster - git)} {word} replicas than Git says"
    if change.field.endswith(".image") and git and cluster:
        return f"runs image {cluster}, Git says {git}"
    if ".resources." in change.field and change.change == "changed":
        before, now = parse_quantity(git), parse_quantity(cluster)
        if before and now:
            return (
                f"{change.field.rsplit('.', 1)[-1]}: {float(now / before):.2g} times what Git says"
            )
    return ""


def _acceptable(report: DriftReport) -> str:
    lines = []
    for one in report.resources:
        accepted = [change for change in one.changes if change.class_ is DriftClass.ACCEPTABLE]
        if accepted:
            fields = ", ".join(f"`{change.field.replace('`', '')}`" for change in accepted)
            reasons = "; ".join(dict.fromkeys(change.reason for change in accepted))
            lines.append(f"- {one.identity}: {fields} ({reasons})")
    return "\n".join(lines[:_MOST_SHOWN])


def _compliance(report: DriftReport, not_checked: Mapping[str, str]) -> str:
    def count(*names: DriftClass) -> int:
        return sum(bool(set(names) & set(one.classes)) for one in report.resources)

    checks = [
        (count(DriftClass.MANUAL), "changed past Git by hand", "No changes past Git"),
        (count(DriftClass.EXTRA), "running that Git does not know", "Everything running is in Git"),
        (
            count(DriftClass.INVALID_MANIFEST),
            "that the API server cannot accept",
            "No manifest is known to be refused",
        ),
        (count(DriftClass.FAILED_SYNC), "not synced", "Everything in Git was synced"),
    ]
    # A difference nobody can be named for may be either of these.
    unexplained = count(DriftClass.UNKNOWN)
    unsure = {checks[0][1], checks[3][1]}
    lines = []
    for found, wrong, right in checks:
        noun = "resource" if found == 1 else "resources"
        if found:
            lines.append(f"- ❌ {found} {noun} {wrong}")
        elif unexplained and wrong in unsure:
            lines.append(f"- ❔ Not known: {right[0].lower()}{right[1:]}")
        else:
            lines.append(f"- ✅ {right}")
    if not_checked:
        lines.append("- ❔ Not checked: " + "; ".join(f"{k} ({v})" for k, v in not_checked.items()))
    return "\n".join(lines)


def _trends(past: Trends) -> str:
    if not past.days:
        return ""
    rows = ["| Date | Drift count | Type |", "|---|---|---|"]
    rows += [f"| {day.date} | {day.drift_count} | {day.kinds} |" for day in past.days]
    lines = ["\n".join(rows)]
    if past.pattern:
        lines.append(f"**Pattern**: {past.pattern}")
    if past.recurring:
        names = ", ".join(f"{name} ({count} days)" for name, count in past.recurring[:5])
        lines.append(f"**Recurring**: {names}")
    return "\n\n".join(lines)


def _notes(compared: Sequence[Compared], report: DriftReport) -> str:
    lines = [f"- {note}" for note in notes_of(report)]
    lines += [
        f"- {item.scope.name}: the manifest of the last sync is not known, so a manual change "
        "and a sync that did not happen are told apart by field manager alone"
        for item in compared
        if item.scope.last_synced is None
    ]
    return "\n".join(lines[:_MOST_SHOWN])
