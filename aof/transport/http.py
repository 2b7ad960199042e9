"""HTTP with one policy: time limits, retries of reads, size limits, exact errors.

Tools own URLs and meaning; this module owns the socket. `repeated` carries the same policy
to requests that a vendor's library makes.
"""

from __future__ import annotations

import contextlib
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from aof.errors import NotBound, Unreachable
from aof.transport.deadline import remaining_s, require_time

if TYPE_CHECKING:
    import ssl

    import httpx

_RETRIED_STATUS = frozenset({429, 502, 503, 504})
_LONGEST_PAUSE_S = 20.0
_MOST_BODY = 128 * 1024 * 1024
_LONGEST_LINE = 8 * 1024 * 1024
_WORDS = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """A response whose body was read whole. `headers` has lower-case names."""

    request: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON, or `Unreachable` saying what came instead."""
        import json

        try:
            found = json.loads(self.body)
            if b"\\ud" in self.body.lower():
                # Halves of pairs are in no text that can be stored or sent: `?` instead.
                found = json.loads(json.dumps(found, ensure_ascii=False).encode(errors="replace"))
            return found
        except (ValueError, RecursionError):
            raise Unreachable(
                f"{self.request}: the answer is not JSON",
                why=f"it begins with {self.body[:80]!r}",
                fix="check that the URL points at the API and not at a login page or proxy",
            ) from None

    def require(self) -> Answer:
        """This answer when its status is 2xx, else `Unreachable` with the server's words."""
        if 200 <= self.status < 300:
            return self
        raise Refused(self)

    def words(self) -> str:
        """What the server said, shortened."""
        return self.body[: 4 * _WORDS].decode("utf-8", "replace").strip()[:_WORDS]


