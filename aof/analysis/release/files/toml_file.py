"""Cargo.toml, Cargo.lock and pyproject.toml.

A place is right when changing it changes exactly the wanted key of the parsed file: the
TOML parser is the judge, so comments, order and line ends stay.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Sequence
from typing import Any

from aof.analysis.release.files.located import Located, at, decoded, not_found
from aof.errors import UsageFault

_VERSION = re.compile(r"""version["']?\s*=\s*(["'])([^"'\n]*)\1""")
_PROBE = "0.0.0-probe"


def locate_cargo(content: bytes, path: str) -> list[Located]:
    """The version of a crate, or of a workspace whose crates inherit it."""
    keys = (("package", "version"), ("workspace", "package", "version"))
    return [_first(content, path, keys, "[package] version")]


def locate_pyproject(content: bytes, path: str) -> list[Located]:
    """The version of a Python project."""
    keys = (("project", "version"), ("tool", "poetry", "version"))
    return [_first(content, path, keys, "[project] version")]


def crate_name(content: bytes, path: str) -> str:
    """Name of the crate; empty for a mere workspace."""
    return str((_parsed(decoded(content, path), path).get("package") or {}).get("name", ""))


def locate_cargo_lock(content: bytes, path: str, crate: str) -> list[Located]:
    """The crate's own entry in a Cargo.lock: the one without a source."""
    text = decoded(content, path)
    _parsed(text, path)
    entry = re.compile(
        rf'^\[\[package\]\]\r?\nname = "{re.escape(crate)}"\r?\n'
        r'version = "([^"\n]*)"\r?\n(?!source)',
        re.MULTILINE,
    )
    return [at(text, match.start(1), match.end(1)) for match in entry.finditer(text + "\n")]


def _first(content: bytes, path: str, keys: Sequence[tuple[str, ...]], what: str) -> Located:
    text = decoded(content, path)
    parsed = _parsed(text, path)
    for one in keys:
        value = _get(parsed, one)
        if isinstance(value, str):
            return _place(text, parsed, one, value, path)
    raise not_found(path, what, "name the file that holds the version, with a pattern")


def _place(
    text: str, parsed: dict[str, Any], keys: tuple[str, ...], value: str, path: str
) -> Located:
    wanted = copy.deepcopy(parsed)
    _get(wanted, keys[:-1])[keys[-1]] = _PROBE
    for match in _VERSION.finditer(text):
        if match[2] != value:
            continue
        tried = text[: match.start(2)] + _PROBE + text[match.end(2) :]
        try:
            if tomllib.loads(tried) == wanted:
                return at(text, match.start(2), match.end(2))
        except tomllib.TOMLDecodeError:
            continue
    raise not_found(path, f"version '{value}' that can be replaced safely")


def _parsed(text: str, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageFault(f"{path} is not TOML", why=str(error), file=path) from None


def _get(data: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data
