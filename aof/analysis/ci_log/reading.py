"""Reads the lines that hold a word some rule needs, and asks those rules what they see.

A log can be one failure from end to end. So that none takes long, of lines that differ only by
numbers the first and the last of a step are read, and all reading together has a limit; the
failing step comes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from aof.analysis.ci_log.blocks import Candidate, candidate_at
from aof.analysis.ci_log.endings import AFTERMATH
from aof.analysis.ci_log.lines import Lines
from aof.analysis.ci_log.outcome import Verdict
from aof.analysis.ci_log.rules import RuleSet
from aof.analysis.ci_log.segment import Segments, Step

_MOST_WORK = 16_000_000  # characters searched by expressions
_ALIKE = 100  # lines of one shape that are read from the start and from the end of a step
_RULES_PER_LINE = 6
_SHAPE = str.maketrans("123456789", "000000000")


def candidates_of(
    lines: Lines, segments: Segments, verdict: Verdict, rules: RuleSet
) -> tuple[list[Candidate], bool]:
    """What the rules see in the log, and whether all lines that may matter were read."""
    found: list[Candidate] = []
    most = lines.read + _MOST_WORK
    for number in _order(segments, verdict):
        once: dict[str, Candidate] = {}  # of rules that count once per step
        for start in _unlike(lines, segments.steps[number]):
            if lines.read > most:
                return [*found, *once.values()], False
            for candidate in _seen_by(rules, lines, start, number):
                rule = candidate.rule
                if rule.pick == "each":
                    found.append(candidate)
                elif rule.pick == "last" or rule.id not in once:
                    once[rule.id] = candidate
        found += once.values()
    return found, True


def _order(segments: Segments, verdict: Verdict) -> list[int]:
    """Steps by number: the failed ones first."""
    failed = [verdict.step] if verdict.step is not None else []
    return list(dict.fromkeys([*failed, *sorted(verdict.also), *range(len(segments.steps))]))


def _unlike(lines: Lines, step: Step) -> Iterator[int]:
    """Starts of the step's lines that hold a word, without the many that are alike."""
    shapes = {start: lines.text(start).translate(_SHAPE) for start in step.lines(lines)}
    left = Counter(shapes.values())
    given: Counter[str] = Counter()
    for start, shape in shapes.items():
        if given[shape] < _ALIKE or left[shape] <= _ALIKE:
            yield start
        given[shape] += 1
        left[shape] -= 1


def _seen_by(rules: RuleSet, lines: Lines, start: int, step: int) -> Iterator[Candidate]:
    """What the rules see in one line, at most so many."""
    text = lines.text(start)
    if AFTERMATH.search(text):
        return
    found = 0
    for rule in rules.for_text(text):
        lines.read += len(text)
        candidate = candidate_at(lines, start, step, rule)
        if candidate is not None:
            yield candidate
            found += 1
            if found == _RULES_PER_LINE:
                return
