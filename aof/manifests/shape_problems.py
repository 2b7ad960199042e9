"""What is wrong with the shape of a value, in our words: where, expected, got.

pydantic finds the problems; its wording and its ways to name a place are not for people who
write YAML.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from aof.errors import did_you_mean
from aof.manifests.yaml_documents import Field

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "datetime_type": "a time such as 2026-11-20T10:00:00Z",
    "datetime_parsing": "a time such as 2026-11-20T10:00:00Z",
    "datetime_from_date_parsing": "a time such as 2026-11-20T10:00:00Z",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "too_short": "{min_length} or more entries",
    "too_long": "{max_length} entries at most",
    "string_too_short": "text of {min_length} or more characters",
    "string_too_long": "text of {max_length} characters at most",
    "string_pattern_mismatch": "text that matches {pattern}",
}


@dataclass(frozen=True, slots=True)
class ShapeProblem:
    """One problem. `path` leads to the nearest thing that stands in the data."""

    path: Field
    what: str
    why: str = ""
    fix: str = ""


def shape_problems(
    error: ValidationError, data: Any, model: type[BaseModel], *, within: str = ""
) -> list[ShapeProblem]:
    """Every problem pydantic found in `data`, one for each place.

    Args:
        error: What validating raised.
        data: What was validated.
        model: By which it was.
        within: Where the data stands, for the text: `playbook.with`.
    """
    found: dict[Field, ShapeProblem] = {}
    for item in error.errors(include_url=False):
        path = _existing(data, item["loc"])
        problem = _problem(item, path, model, within)
        # Alternatives of a union each complain: the first says enough.
        found.setdefault((*path, problem.what), problem)
    return list(found.values())


def _problem(item: Any, path: Field, model: type[BaseModel], within: str) -> ShapeProblem:
    if item["type"] == "extra_forbidden":
        names = _fields_at(model, path[:-1])
        return ShapeProblem(
            path,
            f"unknown field '{path[-1]}' in {_shown(path[:-1], within) or model.__name__}",
            why=f"there are: {', '.join(names)}" if names else "it has no such field",
            fix=did_you_mean(str(path[-1]), names),
        )
    if item["type"] == "missing":
        return ShapeProblem(path, f"`{_shown(item['loc'], within)}` is missing", fix="add it")
    shown = _shown(path, within) or model.__name__
    return ShapeProblem(path, f"`{shown}` cannot be used", why=_why(item))


def _why(item: Any) -> str:
    expected = _EXPECTED.get(item["type"], "").format(**item.get("ctx", {}))
    got = got_instead(item.get("input"))
    if expected:
        return f"expected {expected}, got {got}"
    # A validator of ours: its text says what is wrong.
    why = str(item["msg"]).removeprefix("Value error, ")
    scalar = isinstance(item.get("input"), str | int | float)
    return f"{why}; it is {got}" if scalar and got not in why else why


def got_instead(value: Any) -> str:
    """A value as an error message names it, in the words of YAML."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _shown(path: Field, within: str) -> str:
    return ".".join(filter(None, (within, *map(str, path))))


def _existing(data: Any, path: Field) -> Field:
    """`path` without the parts that are not in the data (pydantic adds union tags)."""
    return tuple(part for part, _ in _steps(data, path))


def _steps(node: Any, path: Field) -> Iterator[tuple[str | int, Any]]:
    for part in path:
        in_mapping = isinstance(node, dict) and part in node
        in_list = isinstance(node, list) and isinstance(part, int) and part < len(node)
        if in_mapping or in_list:
            node = node[part]
            yield part, node


def _fields_at(model: type[BaseModel], path: Field) -> list[str]:
    """Field names of the object at `path`, read from the model's JSON Schema."""
    schema = model.model_json_schema(by_alias=True)
    node: dict[str, Any] = schema
    for part in path:
        node = _step(_resolved(node, schema), part)
    return sorted(_resolved(node, schema).get("properties", {}))


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for option in node.get("anyOf", []):
        if option.get("type") != "null":
            node = option
            break
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[-1]
        found: dict[str, Any] = schema["$defs"][name]
        return found
    return node


def _step(node: dict[str, Any], part: str | int) -> dict[str, Any]:
    if isinstance(part, int):
        found = node.get("items", {})
    else:
        found = node.get("properties", {}).get(part, {})
    return found if isinstance(found, dict) else {}
