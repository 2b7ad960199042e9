"""An MCP server as a child process: lines of JSON on its standard input and output.

The SDK's own transport has no limit for a line and takes quadratic time over a long one; this
one ends the connection at 4 MiB, and the process group with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from aof.errors import NotBound
from aof.transport.process import scrubbed_environment

LONGEST_LINE = 4 * 1024 * 1024
_ENDING_S = 1.0


@contextlib.asynccontextmanager
async def stdio_streams(
    command: Sequence[str], env: Mapping[str, str]
) -> AsyncIterator[tuple[Any, Any]]:
    """The streams the SDK's client reads and writes; the process ends with the block.

    Raises:
        NotBound: There is no such program.
    """
    import anyio

    if shutil.which(command[0]) is None:
        raise NotBound(f"{command[0]} is not installed", why="it is not on PATH")
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # What a server writes to standard error must not reach the person's terminal.
        stderr=asyncio.subprocess.DEVNULL,
        env=scrubbed_environment(env),
        limit=LONGEST_LINE,
        start_new_session=True,
    )
    to_us, from_server = anyio.create_memory_object_stream[Any](0)
    to_server, from_us = anyio.create_memory_object_stream[Any](0)
    tasks = [
        asyncio.create_task(_read(process, to_us)),
        asyncio.create_task(_write(process, from_us)),
    ]
    try:
        yield from_server, to_server
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _end(process)
        for stream in (to_us, from_server, to_server, from_us):
            stream.close()


async def _read(process: asyncio.subprocess.Process, to_us: Any) -> None:
    """Pass lines on until the server ends, or one is too long."""
    from mcp.shared.message import SessionMessage
    from mcp_types import jsonrpc_message_adapter
    from pydantic import ValidationError

    assert process.stdout is not None
    async with to_us:
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:
                # asyncio's word for a line beyond `limit`.
                return
            if not line:
                return
            try:
                message = jsonrpc_message_adapter.validate_json(line)
            except ValidationError as error:
                await to_us.send(error)
            else:
                await to_us.send(SessionMessage(message))


async def _write(process: asyncio.subprocess.Process, from_us: Any) -> None:
    assert process.stdin is not None
    async with from_us:
        async for sent in from_us:
            text = sent.message.model_dump_json(by_alias=True, exclude_unset=True)
            with contextlib.suppress(ConnectionError):
                process.stdin.write(text.encode() + b"\n")
                await process.stdin.drain()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close its input, wait a moment, and kill the group."""
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _ENDING_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdout is not None:
        # Whatever still stands in the pipe: asyncio waits for its end.
        while await process.stdout.read(LONGEST_LINE):
            pass
    await process.wait()
