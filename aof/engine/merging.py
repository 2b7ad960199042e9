"""The assessment after the model: its caution, its proposals, its faults."""

from __future__ import annotations

from aof.engine.caution import with_caution
from aof.engine.reason import Reasoning
from aof.verdict import Assessment, Finding, Verdict, strictest

_LONGEST_SUMMARY = 200


def merged(assessment: Assessment, reasoning: Reasoning, *, strict_evidence: bool) -> Assessment:
    """What a playbook found, and what a model may add to it.

    Args:
        assessment: The code's.
        reasoning: The model's.
        strict_evidence: Claims without evidence make a passing verdict a warning.
    """
    raised = with_caution(assessment, reasoning.opinion, model=reasoning.model)
    return _with_part(raised, reasoning, strict_evidence)


def assessed_alone(reasoning: Reasoning, *, strict_evidence: bool) -> Assessment:
    """The assessment of an agent with no playbook: the model's own decision, or UNKNOWN."""
    opinion = reasoning.opinion
    words = [line.strip("*# ") for line in reasoning.text.splitlines() if line.strip("*# `")]
    summary = words[0][:_LONGEST_SUMMARY] if words else "The model gave no answer."
    alone = Assessment(
        verdict=opinion.verdict if opinion else Verdict.INCONCLUSIVE,
        decision=opinion.word if opinion else "UNKNOWN",
        summary=summary,
    )
    return _with_part(alone, reasoning, strict_evidence)


def _with_part(assessment: Assessment, reasoning: Reasoning, strict_evidence: bool) -> Assessment:
    changed: dict[str, object] = {
        "actions": (*assessment.actions, *reasoning.actions),
        "warnings": (*assessment.warnings, *reasoning.warnings),
    }
    if strict_evidence and reasoning.unsupported:
        changed["verdict"] = strictest(assessment.verdict, Verdict.WARN)
        changed["findings"] = (*assessment.findings, _unsupported(reasoning))
    return assessment.model_copy(update=changed)


def _unsupported(reasoning: Reasoning) -> Finding:
    return Finding(
        id="unsupported-claims",
        verdict=Verdict.WARN,
        title="The model's part holds claims that stand in no evidence",
        detail=", ".join(reasoning.unsupported),
    )
