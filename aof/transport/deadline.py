"""How long the operation under way may still take; whoever opens a socket asks here.

One limit for a whole call, however many requests, pages and pauses it needs. Limits nest:
an inner one can shorten the outer, never prolong it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar

from aof.errors import Unreachable

_ENDS_AT: ContextVar[float | None] = ContextVar("aof_call_ends_at", default=None)


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Everything in this block shares `seconds`."""
    ends_at = time.monotonic() + seconds
    outer = _ENDS_AT.get()
    token = _ENDS_AT.set(ends_at if outer is None else min(ends_at, outer))
    try:
        yield
    finally:
        _ENDS_AT.reset(token)


def remaining_s(most: float) -> float:
    """Seconds left of the limit in force, at most `most`; `most` where there is no limit."""
    ends_at = _ENDS_AT.get()
    return most if ends_at is None else min(most, ends_at - time.monotonic())


def require_time(shown: str, most: float) -> float:
    """`remaining_s`, or `Unreachable` when the limit has passed before `shown` began."""
    left = remaining_s(most)
    if left <= 0:
        raise Unreachable(
            f"{shown}: not sent, the call's time is up",
            why="the requests before it took the whole time the operation may take",
            fix="ask for less: a smaller limit, fewer pages",
        )
    return left
