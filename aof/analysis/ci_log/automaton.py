"""A regular expression as an automaton over characters, from its syntax alone.

A state reads one character of its set. An edge may ask that the character just read is of a
certain set: that is how `^` and one-character lookbehinds show. Two edges between the same states
are two ways to go on, between which a backtracking matcher has to choose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

# Bits for the characters beyond ASCII, by kind: which of a kind is meant does not show.
_LETTERS, _DIGITS, _SPACES, _OTHERS = (1 << bit for bit in range(128, 132))
_FOREIGN = _LETTERS | _DIGITS | _SPACES | _OTHERS
_BEGIN = 1 << 132  # what was read last when nothing was
ALL = _BEGIN - 1
_ANYTHING_BEFORE = ALL | _BEGIN
_EXPANDED = 8  # repetitions up to which a bounded one is written out
UNBOUNDED = 1 << 32

_SPACE = _SPACES | sum(1 << c for c in range(128) if chr(c).isspace())
_DIGIT = _DIGITS | sum(1 << ord(c) for c in "0123456789")
_WORD = _LETTERS | _DIGIT | sum(1 << c for c in range(128) if chr(c).isalpha()) | 1 << ord("_")
_CATEGORIES = {"DIGIT": _DIGIT, "SPACE": _SPACE, "WORD": _WORD}


class Backtracks(ValueError):
    """An expression needs more backtracking than we allow; the message says why."""


@dataclass(slots=True)
class Automaton:
    """`sets[s]` is what state s reads, `edges[s]` where it leads and what it asks of that.

    `bounds[s]` is how often at most the repetitions around a state let it be read. State 0 stands
    before the search begins, state 1 for the characters a search skips.
    """

    sets: list[int] = field(default_factory=lambda: [_BEGIN, ALL])
    bounds: list[int] = field(default_factory=lambda: [1, UNBOUNDED])
    edges: list[list[tuple[int, int]]] = field(
        default_factory=lambda: [[(1, _ANYTHING_BEFORE)], [(1, _ANYTHING_BEFORE)]]
    )


Ends = list[tuple[int, int]]  # states, each with what must have been read before or at it


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the expression: where it begins, where it ends, and how it matches nothing."""

    first: Ends
    last: Ends
    empty: list[int]


_NOTHING = _Part([], [], [_ANYTHING_BEFORE])


def automaton_of(pattern: str, flags: int = 0) -> Automaton:
    """The automaton a search for `pattern` in a line walks through.

    What can only succeed at the end of the pattern is left out: there the search is over.

    Raises:
        Backtracks: It refers back to what a group matched.
        re.error: It is not a regular expression.
    """
    re.compile(pattern, flags)
    parsed = import_module("re._parser").parse(pattern, flags)
    builder = _Builder(Automaton(), ignore_case=bool(parsed.state.flags & re.IGNORECASE))
    part = builder.sequence(without_sure_end(list(parsed)))
    for before in (0, 1):
        builder.connect([(before, _ANYTHING_BEFORE)], part.first)
    return builder.automaton


def without_sure_end(items: list[Any]) -> list[Any]:
    """The items of a pattern without what cannot fail at its end."""
    while items:
        name, value = str(items[-1][0]), items[-1][1]
        if name == "AT" and str(value) == "AT_END" and len(items) > 1 and _takes_all(items[-2]):
            items = items[:-1]
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, body = value
            if int(most) == least:
                return items
            if least > 1:
                return [*items[:-1], (items[-1][0], (least, least, body))]
            items = [*items[:-1], *(list(body) if least else ())]
        elif name == "SUBPATTERN":
            inner = without_sure_end(list(value[3]))
            if inner:
                return [*items[:-1], (items[-1][0], (*value[:3], inner))]
            items = items[:-1]
        elif name == "BRANCH":
            branches = [without_sure_end(list(branch)) for branch in value[1]]
            return [*items[:-1], (items[-1][0], (None, branches))]
        else:
            return items
    return items


def _takes_all(item: Any) -> bool:
    """True for `.*` and `.+` in any number of groups: what follows them is the line's end."""
    while str(item[0]) == "SUBPATTERN" and len(item[1][3]) == 1:
        item = item[1][3][0]
    if str(item[0]) not in ("MAX_REPEAT", "MIN_REPEAT"):
        return False
    _, most, body = item[1]
    return int(most) >= UNBOUNDED - 1 and [str(one[0]) for one in body] == ["ANY"]


