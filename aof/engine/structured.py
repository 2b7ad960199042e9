"""Answers that must follow a JSON Schema: the JSON in a reply, and what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_FENCE = re.compile(r"```(?:json)?[ \t]*\n(.*?)\n[ \t]*```", re.DOTALL)
_MOST_PROBLEMS = 10


def parse_answer(text: str, schema: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """The JSON value of a reply and what is wrong with it; no problems means it follows.

    The value may be the whole reply, a fenced block, or stand between other text.
    """
    try:
        value = _value(text)
    except ValueError as error:
        return None, [f"the reply holds no JSON value: {error}"]
    return value, violations(value, schema)


def violations(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """Where `value` does not follow `schema`; references outside it are not followed."""
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    kind = validator_for(schema)
    try:
        kind.check_schema(schema)
        errors = list(kind(schema, registry=Registry()).iter_errors(value))
    except SchemaError as error:
        return [f"output_schema is not a JSON Schema: {error.message}"]
    except Unresolvable as error:
        return [f"output_schema refers to what is not in it: {error}"]
    found = [f"{error.json_path}: {error.message[:300]}" for error in errors[:_MOST_PROBLEMS]]
    if len(errors) > _MOST_PROBLEMS:
        found.append(f"and {len(errors) - _MOST_PROBLEMS} more")
    return found


def _value(text: str) -> Any:
    stripped = text.strip()
    candidates = [stripped, *reversed(_FENCE.findall(text))]
    begin, end = stripped.find("{"), stripped.rfind("}")
    if 0 <= begin < end:
        candidates.append(stripped[begin : end + 1])
    for candidate in candidates:
        try:
            return json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    raise ValueError(f"it begins with {stripped[:60]!r}")
