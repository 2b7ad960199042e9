"""The third input: what the manifest said when it was last synced."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aof.analysis.drift.declared import DeclaredComparison
from aof.analysis.drift.objects import LAST_APPLIED, annotations_of
from aof.analysis.drift.paths import DEFAULT_KEYS, MISSING, Element, Item, Path, lookup, step
from aof.analysis.drift.schema import UNKNOWN, Field, Shape
from aof.analysis.drift.tables import Role
from aof.analysis.drift.writers import Writers


@dataclass(frozen=True, slots=True)
class Baseline:
    """The normalised manifest of the last sync.

    Attributes:
        manifest: None when the object was not part of it, or nothing is known.
        known: Whether anything is known about the last sync of this object.
        same_as_desired: True when both manifests are equal, value for value.
    """

    manifest: Mapping[str, Any] | None
    known: bool
    same_as_desired: bool = False

    def at(self, path: Path) -> Any:
        """The value then, or MISSING."""
        return MISSING if self.manifest is None else lookup(self.manifest, path)


def last_applied(live: Mapping[str, Any], writers: Writers) -> Mapping[str, Any] | None:
    """The manifest in the last-applied annotation, unless somebody else's apply wrote it.

    A person's `kubectl apply` replaces the annotation of the GitOps tool: it then says what
    the person wanted, not what Git said.
    """
    manifest = applied_manifest(live)
    if manifest is None:
        return None
    writer = writers.last_writer(("metadata", "annotations", LAST_APPLIED))
    has_gitops = any(one.role is Role.GITOPS for one in writers.entries)
    if writer is not None and writer.role is not Role.GITOPS and has_gitops:
        return None
    return manifest


def applied_manifest(live: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The manifest in the last-applied annotation, whoever wrote it."""
    text = annotations_of(live).get(LAST_APPLIED)
    try:
        manifest = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return manifest if isinstance(manifest, dict) else None


Removal = tuple[Path, Any, Any, Field]
"""Path, the earlier value, the live value and their shape."""


@dataclass(frozen=True, slots=True)
class RemovedFromGit:
    """Finds places the earlier manifest declares, the present one does not, the cluster has."""

    compare: DeclaredComparison

    def find(
        self, before: Any, desired: Any, live: Any, shape: Field, path: Path = ()
    ) -> Iterator[Removal]:
        """Yield every such place, outermost first."""
        if isinstance(before, dict) and isinstance(live, dict):
            yield from self._in_mapping(before, desired, live, shape, path)
        elif isinstance(before, list) and isinstance(live, list) and isinstance(desired, list):
            keys = shape.keys or self.compare.list_keys(path)
            if shape.shape is Shape.SET or keys == ():
                yield from self._in_set(before, desired, live, shape, path)
            elif keys:
                yield from self._in_keyed(
                    before, desired, live, shape.item or UNKNOWN, (path, keys)
                )
            elif len(before) == len(desired) == len(live):
                item = shape.item or UNKNOWN
                for index, (one, other, found) in enumerate(
                    zip(before, desired, live, strict=True)
                ):
                    yield from self.find(one, other, found, item, (*path, index))

    def _in_mapping(
        self, before: dict[str, Any], desired: Any, live: dict[str, Any], shape: Field, path: Path
    ) -> Iterator[Removal]:
        for name, value in before.items():
            here = (*path, name)
            found = live.get(name)
            if value is None or found is None:
                continue
            child = shape.child(name)
            declared = desired.get(name) if isinstance(desired, dict) else None
            if declared is not None:
                yield from self.find(value, declared, found, child, here)
            elif not self.compare.is_empty(value, child, here):
                yield here, value, found, child

    def _in_set(
        self, before: list[Any], desired: list[Any], live: list[Any], shape: Field, path: Path
    ) -> Iterator[Removal]:
        for element in before:
            if element not in desired and element in live:
                token = Element(element, live.index(element))
                yield (*path, token), element, element, shape.item or UNKNOWN

    def _in_keyed(
        self,
        before: list[Any],
        desired: list[Any],
        live: list[Any],
        item: Field,
        place: tuple[Path, tuple[str, ...]],
    ) -> Iterator[Removal]:
        path, keys = place
        for one in before:
            if not isinstance(one, dict):
                return
            named = tuple(sorted((key, one.get(key, DEFAULT_KEYS.get(key))) for key in keys))
            found = step(live, Item(named, 0))
            if found is MISSING:
                continue
            here = (*path, Item(named, live.index(found)))
            declared = step(desired, Item(named, 0))
            if declared is MISSING:
                yield here, one, found, item
            else:
                yield from self.find(one, declared, found, item, here)
