"""Keeping secret values out of every result: compared, never shown."""

from __future__ import annotations

import re
from typing import Any

from aof.analysis.drift.paths import MISSING, Path

HIDDEN = "(hidden)"
_NAMES = re.compile(
    r"passw(or)?d|passphrase|secret|token|api[-_.]?key|private[-_.]?key|credential|auth[-_.]?key"
    r"|access[-_.]?key|connection[-_.]?string|\bdsn\b",
    re.IGNORECASE,
)
_REFERENCES = {
    "secretName",
    "secretKeyRef",
    "secretRef",
    "tokenExpirationSeconds",
    "secret",
    "automountServiceAccountToken",
    "serviceAccountToken",
    "imagePullSecrets",
    "secrets",
}


def shown(value: Any, path: Path, kind: str) -> Any:
    """`value` as a report may show it.

    Everything below `data` of a Secret is hidden, and any plain value whose field, key or
    variable is named like a credential.
    """
    if value is MISSING or value is None:
        return value
    if kind == "Secret" and path[:1] in {("data",), ("stringData",)}:
        return dict.fromkeys(value, HIDDEN) if isinstance(value, dict) else HIDDEN
    if isinstance(value, dict):
        return _shown_mapping(value, path, kind)
    if isinstance(value, list):
        return [shown(one, (*path, index), kind) for index, one in enumerate(value)]
    return HIDDEN if isinstance(value, str) and value and _names_a_secret(path) else value


def _shown_mapping(value: dict[str, Any], path: Path, kind: str) -> dict[str, Any]:
    out = {name: shown(one, (*path, name), kind) for name, one in value.items()}
    named = value.get("name")
    if isinstance(named, str) and isinstance(value.get("value"), str) and _NAMES.search(named):
        out["value"] = HIDDEN
    return out


def _names_a_secret(path: Path) -> bool:
    for token in path[-2:]:
        if isinstance(token, str):
            if token not in _REFERENCES and token != "name" and _NAMES.search(token):
                return True
        elif isinstance(token, tuple) and path[-1] == "value" and _NAMES.search(str(token[0])):
            return True
    return False
