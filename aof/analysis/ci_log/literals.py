"""Texts that every match of a regular expression holds, so that few lines need the expression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

_SHORTEST = 3


def literals(pattern: str) -> tuple[str, ...]:
    """Texts of which every match holds at least one, the longest there are; () without any."""
    best: tuple[str, ...] = ()
    run = ""
    for name, value in [*_flat(import_module("re._parser").parse(pattern)), ("END", None)]:
        if name == "LITERAL":
            run += chr(value)
            continue
        options = _branch_literals(value[1]) if name == "BRANCH" else ()
        for found in ((run,), options):
            if min(map(len, found), default=0) > min(map(len, best), default=_SHORTEST - 1):
                best = found
        run = ""
    return best


def _branch_literals(branches: Sequence[Any]) -> tuple[str, ...]:
    texts = []
    for branch in branches:
        items = list(_flat(branch))
        if any(name != "LITERAL" for name, _ in items):
            return ()
        texts.append("".join(chr(value) for _, value in items))
    return tuple(texts)


def _flat(items: Any) -> Iterator[tuple[str, Any]]:
    """The items of a sequence with plain groups dissolved."""
    for kind, value in items:
        if str(kind) == "SUBPATTERN":
            yield from _flat(value[3])
        elif str(kind) == "ATOMIC_GROUP":
            yield from _flat(value)
        else:
            yield str(kind), value
