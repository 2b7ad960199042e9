"""The streams of an MCP server over HTTP: no redirects, and no answer larger than a limit."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any


async def http_streams(
    stack: contextlib.AsyncExitStack,
    url: str,
    headers: Mapping[str, str],
    *,
    timeout_s: float,
    most_bytes: int,
) -> Any:
    """What the SDK's client takes as a transport; closed with `stack`.

    Args:
        stack: Keeps the HTTP client open.
        url: Of a streamable HTTP server.
        headers: Sent with every request.
        timeout_s: For connecting, and for each read.
        most_bytes: Of an answer, or of one event of a stream.
    """
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    class Counted(httpx2.AsyncByteStream):  # type: ignore[misc]
        """A body that ends with an error once it is too large."""

        def __init__(self, body: Any) -> None:
            self._body = body

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in self._body:
                size += len(chunk)
                if size > most_bytes:
                    raise httpx2.ReadError(f"the answer is larger than {most_bytes // 2**20} MiB")
                yield chunk

        async def aclose(self) -> None:
            await self._body.aclose()

    async def limited(response: Any) -> None:
        # Events of a stream are limited one by one by the SDK.
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            response.stream = Counted(response.stream)

    client = await stack.enter_async_context(
        httpx2.AsyncClient(
            headers=dict(headers),
            timeout=timeout_s,
            follow_redirects=False,
            event_hooks={"response": [limited]},
        )
    )
    return streamable_http_client(url, http_client=client, max_sse_event_size=most_bytes)
