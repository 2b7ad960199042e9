"""Changes that would carry the values of a Secret: refused before they become a plan.

A plan is stored, shown to approvers and covered by a digest, so it has to hold every argument
in clear. And what a model knows of a Secret is a placeholder, which must never be written back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aof.errors import UsageFault

_PARTS = ("data", "stringData")


def refuse_secret_values(arguments: Mapping[str, Any]) -> None:
    """Look at the arguments of `kubectl apply` and `kubectl patch`.

    Labels, annotations, and removing a key (`null`, a `remove` step) may be planned.

    Raises:
        UsageFault: They would write values of a Secret.
    """
    written = [
        one.get("metadata", {}).get("name", "")
        for one in arguments.get("manifests") or []
        if _is_secret(str(one.get("kind"))) and _in_object(one)
    ]
    resource = str(arguments.get("resource") or "")
    patch = arguments.get("patch")
    if _is_secret(resource.partition("/")[0]) and (_in_object(patch) or _in_steps(patch)):
        written.append(arguments.get("name") or resource.partition("/")[2])
    if written:
        raise UsageFault(
            f"secret/{written[0]}: values of a Secret are not written through a plan",
            why="plans are stored and shown to those who approve them",
            fix="change the value where it is kept (SOPS, Vault, External Secrets), "
            "or type the command yourself",
        )


def _is_secret(kind: str) -> bool:
    return kind.partition(".")[0].lower() in {"secret", "secrets"}


def _in_object(value: Any) -> bool:
    """Whether `data` or `stringData` gets a value."""
    if not isinstance(value, Mapping):
        return False
    parts = [value.get(name) for name in _PARTS]
    return any(
        any(one is not None for one in part.values()) if isinstance(part, Mapping) else bool(part)
        for part in parts
    )


def _in_steps(patch: Any) -> bool:
    """Whether a JSON patch names values below `data` or `stringData` for more than removal."""
    steps = [step for step in patch if isinstance(step, Mapping)] if isinstance(patch, list) else []
    return any(
        _in_values(str(step.get(place)))
        for step in steps
        if step.get("op") != "remove"
        for place in ("path", "from")
        if place in step
    )


def _in_values(pointer: str) -> bool:
    return pointer.strip("/").partition("/")[0] in {"", *_PARTS}
