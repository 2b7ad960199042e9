"""Lets a loopback server fail: one fault per request, in the order given, then none.

Statuses and words are those the vendors publish. Faults that need a certain request, or a
change, wait for one.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.servers.loopback import Asked, Loopback, Reply

FAULTS = ("none", "500", "503", "429", "422", "drop", "lost", "cut", "half", "page", "limited")
"""`drop` loses the request, `lost` the answer; `cut` breaks off the answer. `half` is an answer
whose JSON ends in the middle, `page` the page of a proxy, `limited` a secondary rate limit."""

TRUNCATED = "truncated"
"""The server keeps half of what it was sent."""
STARTER = "starter"
"""An upload breaks half way: GitHub answers 502 and keeps an empty asset of the name."""
TAKEN = "taken"
"""Somebody else makes the same thing, with other content, just before."""
STALE = "stale"
"""A change is done, and the next reads do not show it yet."""
EXPIRED = "expired"
"""From here on the token is not valid any more."""
SLOW = "slow"
"""The change is done, and answered when nobody waits any more."""

SLOW_S = 0.6
_STALE_READS = 3
_AT_A_CHANGE = (STALE, SLOW)
_KEPT = ("releases", "packages", "files")


class Faulty:
    """Puts itself before a server's `answer`; `end` takes it away again."""

    def __init__(
        self, server: Loopback, faults: Sequence[str], *, changes_only: bool = False
    ) -> None:
        self.server = server
        self.faults = list(faults)
        self.changes_only = changes_only
        self.expired = False
        self._waiting = ""
        self._before: dict[str, Any] = {}
        self._stale_reads = 0
        self._answer = server.answer
        server.answer = self.answer  # type: ignore[method-assign]

    def end(self) -> None:
        self.server.answer = self._answer  # type: ignore[method-assign]

    def answer(self, asked: Asked) -> Reply:
        if self.expired:
            return Reply(401, {"message": "Bad credentials"})
        if asked.method == "GET" and self._stale_reads:
            self._stale_reads -= 1
            return self._as_before(asked)
        if self.changes_only and asked.method == "GET":
            return self._answer(asked)
        return self._faulty(asked, self._next(asked))

    def _next(self, asked: Asked) -> str:
        """The fault of this request; one that fits another kind waits for that."""
        fault, self._waiting = self._waiting, ""
        if not fault:
            fault = self.faults.pop(0) if self.faults else "none"
        fits = {
            STARTER: _uploads(asked),
            TAKEN: _uploads(asked) or _releases(asked),
            **dict.fromkeys(_AT_A_CHANGE, asked.method != "GET"),
        }
        if fits.get(fault, True):
            return fault
        self._waiting = fault
        return "none"

    def _faulty(self, asked: Asked, fault: str) -> Reply:
        if fault.isdecimal():
            return Reply(int(fault), {"message": "injected"}, {"Retry-After": "0"})
        if fault in {"drop", "page", "limited", EXPIRED, STARTER}:
            return self._instead(asked, fault)
        if fault == TRUNCATED and b"{" not in asked.body[:1]:
            asked.body = asked.body[: len(asked.body) // 2]
        if fault == TAKEN:
            _take(self.server, asked)
        if fault == STALE:
            self._before = {name: copy.deepcopy(one) for name, one in self._kept().items()}
            self._stale_reads = _STALE_READS
        return _disturbed(self._answer(asked), fault)

    def _instead(self, asked: Asked, fault: str) -> Reply:
        """Nothing of what was asked is done."""
        if fault == "page":
            return Reply(200, b"<html>Please sign in</html>", {"Content-Type": "text/html"})
        if fault == "limited":
            words = "You have exceeded a secondary rate limit. Please wait a few minutes."
            return Reply(403, {"message": words}, {"Retry-After": "60"})
        if fault == EXPIRED:
            self.expired = True
            return Reply(401, {"message": "Bad credentials"})
        if fault == STARTER:
            _start(self.server, asked)
            return Reply(502, {"message": "Bad Gateway"})
        return Reply(drop=True)

    def _as_before(self, asked: Asked) -> Reply:
        """A read as it would have been answered before the last change."""
        now = self._kept()
        vars(_changes(self.server)).update(self._before)
        try:
            reply = self._answer(asked)
            return replace(reply, body=copy.deepcopy(reply.body))
        finally:
            vars(_changes(self.server)).update(now)

    def _kept(self) -> dict[str, Any]:
        state = vars(_changes(self.server))
        return {name: state[name] for name in _KEPT if name in state}


def _disturbed(reply: Reply, fault: str) -> Reply:
    """The answer to a request that was carried out, on its way back."""
    if fault == "lost":
        return Reply(drop=True)
    if fault == SLOW:
        time.sleep(SLOW_S)
    content = reply.content()
    if fault == "cut" and len(content) > 1:
        return replace(reply, cut=1)
    if fault == "half":
        return replace(reply, body=content[: len(content) // 2])
    return reply


def _changes(server: Loopback) -> Any:
    return server.changes  # type: ignore[attr-defined]


def _uploads(asked: Asked) -> bool:
    return "/uploads/" in asked.path or "/packages/generic/" in asked.path


def _releases(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path.endswith("/releases")


def _start(server: Loopback, asked: Asked) -> None:
    """What a broken upload leaves on GitHub: an empty asset; nothing on GitLab."""
    for release in _changes(server).releases:
        if f"/releases/{release['id']}/assets" in asked.path:
            name = asked.query["name"]
            asset = {"id": 1, "name": name, "size": 0, "state": "starter", "digest": None}
            release["assets"].append(asset)


def _take(server: Loopback, asked: Asked) -> None:
    """Do the same before, as somebody else."""
    if _uploads(asked):
        server.answer.__self__._answer(replace(asked, body=b"theirs"))  # type: ignore[attr-defined]
        return
    tag = asked.json()["tag_name"]
    if "/repos/" in asked.path:
        _changes(server).release(tag, draft=False, name="theirs")
    else:
        theirs = {"tag_name": tag, "name": "theirs", "description": "", "assets": {"links": []}}
        _changes(server).releases.append(theirs)
