"""Requests to GitHub's REST API through PyGithub, under our own policy.

PyGithub carries authentication and connections. Its objects are not used: reading the raw
form of a listed object costs a further request each. Its retries (10) and pauses (0.25 s a
request, 60 s on secondary limits) are off; reads are repeated by `transport.http.repeated`,
so that a call keeps to its time. Logs and artifacts are downloaded by `transport.download`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, Any, Self
from urllib.parse import urlsplit

from aof.clock import isoformat
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

PUBLIC_API = "https://api.github.com"
_HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
_PER_PAGE = 100
_TIMEOUT_S = 20
_ATTEMPTS = 3
_UPLOAD_S = 600
_MOST_DOWNLOAD = 512 * 1024 * 1024
_RETRIED = frozenset({429, 502, 503, 504})
_OWN_NAME = re.compile(r"/repos/([\w.-]+/[\w.-]+)/")
_REPOSITORY = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}")


class GithubApi:
    """One repository on one server, for the length of one call.

    Args:
        base_url: `https://api.github.com`, or `https://HOST/api/v3` of an Enterprise server.
        token: Sent as a bearer token; empty for anonymous requests.
        repository: `owner/name`.
        ca_file: CA certificate of a server with a private one.
    """

    def __init__(self, base_url: str, token: str, repository: str, ca_file: str = "") -> None:
        from github import Auth, Github

        if not _REPOSITORY.fullmatch(repository) or ".." in repository:
            raise UsageFault(f"'{repository}' is not a repository", fix="give it as owner/name")
        if urlsplit(base_url).scheme not in {"http", "https"} or not urlsplit(base_url).hostname:
            raise NotBound("GITHUB_API_URL is not a URL", fix="e.g. https://HOST/api/v3")
        self.repository = repository
        self._base_url = base_url.rstrip("/")
        self._ca_file = ca_file
        self._headers = dict(_HEADERS)
        if token:
            self._headers["authorization"] = f"Bearer {token}"
        checked_headers(self._headers)
        trust(ca_file or True)
        self._github = Github(
            auth=Auth.Token(token) if token else None,
            base_url=self._base_url,
            timeout=_TIMEOUT_S,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            user_agent="aofctl",
            verify=ca_file or True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._github.close()

    def path(self, *parts: object) -> str:
        """A path below this repository, every part quoted."""
        return f"/repos/{self.repository}/{quoted_path(*parts)}".rstrip("/")

    def ask(self, path: str, params: Mapping[str, Any] | None = None) -> Answer:
        """GET, repeated while GitHub is busy; any final status is an answer."""
        given = {name: str(value) for name, value in (params or {}).items() if value is not None}
        return repeated(lambda: self._once("GET", path, given), attempts=_ATTEMPTS, busy=_busy)

    def read(
        self, path: str, params: Mapping[str, Any] | None = None, *, needs: Sequence[str] = ()
    ) -> dict[str, Any]:
        """GET a JSON object; `Unreachable` with GitHub's words for any status but 2xx."""
        return document(accepted(self.ask(path, params)), needs)

    def pages(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        items: str = "",
        needs: Sequence[str] = (),
        limit: int,
    ) -> tuple[list[Any], int | None, bool]:
        """Entries of a paged list, following the `Link` header.

        Args:
            path: Of the list.
            params: Filters.
            items: Key of the entries in the answer; empty when the answer is a bare list.
            needs: Members every entry must have.
            limit: Entries to stop at.

        Returns:
            The entries, GitHub's `total_count` where it gives one, and whether that is all.
        """
        found: list[Any] = []
        total: int | None = None
        first = True
        asked: dict[str, Any] = {**(params or {}), "per_page": min(limit, _PER_PAGE)}
        while True:
            answer = accepted(self.ask(path, asked))
            part = entries(answer, items, needs)
            if items:
                total = document(answer).get("total_count", total)
            if first and (moved := self._moved(path, part)):
                path, first = moved, False
                continue
            found, first = found + part, False
            following = next_query(answer)
            if following is None or len(found) >= limit:
                return found[:limit], total, following is None and len(found) <= limit
            asked = dict(following)

    def _moved(self, path: str, entries: list[Any]) -> str | None:
        """The path under the repository's new name, when these entries are from one.

        A renamed repository answers with a redirect, and PyGithub follows it without the
        query: filters and pages would be lost.
        """
        url = str(entries[0].get("url") or "") if entries else ""
        named = _OWN_NAME.search(url)
        if named is None or named[1].lower() == self.repository.lower():
            return None
        old, self.repository = f"/repos/{self.repository}/", named[1]
        return path.replace(old, f"/repos/{self.repository}/", 1)

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

    def upload(self, url: str, file: IO[bytes], *, name: str, content_type: str) -> dict[str, Any]:
        """Send `file` as a release asset to the `upload_url` of a release.

        Raises:
            Unreachable: The URL is not GitHub's; the token is not sent there.
        """
        target, api = urlsplit(url.partition("{")[0]), urlsplit(self._base_url)
        host = target.hostname or ""
        if target.scheme != api.scheme or host not in {api.hostname, _uploads(api.hostname)}:
            raise Unreachable(f"refused to upload to {host!r}", why="it is not the host of the API")
        server = Http(
            f"{target.scheme}://{target.netloc}",
            headers={**self._headers, "content-type": content_type},
            timeout_s=_UPLOAD_S,
            verify=self._ca_file or True,
        )
        try:
            answer = server.send("POST", target.path, params={"name": name}, content=file)
        finally:
            server.close()
        return document(accepted(answer), ("name",))

    def _once(self, method: str, path: str, params: dict[str, Any], body: Any = None) -> Answer:
        import requests

        shown = f"{method} {without_secrets(self._base_url + path)}"
        require_time(shown, _TIMEOUT_S)
        try:
            status, headers, text = self._github.requester.requestJson(
                method, path, parameters=dict(params), headers=dict(_HEADERS), input=body
            )
        except requests.RequestException as error:
            raise failed(shown, error, _TIMEOUT_S) from error
        except RuntimeError as error:
            raise Unreachable(f"{shown}: redirected", why=str(error)) from error
        return Answer(shown, status, headers, text.encode())


