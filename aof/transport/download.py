"""Large bodies, streamed to a file: redirects followed without credentials, size limited.

Forges answer a request for a log or an artifact with a redirect to a storage host and a
signed link. Credentials stay with the host they were meant for, and signed links (their
query is a secret) never appear in an error.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from aof.errors import Unreachable
from aof.transport.deadline import require_time
from aof.transport.http import (
    Answer,
    Failed,
    checked_headers,
    may_retry,
    no_connection,
    repeated,
    timed_out,
    trust,
    without_secrets,
)

if TYPE_CHECKING:
    import ssl

    import httpx

_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WORDS = 4096


@dataclass(frozen=True, slots=True)
class Download:
    """Fetches from one server.

    Args:
        headers: Credentials; sent to the host of the first URL only.
        timeout_s: For one try, redirects included.
        limit: Bytes the body may have; more is refused.
        attempts: Tries, each from the beginning.
        ca_file: CA certificates to trust besides the public ones: a server with a private CA
            may redirect to a storage host with a public one.
    """

    headers: Mapping[str, str]
    timeout_s: float = 60.0
    limit: int = 512 * 1024 * 1024
    attempts: int = 3
    ca_file: str = ""

    def fetch(self, url: str, into: IO[bytes]) -> Answer:
        """GET `url` and write the body to `into` when the final status is 200.

        Returns:
            The final answer. Its `body` is empty for status 200, else the server's words.

        Raises:
            Unreachable: No connection, too slow, too large, broken off, bad redirects.
        """
        return repeated(lambda: self._once(url, into), attempts=self.attempts)

    def _once(self, url: str, into: IO[bytes]) -> Answer:
        import httpx

        shown = f"GET {without_secrets(url)}"
        left = require_time(shown, self.timeout_s)
        ends_at = time.monotonic() + left
        into.seek(0)
        into.truncate()
        timeout = httpx.Timeout(left, connect=min(left, 5.0))
        try:
            with httpx.Client(
                timeout=timeout, follow_redirects=False, verify=_trusted(self.ca_file)
            ) as client:
                return self._follow(client, url, into, ends_at=ends_at)
        except httpx.TimeoutException as error:
            raise Failed(timed_out(shown, left), retry=may_retry(error)) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Failed(_refused(shown, "not a usable URL"), retry=False) from error
        except httpx.TransportError as error:
            raise Failed(no_connection(shown, error), retry=True) from error

    def _follow(self, client: httpx.Client, url: str, into: IO[bytes], *, ends_at: float) -> Answer:
        first = url
        for _ in range(_MOST_REDIRECTS + 1):
            credentials = checked_headers(self.headers) if _origin(url) == _origin(first) else {}
            headers = {"user-agent": "aofctl", **credentials}
            with client.stream("GET", url, headers=headers) as response:
                target = response.headers.get("location", "")
                if response.status_code not in _REDIRECTS or not target:
                    return self._receive(response, url, into, ends_at=ends_at)
            url = _next_url(url, target)
        raise _refused(f"GET {without_secrets(first)}", f"more than {_MOST_REDIRECTS} redirects")

    def _receive(
        self, response: httpx.Response, url: str, into: IO[bytes], *, ends_at: float
    ) -> Answer:
        shown = f"GET {without_secrets(url)}"
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status_code != 200:
            return Answer(shown, response.status_code, headers, _beginning(response))
        size = 0
        for block in response.iter_bytes():
            size += len(block)
            if size > self.limit:
                raise _refused(shown, f"it is larger than {self.limit // 2**20} MiB")
            if time.monotonic() > ends_at:
                raise _refused(shown, "it came too slowly")
            into.write(block)
        return Answer(shown, 200, headers, b"")


def _trusted(ca_file: str) -> bool | ssl.SSLContext:
    context = trust(ca_file or True)
    if not isinstance(context, bool):
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _next_url(url: str, target: str) -> str:
    following = urljoin(url, target)
    schemes = urlsplit(url).scheme, urlsplit(following).scheme
    if schemes[1] not in {"http", "https"} or schemes == ("https", "http"):
        raise _refused(f"GET {without_secrets(url)}", f"it redirects to {schemes[1]!r}")
    return following


def _beginning(response: httpx.Response) -> bytes:
    for block in response.iter_bytes(_WORDS):
        return block
    return b""


def _refused(shown: str, why: str) -> Unreachable:
    return Unreachable(f"{shown}: the download was given up", why=why)
