"""Requests to GitHub's REST API."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, Any
from urllib.parse import urlsplit

from aof.clock import isoformat
from aof.errors import NotBound, Unreachable, UsageFault
from aof.tools.forge_api import PER_PAGE, ForgeApi
from aof.transport.documents import document, entries
from aof.transport.http import Answer, asked_pause_s, without_secrets
from aof.transport.paging import next_query, quoted_path

PUBLIC_API = "https://api.github.com"
_HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
_REPOSITORY = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}")


class GithubApi(ForgeApi):
    """One repository on one server, for the length of one call.

    Args:
        base_url: `https://api.github.com`, or `https://HOST/api/v3` of an Enterprise server.
        token: Sent as a bearer token; empty for anonymous requests.
        repository: `owner/name`.
        ca_file: CA certificate of a server with a private one.
    """

    def __init__(self, base_url: str, token: str, repository: str, ca_file: str = "") -> None:
        if not _REPOSITORY.fullmatch(repository) or ".." in repository:
            raise UsageFault(f"'{repository}' is not a repository", fix="give it as owner/name")
        if urlsplit(base_url).scheme not in {"http", "https"} or not urlsplit(base_url).hostname:
            raise NotBound("GITHUB_API_URL is not a URL", fix="e.g. https://HOST/api/v3")
        self.repository = repository
        credentials = {"authorization": f"Bearer {token}"} if token else {}
        super().__init__(base_url, {**_HEADERS, **credentials}, ca_file)

    @staticmethod
    def busy(answer: Answer) -> bool:
        """Secondary rate limits come as 403 with a `Retry-After`."""
        limited = answer.status == 403 and "retry-after" in answer.headers
        return limited or ForgeApi.busy(answer)

    @staticmethod
    def accepted(answer: Answer) -> Answer:
        return accepted(answer)

    def path(self, *parts: object) -> str:
        """A path below this repository, every part quoted."""
        return f"/repos/{self.repository}/{quoted_path(*parts)}".rstrip("/")

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
        asked: dict[str, Any] = {**(params or {}), "per_page": min(limit, PER_PAGE)}
        while True:
            answer = accepted(self.ask(path, asked))
            found += entries(answer, items, needs)
            if items:
                total = document(answer).get("total_count", total)
            following = next_query(answer)
            if following is None or len(found) >= limit:
                return found[:limit], total, following is None and len(found) <= limit
            asked = dict(following)

    def upload(self, url: str, file: IO[bytes], *, name: str, content_type: str) -> dict[str, Any]:
        """Send `file` as a release asset to the `upload_url` of a release.

        Raises:
            Unreachable: The URL is not GitHub's; the token is not sent there.
        """
        target, api = urlsplit(url.partition("{")[0]), urlsplit(self._base_url)
        servers = {_server(api.netloc, api.scheme), _server(_uploads(api.hostname), api.scheme)}
        if target.scheme != api.scheme or _server(target.netloc, api.scheme) not in servers:
            raise Unreachable(
                f"refused to upload to {without_secrets(url)!r}",
                why="it is not on the API's server",
            )
        place = f"{target.scheme}://{target.netloc}{target.path}"
        answer = self.send_file(
            "POST", place, file, params={"name": name}, content_type=content_type
        )
        return document(accepted(answer), ("name",))


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
    except (ValueError, RecursionError):
        return answer.words()
    if not isinstance(said, dict):
        return answer.words()
    parts = [str(said.get("message", ""))]
    errors = said.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            named = (error.get("resource"), error.get("field"), error.get("code"))
            parts.append(str(error.get("message") or " ".join(str(one) for one in named if one)))
        else:
            parts.append(str(error))
    return "; ".join(part for part in parts if part)[:400]


def _advice(answer: Answer) -> str:
    if answer.headers.get("x-ratelimit-remaining") == "0" and answer.status in {403, 429}:
        return f"the rate limit is used up; try again {_reset(answer)}"
    if answer.status in {403, 429} and (pause := asked_pause_s(answer)) is not None:
        return f"GitHub asks for patience: try again in {pause:.0f} s"
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


def _server(netloc: str, scheme: str) -> str:
    """Host and port; the usual port of the scheme is left out."""
    return netloc.lower().removesuffix(":443" if scheme == "https" else ":80")


def _reset(answer: Answer) -> str:
    """When requests are answered again; in general words where GitHub gives no usable time."""
    try:
        seconds = float(answer.headers.get("x-ratelimit-reset", ""))
        return f"after {isoformat(datetime.fromtimestamp(seconds, UTC))}"
    except (ValueError, OverflowError, OSError):
        return "later"


def _uploads(host: str | None) -> str:
    """github.com takes uploads on a host of their own; Enterprise Server on the same one."""
    return f"uploads.{(host or '').removeprefix('api.')}"
