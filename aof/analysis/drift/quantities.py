"""Values that have several spellings: Kubernetes quantities and Go durations.

Used only on fields that are known to hold them; a ConfigMap's "1000m" is text.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

_QUANTITY = re.compile(
    r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE])?)"
)
_SUFFIX = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10) ** 3,
    "M": Decimal(10) ** 6,
    "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12,
    "P": Decimal(10) ** 15,
    "E": Decimal(10) ** 18,
    "Ki": Decimal(2) ** 10,
    "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40,
    "Pi": Decimal(2) ** 50,
    "Ei": Decimal(2) ** 60,
}
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {
    "ns": Decimal("1e-9"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
}
_LONGEST = 64  # nobody writes longer numbers; a hostile one must not cost time


def parse_quantity(value: Any) -> Decimal | None:
    """The number a quantity stands for (`500m`, `1Gi`, `1e3`, 0.5), or None when it is none.

    Source: apimachinery/pkg/api/resource, the grammar in the comment of `Quantity`.
    """
    if isinstance(value, bool) or value is None:
        return None
    return _quantity(str(value))


def parse_duration(value: Any) -> Decimal | None:
    """Seconds of a Go duration such as `2160h` or `1h30m0s`, or None when it is none."""
    return _duration(value) if isinstance(value, str) else None


@lru_cache(maxsize=4096)
def _quantity(text: str) -> Decimal | None:
    if len(text) > _LONGEST or (match := _QUANTITY.fullmatch(text.strip())) is None:
        return None
    number, exponent, suffix = match.groups()
    try:
        value = Decimal(number + (exponent or ""))
    except InvalidOperation:
        return None
    return value * _SUFFIX[suffix] if suffix else value


@lru_cache(maxsize=1024)
def _duration(text: str) -> Decimal | None:
    if len(text) > _LONGEST:
        return None
    sign = -1 if text.startswith("-") else 1
    rest = text.lstrip("+-")
    if rest == "0":
        return Decimal(0)
    parts = _DURATION.findall(rest)
    if not parts or "".join(number + unit for number, unit in parts) != rest:
        return None
    return sign * sum((Decimal(number) * _SECONDS[unit] for number, unit in parts), Decimal(0))
