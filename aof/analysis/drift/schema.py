"""What shape each field of an object has: structs, maps, keyed lists, sets, scalars.

Built-in kinds come from a table derived from Kubernetes' own API schema; custom resources
from their CustomResourceDefinition when it is at hand, else nothing is assumed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Any


class Shape(StrEnum):
    """How a value is compared."""

    STRUCT = "struct"
    MAP = "map"
    EXACT_MAP = "exact-map"
    LIST = "list"
    KEYED = "keyed"
    SET = "set"
    STRING = "s"
    INTEGER = "i"
    NUMBER = "n"
    BOOLEAN = "b"
    QUANTITY = "q"
    INT_OR_STRING = "x"
    DURATION = "d"
    ANY = "a"


@dataclass(slots=True, eq=False)
class Field:
    """The shape of one value.

    Attributes:
        shape: See `Shape`.
        type_name: Of structs of built-in kinds, e.g. `Container`; defaults hang on it.
        fields: Of structs: the known fields. None when any field may appear.
        item: Of maps and lists: the shape of what they hold.
        keys: Of keyed lists.
        builtin: Typed by the API server itself, which drops empty values and refuses
            unknown fields.
        default: What the server fills in (custom resources), or None.
    """

    shape: Shape
    type_name: str = ""
    fields: dict[str, Field] | None = None
    item: Field | None = None
    keys: tuple[str, ...] = ()
    builtin: bool = False
    default: Any = None

    def child(self, name: str) -> Field:
        """The shape of the field or map entry `name`; `UNKNOWN` when nothing is known."""
        if self.fields is not None:
            return self.fields.get(name, UNKNOWN)
        return self.item or UNKNOWN


UNKNOWN = Field(Shape.ANY)
_EXACT = {"LabelSelector": ("matchLabels",)}


@dataclass(slots=True)
class Schema:
    """Built-in kinds and the custom resources whose definitions were given."""

    _kinds: Mapping[str, str]
    _types: Mapping[str, Mapping[str, Any]]
    _built: dict[str, Field] = field(default_factory=dict)
    _custom: dict[str, Field] = field(default_factory=dict)
    _by_group_kind: dict[str, str] = field(default_factory=dict)

    def of(self, api_version: str, kind: str) -> Field:
        """The shape of a whole object; `UNKNOWN` for kinds nobody described."""
        group, _, version = api_version.rpartition("/")
        name = f"{group}/{version}/{kind}"
        if name in self._custom:
            return self._custom[name]
        type_name = self._kinds.get(name) or self._any_version(group, kind)
        return self._struct(type_name) if type_name else UNKNOWN

    def type(self, name: str) -> Field:
        """A built-in struct by the end of its name, e.g. `core.v1.PodTemplateSpec`."""
        return self._struct(f"api.{name}")

    def metadata(self) -> Field:
        """The shape of every object's `metadata`."""
        return self._struct("apimachinery.pkg.apis.meta.v1.ObjectMeta")

    def with_custom(self, definitions: list[Mapping[str, Any]]) -> Schema:
        """The same schema, knowing these CustomResourceDefinitions too."""
        from aof.analysis.drift.custom_resources import shapes_of

        custom = dict(self._custom)
        for definition in definitions:
            custom.update(shapes_of(definition, self.metadata()))
        return Schema(self._kinds, self._types, self._built, custom, self._by_group_kind)

    def _any_version(self, group: str, kind: str) -> str | None:
        """Another version of the same kind: `apps/v1beta1` has the fields of `apps/v1`."""
        if not self._by_group_kind:
            for name, type_name in sorted(self._kinds.items()):
                its_group, version, its_kind = name.split("/")
                known = f"{its_group}/{its_kind}"
                if known not in self._by_group_kind or "alpha" not in version:
                    self._by_group_kind.setdefault(known, type_name)
        return self._by_group_kind.get(f"{group}/{kind}")

    def _struct(self, type_name: str) -> Field:
        if (built := self._built.get(type_name)) is not None:
            return built
        short = type_name.rsplit(".", 1)[-1]
        built = Field(Shape.STRUCT, type_name=short, fields={}, builtin=True)
        self._built[type_name] = built  # before its fields: types may contain themselves
        assert built.fields is not None
        for name, code in self._types[type_name].items():
            made = self._field(code)
            if name in _EXACT.get(short, ()):
                made = Field(Shape.EXACT_MAP, item=made.item, builtin=True)
            built.fields[name] = made
        return built

    def _field(self, code: Any) -> Field:
        """Decode one entry of the table: `scripts/derive_kubernetes_schema.py` wrote it."""
        if isinstance(code, str):
            return self._struct(code[1:]) if code[0] == "@" else _SCALARS[code]
        shape = _CONTAINERS[code[0]]
        keys = tuple(code[1]) if shape is Shape.KEYED else ()
        return Field(shape, item=self._field(code[-1]), keys=keys, builtin=True)


_SCALARS = {code: Field(Shape(code), builtin=True) for code in "sinbqxa"}
_CONTAINERS = {
    "m": Shape.MAP,
    "M": Shape.EXACT_MAP,
    "l": Shape.LIST,
    "k": Shape.KEYED,
    "t": Shape.SET,
}


@lru_cache(maxsize=1)
def builtin_schema() -> Schema:
    """The schema of Kubernetes' own kinds, loaded once."""
    text = files("aof.analysis.drift").joinpath("data/kubernetes_schema.json").read_text()
    table = json.loads(text)
    return Schema(table["kinds"], table["types"])
