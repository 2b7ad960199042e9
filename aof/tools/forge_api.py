"""Requests to the REST API of a forge: what GitHub and GitLab have in common.

Addresses, paging and the words of errors are their own; the socket is `transport.http`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO, Any, Self
from urllib.parse import parse_qsl, urljoin, urlsplit

from aof.errors import Unreachable
from aof.transport.documents import document
from aof.transport.download import Download
from aof.transport.http import Answer, Http, checked_headers, trust, without_secrets

Params = Mapping[str, Any]

TIMEOUT_S = 20.0
UPLOAD_S = 600.0
PER_PAGE = 100
_MOST_REDIRECTS = 3
_MOST_DOWNLOAD = 512 * 1024 * 1024


class ForgeApi:
    """One server, for the length of one call.

    Args:
        base_url: All paths are below it.
        headers: Sent with every request to it, credentials included.
        ca_file: CA certificate of a server with a private one.
    """

    def __init__(self, base_url: str, headers: Mapping[str, str], ca_file: str = "") -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = checked_headers(headers)
        self._ca_file = ca_file
        trust(ca_file or True)
        self._http = self._client(self._base_url, TIMEOUT_S, headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @staticmethod
    def busy(answer: Answer) -> bool:
        """Whether the forge asks for another try."""
        return answer.status in {429, 502, 503, 504}

    @staticmethod
    def accepted(answer: Answer) -> Answer:
        """`answer` when its status is 2xx, else `Unreachable` in the forge's words."""
        raise NotImplementedError

    def ask(self, path: str, params: Params | None = None) -> Answer:
        """GET, repeated while the forge is busy; any final status is an answer."""
        asked: Params = {name: value for name, value in (params or {}).items() if value is not None}
        for _ in range(_MOST_REDIRECTS):
            answer = self._http.get(path, asked)
            if not 300 <= answer.status < 400:
                return answer
            path, asked = self._moved(answer, path, asked)
        raise _redirected(answer, f"more than {_MOST_REDIRECTS} times")

    def read(
        self, path: str, params: Params | None = None, *, needs: Sequence[str] = ()
    ) -> dict[str, Any]:
        """GET a JSON object; `Unreachable` with the forge's words for any status but 2xx."""
        return document(self.accepted(self.ask(path, params)), needs)

    def send(
        self, method: str, path: str, body: Any = None, *, needs: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Change something, once; returns the answer's JSON object, empty when it has none."""
        answer = self.accepted(self.try_send(method, path, body))
        return document(answer, needs) if answer.body or needs else {}

    def try_send(self, method: str, path: str, body: Any = None) -> Answer:
        """Change something, once; any status but a redirect is an answer."""
        answer = self._http.send(method, path, json=body)
        if 300 <= answer.status < 400:
            raise _redirected(answer, f"to {without_secrets(answer.headers.get('location', ''))}")
        return answer

    def download(self, path: str, into: IO[bytes], *, limit: int = _MOST_DOWNLOAD) -> Answer:
        """GET a body that may be large and may be on another host."""
        return Download(self._headers, limit=limit, ca_file=self._ca_file).fetch(
            f"{self._base_url}{path}", into
        )

    def send_file(
        self,
        method: str,
        url: str,
        file: IO[bytes],
        *,
        params: Params,
        content_type: str,
    ) -> Answer:
        """Send the content of a file, once, to a URL the credentials are meant for."""
        target = urlsplit(url)
        server = self._client(f"{target.scheme}://{target.netloc}", UPLOAD_S, self._headers)
        kind = {"content-type": content_type}
        try:
            return server.send(method, target.path, params=params, content=file, headers=kind)
        finally:
            server.close()

    def _client(self, base_url: str, timeout_s: float, headers: Mapping[str, str]) -> Http:
        return Http(
            base_url,
            headers=headers,
            timeout_s=timeout_s,
            verify=self._ca_file or True,
            busy=self.busy,
        )

    def _moved(self, answer: Answer, path: str, asked: Params) -> tuple[str, Params]:
        """Where a read goes on: on the same API, with the same question.

        Renamed repositories answer so. The new place may come without the query.
        """
        target = urljoin(f"{self._base_url}{path}", answer.headers.get("location", ""))
        place = target.partition("?")[0]
        if not place.startswith(f"{self._base_url}/"):
            raise _redirected(answer, f"to {without_secrets(target)}, which is not the API")
        query = parse_qsl(urlsplit(target).query)
        return place.removeprefix(self._base_url), dict(query) if query else asked


def _redirected(answer: Answer, where: str) -> Unreachable:
    return Unreachable(
        f"{answer.request}: redirected",
        why=f"the answer is {answer.status}, {where}",
        fix="check the name and the URL",
    )
