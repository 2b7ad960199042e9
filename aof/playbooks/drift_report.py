"""The drift report's parts: findings, counts, details, compliance, trends. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aof.analysis.drift import Change, DriftClass, DriftReport, ResourceResult, Severity
from aof.analysis.drift.markdown import (
    UNATTRIBUTED,
    headline,
    notes_of,
    resource_block,
    summary_block,
    unattributed_block,
)
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
    """One for each drifted object, each undeclared addition, each place nobody could look at."""
    found: list[Finding] = []
    for item in compared:
        found += [
            Finding(
                id=_finding_id(one),
                verdict=Verdict.FAIL,
                title=f"{one.identity}: {', '.join(one.classes)}",
                detail="; ".join(f"{change.field}: {change.reason}" for change in one.changes),
                evidence=item.evidence,
            )
            for one in item.report.drifted
        ]
        found += [
            Finding(
                id=f"undeclared-{_finding_id(one)}",
                verdict=Verdict.INCONCLUSIVE,
                title=f"{one.identity}: not declared in Git: {', '.join(one.unattributed)}",
                detail=UNATTRIBUTED,
                evidence=item.evidence,
            )
            for one in item.report.unattributed
        ]
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


def _finding_id(one: ResourceResult) -> str:
    identity = one.identity
    return "-".join(filter(None, [identity.kind, identity.namespace, identity.name])).lower()


def blocks(
    compared: Sequence[Compared],
    report: DriftReport,
    facts: Mapping[str, Any],
    past: Trends,
    *,
    at: datetime,
    asked: DriftRequest,
) -> dict[str, str]:
    """Markdown by name; empty ones are left out."""
    made = {
        "heading": _heading(facts, at, asked),
        "counts": summary_block(report),
        "details": _details(report),
        "undeclared": unattributed_block(report) if report.unattributed else "",
        "acceptable": _acceptable(report),
        "compliance": _compliance(compared, report, facts["not_checked"]),
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


def _compliance(
    compared: Sequence[Compared], report: DriftReport, not_checked: Mapping[str, str]
) -> str:
    """What holds, what does not, and what nobody can say. A tick stands for what was checked."""

    def count(*names: DriftClass) -> int:
        return sum(bool(set(names) & set(one.classes)) for one in report.resources)

    # A difference nobody can be named for may be by hand, or of a sync that did not happen.
    unexplained = "of some differences nobody knows the cause" if count(DriftClass.UNKNOWN) else ""
    stripped = sum(not one.additions_checked for one in report.resources)
    additions = f"{_resources(stripped)} came without managedFields" if stripped else ""
    unsynced = any(item.scope.last_synced is None for item in compared)
    sync = "the manifest of the last sync is not known" if unsynced else ""
    unread = "not everything could be read" if not_checked else ""
    checks = [
        (
            count(DriftClass.MANUAL),
            "changed past Git by hand",
            "No changes past Git",
            (unexplained, additions, unread),
        ),
        (
            count(DriftClass.EXTRA),
            "running that Git does not know",
            "Everything running is in Git",
            (additions, unread),
        ),
        (
            count(DriftClass.INVALID_MANIFEST),
            "that the API server cannot accept",
            "No manifest is known to be refused",
            (),
        ),
        (
            count(DriftClass.FAILED_SYNC),
            "not synced",
            "Everything in Git was synced",
            (unexplained, sync, unread),
        ),
    ]
    lines = []
    for found, wrong, right, doubts in checks:
        reasons = "; ".join(filter(None, doubts))
        if found:
            lines.append(f"- ❌ {_resources(found)} {wrong}")
        elif reasons:
            lines.append(f"- ❔ Not known: {right[0].lower()}{right[1:]} ({reasons})")
        else:
            lines.append(f"- ✅ {right}")
    if not_checked:
        lines.append("- ❔ Not checked: " + "; ".join(f"{k} ({v})" for k, v in not_checked.items()))
    return "\n".join(lines)


def _resources(count: int) -> str:
    return f"{count} resource" if count == 1 else f"{count} resources"


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