def accepted(answer: Answer) -> Answer:
    """`answer` when its status is 2xx, else `Unreachable` in GitHub's words.

    Raises:
        Unreachable: With what GitHub says is wrong and what to do about it.
    """
    if 200 <= answer.status < 300:
        return answer
    raise Unreachable(f"{answer.request}: {answer.status}", why=words(answer), fix=_advice(answer))


def words(answer: Answer) -> str:
    """The `message` and `errors` of an answer, or the beginning of its text."""
    try:
        said = json.loads(answer.body)
    except ValueError:
        return answer.words()
    if not isinstance(said, dict):
        return answer.words()
    parts = [str(said.get("message", ""))]
    for error in said.get("errors") or []:
        if isinstance(error, dict):
            named = (error.get("resource"), error.get("field"), error.get("code"))
            parts.append(str(error.get("message") or " ".join(str(one) for one in named if one)))
        else:
            parts.append(str(error))
    return "; ".join(part for part in parts if part)[:400]


def _busy(answer: Answer) -> bool:
    """Secondary rate limits come as 403 with a `Retry-After`."""
    return answer.status in _RETRIED or (answer.status == 403 and "retry-after" in answer.headers)


def _advice(answer: Answer) -> str:
    if answer.headers.get("x-ratelimit-remaining") == "0" and answer.status in {403, 429}:
        reset = answer.headers.get("x-ratelimit-reset", "")
        at = isoformat(datetime.fromtimestamp(int(reset), UTC)) if reset.isdecimal() else "later"
        return f"the rate limit is used up; try again after {at}"
    if answer.status == 403 and b"not permitted to create or approve pull requests" in answer.body:
        return (
            "allow it in the settings: Actions, General, Workflow permissions; or use another token"
        )
    advice = {
        401: "check GITHUB_TOKEN: it is wrong, expired or revoked",
        403: "give the token the missing permission; see docs/tools-ci.md",
        404: "check the name; GitHub also answers 404 when the token may not see it",
        410: "GitHub has deleted it; nothing brings it back",
        422: "GitHub understood the request and refuses it; see its reason",
        429: "wait, then try again",
    }
    return advice.get(answer.status, "")


def _uploads(host: str | None) -> str:
    """github.com takes uploads on a host of their own; Enterprise Server on the same one."""
    return f"uploads.{(host or '').removeprefix('api.')}"
