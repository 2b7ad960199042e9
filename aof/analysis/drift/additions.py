"""What somebody put into a live object although the manifest does not mention it.

Argo CD, `kubectl diff` and Flux cannot see these. managedFields can: every field an outsider
owns, minus the fields the manifest declares, minus what the server fills in by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aof.analysis.drift.objects import LAST_APPLIED
from aof.analysis.drift.paths import (
    DEFAULT_KEYS,
    MISSING,
    Element,
    Item,
    Path,
    Token,
    find_item,
    lookup,
)
from aof.analysis.drift.schema import UNKNOWN, Field, Schema, Shape
from aof.analysis.drift.server_defaults import is_server_default, is_server_made
from aof.analysis.drift.tables import Role, Tables
from aof.analysis.drift.writers import Writer, Writers, written_keys

_LAST_APPLIED = ("metadata", "annotations", LAST_APPLIED)


@dataclass(frozen=True, slots=True)
class Addition:
    """A live value nobody declared, and who wrote it.

    `within` is the value around it that the writer owns whole, and no schema describes: parts
    of it may be defaults nobody can tell from additions. Empty otherwise.
    """

    path: Path
    live: Any
    writer: Writer
    within: Path = ()


@dataclass(slots=True)
class AdditionSearch:
    """Walks the entries of outsiders over live object and manifest at the same time.

    `sent` is the normalised manifest of the last-applied annotation. Whoever wrote that
    annotation owns the defaults of the server, too; it put there only what it sent.
    """

    tables: Tables
    schema: Schema
    created_at: str
    writers: Writers
    sent: Mapping[str, Any] | None = None
    found: list[Addition] = field(default_factory=list)

    def run(
        self, desired: Mapping[str, Any], live: Mapping[str, Any], shape: Field, *, applied: bool
    ) -> list[Addition]:
        """All additions, in the order of the entries.

        Args:
            desired: The normalised manifest.
            live: The normalised live object.
            shape: Of the whole object.
            applied: Also look at what the GitOps tool itself owns through server-side apply:
                declared once, no longer in the manifest. Needed when the manifest of the
                last sync is not known.
        """
        for writer in self.writers.entries:
            if writer.role is Role.HISTORY:
                continue
            if writer.role is Role.GITOPS and not (applied and writer.applies):
                continue
            self._visit(writer.fields, _Spot((), live, desired, shape), writer)
        return self.found

    def _visit(self, fields: Mapping[str, Any], spot: _Spot, writer: Writer) -> None:
        for name, below in fields.items():
            inner = None if name == "." or not isinstance(below, dict) else spot.step(name)
            if inner is None or is_noise(inner.path, self.tables):
                continue
            if inner.desired is MISSING or inner.desired is None:
                if not below or (isinstance(inner.path[-1], Item) and "." in below):
                    self._add(inner.path, inner.live, spot.shape, spot.live, writer=writer)
                else:
                    self._visit(below, inner, writer)
            elif below:
                self._visit(below, inner, writer)
            elif isinstance(inner.live, (dict, list)) and not self._synced(inner.path):
                found = len(self.found)
                self._leftover(inner, writer)
                if inner.shape is UNKNOWN:
                    self.found[found:] = [
                        replace(one, within=inner.path) for one in self.found[found:]
                    ]

    def _leftover(self, spot: _Spot, writer: Writer) -> None:
        """Undeclared parts of a value that is owned whole."""
        live, desired = spot.live, spot.desired
        if isinstance(live, dict) and isinstance(desired, dict):
            for name, found in live.items():
                here = (*spot.path, name)
                if desired.get(name) is None:
                    self._add(here, found, spot.shape, live, writer=writer)
                else:
                    child = spot.shape.child(name)
                    self._leftover(_Spot(here, found, desired[name], child), writer)
        elif isinstance(live, list) and isinstance(desired, list):
            if not desired and live:
                self.found.append(Addition(spot.path, live, writer))
            elif spot.shape.shape in {Shape.SET, Shape.KEYED}:
                self._leftover_items(spot, writer)
            elif len(live) == len(desired):
                item = spot.shape.item or UNKNOWN
                for index, (found, wanted) in enumerate(zip(live, desired, strict=True)):
                    self._leftover(_Spot((*spot.path, index), found, wanted, item), writer)

    def _leftover_items(self, spot: _Spot, writer: Writer) -> None:
        """The same for members of a set and items with keys: their order says nothing."""
        for member in spot.live:
            inner = spot.member(member)
            if inner is None:
                continue
            if inner.desired is MISSING:
                self.found.append(Addition(inner.path, member, writer))
            else:
                self._leftover(inner, writer)

    def _add(self, path: Path, value: Any, parent: Field, around: Any, *, writer: Writer) -> None:
        token = path[-1]
        if self.sent is not None and self._applied(writer) and lookup(self.sent, path) is MISSING:
            return
        if isinstance(token, str) and isinstance(around, dict):
            if is_server_made(token, parent, self.tables):
                return
            if is_server_default(token, value, parent, around, self.tables):
                return
            given = self.tables.allocated.get(parent.type_name, frozenset())
            if token in given and self._created(writer):
                return
        self.found.append(Addition(path, value, writer))

    def _created(self, writer: Writer) -> bool:
        """Whether the writer made the object; the GitOps tool did where both are as old."""
        old = [one for one in self.writers.entries if one.time <= self.created_at]
        return writer in old and (
            writer.role is Role.GITOPS or all(one.role is not Role.GITOPS for one in old)
        )

    def _applied(self, writer: Writer) -> bool:
        return any(one is writer for one in self.writers.owners_of(_LAST_APPLIED))

    def _synced(self, path: Path) -> bool:
        return any(one.role is Role.GITOPS for one in self.writers.owners_of(path))


def is_noise(path: Path, tables: Tables) -> bool:
    """Whether the server, or the GitOps tool for its own book-keeping, writes this place."""
    if len(path) == 1:
        return path[0] in {"status", "apiVersion", "kind"}
    if path[:1] == ("metadata",) and len(path) == 2:
        return path[1] in tables.noise.metadata
    token = path[-1]
    if isinstance(token, Item):
        return any(f"{path[-2]}:{value}" in tables.noise.items for _, value in token.keys)
    if len(path) < 3 or path[-3] != "metadata":
        return False
    if isinstance(token, Element):
        return path[-2] == "finalizers" and str(token.value) in tables.noise.finalizers
    names = {"annotations": tables.noise.annotations, "labels": tables.noise.labels}
    noise = names.get(str(path[-2]))
    return noise is not None and str(token) in noise


@dataclass(frozen=True, slots=True)
class _Spot:
    """One place in live object and manifest at the same time."""

    path: Path
    live: Any
    desired: Any
    shape: Field

    def step(self, name: str) -> _Spot | None:
        """Where one name of an entry leads.

        None when the live object has nothing there: the entry is of another API version.
        """
        if name.startswith("f:"):
            return self._field(name[2:])
        if not isinstance(self.live, list):
            return None
        if keys := written_keys(name):
            return self._item(tuple(sorted(keys.items())))
        if name.startswith("v:"):
            return self._element(_json(name[2:]))
        return self._position(name.removeprefix("i:"))

    def member(self, value: Any) -> _Spot | None:
        """One member of a set or of a list with keys; None when it has no key."""
        if not self.shape.keys:
            return self._element(value)
        if not isinstance(value, dict):
            return None
        keys = ((name, value.get(name, DEFAULT_KEYS.get(name))) for name in self.shape.keys)
        return self._item(tuple(sorted(keys)))

    def _field(self, name: str) -> _Spot | None:
        found = self.live.get(name) if isinstance(self.live, dict) else None
        if found is None:
            return None
        declared = self.desired.get(name) if isinstance(self.desired, dict) else None
        return self._inner(name, found, declared, self.shape.child(name))

    def _item(self, keys: tuple[tuple[str, Any], ...]) -> _Spot | None:
        found = find_item(self.live, keys)
        if found is MISSING:
            return None
        declared = find_item(self._declared(), keys)
        return self._inner(Item(keys, self.live.index(found)), found, declared, self._item_shape())

    def _element(self, value: Any) -> _Spot | None:
        if value not in self.live:
            return None
        declared = value if value in self._declared() else MISSING
        token = Element(value, self.live.index(value))
        return self._inner(token, value, declared, self._item_shape())

    def _position(self, digits: str) -> _Spot | None:
        if not digits.isdecimal() or int(digits) >= len(self.live):
            return None
        index, listed = int(digits), self._declared()
        declared = listed[index] if index < len(listed) else MISSING
        return self._inner(index, self.live[index], declared, self._item_shape())

    def _inner(self, token: Token, live: Any, desired: Any, shape: Field) -> _Spot:
        return _Spot((*self.path, token), live, desired, shape)

    def _declared(self) -> list[Any]:
        return self.desired if isinstance(self.desired, list) else []

    def _item_shape(self) -> Field:
        return self.shape.item or UNKNOWN


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return MISSING
