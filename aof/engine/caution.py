"""The caution rule: a model may make a verdict more cautious, as far as inconclusive.

Never milder, and never a failure: what stops a deployment is computed from evidence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aof.verdict import Assessment, Finding, Verdict, strictest

_LINE = re.compile(
    r"^[ \t>#*_]*decision[*_ \t]*:[*_` \t]*(?P<word>[A-Za-z][A-Za-z-]*(?: BACK| TO NEXT STAGE)?)",
    re.IGNORECASE | re.MULTILINE,
)
_WORDS = {
    Verdict.PASS: "PASS PASSED OK GO PROCEED CONTINUE APPROVE CLEAN DIAGNOSED NO-FAILURE RELEASE "
    "NO-RELEASE",
    Verdict.WARN: "WARN WARNING",
    Verdict.INCONCLUSIVE: "HOLD EXTEND WAIT UNKNOWN INCONCLUSIVE",
    Verdict.FAIL: "FAIL FAILED STOP ABORT BLOCK NO-GO ROLLBACK ROLL-BACK DRIFT",
}
_MEANING = {word: verdict for verdict, words in _WORDS.items() for word in words.split()}
_OBJECTIONS = {("RELEASE", "NO-RELEASE"), ("NO-FAILURE", "DIAGNOSED")}
"""Decision of the code and word of the model that are both mild, and yet contradict."""
_UNDECIDED = {"PROCEED": "HOLD"}


@dataclass(frozen=True, slots=True)
class Opinion:
    """The word a model decided with, and the verdict it stands for."""

    word: str
    verdict: Verdict


def opinion_of(text: str) -> Opinion | None:
    """The last `Decision: WORD` line of a text, or None when no known word is there."""
    for found in reversed(list(_LINE.finditer(text))):
        opinion = opinion_from(found["word"])
        if opinion is not None:
            return opinion
    return None


def opinion_from(word: str) -> Opinion | None:
    """The meaning of one decision word, however it is written."""
    plain = word.upper().strip().replace("_", "-").replace(" ", "-")
    plain = plain.removesuffix("-TO-NEXT-STAGE")
    return Opinion(plain, _MEANING[plain]) if plain in _MEANING else None


def without_decision(text: str) -> str:
    """`text` without its decision lines: only the run's own decision stands in a report."""
    return "\n".join(line for line in text.split("\n") if not _LINE.match(line))


def with_caution(assessment: Assessment, opinion: Opinion | None, *, model: str) -> Assessment:
    """The assessment after the model has spoken.

    Raised to inconclusive, the actions code proposed become recommendations: nobody should
    be asked to approve a step that is in doubt.
    """
    if opinion is None:
        return assessment
    said = opinion.verdict
    if (assessment.decision, opinion.word) in _OBJECTIONS:
        said = Verdict.INCONCLUSIVE
    capped = min(said, Verdict.INCONCLUSIVE, key=lambda verdict: verdict.severity)
    verdict = strictest(assessment.verdict, capped)
    if verdict is assessment.verdict:
        return _with_dissent(assessment, opinion, said, model)
    raised: dict[str, object] = {
        "verdict": verdict,
        "findings": (*assessment.findings, _objection(opinion, verdict, model)),
    }
    if verdict is Verdict.INCONCLUSIVE:
        raised["decision"] = _UNDECIDED.get(assessment.decision, "UNKNOWN")
        raised["actions"] = tuple(
            action.model_copy(update={"executable": False}) for action in assessment.actions
        )
        raised["summary"] = f"{assessment.summary} In doubt: the model said {opinion.word}."
        if assessment.memory is not None:
            raised["memory"] = {
                **assessment.memory,
                "verdict": verdict.value,
                "decision": raised["decision"],
            }
    return assessment.model_copy(update=raised)


def _with_dissent(
    assessment: Assessment, opinion: Opinion, said: Verdict, model: str
) -> Assessment:
    if said.severity >= assessment.verdict.severity:
        return assessment
    warning = (
        f"{model} said {opinion.word}; the verdict stays {assessment.decision}: "
        "a model cannot make it milder"
    )
    return assessment.model_copy(update={"warnings": (*assessment.warnings, warning)})


def _objection(opinion: Opinion, verdict: Verdict, model: str) -> Finding:
    return Finding(
        id="model-objection",
        verdict=verdict,
        title=f"The model is more cautious: {opinion.word}",
        detail=f"{model} raised the verdict; its reasons stand in the report",
    )
