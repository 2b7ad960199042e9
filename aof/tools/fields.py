"""Choosing fields of a vendor's answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def only(document: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The named fields, None where there is none."""
    return {name: document.get(name) for name in names}
