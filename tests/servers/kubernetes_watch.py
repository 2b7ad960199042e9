"""The history of a server's objects, and watches on it, as the published API has them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

GONE = {
    "kind": "Status",
    "apiVersion": "v1",
    "status": "Failure",
    "reason": "Expired",
    "code": 410,
    "message": "too old resource version",
}
_BOOKMARK_S = 0.005


@dataclass
class History:
    """Events in order, each with the version it made.

    Attributes:
        seconds: The server ends a watch after so long, whatever the client asked for.
        oldest: Versions before this one are forgotten: a watch from there is gone.
    """

    seconds: float = 0.01
    oldest: int = 0
    events: list[tuple[int, str, str, dict[str, Any]]] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, version: int, event: str, plural: str, body: dict[str, Any]) -> None:
        with self._changed:
            self.events.append((version, event, plural, body))
            self._changed.notify_all()

    def watch(
        self, plural: str, since: int, asked_s: float, selects: Callable[[dict[str, Any]], bool]
    ) -> Iterator[bytes]:
        """Lines of events after `since`; bookmarks while nothing happens."""
        if since < self.oldest:
            yield _line("ERROR", GONE)
            return
        ends = time.monotonic() + min(asked_s, self.seconds)
        done = 0
        while time.monotonic() < ends:
            with self._changed:
                if len(self.events) == done:
                    self._changed.wait(min(_BOOKMARK_S, max(ends - time.monotonic(), 0.0)))
                fresh, done = self.events[done:], len(self.events)
            for version, event, its_plural, body in fresh:
                if version > since and its_plural == plural and selects(body):
                    yield _line(event, body)
            if not fresh:
                newest = self.events[-1][0] if self.events else since
                yield _line("BOOKMARK", {"metadata": {"resourceVersion": str(newest)}})


def _line(event: str, body: dict[str, Any]) -> bytes:
    return json.dumps({"type": event, "object": body}).encode() + b"\n"
