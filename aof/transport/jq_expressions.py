"""Argo CD's `jqPathExpressions`, resolved to JSON pointers by the jq program.

An expression is a program of its own and may run for ever or eat all memory, so it runs in a
process with a time limit and an empty environment, never in ours.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from aof.errors import AofError, NotBound
from aof.transport.process import run

TIMEOUT_S = 2.0
_MOST_PATHS = 5_000


def jq_available() -> bool:
    """Whether the jq program is installed."""
    return shutil.which("jq") is not None


def pointers_of(expression: str, *objects: Mapping[str, Any]) -> list[str]:
    """The JSON pointers an expression selects in any of `objects`, sorted.

    Raises:
        NotBound: jq is not installed.
        Unreachable: It did not end in time, or is no path expression.
    """
    if not jq_available():
        raise NotBound(
            "jqPathExpressions cannot be evaluated", why="jq is not on PATH", fix="install jq"
        )
    found: set[str] = set()
    for obj in objects:
        done = run(
            ("jq", "--compact-output", f"[path({expression})]"),
            input_bytes=json.dumps(obj).encode(),
            timeout_s=TIMEOUT_S,
        )
        for path in json.loads(done.require() or b"[]")[:_MOST_PATHS]:
            found.add(_pointer(path))
    return sorted(found)


def resolve(expressions: Sequence[str], *objects: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """All pointers of several expressions, and what could not be evaluated, in words.

    Like Argo CD, an expression that fails ignores nothing and stops nothing.
    """
    pointers: set[str] = set()
    failed: list[str] = []
    for expression in expressions:
        try:
            pointers.update(pointers_of(expression, *objects))
        except AofError as error:
            failed.append(f"{expression}: {error.what}{': ' + error.why if error.why else ''}")
        except (ValueError, TypeError):
            failed.append(f"{expression}: jq's answer is no list of paths")
    return sorted(pointers), failed


def _pointer(path: Sequence[Any]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
