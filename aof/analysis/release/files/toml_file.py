"""Cargo.toml and pyproject.toml, with Cargo.lock and uv.lock.

A place is right when changing it changes exactly the wanted key of the parsed file: the
TOML parser is the judge, so comments, order and line ends stay.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Collection, Sequence
from typing import Any

from aof.analysis.release.files.located import Located, at, decoded, not_found
from aof.errors import UsageFault

_VERSION = re.compile(r"""version["']?\s*=\s*(["'])([^"'\n]*)\1""")
_PROBE = "0.0.0-probe"


def locate_cargo(content: bytes, path: str) -> list[Located]:
    """The version of a crate, or of a workspace whose crates inherit it."""
    if not _get(_parsed(content, path), ("workspace", "package", "version")):
        inherited = _get(_parsed(content, path), ("package", "version"))
        if isinstance(inherited, dict):
            raise UsageFault(
                f"{path} inherits its version from its workspace",
                fix="name the Cargo.toml of the workspace instead",
                file=path,
            )
    keys = (("package", "version"), ("workspace", "package", "version"))
    return _alike(content, path, keys, "[package] version")


def locate_pyproject(content: bytes, path: str) -> list[Located]:
    """The version of a Python project, under [project] and [tool.poetry]."""
    dynamic = _get(_parsed(content, path), ("project", "dynamic")) or []
    keys = (("project", "version"), ("tool", "poetry", "version"))
    if "version" in dynamic and _get(_parsed(content, path), keys[1]) is None:
        raise UsageFault(
            f"{path} takes its version from elsewhere",
            why="[project] lists version as dynamic: it is read off the tag or another file",
            fix="where the tag decides, take the file out of version_files; else name the file "
            "that holds the version, with a pattern",
            file=path,
        )
    return _alike(content, path, keys, "[project] version")


def project_name(content: bytes, path: str) -> str:
    """Name of a Python project as lock files write it (PEP 503)."""
    name = str(_get(_parsed(content, path), ("project", "name")) or "")
    return re.sub(r"[-_.]+", "-", name).lower()


def crates(content: bytes, path: str, lock: bytes) -> set[str]:
    """Names in Cargo.lock that carry the version of a Cargo.toml.

    Those are the crate itself and, for the version of a workspace, local crates with it.
    """
    parsed = _parsed(content, path)
    names = {str(_get(parsed, ("package", "name")) or "")}
    inherited = _get(parsed, ("workspace", "package", "version"))
    for entry in _parsed(lock, "Cargo.lock").get("package", []):
        if inherited and entry.get("version") == inherited and "source" not in entry:
            names.add(str(entry.get("name")))
    return names


def locate_cargo_lock(content: bytes, path: str, names: Collection[str]) -> list[Located]:
    """The entries of local crates in a Cargo.lock: those without a source."""
    return _entries(content, path, names, after="(?!source)")


def locate_uv_lock(content: bytes, path: str, name: str) -> list[Located]:
    """The project's own entry in a uv.lock."""
    return _entries(content, path, {name}, after=r"source = \{ (?:editable|virtual|directory) = ")


def _entries(content: bytes, path: str, names: Collection[str], *, after: str) -> list[Located]:
    text = decoded(content, path)
    _parsed(content, path)
    entry = re.compile(
        r'^\[\[package\]\]\r?\nname = "([^"\n]*)"\r?\n'
        rf'version = "([^"\n]*)"\r?\n{after}',
        re.MULTILINE,
    )
    found = (match for match in entry.finditer(text + "\n") if match[1] in names)
    return [at(text, match.start(2), match.end(2)) for match in found]


def _alike(content: bytes, path: str, keys: Sequence[tuple[str, ...]], what: str) -> list[Located]:
    """The places of `keys` that say what the first of them says."""
    text, parsed = decoded(content, path), _parsed(content, path)
    values = {key: _get(parsed, key) for key in keys}
    first = next((value for value in values.values() if isinstance(value, str)), None)
    if first is None:
        raise not_found(path, what, "name the file that holds the version, with a pattern")
    same = [key for key, value in values.items() if value == first]
    return [_place(text, parsed, key, first, path) for key in same]


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
            if tomllib.loads(tried.removeprefix("\ufeff")) == wanted:
                return at(text, match.start(2), match.end(2))
        except tomllib.TOMLDecodeError:
            continue
    raise not_found(path, f"version '{value}' that can be replaced safely")


def _parsed(content: bytes, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(decoded(content, path).removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageFault(f"{path} is not TOML", why=str(error), file=path) from None


def _get(data: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data
