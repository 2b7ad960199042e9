"""The cause and its runners-up: best score first, among equals the earliest."""

from __future__ import annotations

from aof.analysis.ci_log.blocks import Candidate
from aof.analysis.ci_log.causes import cause_of_step
from aof.analysis.ci_log.records import Category

_SURE = 70  # weight from which a line alone is a failure
_INSTRUCTION = "docker-run-wrapper"  # knows the instruction of the Dockerfile that failed
TELLING = 44  # weight from which a runner-up may lend its category


def ranked(candidates: list[Candidate]) -> list[Candidate]:
    """Candidates, best first; lines that several rules saw and repeats appear once."""
    by_line: dict[int, Candidate] = {}
    for candidate in sorted(candidates, key=lambda c: (-c.score, c.start)):
        first = by_line.setdefault(candidate.start, candidate)
        if first is not candidate:
            _complete(first, candidate)
    unique: dict[tuple[str, str], Candidate] = {}
    for candidate in by_line.values():
        unique.setdefault((candidate.rule.id, candidate.text), candidate)
    return list(unique.values())


def _complete(candidate: Candidate, other: Candidate) -> None:
    """Take from another rule's view of the same line what this one does not know."""
    if candidate.category is Category.UNKNOWN:
        candidate.category = other.category
        candidate.fix = candidate.fix if other.category is Category.UNKNOWN else other.fix
    candidate.location = candidate.location or other.location


def settle_category(best: list[Candidate], step: str | None, exit_code: int | None) -> None:
    """Give the first candidate a category when its own words name none.

    What other failures of the same step are comes before what the step was for.
    """
    first = best[0]
    if first.category is not Category.UNKNOWN:
        return
    for other in best[1:]:
        telling = other.step == first.step and other.rule.weight >= TELLING
        if telling and other.category is not Category.UNKNOWN:
            first.category = other.category
            return
    first.category = cause_of_step(step, exit_code)


def settle_location(best: list[Candidate]) -> None:
    """Give the first candidate the place of the build instruction that ran it, if it has none."""
    first = best[0]
    if first.location is None:
        instructions = (c for c in best[1:] if c.rule.id == _INSTRUCTION and c.step == first.step)
        first.location = next((c.location for c in instructions if c.start > first.start), None)


def is_sure(candidate: Candidate) -> bool:
    """True when the rule alone says that something failed, without any runner's word."""
    return candidate.rule.weight >= _SURE and candidate.score >= _SURE - 10


def confidence(best: list[Candidate]) -> float:
    """0 to 1 for the first of `best`: its own score and its margin to the next other failure."""
    first = best[0]
    rival = next((c for c in best[1:] if not _agrees(c, first)), None)
    margin = first.score - rival.score if rival else 25.0
    value = 0.25 + 0.5 * min(max(first.score - 30, 0), 60) / 60 + 0.25 * min(margin, 20) / 20
    return round(min(value, 0.99), 2)


def _agrees(other: Candidate, first: Candidate) -> bool:
    """True when both are one rule's, or two views of one tool on the same class of cause."""
    if other.rule.id == first.rule.id:
        return True
    same_tool = bool(first.rule.fix) and other.rule.fix == first.rule.fix
    return same_tool and other.category is first.category
