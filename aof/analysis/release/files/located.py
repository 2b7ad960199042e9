"""A version found in a file: where its bytes are and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from aof.errors import UsageFault


class Located(NamedTuple):
    """Bytes `start` to `end` of a file hold `value`; `name` says which version that is."""

    start: int
    end: int
    value: str
    name: str = "version"


def spliced(content: bytes, places: Sequence[Located], values: Sequence[str]) -> bytes:
    """`content` with the bytes of each place replaced and all others as they were."""
    for place, value in sorted(zip(places, values, strict=True), reverse=True):
        content = content[: place.start] + value.encode() + content[place.end :]
    return content


def decoded(content: bytes, path: str) -> str:
    """The text of a file that must be UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageFault(f"{path} is not UTF-8", why=str(error), file=path) from None


def at(text: str, start: int, end: int, *, name: str = "version") -> Located:
    """A place given by character positions."""
    offset = len(encoded(text[:start]))
    value = encoded(text[start:end])
    return Located(offset, offset + len(value), value.decode("utf-8", "replace"), name)


def encoded(text: str) -> bytes:
    """The bytes `text` was decoded from, also where they are not UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def not_found(path: str, what: str, fix: str = "") -> UsageFault:
    """What to raise when a file does not say the version where it should."""
    return UsageFault(f"{path} has no {what}", fix=fix, file=path)
