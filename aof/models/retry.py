"""The one layer in which a model call is repeated."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from aof.clock import Clock
from aof.models.base import ModelFailed

_T = TypeVar("_T")
_ATTEMPTS = 3
_LONGEST_PAUSE_S = 30.0


def with_retries(call: Callable[[], _T], clock: Clock) -> _T:
    """The result of `call`, tried up to three times while its failures are transient.

    A provider that asks for a longer pause than we are willing to make is not asked again:
    the next model of the list, or the built-in one, is the better answer.
    """
    for attempt in range(1, _ATTEMPTS):
        try:
            return call()
        except ModelFailed as failure:
            pause = failure.retry_after_s
            if not failure.transient or (pause is not None and pause > _LONGEST_PAUSE_S):
                raise
            if pause is None:
                pause = 0.5 * 2**attempt * random.uniform(0.7, 1.3)
            clock.sleep(pause)
    return call()
