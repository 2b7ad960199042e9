"""A stable name for a failure: equal for equal causes, whatever numbers and paths it printed."""

from __future__ import annotations

import re

_MASKS = (
    (re.compile(r"https?://\S+"), "<url>"),
    (re.compile(r"(?:[A-Za-z]:)?(?:[\w.@~+-]*[/\\]){1,40}([\w.@~+-]+)"), r"<path>/\1"),
    (re.compile(r"0x[0-9a-fA-F]+"), "<hex>"),
    (re.compile(r"\b[0-9a-f]{7,64}\b"), "<hex>"),
    (re.compile(r"\d+(?:[.,]\d+)*"), "<n>"),
    (re.compile(r"\s+"), " "),
)


def signature(rule_id: str, message: str) -> str:
    """`rule: message` with addresses, paths, hashes and numbers masked, at most 200 characters."""
    text = message[:600]
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return f"{rule_id}: {text.strip()}"[:200]
