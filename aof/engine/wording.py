"""How a model's words stand in a report: below our headings, harmless, and signed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from aof.engine.caution import without_decision
from aof.messages import Usage

_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.*?)\s*#*$")
_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_TAG = re.compile(r"<(?=[a-zA-Z/!])")


def tidied(text: str, answer: Any = None) -> str:
    """A reply without decision lines, images and HTML, its headings as bold lines.

    Images would fetch an address of the model's choice when a report is shown as a page or
    a comment. A structured answer is shown as the JSON it is.
    """
    if answer is not None:
        return f"```json\n{json.dumps(answer, indent=2, ensure_ascii=False)}\n```"
    lines, fenced = [], False
    for line in without_decision(text).split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            lines.append(line)
        else:
            lines.append(line if fenced else _harmless(line))
    return "\n".join([*lines, "```"] if fenced else lines).strip()


def _harmless(line: str) -> str:
    line = _HEADING.sub(r"**\1**\n", line)
    return _TAG.sub("&lt;", _IMAGE.sub(r"\1 (image removed)", line))


def signed(text: str, model: str, unsupported: Sequence[str], usage: Usage) -> str:
    """The text, who wrote it at what price, and what in it stands in no evidence."""
    if not text:
        return ""
    spent = f"{usage.input_tokens + usage.output_tokens:,} tokens"
    if usage.cost_usd is not None:
        spent += f", ${usage.cost_usd:.4f}"
    note = f"Written by {model}: {spent}."
    if unsupported:
        listed = ", ".join(f"`{claim}`" for claim in unsupported)
        note += f" In no evidence: {listed}."
    return f"{text}\n\n_{note}_"
