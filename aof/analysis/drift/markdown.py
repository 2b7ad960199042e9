"""A drift report for people: plain text, and markdown in the sections of the specification."""

from __future__ import annotations

import json
from typing import Any

from aof.analysis.drift.result import Change, DriftClass, DriftReport, ResourceResult, Severity

TITLES = {
    Severity.HIGH: "High priority",
    Severity.MEDIUM: "Medium priority",
    Severity.LOW: "Low priority",
}
_MOST_TEXT = 400
_MOST_NAMED = 3
_NOBODYS = {DriftClass.FAILED_SYNC, DriftClass.PENDING_SYNC, DriftClass.INVALID_MANIFEST}
"""Classes whose live value is the GitOps tool's own: nobody changed anything there."""
UNATTRIBUTED = (
    "a person or an admission webhook added it; without managedFields nothing says which: "
    "read the live object with kubectl get -o yaml --show-managed-fields"
)


def as_text(report: DriftReport) -> str:
    """A few lines per object that is not clean."""
    lines = [headline(report)]
    for one in report.unattributed:
        lines += ["", f"{one.identity}: not declared in Git: {', '.join(one.unattributed)}"]
        lines.append(f"  {UNATTRIBUTED}")
    for one in report.resources:
        if not one.changes:
            continue
        lines.append("")
        lines.append(f"{one.identity}: {', '.join(one.classes)}")
        lines += [f"  {_one_line(change)}" for change in one.changes]
        if one.cause:
            lines.append(f"  the server said: {one.cause}")
    notes = notes_of(report)
    if notes:
        lines.append("")
    lines += [f"note: {note}" for note in notes]
    return "\n".join(lines)


def notes_of(report: DriftReport) -> list[str]:
    """What could not be checked, and the like; the same note about many objects once."""
    about: dict[str, list[str]] = {}
    for one in report.resources:
        for note in one.notes:
            about.setdefault(note, []).append(str(one.identity))
    grouped = []
    for note, names in about.items():
        shown = names if len(names) <= _MOST_NAMED else [f"{len(names)} resources"]
        grouped += [f"{name}: {note}" for name in shown]
    return [*grouped, *report.notes]


def headline(report: DriftReport) -> str:
    """One line: how many of how many drifted, by priority."""
    total, drifted = len(report.resources), report.drifted
    if not total:
        return "UNKNOWN: nothing was compared."
    if not drifted:
        compared = f"{total} resource{'s' if total != 1 else ''} compared"
        if not report.unattributed:
            return f"CLEAN: {compared}, nothing drifted."
        count = len(report.unattributed)
        return (
            f"UNKNOWN: {compared}, every declared field is in place; {count} "
            f"{'have' if count != 1 else 'has'} additions that nobody can be named for."
        )
    counts = [
        f"{count} {level}"
        for level in Severity
        if (count := sum(one.severity is level for one in drifted))
    ]
    return f"DRIFT: {len(drifted)} of {total} resources drifted: {', '.join(counts)}."


def as_markdown(report: DriftReport) -> str:
    """Summary and details by priority."""
    return f"# Drift\n\n{headline(report)}\n\n{summary_block(report)}\n\n{details_block(report)}\n"


def summary_block(report: DriftReport) -> str:
    """The counts."""
    facts = report.as_dict()
    by_severity = facts["by_severity"]
    rows = [
        ("Total resources", facts["total"]),
        ("Drifted resources", facts["drift_count"]),
        ("High priority", by_severity["high"]),
        ("Medium priority", by_severity["medium"]),
        ("Low priority", by_severity["low"]),
        ("Acceptable differences", facts["acceptable_count"]),
    ]
    return "\n".join(f"- {name}: {count}" for name, count in rows)


def details_block(report: DriftReport) -> str:
    """Every drifted resource with its fields, most urgent first, then what is acceptable."""
    parts: list[str] = []
    for level in Severity:
        chosen = [one for one in report.drifted if one.severity is level]
        if chosen:
            parts.append(f"## {TITLES[level]}")
            parts += [resource_block(one) for one in chosen]
    acceptable = [one for one in report.resources if one.changes and not one.drifted]
    if acceptable:
        parts.append("## Acceptable differences")
        parts.append("\n".join(_acceptable_line(one) for one in acceptable))
    if report.unattributed:
        parts += ["## Not declared in Git", unattributed_block(report)]
    if notes := notes_of(report):
        parts += ["## Notes", "\n".join(f"- {_inline(note)}" for note in notes)]
    return "\n\n".join(parts)


