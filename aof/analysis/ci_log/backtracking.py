"""How badly a regular expression can backtrack, from its syntax alone.

Rules of strangers run on logs of strangers: what could take quadratic time within one match
attempt, or worse, is refused before it runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from typing import Any

_ALL = frozenset(chr(code) for code in range(128))
_CATEGORIES = {
    "CATEGORY_DIGIT": frozenset(c for c in _ALL if c.isdigit()),
    "CATEGORY_SPACE": frozenset(c for c in _ALL if c.isspace()),
    "CATEGORY_WORD": frozenset(c for c in _ALL if c.isalnum() or c == "_"),
}
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT"}
_REFUSED = {"ASSERT", "ASSERT_NOT", "GROUPREF", "GROUPREF_EXISTS"}
_LONG = 64  # repetitions from which a bound no longer bounds


class Backtracks(ValueError):
    """The expression needs more backtracking than we allow; the message says where."""


def degree(pattern: str) -> int:
    """The exponent of the time a match can take in the length of the line.

    1 is linear. A repetition whose end the next character decides costs nothing; others
    count one each, and so does a search that may begin anywhere.

    Raises:
        Backtracks: Repetitions are nested, or it looks around or back.
        re.error: It is not a regular expression.
    """
    re.compile(pattern, re.ASCII)
    items = _flat(import_module("re._parser").parse(pattern, re.ASCII))
    anchored = bool(items) and _name(items[0]) == "AT"
    return max(1, _degree(items) + (0 if anchored else 1))


def literals(pattern: str) -> tuple[str, ...]:
    """Texts of which every match holds at least one, the longest there are; () without any."""
    best: tuple[str, ...] = ()
    run = ""
    for item in [*_flat(import_module("re._parser").parse(pattern, re.ASCII)), ("END", None)]:
        name = _name(item)
        if name == "LITERAL":
            run += chr(item[1])
            continue
        options = _branch_literals(item[1][1]) if name == "BRANCH" else ()
        for found in ((run,), options):
            if found and min(map(len, found)) > min(map(len, best), default=2):
                best = found
        run = ""
    return best


def _branch_literals(branches: Sequence[Any]) -> tuple[str, ...]:
    texts = []
    for branch in branches:
        items = _flat(branch)
        if not all(_name(item) == "LITERAL" for item in items):
            return ()
        texts.append("".join(chr(item[1]) for item in items))
    return tuple(texts)


def _name(item: Any) -> str:
    return str(item[0])


def _flat(items: Any) -> list[Any]:
    """The items of a sequence with plain groups dissolved."""
    flat: list[Any] = []
    for item in items:
        if _name(item) in ("SUBPATTERN", "ATOMIC_GROUP"):
            flat += _flat(item[1][-1] if _name(item) == "SUBPATTERN" else item[1])
        else:
            flat.append(item)
    return flat


def _degree(items: list[Any]) -> int:
    total = 0
    for position, item in enumerate(items):
        name = _name(item)
        if name in _REFUSED:
            raise Backtracks("it looks around or back")
        if name == "BRANCH":
            total += max(_degree(_flat(branch)) for branch in item[1][1])
        elif name in _REPEATS:
            total += _repeat_degree(item[1], items[position + 1 :])
    return total


def _repeat_degree(repeat: tuple[int, int, Any], rest: list[Any]) -> int:
    _, most, body = repeat
    inner = _flat(body)
    varies = any(_name(item) in _REPEATS or _name(item) == "BRANCH" for item in inner)
    if int(most) <= _LONG:
        return _degree(inner) + (1 if varies and int(most) > 1 else 0)
    if varies:
        raise Backtracks("a repetition stands inside a repetition")
    return 0 if _decided(inner, rest) else 1


def _decided(inner: list[Any], rest: list[Any]) -> bool:
    """True when the character after the repetition tells where it ends."""
    if not rest:
        return True
    if len(inner) != 1:
        return False
    own = _characters(inner[0])
    if _name(rest[0]) == "AT":
        return len(rest) == 1 and own >= _ALL - {"\n"}
    following = _characters(rest[0])
    return bool(own) and bool(following) and not own & following


def _characters(item: Any) -> frozenset[str]:
    """ASCII characters an item begins with; empty when that is not simple."""
    name = _name(item)
    if name == "LITERAL":
        return frozenset({chr(item[1])})
    if name == "NOT_LITERAL":
        return _ALL - {chr(item[1])}
    if name == "ANY":
        return _ALL - {"\n"}
    if name in _REPEATS and int(item[1][0]) > 0:
        inner = _flat(item[1][2])
        return _characters(inner[0]) if inner else frozenset()
    if name == "BRANCH":
        firsts = [_flat(branch)[:1] for branch in item[1][1]]
        sets = [_characters(first[0]) if first else frozenset() for first in firsts]
        return frozenset().union(*sets) if all(sets) else frozenset()
    return _class(item[1]) if name == "IN" else frozenset()


def _class(members: Sequence[Any]) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    negated = False
    for member in members:
        name = _name(member)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            found |= {chr(member[1])}
        elif name == "RANGE":
            found |= {chr(code) for code in range(member[1][0], min(member[1][1], 127) + 1)}
        elif name == "CATEGORY":
            kind = str(member[1])
            known = _CATEGORIES[kind.replace("NOT_", "")]
            found |= _ALL - known if "NOT_" in kind else known
    return _ALL - found if negated else found
