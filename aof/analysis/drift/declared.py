"""Whether a live object holds what a manifest declares, field by field.

Only declared fields are looked at. Lists with keys are paired by key, sets ignore order,
other lists are compared in place. What the live object has beyond the manifest is only
noted for labels, annotations and items of keyed lists: nothing but a person, a controller or
an admission webhook puts those there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aof.analysis.drift.paths import (
    DEFAULT_KEYS,
    MISSING,
    Element,
    Item,
    Path,
    pointer_pattern,
)
from aof.analysis.drift.quantities import parse_duration, parse_quantity
from aof.analysis.drift.schema import UNKNOWN, Field, Schema, Shape
from aof.analysis.drift.server_defaults import is_server_made
from aof.analysis.drift.tables import Globs, Tables

ListKeys = Callable[[Path], tuple[str, ...] | None]


@dataclass(frozen=True, slots=True)
class Difference:
    """A declared value the live object does not have. `live` is MISSING when it has none."""

    path: Path
    desired: Any
    live: Any
    field: Field = UNKNOWN


@dataclass(frozen=True, slots=True)
class Extra:
    """A label, annotation or list item the manifest does not mention."""

    path: Path
    live: Any


@dataclass(slots=True)
class DeclaredComparison:
    """Compares values of one object and collects what differs.

    Attributes:
        kind: Of the object; some lists are unordered for some kinds.
        list_keys: Asked for the keys of lists no schema describes.
        durations: Paths of this kind that hold Go durations.
    """

    tables: Tables
    schema: Schema
    kind: str
    list_keys: ListKeys
    durations: tuple[Globs, ...] = ()
    differences: list[Difference] = field(default_factory=list)
    extras: list[Extra] = field(default_factory=list)

    def fresh(self) -> DeclaredComparison:
        """The same comparison with nothing collected."""
        return DeclaredComparison(
            self.tables, self.schema, self.kind, self.list_keys, self.durations
        )

    def holds(self, desired: Any, live: Any, shape: Field, path: Path) -> bool:
        """Whether `live` holds what `desired` declares; MISSING declares nothing."""
        if desired is MISSING or live is MISSING:
            absent = live if desired is MISSING else desired
            return self.is_empty(absent, shape, path)
        probe = self.fresh()
        probe.compare(desired, live, shape, path)
        return not probe.differences

    def same(self, one: Any, other: Any, shape: Field, path: Path) -> bool:
        """Whether two manifests declare the same here."""
        return self.holds(one, other, shape, path) and self.holds(other, one, shape, path)

    def compare(self, desired: Any, live: Any, shape: Field, path: Path) -> None:
        """Collect where `live` does not hold what `desired` declares."""
        if isinstance(desired, dict):
            if isinstance(live, dict):
                self._mapping(desired, live, shape, path)
            elif desired:
                self.differences.append(Difference(path, desired, live, shape))
        elif isinstance(desired, list):
            if isinstance(live, list):
                if desired or shape.shape is Shape.KEYED:
                    self._list(desired, live, shape, path)
            elif desired:
                self.differences.append(Difference(path, desired, live, shape))
        elif desired is not None and not self._same_scalar(desired, live, shape, path):
            self.differences.append(Difference(path, desired, live, shape))

    def is_empty(self, value: Any, shape: Field, path: Path) -> bool:
        """Whether declaring `value` is the same as declaring nothing."""
        if value is None or value is MISSING:
            return True
        name = path[-1] if path else ""
        if isinstance(value, dict):
            if value:
                return self._all_empty(value, shape, path)
            return name not in self.tables.kept_when_empty
        if isinstance(value, list):
            return not value
        return shape.builtin and self._omitted(value, name, shape)

    def _omitted(self, value: Any, name: Any, shape: Field) -> bool:
        """Whether the API server leaves a typed scalar out of the live object."""
        if value == "" and shape.shape is Shape.STRING:
            return name not in self.tables.kept_when_empty_string
        return value in (False, 0) and name in self.tables.omitted_when_zero

    def _all_empty(self, value: Mapping[str, Any], shape: Field, path: Path) -> bool:
        if shape.shape in {Shape.MAP, Shape.EXACT_MAP}:  # labels, data: "" is a value there
            return all(entry is None for entry in value.values())
        return all(
            is_server_made(name, shape, self.tables)
            or self.is_empty(entry, shape.child(name), (*path, name))
            for name, entry in value.items()
        )

    def _mapping(
        self, desired: Mapping[str, Any], live: Mapping[str, Any], shape: Field, path: Path
    ) -> None:
        fields = shape.fields
        inner = shape.item or UNKNOWN
        is_map = fields is None and shape.builtin
        for name, wanted in desired.items():
            found = live.get(name, MISSING)
            if found is MISSING or found is None:
                child = fields.get(name, UNKNOWN) if fields is not None else inner
                self._absent(name, wanted, child, shape, path, in_map=is_map)
            elif wanted != found and not is_server_made(name, shape, self.tables):
                child = fields.get(name, UNKNOWN) if fields is not None else inner
                if child is UNKNOWN:
                    child = self._guess(wanted)
                self.compare(wanted, found, child, (*path, name))
        if len(live) > len(desired) or live.keys() != desired.keys():
            self._undeclared(desired, live, shape, path)

    def _absent(
        self, name: str, wanted: Any, child: Field, parent: Field, path: Path, *, in_map: bool
    ) -> None:
        """A declared name the live object lacks: a difference unless it declares nothing."""
        if is_server_made(name, parent, self.tables):
            return
        here = (*path, name)
        empty = wanted is None if in_map else self.is_empty(wanted, child, here)
        if not empty:
            self.differences.append(Difference(here, wanted, MISSING, child))

    def _undeclared(
        self, desired: Mapping[str, Any], live: Mapping[str, Any], shape: Field, path: Path
    ) -> None:
        """Note what only the live object has, where that means something."""
        if shape.shape is Shape.EXACT_MAP:
            for name in sorted(live.keys() - desired.keys()):
                self.differences.append(Difference((*path, name), MISSING, live[name], UNKNOWN))
        elif shape.fields is None:
            if path[-1:] in {("labels",), ("annotations",)} and path[-2:-1] == ("metadata",):
                for name in sorted(live.keys() - desired.keys()):
                    self.extras.append(Extra((*path, name), live[name]))
        else:
            for name in sorted(live.keys() - desired.keys()):
                child = shape.fields.get(name, UNKNOWN)
                if child.shape is Shape.KEYED and isinstance(live[name], list):
                    self._keyed([], live[name], child, child.keys, (*path, name))
                elif name in {"labels", "annotations"} and isinstance(live[name], dict):
                    self._undeclared({}, live[name], child, (*path, name))

    def _list(self, desired: list[Any], live: list[Any], shape: Field, path: Path) -> None:
        if desired == live:
            return
        keys = self.list_keys(path) if shape is UNKNOWN else None
        if shape.shape is Shape.KEYED:
            self._keyed(desired, live, shape, shape.keys, path)
        elif shape.shape is Shape.SET or keys == ():
            for index, element in enumerate(desired):
                if element not in live:
                    self.differences.append(
                        Difference((*path, Element(element, index)), element, MISSING)
                    )
        elif f"{self.kind}:{pointer_pattern(path)}" in self.tables.unordered:
            self._unordered(desired, live, shape, path)
        elif keys:
            self._keyed(desired, live, shape, keys, path)
        else:
            self._in_place(desired, live, shape.item or UNKNOWN, path)

    def _keyed(
        self, desired: list[Any], live: list[Any], shape: Field, keys: tuple[str, ...], path: Path
    ) -> None:
        """Pair items by key; a duplicate or missing key means comparing in place."""
        if len(desired) != len(live):  # same length: duplicates are compared in place
            desired, live = _last_of_each(desired, keys), _last_of_each(live, keys)
        by_key = _index(live, keys)
        pairs = None if by_key is None else _pair(desired, by_key, keys)
        if by_key is None or pairs is None:
            self._in_place(desired, live, shape.item or UNKNOWN, path)
            return
        item = shape.item or UNKNOWN
        for position, (wanted, key) in enumerate(zip(desired, pairs, strict=True)):
            named = tuple(sorted(zip(keys, key, strict=True)))
            if key not in by_key:
                here = (*path, Item(named, position))
                self.differences.append(Difference(here, wanted, MISSING, item))
                continue
            index, found = by_key[key]
            if wanted != found:
                self.compare(wanted, found, item, (*path, Item(named, index)))
        if len(by_key) > len(desired) or len(by_key.keys() - set(pairs)):
            known = set(pairs)
            for key, (index, found) in by_key.items():
                if key not in known:
                    named = tuple(sorted(zip(keys, key, strict=True)))
                    self.extras.append(Extra((*path, Item(named, index)), found))

    def _in_place(self, desired: list[Any], live: list[Any], item: Field, path: Path) -> None:
        """Compare position by position; lists of different length differ as a whole."""
        whole = len(desired) != len(live)
        inner = self.fresh()
        for index, (wanted, found) in enumerate(zip(desired, live, strict=False)):
            if whole:
                break
            if wanted != found:
                child = self._guess(wanted) if item is UNKNOWN else item
                inner.compare(wanted, found, child, (*path, index))
                whole = bool(inner.differences) and not isinstance(wanted, dict)
        if whole:
            self.differences.append(Difference(path, desired, live, Field(Shape.LIST, item=item)))
        else:
            self.differences.extend(inner.differences)
            self.extras.extend(inner.extras)

    def _unordered(self, desired: list[Any], live: list[Any], shape: Field, path: Path) -> None:
        """Every declared item must be held by a live item of its own."""
        item = shape.item or UNKNOWN
        left = list(live)
        for wanted in desired:
            match = next((one for one in left if self.holds(wanted, one, item, (*path, 0))), None)
            if match is None or len(desired) != len(live):
                self.differences.append(Difference(path, desired, live, shape))
                return
            left.remove(match)

    def _same_scalar(self, desired: Any, live: Any, shape: Field, path: Path) -> bool:
        if isinstance(live, (dict, list)) or isinstance(desired, bool) != isinstance(live, bool):
            return False
        kind = shape.shape
        if desired == live or (kind is Shape.INT_OR_STRING and str(desired) == str(live)):
            return True
        place = pointer_pattern(path)
        if kind is Shape.QUANTITY or (kind is Shape.ANY and place in self.tables.quantities):
            number = parse_quantity(desired)
            return number is not None and number == parse_quantity(live)
        if any(place in paths for paths in self.durations):
            seconds = parse_duration(desired)
            return seconds is not None and seconds == parse_duration(live)
        return False

    def _guess(self, value: Any) -> Field:
        """Pod templates inside custom resources have the shape of any pod template."""
        if isinstance(value, dict):
            inner = value.get("spec")
            if isinstance(inner, dict) and isinstance(inner.get("containers"), list):
                return self.schema.type("core.v1.PodTemplateSpec")
        return UNKNOWN


def _index(
    items: list[Any], keys: tuple[str, ...]
) -> dict[tuple[Any, ...], tuple[int, dict[str, Any]]] | None:
    """Items by their key values; None when one has no key or two have the same."""
    found: dict[tuple[Any, ...], tuple[int, dict[str, Any]]] = {}
    for index, item in enumerate(items):
        key = _key_of(item, keys)
        if key is None or key in found:
            return None
        found[key] = (index, item)
    return found


def _last_of_each(items: list[Any], keys: tuple[str, ...]) -> list[Any]:
    """Without items that a later one of the same key replaces, as a merge leaves them."""
    found: dict[Any, Any] = {}
    for item in items:
        key = _key_of(item, keys)
        if key is None or None in key:
            return items
        found[key] = item
    return items if len(found) == len(items) else list(found.values())


def _key_of(item: Any, keys: tuple[str, ...]) -> tuple[Any, ...] | None:
    """The key values of an item, None for a part that is left out; None when it has no key."""
    if not isinstance(item, dict):
        return None
    key = tuple(item.get(name, DEFAULT_KEYS.get(name)) for name in keys)
    return None if any(isinstance(part, (dict, list)) for part in key) else key


def _pair(
    desired: list[Any], live: Mapping[tuple[Any, ...], Any], keys: tuple[str, ...]
) -> list[tuple[Any, ...]] | None:
    """The key of each declared item, left-out parts taken from the one live item that fits."""
    pairs: list[tuple[Any, ...]] = []
    for item in desired:
        key = _key_of(item, keys)
        if key is None:
            return None
        if key not in live and None in key:
            fitting = [one for one in live if _fits(key, one)]
            if len(fitting) != 1:
                return None
            key = fitting[0]
        pairs.append(key)
    return pairs if len(set(pairs)) == len(pairs) else None


def _fits(partial: tuple[Any, ...], whole: tuple[Any, ...]) -> bool:
    return all(part is None or part == other for part, other in zip(partial, whole, strict=True))
