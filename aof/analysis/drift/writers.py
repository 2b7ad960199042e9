"""`metadata.managedFields`: which tool wrote which field, and when.

Paths inside an entry are written as `f:name`, `k:{"key":"value"}`, `v:value`, `i:0`; an empty
object is a field owned whole. Source: structured-merge-diff, `fieldpath` package; behaviour
measured on kube-apiserver 1.36.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aof.analysis.drift.objects import LAST_APPLIED, mapping, metadata_of
from aof.analysis.drift.paths import DEFAULT_KEYS, Element, Item, Path, Token
from aof.analysis.drift.tables import Owners, Role

_ROLE_ORDER = [Role.HUMAN, Role.UNKNOWN, Role.CONTROLLER, Role.GITOPS, Role.HISTORY, Role.NONE]


@dataclass(frozen=True, slots=True)
class Writer:
    """One entry of managedFields.

    `time` is RFC 3339 to the second and moves when any field of the entry changes: for one
    field it is the latest moment the change can have happened.
    """

    manager: str
    operation: str
    subresource: str
    time: str
    role: Role
    fields: Mapping[str, Any]

    @property
    def applies(self) -> bool:
        """Whether the entry is of server-side apply."""
        return self.operation == "Apply"


@dataclass(frozen=True, slots=True)
class Writers:
    """All entries of one object, those of the status subresource left out.

    `known` is False when the object was read without managedFields.
    """

    entries: tuple[Writer, ...]
    known: bool

    @classmethod
    def of(cls, live: Mapping[str, Any], owners: Owners) -> Writers:
        """Read the entries of a live object; malformed ones are passed over."""
        listed = metadata_of(live).get("managedFields")
        if not isinstance(listed, list):
            return cls((), known=False)
        entries = []
        for entry in listed:
            if not isinstance(entry, dict) or not isinstance(entry.get("fieldsV1"), dict):
                continue
            if entry.get("subresource") == "status" or not entry["fieldsV1"]:
                continue
            manager = str(entry.get("manager") or "")
            entries.append(
                Writer(
                    manager=manager,
                    operation=str(entry.get("operation") or ""),
                    subresource=str(entry.get("subresource") or ""),
                    time=str(entry.get("time") or ""),
                    role=_role(manager, entry["fieldsV1"], owners),
                    fields=entry["fieldsV1"],
                )
            )
        return cls(tuple(entries), known=bool(listed) and any(listed))

    def owners_of(self, path: Path) -> list[Writer]:
        """Who owns the value at `path`, or an ancestor that is owned whole."""
        return [writer for writer in self.entries if _owns(writer.fields, path)]

    def last_writer(self, path: Path) -> Writer | None:
        """The owner that answers for the value: outsiders before the GitOps tool, newest first."""
        owners = self.owners_of(path)
        if not owners:
            return None
        outside = [one for one in owners if one.role not in {Role.GITOPS, Role.HISTORY}]
        return max(outside or owners, key=lambda one: (one.time, -_ROLE_ORDER.index(one.role)))

    def latest_by_hand(self) -> Writer | None:
        """The newest human entry, if no GitOps entry is newer: who may have deleted a field."""
        by_hand = [one for one in self.entries if one.role is Role.HUMAN]
        synced = self.last_synced_at()
        newest = max(by_hand, key=lambda one: one.time, default=None)
        return newest if newest is not None and newest.time >= synced else None

    def last_synced_at(self) -> str:
        """When the GitOps tool wrote last; empty when it never did."""
        return max((one.time for one in self.entries if one.role is Role.GITOPS), default="")

    def list_keys(self, path: Path) -> tuple[str, ...] | None:
        """The key fields of the list at `path`, when an entry addresses its items by key.

        Empty when entries address its members by value: the list is a set.
        """
        for writer in self.entries:
            for name in _below(writer.fields, path) or ():
                if name.startswith("k:"):
                    return tuple(sorted(written_keys(name)))
                if name.startswith("v:"):
                    return ()
        return None


def _below(fields: Mapping[str, Any], path: Path) -> Mapping[str, Any] | None:
    """What an entry says at `path`, or None."""
    for token in path:
        below = child_of(fields, token)
        if below is None:
            return None
        fields = below
    return fields


def child_of(fields: Mapping[str, Any], token: Token) -> Mapping[str, Any] | None:
    """What an entry says below one token, or None when it says nothing."""
    if isinstance(token, str):
        below = fields.get("f:" + token)
    elif isinstance(token, Element):
        below = fields.get("v:" + json.dumps(token.value, separators=(",", ":")))
    elif isinstance(token, Item):
        below = fields.get("k:" + json.dumps(dict(token.keys), separators=(",", ":")))
        if below is None:
            below = _loose_item(fields, dict(token.keys))
    else:
        below = fields.get(f"i:{token}")
    return below if isinstance(below, dict) else None


def _role(manager: str, fields: Mapping[str, Any], owners: Owners) -> Role:
    """A writer nobody knows that keeps the last-applied annotation is a tool that applies."""
    role = owners.role_of(manager)
    if role is not Role.UNKNOWN:
        return role
    annotations = mapping(mapping(fields.get("f:metadata")).get("f:annotations"))
    return Role.GITOPS if f"f:{LAST_APPLIED}" in annotations else role


def written_keys(name: str) -> Mapping[str, Any]:
    """The key fields in `k:{...}`; empty for other or malformed names."""
    if not name.startswith("k:"):
        return {}
    try:
        keys = json.loads(name[2:])
    except ValueError:
        return {}
    return keys if isinstance(keys, dict) else {}


def _loose_item(fields: Mapping[str, Any], keys: Mapping[str, Any]) -> Any:
    """The entry of an item whose keys are only partly known, or spelled in another order."""
    for name, below in fields.items():
        written = written_keys(name)
        if written and all(
            keys.get(key, DEFAULT_KEYS.get(key, value)) == value for key, value in written.items()
        ):
            return below
    return None


def _owns(fields: Mapping[str, Any], path: Path) -> bool:
    for token in path:
        below = child_of(fields, token)
        if below is None:
            return not fields
        fields = below
    return True