class Refused(Unreachable):
    """The server answered with a status other than 2xx; `answer` is what it said."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(
            f"{answer.request}: {answer.status}", why=answer.words(), fix=_advice(answer)
        )
        self.answer = answer


@dataclass(slots=True)
class Http:
    """A client for one server.

    Args:
        base_url: Scheme, host and path prefix.
        headers: Sent with every request; credentials belong here and only here.
        timeout_s: For one try, from connect to the last byte read.
        connect_timeout_s: For the connection alone.
        verify: False, or a CA file, where the user configured that.
        attempts: Tries of a read, retries included. Other methods are tried once.
        busy: Which answers ask for another try; 429, 502, 503 and 504 unless given.
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 20.0
    connect_timeout_s: float = 3.0
    verify: bool | str = True
    attempts: int = 3
    busy: Callable[[Answer], bool] | None = None
    _client: httpx.Client | None = field(default=None, init=False)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Answer:
        """Read; retried on refused connections, time-outs, 429, 502, 503 and 504."""
        return self._repeat("GET", path, attempts=self.attempts, params=params)

    def read_by_post(self, path: str, form: Mapping[str, Any]) -> Answer:
        """A read whose parameters are too long for a URL; retried like `get`."""
        return self._repeat("POST", path, attempts=self.attempts, form=form)

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        content: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Change something; never retried: the caller must look before trying again."""
        return self._repeat(
            method, path, attempts=1, params=params, json=json, content=content, headers=headers
        )

    @contextlib.contextmanager
    def post_lines(self, path: str, json: Any, *, longest_s: float) -> Iterator[Iterator[bytes]]:
        """Post `json` and give the lines of the answer as they arrive; never retried.

        A context, so that the connection is let go where the block ends: left to the
        garbage collector, that may happen in the middle of the next request and lock it up.

        Args:
            path: Below the base URL.
            json: The body.
            longest_s: For the whole answer; `timeout_s` limits each silence within it.

        Raises:
            Refused: The status is not 2xx.
            Unreachable: No connection, silence, an answer without end or a broken one.
        """
        try:
            with self._exchange("POST", path, json=json) as (shown, response):
                deadline = time.monotonic() + longest_s
                if not response.is_success:
                    body = _read_body(response, shown, deadline=deadline)
                    raise Refused(_answer(shown, response, body))
                yield _lines(response, shown, deadline=deadline)
        except Failed as failure:
            raise failure.error from failure

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def __del__(self) -> None:
        # Tools live as long as a run and are then dropped; their sockets go with them.
        if getattr(self, "_client", None) is not None:
            self.close()

    def _repeat(self, method: str, path: str, *, attempts: int, **request: Any) -> Answer:
        return repeated(
            lambda: self._once(method, path, **request),
            attempts=attempts,
            busy=self.busy,
        )

    def _once(self, method: str, path: str, **request: Any) -> Answer:
        deadline = time.monotonic() + remaining_s(self.timeout_s)
        with self._exchange(method, path, **request) as (shown, response):
            return _answer(shown, response, _read_body(response, shown, deadline=deadline))

    @contextlib.contextmanager
    def _exchange(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[tuple[str, httpx.Response]]:
        import_httpx()
        import httpx

        url = self.url(path)
        shown = f"{method} {without_secrets(url)}"
        body: dict[str, Any] = {"data": form, "json": json, "content": content}
        body = {key: value for key, value in body.items() if value is not None}
        left = require_time(shown, self.timeout_s)
        timeout = httpx.Timeout(left, connect=min(left, self.connect_timeout_s))
        try:
            with self._open().stream(
                method, url, params=params, headers=dict(headers or {}), timeout=timeout, **body
            ) as response:
                yield shown, response
        except httpx.TimeoutException as error:
            raise Failed(timed_out(shown, left), retry=may_retry(error)) from error
        except httpx.InvalidURL as error:
            raise Failed(_bad_url(url, str(error)), retry=False) from error
        except httpx.UnsupportedProtocol as error:
            raise Failed(_bad_url(url, str(error)), retry=False) from error
        except httpx.TransportError as error:
            raise Failed(no_connection(shown, error), retry=True) from error

    def url(self, path: str) -> str:
        """`base_url` joined with `path`; an absolute `path` is refused."""
        if "://" in path:
            raise Unreachable(f"refused to send credentials to {path}", why="not the base URL")
        return f"{self.base_url.rstrip('/')}/{path.lstrip('/')}" if path else self.base_url

    def _open(self) -> httpx.Client:
        import httpx

        if self._client is None:
            # Loading the certificates takes 60 ms; without TLS, and with no redirect followed,
            # nothing would look at them.
            self._client = httpx.Client(
                headers={"user-agent": "aofctl", **checked_headers(self.headers)},
                timeout=httpx.Timeout(self.timeout_s, connect=self.connect_timeout_s),
                verify=trust(self.verify) if self.base_url.startswith("https:") else False,
                follow_redirects=False,
            )
        return self._client


def repeated(
    once: Callable[[], Answer],
    *,
    attempts: int,
    busy: Callable[[Answer], bool] | None = None,
) -> Answer:
    """Ask up to `attempts` times while the answer is `busy` or the try `Failed`.

    A `Retry-After` is obeyed when it fits into the time the call has left, and at most
    20 s; a longer one ends the attempts at once.

    Raises:
        Unreachable: The last try came to nothing.
    """
    busy = busy or _asks_for_patience
    for attempt in range(1, attempts + 1):
        last = attempt == attempts
        try:
            answer = once()
        except Failed as failure:
            pause = _pause(attempt, None)
            if last or not failure.retry or remaining_s(_LONGEST_PAUSE_S) <= pause:
                raise failure.error from failure
        else:
            pause = _pause(attempt, asked_pause_s(answer))
            if last or not busy(answer) or remaining_s(_LONGEST_PAUSE_S) < pause:
                return answer
        time.sleep(pause)
    raise AssertionError("unreachable: the last attempt returns or raises")


def _asks_for_patience(answer: Answer) -> bool:
    return answer.status in _RETRIED_STATUS


def asked_pause_s(answer: Answer) -> float | None:
    """Seconds the server asks us to wait (`Retry-After`, as seconds or a date), if it does."""
    text = answer.headers.get("retry-after", "").strip()
    if not text or text.isdecimal():
        return float(text) if text else None
    from email.utils import parsedate_to_datetime

    try:
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def without_secrets(url: str) -> str:
    """`url` without user, password, query and fragment, for messages."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """`headers`, when they can be sent.

    Raises:
        NotBound: A value has a line break or other signs; HTTP libraries would quote the
            value, a credential, in their errors.
    """
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise NotBound(
                f"the header {name} cannot be sent",
                why="its value has a line break or another sign that headers cannot have",
                fix="look at the token in the environment: it may end in a line break",
            )
    return headers


def import_httpx() -> None:
    """Import httpx without its command line, which pulls in rich and pygments: 70 ms of CPU."""
    if "httpx" in sys.modules:
        return
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    try:
        import httpx  # noqa: F401
    finally:
        sys.modules.pop("httpx._main", None)


def trust(verify: bool | str) -> bool | ssl.SSLContext:
    """What httpx takes as `verify`; `NotBound` when the CA file cannot be read."""
    if isinstance(verify, bool):
        return verify
    import ssl

    try:
        return ssl.create_default_context(cafile=verify)
    except OSError as error:
        raise NotBound(f"the CA file {verify} cannot be read", why=str(error)) from error


class Failed(Exception):
    """One try came to nothing; `error` is what the user would be told."""

    def __init__(self, error: Unreachable, *, retry: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.retry = retry


def _answer(shown: str, response: httpx.Response, body: bytes) -> Answer:
    lower = {name.lower(): value for name, value in response.headers.items()}
    return Answer(shown, response.status_code, lower, body)


def _lines(response: httpx.Response, shown: str, *, deadline: float) -> Iterator[bytes]:
    # Not `iter_lines`: it also splits at U+2028 and its like, which JSON may hold as they are.
    rest = b""
    for block in response.iter_bytes():
        if time.monotonic() > deadline:
            raise Unreachable(f"{shown}: the answer did not end in time", why="it came too slowly")
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise Unreachable(f"{shown}: a line is longer than {_LONGEST_LINE // 2**20} MiB")
        yield from lines
    if rest:
        yield rest


def _read_body(response: httpx.Response, shown: str, *, deadline: float) -> bytes:
    blocks: list[bytes] = []
    size = 0
    for block in response.iter_bytes():
        size += len(block)
        if size > _MOST_BODY:
            raise Unreachable(
                f"{shown}: the answer is larger than {_MOST_BODY // 2**20} MiB",
                fix="ask for less: a shorter range, fewer series, one job",
            )
        if time.monotonic() > deadline:
            raise Unreachable(f"{shown}: the answer did not end in time", why="it came too slowly")
        blocks.append(block)
    return b"".join(blocks)


def may_retry(error: Exception) -> bool:
    """Whether a time-out happened before anything was sent."""
    import httpx

    return isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout)


def _pause(attempt: int, asked_s: float | None) -> float:
    if asked_s is not None:
        return asked_s
    backoff: float = min(0.25 * 2**attempt, 4.0)
    return backoff * random.uniform(0.7, 1.3)


def timed_out(shown: str, timeout_s: float) -> Unreachable:
    """What to say when a request took too long."""
    return Unreachable(
        f"{shown}: no answer within {timeout_s:g} s",
        why="the server is slow, or a firewall drops the packets",
        fix="check the URL from this machine; ask for a shorter range",
    )


def _bad_url(url: str, words: str) -> Unreachable:
    return Unreachable(f"{url!r} is not a usable URL", why=words, fix="give scheme and host")


def no_connection(shown: str, error: Exception) -> Unreachable:
    """What to say when there was no connection, or it broke off."""
    return Unreachable(
        f"{shown}: no connection",
        why=str(error) or type(error).__name__,
        fix="check that the URL is right and the server runs and can be reached from here",
    )


def _advice(answer: Answer) -> str:
    if answer.status in {401, 403}:
        return "check the token and what it is allowed to do"
    if answer.status == 404:
        return "check the name and the URL"
    if answer.status == 429:
        asked = asked_pause_s(answer)
        wait = "wait" if asked is None else f"wait {asked:.0f} s"
        return f"{wait}, or ask for a higher rate limit"
    return ""
