"""How deep a YAML text nests, asked before a parser in C uses its stack for every level.

LibYAML's loader calls itself for every level; a hundred thousand brackets end the process.
Imports nothing of ours.
"""

from __future__ import annotations

import re

DEEPEST = 500
"""Levels nobody writes, and every stack has room for."""

_BEGINS_LEVEL = re.compile(r"[\[{](?!\s*[\]}])")
_INDENTED = re.compile(rf"[ \t?:-]{{{DEEPEST}}}")


def nests_too_deeply(text: str) -> bool:
    """Whether collections of `text` stand more than `DEEPEST` levels inside one another.

    False also for what is no YAML: whoever loads it says so.
    """
    # A level takes a bracket of its own, or begins further right than the one around it.
    brackets = sum(1 for _ in _BEGINS_LEVEL.finditer(text))
    if brackets <= DEEPEST and not _INDENTED.search(text):
        return False
    import yaml

    depth = 0
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > DEEPEST:
                return True
    except yaml.YAMLError:
        pass
    return False
