"""The MCP server of `mcp_behaviour` over streamable HTTP, and what only HTTP can get wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.loopback import Asked, Loopback, Reply
from tests.servers.mcp_behaviour import Behaviour

_JSON = {"content-type": "application/json"}


@contextmanager
def mcp_over_http(record: Path, mode: str) -> Iterator[Loopback]:
    """The server at `url + "/mcp"`."""
    behaviour, server = Behaviour(record, mode), Loopback()

    def post(asked: Asked) -> Reply:
        request = asked.json()
        called = request.get("method") == "tools/call"
        if mode == "silent":
            time.sleep(600)
        if mode == "redirects" and called:
            return Reply(307, headers={"location": f"{server.url}/elsewhere"})
        if mode == "dies" and called:
            return Reply(drop=True)
        if mode == "500" and called:
            return Reply(500, b"boom")
        if mode == "html" and called:
            return Reply(200, b"<html>log in</html>", {"content-type": "text/html"})
        if mode == "drips" and called:
            return Reply(200, b" " * 1_000_000, _JSON, drip_s=0.2)
        reply = behaviour.answer(request)
        return Reply(202) if reply is None else Reply(200, reply, _JSON)

    server.route("POST", "/mcp", post)
    server.route("POST", "/elsewhere", post)
    server.route("GET", "/mcp", lambda asked: Reply(405))
    server.route("DELETE", "/mcp", lambda asked: Reply(405))
    with server.running():
        yield server
