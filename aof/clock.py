"""Time, as something that can be passed in: runs, expiries and tests read the same clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where a part of the program gets the time from."""

    def now(self) -> datetime:
        """The current time, timezone-aware, UTC."""

    def monotonic(self) -> float:
        """Seconds that never go backwards, for durations."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's clock, in whole milliseconds: what we write down is what we used."""

    def now(self) -> datetime:
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class FrozenClock:
    """A clock that moves only when told to; `sleep` moves it."""

    def __init__(self, at: datetime) -> None:
        self._now = at.astimezone(UTC)
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move time forward (negative seconds move the wall clock back)."""
        self._now += timedelta(seconds=seconds)
        self._elapsed += max(seconds, 0.0)


def isoformat(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`, the one form we write."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
