"""Changes whose answer got lost: look before saying that they failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from aof.errors import Unreachable

_T = TypeVar("_T")


def settled(act: Callable[[], _T], observe: Callable[[], _T | None]) -> _T:
    """What `act` returns, or what `observe` finds when `act` fails.

    A lost answer, a 5xx after the fact and "already exists" all mean that what was wanted
    may be there. A change is never sent twice.

    Raises:
        Unreachable: `act` failed and `observe` finds nothing, or fails too.
    """
    try:
        return act()
    except Unreachable as failure:
        try:
            found = observe()
        except Unreachable:
            raise failure from None
        if found is None:
            raise
        return found
