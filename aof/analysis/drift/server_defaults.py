"""Whether a value is what the API server fills in by itself when nobody says anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aof.analysis.drift.quantities import parse_quantity
from aof.analysis.drift.schema import UNKNOWN, Field, Shape
from aof.analysis.drift.tables import Tables


def is_server_default(
    name: str, value: Any, parent: Field, siblings: Mapping[str, Any], tables: Tables
) -> bool:
    """Whether `name: value` inside a value of shape `parent` is only a default.

    Args:
        name: Of the field.
        value: What the live object holds there.
        parent: The shape around it.
        siblings: The live value around it; some defaults follow from other fields.
        tables: Defaults by type.
    """
    shape = parent.child(name)
    if value is None or value in ([], {}) or (value == "" and shape.builtin):
        return True
    derived = _DERIVED.get(name)
    if derived is not None and shape.builtin:
        return bool(value == derived(siblings))
    twin = tables.twins.get(name)
    if twin is not None and shape.builtin and siblings.get(twin) == value:
        return True
    if (
        isinstance(value, dict)
        and shape.shape in {Shape.STRUCT, Shape.ANY}
        and shape is not UNKNOWN
    ):
        return all(
            is_server_default(inner, one, shape, value, tables) for inner, one in value.items()
        )
    if shape.default is not None:
        return bool(shape.default == value)
    return _listed(name, value, parent, shape, tables)


def is_server_made(name: str, parent: Field, tables: Tables) -> bool:
    """Fields of nested objects that belong to the server: claim templates carry them."""
    if parent.type_name == "ObjectMeta":
        return name in tables.noise.metadata and name not in {"name", "namespace"}
    return parent.type_name == "PersistentVolumeClaim" and name in {"status", "apiVersion", "kind"}


def _listed(name: str, value: Any, parent: Field, shape: Field, tables: Tables) -> bool:
    known = tables.defaults.get(parent.type_name, {})
    if name not in known:
        return value is False and name in tables.omitted_when_zero
    default = known[name]
    if shape.shape is Shape.QUANTITY:
        choices = default if isinstance(default, list) else [default]
        return parse_quantity(value) in [parse_quantity(one) for one in choices]
    return value in default if isinstance(default, list) else bool(value == default)


def _pull_policy(container: Mapping[str, Any]) -> str:
    image = str(container.get("image", ""))
    if "@" in image:
        return "IfNotPresent"
    tag = image.rsplit("/", 1)[-1].partition(":")[2]
    return "Always" if tag in {"", "latest"} else "IfNotPresent"


_DERIVED: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "imagePullPolicy": _pull_policy,
    "targetPort": lambda port: port.get("port"),
    "hostPort": lambda port: port.get("containerPort"),
}
