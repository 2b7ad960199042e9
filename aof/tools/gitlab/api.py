"""Requests to GitLab's REST API.

The token goes as a bearer token, which every kind of GitLab token may.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import IO, Any
from urllib.parse import urlsplit

from aof.errors import NotBound, Unreachable, UsageFault
from aof.tools.forge_api import PER_PAGE, ForgeApi, Params
from aof.transport.documents import document, entries
from aof.transport.http import Answer
from aof.transport.paging import next_query, quoted_path

PUBLIC_SERVER = "https://gitlab.com"


class GitlabApi(ForgeApi):
    """One project on one server, for the length of one call.

    Args:
        url: Of the server, without `/api/v4`.
        token: A personal, project, group or OAuth token.
        project: Numeric id or full path.
        ca_file: CA certificate of a server with a private one.
    """

    def __init__(self, url: str, token: str, project: str, ca_file: str = "") -> None:
        if not project or project.strip("/") != project or any(sign.isspace() for sign in project):
            raise UsageFault(f"'{project}' is not a project", fix="give its id or group/name")
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise NotBound("GITLAB_URL is not a URL", fix="e.g. https://gitlab.example.com")
        self.project = project
        credentials = {"authorization": f"Bearer {token}"} if token else {}
        super().__init__(f"{url.rstrip('/')}/api/v4", credentials, ca_file)

    @staticmethod
    def accepted(answer: Answer) -> Answer:
        return accepted(answer)

    def path(self, *parts: object) -> str:
        """A path below this project, every part quoted."""
        return f"/projects/{quoted_path(self.project, *parts)}"

    def pages(
        self, path: str, params: Params | None = None, *, needs: Sequence[str] = (), limit: int
    ) -> tuple[list[Any], bool]:
        """Entries of a paged list up to `limit`, and whether that is all."""
        found: list[Any] = []
        asked: Params = {**(params or {}), "per_page": min(limit, PER_PAGE)}
        while True:
            answer = accepted(self.ask(path, asked))
            found += entries(answer, needs=needs)
            following = next_query(answer)
            if following is None or len(found) >= limit:
                return found[:limit], following is None and len(found) <= limit
            asked = _grouped(following)

    def url(self, path: str) -> str:
        """The whole URL of a path of the API."""
        return f"{self._base_url}{path}"

    def upload(self, path: str, file: IO[bytes]) -> dict[str, Any]:
        """PUT `file` into the package registry; returns what GitLab says of the file."""
        answer = self.send_file(
            "PUT",
            self.url(path),
            file,
            params={"select": "package_file"},
            content_type="application/octet-stream",
        )
        return document(accepted(answer))


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


def _joined(reasons: Any) -> str:
    if isinstance(reasons, Sequence) and not isinstance(reasons, str):
        return ", ".join(map(str, reasons))
    return str(reasons)


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Repeated parameters (`scope[]`) as lists."""
    grouped: dict[str, Any] = {}
    for name, value in pairs:
        grouped[name] = [*grouped.get(name, []), value] if name.endswith("[]") else value
    return grouped
