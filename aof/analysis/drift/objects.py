"""Reading Kubernetes objects that may not have the shape they should have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aof.analysis.drift.result import Identity

Object = Mapping[str, Any]
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_NOTHING: Mapping[str, Any] = {}


def mapping(value: Any) -> Mapping[str, Any]:
    """`value` if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def metadata_of(obj: Object) -> Mapping[str, Any]:
    """`metadata`, or an empty mapping."""
    return mapping(obj.get("metadata"))


def annotations_of(obj: Object) -> Mapping[str, Any]:
    """Annotations, or an empty mapping."""
    return mapping(metadata_of(obj).get("annotations"))


def identity_of(obj: Object) -> Identity:
    """Which object it is; absent parts are empty."""
    metadata = metadata_of(obj)
    return Identity(
        str(obj.get("apiVersion") or ""),
        str(obj.get("kind") or ""),
        str(metadata.get("namespace") or ""),
        str(metadata.get("name") or ""),
    )
