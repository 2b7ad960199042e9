"""What `postBuild` of a Flux Kustomization makes of manifests. Pure.

Flux replaces `${name}` in the text of the built YAML and reads it again, so that a value
that was only a variable may become a number. Source: fluxcd.io/flux/components/kustomize,
"Post build variable substitution".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aof.analysis.drift.objects import annotations_of, mapping, metadata_of

_VARIABLE = re.compile(r"\$\$\{|\$\{(?P<name>[A-Za-z_]\w*)(?:(?P<how>:?[=-])(?P<default>[^}]*))?\}")
_LEFT_ALONE = "kustomize.toolkit.fluxcd.io/substitute"
_QUOTED = re.compile(r"[\s\-?:,\[\]{}#&*!|>'\"%@`]|.*(?:: |:$| #|\n)", re.DOTALL)


@dataclass(slots=True)
class Variables:
    """Values by name.

    Attributes:
        complete: All sources could be read: a name without a value stands for nothing.
        read: Reads a plain YAML scalar.
        unknown: Names met that have no value and no default, while not complete.
    """

    values: Mapping[str, str]
    complete: bool
    read: Callable[[str], Any]
    unknown: set[str] = field(default_factory=set)

    def applied(self, objects: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The objects with variables replaced, but for those that opt out."""
        return [one if _opts_out(one) else self._value(one) for one in objects]

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._text(name): self._value(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._value(one) for one in value]
        if not isinstance(value, str) or "${" not in value:
            return value
        replaced = self._text(value)
        plain = replaced != value and not _QUOTED.match(value) and "\n" not in replaced
        return self.read(replaced) if plain else replaced

    def _text(self, text: str) -> str:
        return _VARIABLE.sub(self._replacement, text) if "${" in text else text

    def _replacement(self, found: re.Match[str]) -> str:
        name, how = found["name"], found["how"] or ""
        if name is None:
            return "${"  # written `$${`: not a variable
        value = self.values.get(name)
        if value or (value is not None and not how.startswith(":")):
            return value
        if how:
            return found["default"]
        if value is None and not self.complete:
            self.unknown.add(name)
            return found[0]
        return ""


def _opts_out(obj: Mapping[str, Any]) -> bool:
    labels = mapping(metadata_of(obj).get("labels"))
    return "disabled" in {labels.get(_LEFT_ALONE), annotations_of(obj).get(_LEFT_ALONE)}
