"""The session with a Kubernetes API server that `kubectl` and `flux` share.

The official client finds the server, the credentials and the trust; requests and answers are
raw JSON, so that fields its models do not know survive. Policy is that of `transport.http`.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aof.errors import Unreachable
from aof.transport.deadline import require_time
from aof.transport.http import Answer, Failed, Refused, no_connection, repeated, timed_out
from aof.transport.kubernetes_config import connect
from aof.transport.kubernetes_resources import Resource, Resources

if TYPE_CHECKING:
    import urllib3

    from aof.transport.kubernetes_config import Connection

FIELD_MANAGER = "aofctl"
STRICT = {"fieldValidation": "Strict"}
"""Refuse unknown and repeated fields, as kubectl does; the server's default drops them."""
_TRY_S = 30.0
_CONNECT_S = 5.0
_PAGE = 500
_MOST_BODY = 256 * 1024 * 1024
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
_NO_PERMISSION = re.compile(r'User "[^"]*" cannot ')
_BUSY = frozenset({429, 500, 502, 503, 504})

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"


class Denied(Refused):
    """The API server refused; `status`, `reason` and `causes` are those of its Status object."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        said = _status_of(answer)
        self.status = answer.status
        self.reason = str(said.get("reason") or "")
        self.causes = _causes(said.get("details"))
        message = str(said.get("message") or self.why)
        unsaid = [cause for cause in self.causes if cause.rpartition(": ")[2] not in message]
        self.why = f"{message} ({'; '.join(unsaid)})" if unsaid else message
        self.fix = _ADVICE.get(answer.status, self.fix)

    @property
    def lacks_permission(self) -> bool:
        """Whether these credentials may not ask; admission refuses with 403, too."""
        return self.status == 403 and _NO_PERMISSION.search(self.why) is not None


class Cluster:
    """One API server, reached on first use.

    Args:
        kubeconfig: Path(s) as in KUBECONFIG; '' for the usual places.
        context: Context of the kubeconfig; '' for its current one.
        namespace: Used where none is given; '' for the context's.

    Attributes:
        warnings: What the server warned of (deprecated APIs, dropped fields), to be taken away.
    """

    def __init__(self, kubeconfig: str = "", context: str = "", namespace: str = "") -> None:
        self._asked_for = (kubeconfig, context, namespace)
        self._connected: Connection | None = None
        self.resources = Resources(self.get)
        self.warnings: list[str] = []

    @property
    def connection(self) -> Connection:
        """The client; read from the configuration once."""
        if self._connected is None:
            self._connected = connect(*self._asked_for)
        return self._connected

    @property
    def namespace(self) -> str:
        """The namespace used where none is given."""
        return self.connection.namespace

    def get(
        self, path: str, params: Mapping[str, Any] | None = None, accept: str = ""
    ) -> dict[str, Any]:
        """Read a JSON object; retried on lost connections, 429 and 5xx.

        Raises:
            Denied: The server refused.
            Unreachable: No connection, no answer in time, or no JSON object.
        """
        answer = self.read(path, params, accept=accept)
        found = answer.json()
        if not isinstance(found, dict):
            raise Unreachable(
                f"{answer.request}: the answer is not a JSON object",
                why=f"it begins with {answer.body[:80]!r}",
                fix="check that the server is a Kubernetes API",
            )
        return found

    def read(
        self, path: str, params: Mapping[str, Any] | None = None, *, accept: str = ""
    ) -> Answer:
        """Like `get`, any content."""
        answer = repeated(
            lambda: self._once("GET", path, params, accept=accept),
            attempts=3,
            busy=lambda one: one.status in _BUSY,
        )
        return _checked(answer)

    def list(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Read a whole collection page by page; an expired `continue` token starts it anew."""
        try:
            pages = list(self._pages(path, {**(params or {}), "limit": _PAGE}))
        except Denied as error:
            if error.status != 410:
                raise
            pages = [self.get(path, params)]
        whole = pages[0]
        whole["items"] = [item for page in pages for item in page.get("items") or []]
        return whole

    def _pages(self, path: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        token = ""
        while True:
            page = self.get(path, {**params, **({"continue": token} if token else {})})
            yield page
            token = (page.get("metadata") or {}).get("continue") or ""
            if not token:
                return

    def send(
        self,
        method: str,
        path: str,
        body: Any,
        *,
        content_type: str = "application/json",
        params: Mapping[str, Any] | None = None,
        attempts: int = 1,
    ) -> Any:
        """Change something, once: whoever calls must look before trying again.

        Args:
            method: POST, PUT, PATCH or DELETE.
            path: Below the server.
            body: JSON value.
            content_type: Of `body`; see `MERGE`, `STRATEGIC`, `JSON_PATCH`, `APPLY`.
            params: Query.
            attempts: More than 1 only where nothing is changed: reviews and dry runs.

        Raises:
            Denied: The server refused.
            Unreachable: No connection or no answer: whether it took effect is not known.
        """
        content = json.dumps(body, ensure_ascii=False).encode()
        answer = repeated(
            lambda: self._once(method, path, params, content=content, content_type=content_type),
            attempts=attempts,
            busy=lambda one: one.status in _BUSY,
        )
        return _checked(answer).json()

    def resource(self, name: str) -> Resource:
        """The kind a person means by `deploy`, `deployments.apps`, `Deployment` ...

        Raises:
            UsageFault: The server has no such kind.
        """
        return self.resources.find(name)

    def path(self, resource: Resource, namespace: str = "", name: str = "") -> str:
        """Where an object or a collection is; `namespace` only counts for namespaced kinds."""
        if resource.namespaced and name and not namespace:
            namespace = self.namespace
        return resource.path(namespace, name)

    def stream(self, path: str, params: Mapping[str, Any], silence_s: float) -> Generator[bytes]:
        """The blocks of an answer that does not end by itself, as they come.

        Raises:
            Denied: The server refused.
            Failed: No connection, it broke off, or nothing came for `silence_s`.
        """
        url, shown = self._url("GET", path, params)
        with _translated(shown, silence_s):
            response = self._request("GET", url, "application/json", read_s=silence_s)
            try:
                if response.status != 200:
                    _checked(_answer(shown, response, deadline=time.monotonic() + _CONNECT_S))
                yield from response.stream(decode_content=True)
            finally:
                response.close()

    def _once(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        *,
        accept: str = "",
        content: bytes | None = None,
        content_type: str = "",
    ) -> Answer:
        url, shown = self._url(method, path, params)
        left = require_time(shown, _TRY_S)
        with _translated(shown, left):
            response = self._request(
                method,
                url,
                accept or "application/json",
                content=content,
                content_type=content_type,
                read_s=left,
            )
            try:
                answer = _answer(shown, response, deadline=time.monotonic() + left)
                self.warnings += _WARNING.findall(answer.headers.get("warning", ""))
                return answer
            finally:
                response.release_conn()

    def _url(self, method: str, path: str, params: Mapping[str, Any] | None) -> tuple[str, str]:
        """The address, and how messages show the request."""
        url = f"{self.connection.client.configuration.host.rstrip('/')}{path}"
        given = {key: value for key, value in (params or {}).items() if value not in {"", None}}
        url = f"{url}?{urlencode(given)}" if given else url
        return url, f"{method} {url}"

    def _request(
        self,
        method: str,
        url: str,
        accept: str,
        *,
        content: bytes | None = None,
        content_type: str = "",
        read_s: float,
    ) -> urllib3.BaseHTTPResponse:
        import urllib3

        client = self.connection.client
        headers = {
            "user-agent": "aofctl",
            "accept": accept,
            "accept-encoding": "gzip",
            **({"content-type": content_type} if content_type else {}),
            **_credentials(client),
        }
        response: urllib3.BaseHTTPResponse = client.rest_client.pool_manager.request(
            method,
            url,
            body=content,
            headers=headers,
            timeout=urllib3.Timeout(connect=min(read_s, _CONNECT_S), read=read_s),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        return response


@contextlib.contextmanager
def _translated(shown: str, read_s: float) -> Iterator[None]:
    """Failures of the connection in our words; `retry` says whether a read may be repeated."""
    import urllib3

    try:
        yield
    except urllib3.exceptions.SSLError as error:
        raise Failed(no_connection(shown, error), retry=False) from error
    except urllib3.exceptions.NewConnectionError as error:
        raise Failed(no_connection(shown, error), retry=True) from error
    except urllib3.exceptions.ConnectTimeoutError as error:
        raise Failed(timed_out(shown, _CONNECT_S), retry=True) from error
    except urllib3.exceptions.TimeoutError as error:
        raise Failed(timed_out(shown, read_s), retry=False) from error
    except urllib3.exceptions.HTTPError as error:
        raise Failed(no_connection(shown, error), retry=True) from error


def _credentials(client: Any) -> dict[str, str]:
    """The authorization header; asks an exec plugin again when its token has expired."""
    found = client.configuration.auth_settings()
    return {one["key"]: one["value"] for one in found.values() if one.get("value")}


def _answer(shown: str, response: urllib3.BaseHTTPResponse, *, deadline: float) -> Answer:
    blocks: list[bytes] = []
    size = 0
    for block in response.stream(256 * 1024, decode_content=True):
        size += len(block)
        if size > _MOST_BODY or time.monotonic() > deadline:
            response.close()
            raise Unreachable(
                f"{shown}: the answer is too large or too slow",
                why=f"{size // 2**20} MiB had come",
                fix="ask for one namespace, one kind, or a selector",
            )
        blocks.append(block)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(shown, response.status, headers, b"".join(blocks))


def _checked(answer: Answer) -> Answer:
    if 200 <= answer.status < 300:
        return answer
    raise Denied(answer)


def _status_of(answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _causes(details: Any) -> list[str]:
    """The single complaints in a Status, as `spec.replicas: must be positive`."""
    causes = details.get("causes") if isinstance(details, dict) else None
    return [
        f"{cause.get('field', '')}: {cause.get('message', '')}".strip(": ")
        for cause in causes or []
        if isinstance(cause, dict)
    ]


_ADVICE = {
    401: "log in again: the credentials of this context are wrong or expired",
    403: "ask for this permission, or use a context that has it",
    404: "check kind, name and namespace",
    409: "look again: somebody else changed or owns it",
    410: "ask again",
    422: "change the object as the server says",
    429: "the server is busy: try again later",
    500: "look at the API server and its admission webhooks",
    504: "the API server is overloaded, or its storage is slow",
}
