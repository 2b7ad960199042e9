"""The knowledge kept as data: who writes, what is noise, what the server fills in, what is fine.

Each table is a TOML file in `data/`; `Tables` holds them read and compiled.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import translate
from functools import lru_cache
from importlib.resources import files
from typing import Any


class Role(StrEnum):
    """What kind of writer a field manager is."""

    HUMAN = "human"
    GITOPS = "gitops"
    CONTROLLER = "controller"
    HISTORY = "history"
    UNKNOWN = "unknown"
    NONE = "none"


class Globs:
    """A set of shell globs, matched as a whole and remembered."""

    __slots__ = ("_known", "_match", "patterns")

    def __init__(self, patterns: Iterable[str], *, ignore_case: bool = False) -> None:
        self.patterns = tuple(patterns)
        joined = "|".join(translate(pattern) for pattern in self.patterns) or r"(?!)"
        self._match = re.compile(joined, re.IGNORECASE if ignore_case else 0).match
        self._known: dict[str, bool] = {}

    def __contains__(self, text: str) -> bool:
        known = self._known.get(text)
        if known is None:
            if len(self._known) > 10_000:
                self._known.clear()
            known = self._known[text] = self._match(text) is not None
        return known


@dataclass(frozen=True, slots=True)
class AcceptableRule:
    """A difference nobody needs to hear of. Empty conditions match everything."""

    name: str
    source: str
    kinds: Globs | None
    groups: Globs | None
    path: Globs | None
    actors: Globs | None
    roles: frozenset[Role]
    when: str

    @classmethod
    def parse(cls, entry: Mapping[str, Any]) -> AcceptableRule:
        """One `[[rule]]` of acceptable.toml."""
        return cls(
            name=entry["name"],
            source=entry.get("source", ""),
            kinds=_globs(entry.get("kinds")),
            groups=_globs(entry.get("groups")),
            path=_globs(entry.get("path")),
            actors=_globs(entry.get("actors"), ignore_case=True),
            roles=frozenset(Role(role) for role in entry.get("roles", ())),
            when=entry.get("when", ""),
        )


@dataclass(frozen=True, slots=True)
class Owners:
    """Field managers by role; the first table that knows a name decides."""

    tables: tuple[tuple[Role, Globs], ...]
    _known: dict[str, Role] = field(default_factory=dict)

    def role_of(self, manager: str) -> Role:
        """The role of a field manager; `UNKNOWN` for names no table has."""
        role = self._known.get(manager)
        if role is None:
            found = (role for role, names in self.tables if manager in names)
            role = self._known[manager] = next(found, Role.UNKNOWN)
        return role


@dataclass(frozen=True, slots=True)
class Noise:
    """Metadata that is never compared."""

    metadata: frozenset[str]
    annotations: Globs
    labels: Globs
    finalizers: Globs
    items: Globs


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables. See the files of the same names in `data/`."""

    owners: Owners
    rules: tuple[AcceptableRule, ...]
    noise: Noise
    omitted_when_zero: frozenset[str]
    kept_when_empty_string: frozenset[str]
    kept_when_empty: frozenset[str]
    unordered: frozenset[str]
    twins: Mapping[str, str]
    durations: tuple[tuple[Callable[[str], Any], Globs], ...]
    quantities: Globs
    defaults: Mapping[str, Mapping[str, Any]]
    allocated: Mapping[str, frozenset[str]]

    def with_owners(self, owners: Mapping[str, Iterable[str]]) -> Tables:
        """The same tables, with field managers of the caller's own asked first.

        Args:
            owners: Globs by role name: human, gitops, controller.
        """
        own = tuple((Role(role), Globs(names, ignore_case=True)) for role, names in owners.items())
        return replace(self, owners=Owners((*own, *self.owners.tables)))


@lru_cache(maxsize=1)
def shipped_tables() -> Tables:
    """The tables of the package, read once."""
    normal = _read("normalisation")
    defaults = _read("defaults")
    allocated = defaults.pop("allocated")
    owners = _read("ownership")
    order = (Role.HUMAN, Role.GITOPS, Role.HISTORY, Role.CONTROLLER)
    noise = normal["noise"]
    return Tables(
        owners=Owners(tuple((role, Globs(owners[role], ignore_case=True)) for role in order)),
        rules=tuple(AcceptableRule.parse(entry) for entry in _read("acceptable")["rule"]),
        noise=Noise(
            frozenset(noise["metadata"]),
            Globs(noise["annotations"]),
            Globs(noise["labels"]),
            Globs(noise["finalizers"]),
            Globs(noise["items"]),
        ),
        omitted_when_zero=frozenset(normal["omitted_when_zero"]),
        kept_when_empty_string=frozenset(normal["kept_when_empty_string"]),
        kept_when_empty=frozenset(normal["kept_when_empty"]),
        unordered=frozenset(normal["unordered"]),
        twins=normal["twins"],
        durations=tuple(
            (re.compile(translate(kind)).match, Globs(paths))
            for kind, paths in normal["durations"].items()
        ),
        quantities=Globs(normal["quantities"]["paths"]),
        defaults=defaults,
        allocated={name: frozenset(fields) for name, fields in allocated.items()},
    )


def _globs(patterns: Iterable[str] | None, *, ignore_case: bool = False) -> Globs | None:
    return None if patterns is None else Globs(patterns, ignore_case=ignore_case)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("aof.analysis.drift").joinpath(f"data/{name}.toml").read_text())
