"""Whether the API server can accept a manifest at all, as far as that shows offline.

Unknown fields, values of the wrong type and data that is not base64. Value rules (ranges,
immutable fields, webhooks) only a server knows: they come in as its message.
"""

from __future__ import annotations

from typing import Any

from aof.analysis.drift.paths import Path, dotted
from aof.analysis.drift.schema import Field, Shape

_TYPES: dict[Shape, tuple[type, ...]] = {
    Shape.STRING: (str,),
    Shape.INTEGER: (int,),
    Shape.NUMBER: (int, float),
    Shape.BOOLEAN: (bool,),
    Shape.QUANTITY: (str, int, float),
    Shape.INT_OR_STRING: (str, int),
}
_NAMES = {Shape.STRING: "a string", Shape.INTEGER: "a whole number", Shape.BOOLEAN: "true or false"}

_KINDS: dict[type, str] = {
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


def problem_of(value: Any, shape: Field, path: Path) -> str:
    """The first reason the server has to refuse `value` here, or an empty string."""
    if value is None or not shape.builtin:
        return ""
    if isinstance(value, dict):
        return _of_mapping(value, shape, path)
    if isinstance(value, list):
        item = shape.item
        if item is None:
            return _wrong(value, shape, path)
        found = (problem_of(one, item, (*path, index)) for index, one in enumerate(value))
        return next((one for one in found if one), "")
    return _wrong(value, shape, path)


def unknown_field(shape: Field, path: Path) -> str:
    """Why a declared place cannot exist: a name on the way is no field of its type."""
    for end, token in enumerate(path):
        if isinstance(token, str):
            if shape.builtin and shape.fields is not None and token not in shape.fields:
                return f"{dotted(path[: end + 1])} is no field of {shape.type_name}"
            shape = shape.child(token)
        elif shape.item is not None:
            shape = shape.item
        else:
            return ""
    return ""


def _of_mapping(value: dict[str, Any], shape: Field, path: Path) -> str:
    if shape.fields is None and shape.item is None:
        return "" if shape.shape is Shape.ANY else _wrong(value, shape, path)
    for name, one in value.items():
        here = (*path, name)
        if shape.fields is not None and name not in shape.fields and name != "status":
            return f"{dotted(here)} is no field of {shape.type_name}"
        if found := problem_of(one, shape.child(name), here):
            return found
    return ""


def _wrong(value: Any, shape: Field, path: Path) -> str:
    expected = _TYPES.get(shape.shape)
    if expected is None:
        return ""
    is_bool = isinstance(value, bool)
    if isinstance(value, expected) and (not is_bool or shape.shape is Shape.BOOLEAN):
        return ""
    if shape.shape is Shape.INTEGER and isinstance(value, float) and value.is_integer():
        return ""
    wanted = _NAMES.get(shape.shape, f"a {shape.shape.name.lower().replace('_', ' ')}")
    return (
        f"{dotted(path)} must be {wanted}, Git has {_KINDS.get(type(value), type(value).__name__)}"
    )
