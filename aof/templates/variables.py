"""`${VAR}`, `${VAR:-default}` and `${VAR:?message}`, as a shell reads them; `$${` is `${`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:-|:\?)([^}]*))?\}")


class Origin(StrEnum):
    """Where an expanded value came from: text and set variables, a default, or nowhere."""

    SET = "set"
    DEFAULT = "default"
    UNSET = "unset"


@dataclass(frozen=True, slots=True)
class Expanded:
    """A text after expansion.

    Attributes:
        text: With every variable replaced; variables without a value become empty.
        origin: DEFAULT when any part came from a default, UNSET when any part had no value.
        missing: Variables that had no value and no default.
        refused: `(variable, message)` of every `${VAR:?message}` without a value.
    """

    text: str
    origin: Origin
    missing: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def expand(text: str, environment: Mapping[str, str]) -> Expanded:
    """Replace the variables of `text`. As in a shell's `:-`, an empty value counts as unset."""
    origin = Origin.SET
    missing: list[str] = []
    refused: list[tuple[str, str]] = []

    def value_of(found: re.Match[str]) -> str:
        nonlocal origin
        name, operator, word = found.groups()
        if name is None:
            return "${"
        if environment.get(name):
            return environment[name]
        if operator == ":-":
            origin = Origin.DEFAULT if origin is Origin.SET else origin
            return str(word)
        if operator == ":?":
            refused.append((name, word or "a value is required"))
        missing.append(name)
        origin = Origin.UNSET
        return ""

    expanded = _VARIABLE.sub(value_of, text)
    return Expanded(expanded, origin, tuple(missing), tuple(refused))
