"""Moments as people write them: RFC 3339, Unix seconds, `now`, `now-15m`."""

from __future__ import annotations

from datetime import UTC, datetime

from aof.clock import isoformat
from aof.errors import UsageFault
from aof.manifests.base import duration_s

_NS = 10**9


def nanoseconds(text: str, now: datetime) -> int:
    """Nanoseconds since 1970 of the moment `text` names.

    Args:
        text: RFC 3339 (no zone means UTC), Unix seconds, `now`, or `now-` and a duration.
        now: What `now` means.

    Raises:
        UsageFault: It is none of these.
    """
    words = text.strip()
    try:
        if words.startswith("now"):
            back = words.removeprefix("now").removeprefix("-")
            return _exact(now) - (int(duration_s(back) * _NS) if back else 0)
        if words.replace(".", "", 1).isdecimal():
            return int(float(words) * _NS)
        at = datetime.fromisoformat(words)
    except (ValueError, OverflowError):
        raise UsageFault(
            f"'{text}' is not a moment", fix="write e.g. 2026-11-20T10:00:00Z, now or now-15m"
        ) from None
    return _exact(at if at.tzinfo else at.replace(tzinfo=UTC))


def rfc3339(nanoseconds: int) -> str:
    """A moment for people, to the millisecond."""
    return isoformat(datetime.fromtimestamp(nanoseconds // 1000 / 1e6, UTC))


def _exact(at: datetime) -> int:
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86400 + since.seconds) * _NS + since.microseconds * 1000
