"""A connection to an MCP server, for code that is not asynchronous.

The event loop runs in a thread of its own. Everything a server sends is limited in time and
size; it gets no way to ask anything of us (no sampling, no roots, no elicitation).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aof.errors import NotBound, Unreachable
from aof.transport.mcp_http import http_streams
from aof.transport.mcp_stdio import LONGEST_LINE, stdio_streams

_T = TypeVar("_T")
_MOST_TOOLS = 200


@dataclass(frozen=True, slots=True)
class McpTool:
    """A tool as the server describes it; every word of it is the server's own."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(slots=True)
class McpSession:
    """One server, connected on the first use.

    Args:
        name: For messages.
        command: Program and arguments of a server on standard input and output.
        url: Of a streamable HTTP server; used when there is no command.
        headers: Sent with every HTTP request.
        env: Added to the scrubbed environment of the program.
        timeout_s: For connecting, and for each request.
    """

    name: str
    command: Sequence[str] = ()
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 30.0
    _loop: asyncio.AbstractEventLoop | None = None
    _client: Any = None
    _task: asyncio.Task[None] | None = None
    _broken: BaseException | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tools(self) -> tuple[McpTool, ...]:
        """What the server offers now; at most 200 tools.

        Raises:
            NotBound: The extra is not installed, or the program is not there.
            Unreachable: The server does not answer as it should.
        """
        client = self._connected()
        answer = self._wait(client.list_tools(cache_mode="refresh"), "tools/list")
        return tuple(
            McpTool(str(one.name), str(one.description or ""), dict(one.input_schema))
            for one in answer.tools[:_MOST_TOOLS]
        )

    def call(self, tool: str, arguments: Mapping[str, Any]) -> Any:
        """The answer of a tool: its structured content, or its text.

        Raises:
            Unreachable: It failed, took too long, or answered more than 4 MiB.
        """
        client = self._connected()
        answer = self._wait(client.call_tool(tool, dict(arguments)), tool)
        text = "\n".join(one.text for one in answer.content if getattr(one, "text", None))
        value = text if answer.structured_content is None else answer.structured_content
        size = len(value if isinstance(value, str) else json.dumps(value))
        if size > LONGEST_LINE:
            raise Unreachable(
                f"{self.name} {tool}: the answer is larger than {LONGEST_LINE // 2**20} MiB",
                fix="ask for less",
            )
        if answer.is_error:
            raise Unreachable(f"{self.name} {tool} failed", why=text[:400])
        return value

    def close(self) -> None:
        """End the connection, and the program."""
        with self._lock:
            self._give_up()

    def __del__(self) -> None:
        if getattr(self, "_loop", None) is not None:
            self._give_up()

    def _give_up(self) -> None:
        loop, task = self._loop, self._task
        self._loop = self._client = self._task = None
        if loop is not None and task is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(task.cancel)

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._connect()
            return self._client

    def _connect(self) -> None:
        try:
            import mcp  # noqa: F401
        except ImportError as error:
            raise NotBound(
                f"the MCP server {self.name} needs the extra 'mcp'",
                why=str(error),
                fix="pip install 'aof[mcp]'",
            ) from error
        ready = threading.Event()
        self._broken = None
        loop = asyncio.new_event_loop()
        task = loop.create_task(self._serve(ready))
        self._loop, self._task = loop, task

        def run() -> None:
            try:
                loop.run_until_complete(task)
            except BaseException as error:  # noqa: BLE001 - told to whoever waits
                self._broken = error
            finally:
                ready.set()
                loop.close()

        threading.Thread(target=run, daemon=True, name=f"mcp-{self.name}").start()
        if not ready.wait(self.timeout_s) or self._client is None:
            why = _words(self._broken) if self._broken else "it did not answer in time"
            self._give_up()
            raise Unreachable(
                f"the MCP server {self.name} cannot be used",
                why=why,
                fix="check its command or URL, and that it speaks MCP",
            )

    async def _serve(self, ready: threading.Event) -> None:
        """Hold the connection open until `close`."""
        from mcp import Client

        async with contextlib.AsyncExitStack() as stack:
            transport = await self._transport(stack)
            client = Client(transport, read_timeout_seconds=self.timeout_s, cache=None)
            self._client = await stack.enter_async_context(client)
            ready.set()
            await asyncio.Event().wait()

    async def _transport(self, stack: contextlib.AsyncExitStack) -> Any:
        if self.command:
            return stdio_streams(self.command, self.env)
        return await http_streams(
            stack, self.url, self.headers, timeout_s=self.timeout_s, most_bytes=LONGEST_LINE
        )

    def _wait(self, work: Coroutine[Any, Any, _T], what: str) -> _T:
        loop = self._loop
        if loop is None:
            work.close()
            raise Unreachable(f"{self.name} {what}: the connection is gone")
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result(self.timeout_s)
        except FutureTimeout:
            future.cancel()
            self.close()
            raise Unreachable(
                f"{self.name} {what}: no answer within {self.timeout_s:g} s",
                why="the server hangs; the connection was ended",
            ) from None
        except Unreachable:
            raise
        except Exception as error:
            raise Unreachable(f"{self.name} {what} failed", why=_words(error)) from error


def _words(error: BaseException) -> str:
    """The innermost message of what an asynchronous library threw together."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return (str(error) or type(error).__name__)[:400]
