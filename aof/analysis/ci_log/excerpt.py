"""The few lines a reader or a model needs: the failures with their surroundings, and the end."""

from __future__ import annotations

from collections.abc import Iterator

from aof.analysis.ci_log.blocks import Candidate
from aof.analysis.ci_log.lines import Lines

_BLOCKS = 5
_BEFORE_MARKER = 60
_BLANKS = 3  # empty lines in a row that are shown
_PLAIN = 44  # weight below which a line only holds a word that may mean trouble
_LONG, _SHORT = 500, 200  # characters shown of a failing and of a surrounding line
_NUMBER = 9  # bytes a line costs beside its text: its number and the line feed


def excerpt(
    lines: Lines, best: list[Candidate], marker: int | None, limit: int
) -> list[tuple[int, str]]:
    """Lines in order, with their numbers, at most `limit` bytes.

    Args:
        lines: The log.
        best: Candidates, best first.
        marker: Line that states the failure; the lines before it fill what is left.
        limit: Bytes of text including line numbers and line feeds.
    """
    chosen: dict[int, str] = {}
    left = limit
    for start, width in _wanted(lines, best, marker):
        text = shown(lines.text(start), width)
        if start in chosen or not text:
            continue
        cost = len(text.encode("utf-8", errors="replace")) + _NUMBER
        if cost > left:
            continue
        chosen[start] = text
        left -= cost
    _keep_blank(lines, chosen, left // _NUMBER)
    return [(lines.number(start), chosen[start]) for start in sorted(chosen)]


def _keep_blank(lines: Lines, chosen: dict[int, str], most: int) -> None:
    """Add the empty lines between chosen ones: nothing was left out there."""
    for start in sorted(chosen):
        gap: list[int] = []
        for line in lines.following(start, min(most, _BLANKS) + 1):
            if line in chosen:
                chosen.update(dict.fromkeys(gap, ""))
                most -= len(gap)
                break
            if lines.text(line).strip():
                break
            gap.append(line)


def _wanted(lines: Lines, best: list[Candidate], marker: int | None) -> Iterator[tuple[int, int]]:
    """Lines in the order of their worth."""
    plain = [c for c in best[: 2 * _BLOCKS] if c.rule.weight >= _PLAIN]
    for candidate in [*best[:1], *plain]:
        yield candidate.start, _LONG
    for candidate in best[:1]:
        yield candidate.head, _LONG
        yield from _around(lines, candidate)
    if marker is not None:
        yield marker, _SHORT
    for candidate in plain[:_BLOCKS]:
        yield from _around(lines, candidate)
    end = marker if marker is not None else lines.size
    for start in lines.preceding(end, _BEFORE_MARKER):
        yield start, _SHORT
    for candidate in best[: 3 * _BLOCKS]:
        yield candidate.start, _SHORT


def _around(lines: Lines, candidate: Candidate) -> Iterator[tuple[int, int]]:
    before, after = candidate.rule.context
    for start in lines.following(candidate.start, after):
        yield start, _SHORT
    for start in lines.preceding(candidate.start, before):
        yield start, _SHORT


def shown(text: str, width: int) -> str:
    """`text`, its middle left out when it is longer than `width`."""
    if len(text) <= width:
        return text
    tail = width // 4
    return f"{text[: width - tail - 5]} ... {text[-tail:]}"
