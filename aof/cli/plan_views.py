"""A plan for people: markdown (also for the terminal) and HTML. Everything is escaped."""

from __future__ import annotations

import html
import json
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aof.plans import Action, ActionStatus, Decision, Plan
from aof.templates.markdown import code, plain

if TYPE_CHECKING:
    from aof.engine.apply import Outcome

_SIGNS = {"read": " ", "notify": "!", "write": "~"}


def plan_markdown(plan: Plan, statuses: Mapping[str, object], missing: list[str]) -> str:
    """The plan, readable like a plan of changes should be."""
    lines = [
        f"# Plan {plan.id}",
        "",
        f"{plain(plan.agent)} decided **{plain(plan.decision)}** ({plain(plan.verdict)}); "
        f"{len(plan.actions)} change{'s' if len(plan.actions) != 1 else ''}"
        + (f" in {plain(plan.environment)}" if plan.environment else "")
        + ".",
        "",
    ]
    for action in plan.actions:
        lines += [*_action_lines(plan, action, str(statuses.get(action.id, ""))), ""]
    lines += [
        f"Asked for by {plain(plan.requested_by or 'nobody known')}, "
        f"made {plan.created_at:%Y-%m-%d %H:%M} UTC, valid until "
        f"{plan.expires_at:%Y-%m-%d %H:%M} UTC.",
        f"Digest {code(plan.digest)}.",
        "",
    ]
    waiting = [status for status in statuses.values() if status is ActionStatus.PENDING]
    if missing and waiting:
        lines += ["Still needed:", "", *[f"- {plain(item)}" for item in missing], ""]
        lines += [f"    aofctl approve {plan.id}", f"    aofctl apply {plan.id}", ""]
    return "\n".join(lines)


def _action_lines(plan: Plan, action: Action, status: str) -> list[str]:
    sign = _SIGNS[action.effect.value]
    lines = [
        f"## {sign} {action.id}: {code(action.command)}",
        "",
        f"- status: {status}",
        f"- why: {plain(action.reason)}"
        + (f" ({', '.join(map(plain, action.evidence))})" if action.evidence else ""),
        f"- arguments: {code(json.dumps(action.arguments, sort_keys=True, ensure_ascii=False))}",
    ]
    lines += [f"- only while unchanged: {plain(item.describes)}" for item in action.assumes]
    if action.described:
        lines.append("- only while unchanged: what the server says this tool is")
    lines += [f"- done when: {plain(item.describes)}" for item in action.verify]
    lines.append(f"- undo: {code(action.undo)}" if action.undo else "- undo: none known")
    for ruling in plan.rulings:
        if ruling.action == action.id and ruling.decision is not Decision.ALLOW:
            lines.append(
                f"- {ruling.decision.value}: {plain(ruling.reason)} "
                f"(policy {plain(ruling.policy)}, rule {plain(ruling.rule)})"
            )
    return lines


def stopped_lines(plan: Plan, outcome: Outcome) -> list[str]:
    """What to say when not everything was applied: why, and both ways from there."""
    back = [f"to take back what was applied: {command}" for command in outcome.undo]
    on = [f"to go on, remove the cause, then: aofctl run agent {shlex.quote(plan.ref)}"]
    return [f"stopped: {outcome.stopped}", *(on if plan.ref else []), *back]


def plan_html(plan: Plan, statuses: Mapping[str, object], missing: list[str]) -> str:
    """A page of its own: no scripts, nothing loaded from anywhere."""
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td>{html.escape(cell)}</td>"
            for cell in (
                action.id,
                action.command,
                action.target,
                str(statuses.get(action.id, "")),
                action.reason,
                action.undo,
            )
        )
        + "</tr>"
        for action in plan.actions
    )
    heads = "".join(
        f"<th>{name}</th>" for name in ("id", "command", "target", "status", "why", "undo")
    )
    needed = "".join(f"<li>{html.escape(item)}</li>" for item in missing)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>Plan {html.escape(plan.id)}</title><style>body{{font-family:sans-serif;"
        "margin:2em}table{border-collapse:collapse}td,th{border:1px solid #999;padding:.4em;"
        "text-align:left;vertical-align:top}td:nth-child(2){font-family:monospace}</style></head>"
        f"<body><h1>Plan {html.escape(plan.id)}</h1>"
        f"<p>{html.escape(plan.agent)}: {html.escape(plan.decision)} "
        f"({html.escape(plan.verdict)}), valid until {plan.expires_at:%Y-%m-%d %H:%M} UTC</p>"
        f"<table><tr>{heads}</tr>{rows}</table>"
        + (f"<h2>Still needed</h2><ul>{needed}</ul>" if needed else "")
        + f"<p><code>{html.escape(plan.digest)}</code></p></body></html>\n"
    )
