"""Lets a loopback server fail: one fault per request, in the order given, then none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.servers.loopback import Asked, Loopback, Reply

FAULTS = ("none", "500", "503", "429", "422", "drop", "lost", "cut")
"""`drop` loses the request, `lost` the answer; `cut` breaks off the answer."""

TRUNCATED = "truncated"
"""The server keeps half of what it was sent."""


class Faulty:
    """Puts itself before a server's `answer`; `end` takes it away again."""

    def __init__(
        self, server: Loopback, faults: Sequence[str], *, changes_only: bool = False
    ) -> None:
        self.server = server
        self.faults = list(faults)
        self.changes_only = changes_only
        self._answer = server.answer
        server.answer = self.answer  # type: ignore[method-assign]

    def end(self) -> None:
        self.server.answer = self._answer  # type: ignore[method-assign]

    def answer(self, asked: Asked) -> Reply:
        if self.changes_only and asked.method == "GET":
            return self._answer(asked)
        fault = self.faults.pop(0) if self.faults else "none"
        if fault.isdecimal():
            return Reply(int(fault), {"message": "injected"}, {"Retry-After": "0"})
        if fault == "drop":
            return Reply(drop=True)
        if fault == TRUNCATED and b"{" not in asked.body[:1]:
            asked.body = asked.body[: len(asked.body) // 2]
        reply = self._answer(asked)
        if fault == "lost":
            return Reply(drop=True)
        if fault == "cut" and len(reply.content()) > 1:
            return replace(reply, cut=1)
        return reply
