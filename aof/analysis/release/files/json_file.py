"""package.json and its lock files: strings at known places, found by a small scanner."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from aof.analysis.release.files.located import Located, at, decoded, not_found
from aof.errors import UsageFault

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def locate_package(content: bytes, path: str) -> list[Located]:
    """`version` of a package.json."""
    text = decoded(content, path)
    found = _find(text, path, ("version",))
    if found is None:
        raise not_found(path, '"version"', 'add "version": "0.0.0"')
    return [found]


def locate_lock(content: bytes, path: str, folder: str) -> list[Located]:
    """The versions of a package in a package-lock.json, of any format version.

    Args:
        content: The lock file.
        path: Its path, for messages.
        folder: Where the package lies below it, for one of a workspace; empty beside it.
    """
    text = decoded(content, path)
    places = [_find(text, path, ("packages", folder, "version"))]
    if not folder:
        places.insert(0, _find(text, path, ("version",)))
    return [place for place in places if place is not None]


def _find(text: str, path: str, keys: Sequence[str]) -> Located | None:
    try:
        json.loads(text.removeprefix("\ufeff"))
        return _in_object(text, _skip(text, 1 if text[:1] == "\ufeff" else 0), keys, path)
    except (ValueError, RecursionError) as error:
        raise UsageFault(f"{path} is not JSON", why=str(error), file=path) from None


def _in_object(text: str, index: int, keys: Sequence[str], path: str) -> Located | None:
    if text[index] != "{":
        return None
    found: Located | None = None
    index = _skip(text, index + 1)
    while text[index] == '"':
        key, index = _DECODER.raw_decode(text, index)
        index = _skip(text, _skip(text, index) + 1)
        start = index
        _, index = _DECODER.raw_decode(text, index)
        if key == keys[0]:
            if found is not None:
                raise UsageFault(f'{path} has "{key}" twice', file=path)
            found = _value(text, start, index, keys[1:], path)
        index = _skip(text, index)
        if text[index] == ",":
            index = _skip(text, index + 1)
    return found


def _value(text: str, start: int, end: int, rest: Sequence[str], path: str) -> Located | None:
    if rest:
        return _in_object(text, start, rest, path)
    if text[start] != '"':
        raise UsageFault(f"the version in {path} is not a string", file=path)
    return at(text, start + 1, end - 1)


def _skip(text: str, index: int) -> int:
    match = _SPACE.match(text, index)
    return match.end() if match else index
