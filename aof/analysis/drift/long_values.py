"""Values too long to print: shortened with a digest, or as the lines that differ."""

from __future__ import annotations

import hashlib
from difflib import unified_diff
from typing import Any

_LONGEST = 4_000
_HEAD = 400
_MOST_DIFFED = 200_000
_MOST_LINES_COMPARED = 2_000
_MOST_LINES = 40


def shortened(value: Any) -> Any:
    """`value` with every long text cut: its beginning, its length and its digest stay."""
    if isinstance(value, str) and len(value) > _LONGEST:
        digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{value[:_HEAD]}... ({len(value)} characters, sha256 {digest[:16]})"
    if isinstance(value, dict):
        return {name: shortened(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shortened(one) for one in value]
    return value


def changed_lines(before: Any, now: Any) -> tuple[str, ...]:
    """The lines in which two texts of several lines differ, with one line around them.

    Empty when one of them is no text of several lines, or both are too long to compare.
    """
    if not isinstance(before, str) or not isinstance(now, str):
        return ()
    if "\n" not in before + now or len(before) + len(now) > _MOST_DIFFED:
        return ()
    old, new = before.splitlines(), now.splitlines()
    if len(old) + len(new) > _MOST_LINES_COMPARED:
        return ()
    lines = [line[:_HEAD] for line in unified_diff(old, new, n=1, lineterm="")][2:]
    if len(lines) > _MOST_LINES:
        return (*lines[:_MOST_LINES], f"... {len(lines) - _MOST_LINES} more lines")
    return tuple(lines)
