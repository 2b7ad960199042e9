"""A loopback server that behaves as a model provider does, well or badly.

What is said stands here; how it looks on the wire in `openai`, `anthropic` and `gemini`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol


@dataclass(frozen=True)
class Say:
    """A good answer: text, calls (name, JSON text of the arguments), token counts."""

    text: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    usage: tuple[int, int] = (100, 20)
    finish: str = ""


@dataclass(frozen=True)
class Refuse:
    """An error status in the provider's own words."""

    status: int
    message: str = "no"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """These bytes, then the end; the content type of a stream."""

    body: bytes


@dataclass(frozen=True)
class Truncate:
    """The first part of an answer, then the connection is cut."""

    say: Say


@dataclass(frozen=True)
class Stall:
    """The first part of an answer, then silence, then the rest."""

    say: Say
    seconds: float


Turn = Say | Refuse | Raw | Truncate | Stall


class Format(Protocol):
    def blocks(self, say: Say, request: dict[str, Any]) -> list[bytes]:
        """The pieces of the body, in order."""

    def error(self, status: int, message: str) -> dict[str, Any]:
        """The body of a refusal."""


class ModelServer:
    """Gives its turns one after another, the last one again and again."""

    def __init__(self, turns: Sequence[Turn], wire: Format) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self._turns = list(turns)
        self._wire = wire
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                turn = server._next(self.path, dict(self.headers), body)
                try:
                    server._answer(self, turn, body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                return None

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._stopped.set()
        self._http.shutdown()
        self._http.server_close()

    def _next(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Turn:
        with self._lock:
            at = min(len(self.requests), len(self._turns) - 1)
            self.paths.append(path)
            self.headers.append({name.lower(): value for name, value in headers.items()})
            self.requests.append(body)
            return self._turns[at]

    def _answer(self, to: BaseHTTPRequestHandler, turn: Turn, request: dict[str, Any]) -> None:
        if isinstance(turn, Refuse):
            body = json.dumps(self._wire.error(turn.status, turn.message)).encode()
            _head(
                to,
                turn.status,
                "application/json",
                {**turn.headers, "content-length": str(len(body))},
            )
            to.wfile.write(body)
            return
        _head(to, 200, "text/event-stream", {"transfer-encoding": "chunked"})
        # An empty chunk would end the body, and the end written below would start the next answer.
        for block in filter(None, self._blocks(turn, request)):
            to.wfile.write(f"{len(block):x}\r\n".encode() + block + b"\r\n")
            to.wfile.flush()
        if isinstance(turn, Truncate):
            to.close_connection = True
        else:
            to.wfile.write(b"0\r\n\r\n")

    def _blocks(self, turn: Turn, request: dict[str, Any]) -> Iterator[bytes]:
        if isinstance(turn, Raw):
            yield turn.body
            return
        assert not isinstance(turn, Refuse)
        say = turn if isinstance(turn, Say) else turn.say
        blocks = self._wire.blocks(say, request)
        half = max(1, len(blocks) // 2)
        yield from blocks[:half]
        if isinstance(turn, Truncate):
            return
        if isinstance(turn, Stall):
            self._stopped.wait(turn.seconds)
        yield from blocks[half:]


def _head(to: BaseHTTPRequestHandler, status: int, kind: str, headers: dict[str, str]) -> None:
    to.send_response(status)
    to.send_header("content-type", kind)
    for name, value in headers.items():
        to.send_header(name, value)
    to.end_headers()


@contextmanager
def serving(turns: Sequence[Turn], wire: Format) -> Iterator[ModelServer]:
    server = ModelServer(turns, wire)
    try:
        yield server
    finally:
        server.close()


def pieces(text: str, size: int = 12) -> list[str]:
    """`text` as a provider streams it."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def sse(data: dict[str, Any], event: str = "") -> bytes:
    """One server-sent event."""
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()
