"""The report of a run: code computes, the template places."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from aof.plans import Action, Plan
from aof.templates.markdown import inert, neutral, one_line
from aof.templates.reports import render
from aof.verdict import Assessment, Evidence, Finding, Verdict

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
MARKS = {
    Verdict.PASS: "✅ PASS",
    Verdict.WARN: "⚠️ WARN",
    Verdict.INCONCLUSIVE: "❔ NO ANSWER",
    Verdict.FAIL: "❌ FAIL",
}


def default_template() -> str:
    """The template of agents that bring none."""
    return resources.files("aof.engine").joinpath("report.md.j2").read_text(encoding="utf-8")


def report_values(
    *,
    agent: str,
    description: str,
    run_id: str,
    assessment: Assessment,
    verdict: Verdict,
    evidence: Sequence[Evidence],
    not_consulted: Mapping[str, str],
    warnings: Sequence[str],
    plan: Plan | None,
    model: str,
    reasoning: str = "",
    ref: str = "",
) -> dict[str, Any]:
    """What report templates can use; documented in `docs/agents.md`."""
    return {
        "agent": agent,
        "ref": ref or agent,
        "description": description,
        "run_id": run_id,
        "verdict": verdict.value,
        "decision": assessment.decision,
        "summary": one_line(assessment.summary),
        "findings": [_finding(finding) for finding in assessment.findings],
        "blocks": defaultdict(str, assessment.blocks),
        "facts": assessment.facts,
        "files": list(assessment.files),
        "actions": [_action(action) for action in assessment.actions],
        "evidence": [_evidence(item) for item in evidence],
        "not_consulted": {name: one_line(why) for name, why in not_consulted.items()},
        "warnings": [one_line(warning) for warning in warnings],
        "plan": _plan(plan),
        "model": model,
        "reasoning": reasoning,
    }


def render_report(template: str, values: Mapping[str, Any], *, name: str) -> str:
    """The markdown report."""
    return neutral(render(template, values, name=name))


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        **finding.model_dump(mode="json"),
        "title": one_line(finding.title),
        "detail": inert(finding.detail),
        "mark": MARKS[finding.verdict],
    }


def _action(action: Action) -> dict[str, Any]:
    kept = {"id", "command", "reason", "executable", "effect", "target", "undo"}
    shown = action.model_dump(mode="json", include=kept)
    return {
        **shown,
        "reason": one_line(action.reason),
        "command": _FENCE.sub(r"\\\g<0>", action.command),
    }


def _evidence(item: Evidence) -> dict[str, Any]:
    arguments = ", ".join(f"{key}={value}" for key, value in item.arguments.items())
    return {
        **item.model_dump(mode="json"),
        "shown": one_line(f"{item.tool} {item.operation} {arguments}"),
    }


def _plan(plan: Plan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    return {
        "id": plan.id,
        "digest": plan.digest,
        "expires_at": plan.expires_at.isoformat(timespec="minutes"),
        "actions": len(plan.actions),
    }
