"""Places inside an object: fields, items of keyed lists, elements of sets.

A path is a tuple of tokens: `str` a field or map entry, `int` a position, `Item` one item of
a keyed list, `Element` one member of a set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple


class Item(NamedTuple):
    """An item of a keyed list: its key fields, and its position where it was met."""

    keys: tuple[tuple[str, Any], ...]
    position: int

    def __hash__(self) -> int:  # the values may be of any kind
        return self.position


class Element(NamedTuple):
    """A member of a set, and its position where it was met."""

    value: Any
    position: int

    def __hash__(self) -> int:  # members of a set may be objects
        return self.position


Token = str | int | Item | Element
Path = tuple[Token, ...]


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()
DEFAULT_KEYS: Final[Mapping[str, Any]] = {"protocol": "TCP"}
"""Key fields that may be left out: the server fills them in before it looks at the list."""


def pointer(path: Path) -> str:
    """The path as a JSON pointer (RFC 6901): `/spec/template/spec/containers/0/image`."""
    return "".join("/" + _escaped(token) for token in path)


def dotted(path: Path) -> str:
    """The path for people: `spec.template.spec.containers[web].image`."""
    text = ""
    for token in path:
        if isinstance(token, str):
            plain = token.replace("-", "").replace("_", "").isalnum()
            text += ("." if text else "") + token if plain else f"[{token}]"
        elif isinstance(token, Item):
            text += "[" + ",".join(str(value) for _, value in token.keys) + "]"
        elif isinstance(token, Element):
            text += f"[{token.value}]"
        else:
            text += f"[{token}]"
    return text


def pointer_pattern(path: Path) -> str:
    """The pointer without positions, for rules: `/spec/template/spec/containers/*/image`."""
    return "".join("/" + (_escaped(token) if isinstance(token, str) else "*") for token in path)


def lookup(value: Any, path: Path) -> Any:
    """What `value` holds at `path`, or MISSING."""
    for token in path:
        value = step(value, token)
        if value is MISSING:
            return MISSING
    return value


def step(value: Any, token: Token) -> Any:
    """One token further down, or MISSING."""
    if isinstance(token, str):
        return value.get(token, MISSING) if isinstance(value, dict) else MISSING
    if not isinstance(value, list):
        return MISSING
    if isinstance(token, Item):
        return find_item(value, token.keys)
    if isinstance(token, Element):
        return token.value if token.value in value else MISSING
    return value[token] if 0 <= token < len(value) else MISSING


def find_item(items: Iterable[Any], keys: tuple[tuple[str, Any], ...]) -> Any:
    """The first item with these key fields (left-out ones count as their default)."""
    for item in items:
        if isinstance(item, dict) and all(
            item.get(name, DEFAULT_KEYS.get(name)) == value for name, value in keys
        ):
            return item
    return MISSING


def _escaped(token: Token) -> str:
    if isinstance(token, str):
        return token.replace("~", "~0").replace("/", "~1")
    return str(token if isinstance(token, int) else token.position)
