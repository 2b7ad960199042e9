"""What all kinds share: apiVersion, metadata, and how strict they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

API_VERSION = "aof.dev/v1alpha1"

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def duration_s(text: str) -> float:
    """Seconds of a duration such as `90s`, `10m`, `1h30m`; `ValueError` when it is none."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"'{text}' is not a duration such as 30s, 10m or 1h30m")
    return sum(float(number) * _UNIT_S[unit] for number, unit in parts)


def _checked_duration(text: str) -> str:
    duration_s(text)
    return text


Duration = Annotated[str, AfterValidator(_checked_duration)]
"""A duration as text, e.g. `4h`; `duration_s` gives its seconds."""


class Strict(BaseModel):
    """A model that refuses unknown fields and cannot be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Metadata(Strict):
    """Name and labels of a manifest."""

    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class Manifest(Strict):
    """Fields every document starts with."""

    apiVersion: Literal["aof.dev/v1alpha1"]  # noqa: N815 - the wire name
    metadata: Metadata


class Approval(Strict):
    """Who must allow changes. Where Agent, Trigger and Policy disagree, the strictest holds."""

    required: bool = True
    approvers: tuple[str, ...] = ()
    quorum: int = Field(default=1, ge=1)
    timeout: Duration = "4h"
    commands: tuple[str, ...] = Field(
        default=(), description="Commands that need approval; `*` matches anything."
    )


class Reference(Strict):
    """A pointer to another manifest: a path, with or without `.yaml`."""

    ref: str = Field(min_length=1)


Scalar = str | int | float | bool
JsonObject = dict[str, Any]


def overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`: mappings key by key, anything else replaces."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = overlaid(merged[key], value) if both else value
    return merged