@dataclass(slots=True)
class _Builder:
    automaton: Automaton
    ignore_case: bool = False
    _bound: int = 1

    def sequence(self, items: Iterable[Any]) -> _Part:
        whole = _NOTHING
        for item in items:
            whole = self._joined(whole, self._item(str(item[0]), item[1]))
        return whole

    def _item(self, name: str, value: Any) -> _Part:
        if name in ("SUBPATTERN", "ATOMIC_GROUP"):
            return self.sequence(value[3] if name == "SUBPATTERN" else value)
        if name == "BRANCH":
            return _either(self.sequence(branch) for branch in value[1])
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            return self._repeat(*value)
        if name in ("ASSERT", "ASSERT_NOT"):
            return self._look(name, *value)
        if name == "AT":
            begins = str(value) in ("AT_BEGINNING", "AT_BEGINNING_STRING")
            return _Part([], [], [_BEGIN if begins else _ANYTHING_BEFORE])
        if name.startswith("GROUPREF"):
            raise Backtracks("it refers back to what a group matched")
        return self._state(characters(name, value, ignore_case=self.ignore_case))

    def _state(self, characters: int) -> _Part:
        number = len(self.automaton.sets)
        self.automaton.sets.append(characters)
        self.automaton.bounds.append(self._bound)
        self.automaton.edges.append([])
        return _Part([(number, _ANYTHING_BEFORE)], [(number, _ANYTHING_BEFORE)], [])

    def _joined(self, one: _Part, two: _Part) -> _Part:
        self.connect(one.last, two.first)
        return _Part(
            one.first + [(s, a & b) for a in one.empty for s, b in two.first if a & b],
            two.last + [(s, a & b) for s, a in one.last for b in two.empty if a & b],
            [a & b for a in one.empty for b in two.empty if a & b],
        )

    def connect(self, ends: Ends, begins: Ends) -> None:
        for state, asked in ends:
            edges = self.automaton.edges[state]
            for target, more in begins:
                edge = (target, asked & more)
                if self.automaton.sets[state] & edge[1] and edges.count(edge) < 2:
                    edges.append(edge)

    def _repeat(self, least: int, most: int, body: Sequence[Any]) -> _Part:
        most = min(int(most), UNBOUNDED)
        if most <= _EXPANDED:
            whole = _NOTHING
            for count in range(most, 0, -1):
                whole = self._joined(self.sequence(body), whole)
                whole = whole if count <= least else _either((whole, _NOTHING))
            return whole
        outer = self._bound
        self._bound = min(outer * most, UNBOUNDED)
        part = self.sequence(body)
        self._bound = outer
        self.connect(part.last, part.first)
        return part if least else _either((part, _NOTHING))

    def _look(self, name: str, direction: int, body: Sequence[Any]) -> _Part:
        """What lies ahead is read and left again; one character behind is asked of an edge."""
        if direction > 0:
            part = self.sequence(body)
            return _Part(part.first, [], [_ANYTHING_BEFORE])
        seen = _ANYTHING_BEFORE
        if len(body) == 1 and str(body[0][0]) in ("IN", "LITERAL", "NOT_LITERAL"):
            kind, value = str(body[0][0]), body[0][1]
            members = value if kind == "IN" else [("LITERAL", value)]
            if (kind == "NOT_LITERAL") != (name == "ASSERT_NOT"):
                members = _negated(members)
            seen = _class(members, ignore_case=self.ignore_case)
            seen |= _BEGIN if name == "ASSERT_NOT" else 0
        return _Part([], [], [seen])


def _either(parts: Iterable[_Part]) -> _Part:
    options = list(parts)
    return _Part(
        [end for part in options for end in part.first],
        [end for part in options for end in part.last],
        [asked for part in options for asked in part.empty][:2],
    )


def characters(name: str, value: Any, *, ignore_case: bool = False) -> int:
    """The set of characters an item that reads one reads."""
    if name == "ANY":
        return ALL & ~(1 << ord("\n"))
    if name == "LITERAL":
        return _one(value, ignore_case=ignore_case)
    if name == "NOT_LITERAL":
        return _without(_one(value, ignore_case=ignore_case))
    if name == "IN":
        return _class(value, ignore_case=ignore_case)
    raise Backtracks(f"it uses {name.lower()}, which is not known here")


def _one(code: int, *, ignore_case: bool) -> int:
    character = chr(code)
    if code < 128:
        return 1 << code | (1 << ord(character.swapcase()) if ignore_case else 0)
    if character.isdecimal():
        return _DIGITS
    if character.isspace():
        return _SPACES
    return _LETTERS if character.isalnum() else _OTHERS


def _without(characters: int) -> int:
    """The complement; of a foreign kind never all is taken away, for only some of it was named."""
    return ALL & ~characters | characters & _FOREIGN


def _negated(members: Sequence[Any]) -> list[Any]:
    if str(members[0][0]) == "NEGATE":
        return list(members[1:])
    return [("NEGATE", None), *members]


def _class(members: Sequence[Any], *, ignore_case: bool) -> int:
    named, kinds = 0, 0
    negated = False
    for member in members:
        name, value = str(member[0]), member[1]
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            named |= _one(value, ignore_case=ignore_case)
        elif name == "RANGE":
            named |= _FOREIGN if value[1] > 127 else 0
            for code in range(value[0], min(value[1], 127) + 1):
                named |= _one(code, ignore_case=ignore_case)
        else:
            kind = str(value).removeprefix("CATEGORY_").removeprefix("UNI_")
            known = _CATEGORIES[kind.removeprefix("NOT_")]
            kinds |= ALL & ~known if kind.startswith("NOT_") else known
    return _without(named) & ~kinds if negated else named | kinds
