"""Renders the arguments of an operation as the line a person would type."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from typing import Any

from aof.tools.base import quoted


def typed(template: str, **flags: str) -> Callable[[Mapping[str, Any]], str]:
    """A `command` for `@operation`: `template`, then a flag for each optional argument given.

    Args:
        template: `{name}` stands for a required argument.
        flags: Argument name to flag. False and None are left out, True gives the flag
            alone, lists repeat it, mappings give `flag key=value`.
    """
    fields = [field for _, field, _, _ in string.Formatter().parse(template) if field]

    def render(arguments: Mapping[str, Any]) -> str:
        values = {
            field: quoted(f"<{field}>" if arguments.get(field) is None else arguments[field])
            for field in fields
        }
        words = [template.format_map(values)]
        for name, flag in flags.items():
            words += _flagged(flag, arguments.get(name))
        return " ".join(words)

    return render


def _flagged(flag: str, value: Any) -> list[str]:
    if value is None or value is False:
        return []
    if value is True:
        return [flag]
    if isinstance(value, Mapping):
        return [f"{flag} {quoted(f'{key}={item}')}" for key, item in value.items()]
    if isinstance(value, list | tuple):
        return [f"{flag} {quoted(item)}" for item in value]
    return [f"{flag} {quoted(value)}"]
