"""Requests to GitLab's REST API through python-gitlab, under our own policy.

python-gitlab carries authentication and connections. Its retries (10, each as long as
`Retry-After` says) are off; reads are repeated by `transport.http.repeated`, so that a call
keeps to its time. The token goes as a bearer token, which every kind of GitLab token may:
unlike `PRIVATE-TOKEN`, that header is taken off when a request is redirected to another host.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from aof.errors import NotBound, Unreachable, UsageFault
from aof.transport.deadline import require_time
from aof.transport.documents import document, entries
from aof.transport.download import Download
from aof.transport.http import (
    Answer,
    Http,
    checked_headers,
    repeated,
    trust,
    without_secrets,
)
from aof.transport.paging import next_query, quoted_path
from aof.transport.vendor_requests import failed

if TYPE_CHECKING:
    import requests

PUBLIC_SERVER = "https://gitlab.com"
_PER_PAGE = 100
_TIMEOUT_S = 20
_ATTEMPTS = 3
_UPLOAD_S = 600
_MOST_DOWNLOAD = 512 * 1024 * 1024

Params = Mapping[str, Any]


class GitlabApi:
    """One project on one server, for the length of one call.

    Args:
        url: Of the server, without `/api/v4`.
        token: A personal, project, group or OAuth token.
        project: Numeric id or full path.
        ca_file: CA certificate of a server with a private one.
    """

    def __init__(self, url: str, token: str, project: str, ca_file: str = "") -> None:
        import gitlab

        if not project or project.strip("/") != project or any(sign.isspace() for sign in project):
            raise UsageFault(f"'{project}' is not a project", fix="give its id or group/name")
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise NotBound("GITLAB_URL is not a URL", fix="e.g. https://gitlab.example.com")
        self.project = project
        self._base_url = f"{url.rstrip('/')}/api/v4"
        self._ca_file = ca_file
        self._headers = checked_headers({"authorization": f"Bearer {token}"} if token else {})
        trust(ca_file or True)
        self._gitlab = gitlab.Gitlab(
            url, oauth_token=token or None, user_agent="aofctl", ssl_verify=ca_file or True
        )
        self._gitlab.session.hooks["response"].append(_stop_at_refusals)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._gitlab.session.close()

    def path(self, *parts: object) -> str:
        """A path below this project, every part quoted."""
        return f"/projects/{quoted_path(self.project, *parts)}"

    def ask(self, path: str, params: Params | None = None) -> Answer:
        """GET, repeated while GitLab is busy; any final status is an answer."""
        return repeated(lambda: self._once("GET", path, _given(params)), attempts=_ATTEMPTS)

    def read(
        self, path: str, params: Params | None = None, *, needs: Sequence[str] = ()
    ) -> dict[str, Any]:
        """GET a JSON object; `Unreachable` with GitLab's words for any status but 2xx."""
        return document(accepted(self.ask(path, params)), needs)

    def pages(
        self, path: str, params: Params | None = None, *, needs: Sequence[str] = (), limit: int
    ) -> tuple[list[Any], bool]:
        """Entries of a paged list up to `limit`, and whether that is all."""
        found: list[Any] = []
        asked: Params = {**(params or {}), "per_page": min(limit, _PER_PAGE)}
        while True:
            answer = accepted(self.ask(path, asked))
            found += entries(answer, needs=needs)
            following = next_query(answer)
            if following is None or len(found) >= limit:
                return found[:limit], following is None and len(found) <= limit
            asked = _grouped(following)

    def send(
        self, method: str, path: str, body: Any = None, *, needs: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Change something, once; returns the answer's JSON object, empty when it has none."""
        answer = accepted(self.try_send(method, path, body))
        return document(answer, needs) if answer.body or needs else {}

    def try_send(self, method: str, path: str, body: Any = None) -> Answer:
        """Change something, once; any status is an answer."""
        return repeated(lambda: self._once(method, path, {}, body), attempts=1)

    def download(self, path: str, into: IO[bytes], *, limit: int = _MOST_DOWNLOAD) -> Answer:
        """GET a body that may be large and may be on another host."""
        return Download(self._headers, limit=limit, ca_file=self._ca_file).fetch(
            f"{self._base_url}{path}", into
        )

    def url(self, path: str) -> str:
        """The whole URL of a path of the API."""
        return f"{self._base_url}{path}"

    def upload(self, path: str, file: IO[bytes]) -> dict[str, Any]:
        """PUT `file` into the package registry; returns what GitLab says of the file."""
        server = Http(
            self._base_url,
            headers=self._headers,
            timeout_s=_UPLOAD_S,
            verify=self._ca_file or True,
        )
        kind = {"content-type": "application/octet-stream"}
        select = {"select": "package_file"}
        try:
            answer = server.send("PUT", path, params=select, content=file, headers=kind)
        finally:
            server.close()
        return document(accepted(answer))

    def _once(self, method: str, path: str, params: dict[str, Any], body: Any = None) -> Answer:
        import gitlab
        import requests

        shown = f"{method} {without_secrets(self._base_url + path)}"
        left = require_time(shown, _TIMEOUT_S)
        try:
            response = self._gitlab.http_request(
                method.lower(),
                path,
                query_data=params,
                post_data=body,
                timeout=left,
                max_retries=0,
                obey_rate_limit=False,
                retry_transient_errors=False,
            )
        except _Refused as refused:
            response = refused.response
        except requests.RequestException as error:
            raise failed(shown, error, left) from error
        except gitlab.GitlabError as error:
            raise Unreachable(f"{shown}: redirected", why=str(error)) from error
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(shown, response.status_code, headers, response.content)


def accepted(answer: Answer) -> Answer:
    """`answer` when its status is 2xx, else `Unreachable` in GitLab's words.

    Raises:
        Unreachable: With what GitLab says is wrong and what to do about it.
    """
    if 200 <= answer.status < 300:
        return answer
    raise Unreachable(
        f"{answer.request}: {answer.status}", why=words(answer), fix=_ADVICE.get(answer.status, "")
    )


def words(answer: Answer) -> str:
    """What GitLab says, whichever of its forms it uses."""
    try:
        whole = json.loads(answer.body)
    except ValueError:
        return answer.words()
    if not isinstance(whole, dict):
        return answer.words()
    said = whole.get("message") or whole.get("error_description") or whole.get("error")
    if isinstance(said, dict):
        parts = (f"{field}: {_joined(reasons)}" for field, reasons in said.items())
        return "; ".join(parts)[:400]
    return _joined(said)[:400] if said else answer.words()


_ADVICE = {
    401: "check GITLAB_TOKEN: it is wrong, expired or revoked",
    403: "give the token the missing scope or role; see docs/tools-ci.md",
    404: "check project and name; GitLab also answers 404 when the token may not see it",
    410: "GitLab has deleted it; nothing brings it back",
    429: "wait, then try again",
}


class _Refused(Exception):
    """An answer of 400 and above, before python-gitlab drops its headers."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def _stop_at_refusals(response: requests.Response, *_: Any, **__: Any) -> None:
    if response.status_code >= 400:
        response.content  # noqa: B018 - read here, where a broken connection is still caught
        raise _Refused(response)


def _joined(reasons: Any) -> str:
    if isinstance(reasons, Sequence) and not isinstance(reasons, str):
        return ", ".join(map(str, reasons))
    return str(reasons)


def _given(params: Params | None) -> dict[str, Any]:
    return {name: value for name, value in (params or {}).items() if value is not None}


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Repeated parameters (`scope[]`) as lists."""
    grouped: dict[str, Any] = {}
    for name, value in pairs:
        grouped[name] = [*grouped.get(name, []), value] if name.endswith("[]") else value
    return grouped
