"""The shapes of custom resources, read from their CustomResourceDefinition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aof.analysis.drift.objects import mapping
from aof.analysis.drift.schema import UNKNOWN, Field, Shape

_SCALARS = {
    "string": Shape.STRING,
    "integer": Shape.INTEGER,
    "number": Shape.NUMBER,
    "boolean": Shape.BOOLEAN,
}


def shapes_of(definition: Mapping[str, Any], metadata: Field) -> Iterator[tuple[str, Field]]:
    """The shape of each served version, by `group/version/Kind`; nothing for odd definitions.

    Args:
        definition: An `apiextensions.k8s.io/v1` CustomResourceDefinition.
        metadata: The shape of every object's metadata.
    """
    spec = definition.get("spec")
    if not isinstance(spec, Mapping):
        return
    kind = mapping(spec.get("names")).get("kind")
    versions = spec.get("versions")
    for version in map(mapping, versions if isinstance(versions, list) else []):
        schema = mapping(version.get("schema")).get("openAPIV3Schema")
        if not isinstance(schema, Mapping):
            continue
        shape = _shape(schema)
        fields = {**(shape.fields or {}), "metadata": metadata}
        yield (
            f"{spec.get('group')}/{version.get('name')}/{kind}",
            Field(Shape.STRUCT, fields=fields),
        )


def _shape(schema: Mapping[str, Any]) -> Field:
    default = schema.get("default")
    if schema.get("x-kubernetes-int-or-string"):
        pattern = str(schema.get("pattern") or "")
        quantity = "Ki" in pattern or "numkMGTPE" in pattern
        return Field(Shape.QUANTITY if quantity else Shape.INT_OR_STRING, default=default)
    kind = schema.get("type")
    if kind == "array":
        return _list(schema, default)
    properties = schema.get("properties")
    if isinstance(properties, Mapping) and properties:
        fields = {name: _shape(one) for name, one in properties.items() if isinstance(one, Mapping)}
        return Field(Shape.STRUCT, fields=fields, default=default)
    entries = schema.get("additionalProperties")
    if isinstance(entries, Mapping):
        return Field(Shape.MAP, item=_shape(entries), default=default)
    if isinstance(kind, str) and kind in _SCALARS:
        return Field(_SCALARS[kind], default=default)
    return Field(Shape.ANY, default=default) if default is not None else UNKNOWN


def _list(schema: Mapping[str, Any], default: Any) -> Field:
    items = schema.get("items")
    item = _shape(items) if isinstance(items, Mapping) else UNKNOWN
    listed = schema.get("x-kubernetes-list-type")
    named = schema.get("x-kubernetes-list-map-keys")
    keys = tuple(map(str, named if isinstance(named, list) else ()))
    if listed == "map" and keys:
        return Field(Shape.KEYED, item=item, keys=keys, default=default)
    return Field(Shape.SET if listed == "set" else Shape.LIST, item=item, default=default)