def unattributed_block(report: DriftReport) -> str:
    """What stands in live objects that came without managedFields, and what to do about it."""
    lines = [
        f"- {_inline(str(one.identity))}: "
        + ", ".join(f"`{_clean(path).replace('`', '')}`" for path in one.unattributed)
        for one in report.unattributed
    ]
    return "\n".join(lines) + f"\n\n{UNATTRIBUTED[0].upper()}{UNATTRIBUTED[1:]}."


def resource_block(one: ResourceResult) -> str:
    """One resource: class, who, when, and a diff of its fields."""
    lines = [f"### {_inline(str(one.identity))}", "", f"- **Drift type**: {', '.join(one.classes)}"]
    written = [change for change in one.changes if change.class_ not in _NOBODYS]
    actors = list(
        dict.fromkeys(
            f"{_inline(_actor(change))} ({change.actor_source})"
            for change in written
            if change.actor
        )
    )
    if actors:
        lines.append(f"- **Changed by**: {'; '.join(actors)}")
    if times := sorted(change.at for change in written if change.at):
        lines.append(f"- **Change time**: at the latest {times[-1]}")
    if one.cause:
        lines.append(f"- **Sync error**: {_inline(one.cause)}")
    reasons = dict.fromkeys(change.reason for change in one.changes if change.reason)
    lines.append(f"- **Why**: {_inline('; '.join(reasons))}")
    fields = [change for change in one.changes if change.path]
    if fields:
        lines += ["", "```diff", *(line for change in fields for line in _diff(change)), "```"]
    return "\n".join(lines)


def _actor(change: Change) -> str:
    return f"{change.person} with {change.actor}" if change.person else str(change.actor)


def _diff(change: Change) -> list[str]:
    lines = [f"{_clean(change.field)}:"]
    if change.lines:
        return [*lines, *(_clean(line) for line in change.lines)]
    if change.change != "added":
        lines += [f"-  {line}  (Git)" for line in _rendered(change.desired)]
    if change.change != "removed":
        lines += [f"+  {line}  (cluster)" for line in _rendered(change.live)]
    if change.change == "removed":
        lines.append("+  (not in the cluster)")
    return lines


def _one_line(change: Change) -> str:
    who = f" by {_actor(change)} ({change.actor_source})" if change.actor else ""
    if not change.path:
        gone = change.change == "removed"
        where = "in Git, not in the cluster" if gone else "in the cluster, not in Git"
        return f"[{change.severity}] {where}{who}: {change.class_} ({change.reason})"
    git = "(not in Git)" if change.change == "added" else _short(change.desired)
    cluster = "(not there)" if change.change == "removed" else _short(change.live)
    return f"[{change.severity}] {change.field}: Git {git}, cluster {cluster}{who}: {change.class_}"


def _acceptable_line(one: ResourceResult) -> str:
    fields = ", ".join(f"`{_clean(change.field)}`" for change in one.changes)
    reasons = "; ".join(dict.fromkeys(change.reason for change in one.changes))
    return f"- {_inline(str(one.identity))}: {fields} ({_inline(reasons)})"


def _rendered(value: Any) -> list[str]:
    return [_clean(_short(value))]


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = "\\n".join(text.splitlines()) if "\n" in text else text
    return text if len(text) <= _MOST_TEXT else text[:_MOST_TEXT] + f"... ({len(text)} characters)"


def _clean(text: str) -> str:
    """Text inside a fence must not be able to end it."""
    return text.replace("```", "'''").replace("\n", " ")


def _inline(text: str) -> str:
    """Text from outside in a markdown line: nothing in it may become markup."""
    flat = " ".join(text.split())
    for mark in ("\\", "`", "*", "[", "]", "<", ">", "|", "#"):
        flat = flat.replace(mark, "\\" + mark)
    return flat
