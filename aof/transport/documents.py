"""JSON answers of an expected kind; anything else is the server's fault, not a crash of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aof.errors import Unreachable
from aof.transport.http import Answer


def document(answer: Answer, needs: Sequence[str] = ()) -> dict[str, Any]:
    """The answer as a JSON object that has the members it `needs`.

    Raises:
        Unreachable: It is not JSON, or another kind of value, or a member is missing.
    """
    found = answer.json()
    if not isinstance(found, dict):
        raise _unexpected(answer, f"a JSON object was expected, not {type(found).__name__}")
    _require(answer, found, needs)
    return found


def entries(answer: Answer, key: str = "", needs: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The objects of a list: the answer itself, or what stands under `key` in it.

    Raises:
        Unreachable: There is no list, or one of other values, or a member is missing.
    """
    found = document(answer).get(key) if key else answer.json()
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        where = f" under '{key}'" if key else ""
        raise _unexpected(answer, f"a list of objects was expected{where}")
    for one in found:
        _require(answer, one, needs)
    return found


def member(document: Mapping[str, Any], *names: str) -> Any:
    """The value behind a path of names; None where the path ends early."""
    found: Any = document
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _require(answer: Answer, found: Mapping[str, Any], needs: Sequence[str]) -> None:
    missing = [name for name in needs if found.get(name) is None]
    if missing:
        raise _unexpected(answer, f"'{missing[0]}' is missing")


def _unexpected(answer: Answer, why: str) -> Unreachable:
    return Unreachable(
        f"{answer.request}: this is not the API's answer",
        why=f"{why}; it begins with {answer.body[:80]!r}",
        fix="check that the URL points at the API and not at a proxy",
    )
