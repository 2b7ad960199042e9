"""Which lines of a text stand in fenced code blocks. A fence that never closes is none.

Source: CommonMark 0.31, section 4.5: the closing fence is of the same character, at least as
long, and bare.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_FENCE = re.compile(r" {0,3}(`{3,}+(?=[^`]*$)|~{3,}+)(.*)")


def fenced(lines: Sequence[str]) -> list[bool]:
    """For each line whether it is inside a fenced block, the fences included."""
    inside = [False] * len(lines)
    for first, last in _blocks(lines):
        if last is not None:
            inside[first : last + 1] = [True] * (last + 1 - first)
    return inside


def unclosed(lines: Sequence[str]) -> str:
    """The marker that would close the last fence, or empty when every fence is closed."""
    for first, last in _blocks(lines):
        if last is None and (fence := _FENCE.match(lines[first])):
            return fence[1]
    return ""


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, int | None]]:
    """First and last line of each block; the last is None for a fence that never closes."""
    opened: tuple[int, str] | None = None
    for index, line in enumerate(lines):
        fence = _FENCE.match(line)
        if fence is None:
            continue
        if opened is None:
            opened = (index, fence[1])
        elif fence[1].startswith(opened[1]) and not fence[2].strip():
            yield opened[0], index
            opened = None
    if opened is not None:
        yield opened[0], None
