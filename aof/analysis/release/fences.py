"""Which lines of a text stand in fenced code blocks. A fence that never closes is none."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FENCE = re.compile(r" {0,3}(```|~~~)")


def fenced(lines: Sequence[str]) -> list[bool]:
    """For each line whether it is inside a fenced block, the fences included."""
    inside = [False] * len(lines)
    opened: tuple[int, str] | None = None
    for index, line in enumerate(lines):
        fence = _FENCE.match(line)
        if fence is None:
            continue
        if opened is None:
            opened = (index, fence[1])
        elif fence[1] == opened[1]:
            inside[opened[0] : index + 1] = [True] * (index + 1 - opened[0])
            opened = None
    return inside
