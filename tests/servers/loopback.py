"""A small HTTP server for tests: routes are methods, every request is remembered."""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlsplit

_BLOCK = 64 * 1024


@dataclass
class Asked:
    """A request as the server saw it; `headers` has lower-case names."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    pairs: list[tuple[str, str]] = field(default_factory=list)

    def json(self) -> Any:
        return json.loads(self.body or b"null")


@dataclass
class Reply:
    """What to answer.

    `cut` announces the whole body and sends only so many bytes of it; `drop` closes the
    connection without a word; `drip_s` is the pause between single bytes of the body. `blocks`
    are sent instead of a body, each as soon as it is there.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    drop: bool = False
    drip_s: float = 0.0
    blocks: Iterable[bytes] | None = None

    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


Route = Callable[..., Reply]


class Loopback:
    """Answers on 127.0.0.1.

    `planned` replies are given first, one per matching request. Requests that match `lost`
    are carried out, and then the connection is closed without an answer.
    """

    def __init__(self) -> None:
        self.routes: list[tuple[str, re.Pattern[str], Route]] = []
        self.asked: list[Asked] = []
        self.planned: list[tuple[str, str, Reply]] = []
        self.lost: list[tuple[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def route(self, method: str, pattern: str, answer: Route) -> None:
        """Answer `method` on paths that match `pattern` (groups become arguments)."""
        self.routes.append((method, re.compile(pattern), answer))

    def plan(self, method: str, path_part: str, *replies: Reply) -> None:
        """The next requests whose path contains `path_part` get these replies instead."""
        self.planned.extend((method, path_part, reply) for reply in replies)

    def lose(self, method: str, path_part: str) -> None:
        """Carry the next such request out, but lose the answer."""
        self.lost.append((method, path_part))

    def requests(self, method: str, path_part: str = "") -> list[Asked]:
        return [one for one in self.asked if one.method == method and path_part in one.path]

    def receiving(self, asked: Asked, received: int, length: int) -> None:
        """A request comes in: so far `received` of the `length` bytes of its body."""

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        for index, (method, part, reply) in enumerate(self.planned):
            if method == asked.method and part in asked.path:
                del self.planned[index]
                return reply
        for method, pattern, route in self.routes:
            found = pattern.fullmatch(asked.path)
            if found and method == asked.method:
                return self._maybe_lost(asked, route(asked, *found.groups()))
        return Reply(404, {"message": "Not Found"})

    def _maybe_lost(self, asked: Asked, reply: Reply) -> Reply:
        for index, (method, part) in enumerate(self.lost):
            if method == asked.method and part in asked.path:
                del self.lost[index]
                return Reply(drop=True)
        return reply

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def _drip(wire: BinaryIO, content: bytes, pause_s: float) -> None:
    """Byte by byte, until the client has had enough."""
    with suppress(OSError):
        for value in content:
            wire.write(bytes([value]))
            wire.flush()
            time.sleep(pause_s)


def _stream(wire: BinaryIO, blocks: Iterable[bytes]) -> None:
    """Chunked; the last, empty chunk ends it."""
    with suppress(OSError):
        for block in itertools.chain(blocks, [b""]):
            wire.write(f"{len(block):x}\r\n".encode() + block + b"\r\n")
            wire.flush()


def _received(server: Loopback, asked: Asked, wire: BinaryIO) -> bool:
    """Read the body; False where the client is gone before its end."""
    length = left = int(asked.headers.get("content-length") or 0)
    blocks: list[bytes] = []
    while left:
        block = wire.read(min(_BLOCK, left))
        if not block:
            return False
        blocks.append(block)
        left -= len(block)
        server.receiving(asked, length - left, length)
    asked.body = b"".join(blocks)
    return True


def _handler_of(server: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def answer(self) -> None:
            parts = urlsplit(self.path)
            pairs = parse_qsl(parts.query, keep_blank_values=True)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, dict(pairs), headers, b"", pairs)
            if not _received(server, asked, self.rfile):
                self.close_connection = True
                return
            reply = server.answer(asked)
            if reply.drop:
                self.close_connection = True
                return
            content = reply.content()
            self.send_response(reply.status)
            given = {name.lower() for name in reply.headers}
            if "content-type" not in given:
                self.send_header("content-type", "application/json")
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.blocks is not None:
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                _stream(self.wfile, reply.blocks)
                return
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            if reply.drip_s:
                _drip(self.wfile, content, reply.drip_s)
                return
            with suppress(ConnectionError):  # the client may have had enough
                self.wfile.write(content if reply.cut is None else content[: reply.cut])
            if reply.cut is not None:
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    return Handler
