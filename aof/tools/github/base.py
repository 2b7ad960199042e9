"""What all parts of `github_actions` share: settings, the repository meant, the credential."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aof.errors import UsageFault
from aof.tools.base import Setting, Tool
from aof.tools.github.api import PUBLIC_API, GithubApi

Repository = Annotated[
    str | None, Field(description="owner/name; without it the configured repository")
]
NO_WRITE_TOKEN = (
    "GITHUB_TOKEN_WRITE is not set; GITHUB_TOKEN was used, so reading and writing share one token"
)


class GithubTool(Tool):
    """Base of the parts; not a tool by itself."""

    settings_read = (
        Setting("GITHUB_TOKEN", "a token that may read Actions, contents and pull requests",
                required=True, secret=True),
        Setting("GITHUB_TOKEN_WRITE", "a token for changes, loaded only when a plan is applied",
                secret=True, write_only=True),
        Setting("GITHUB_API_URL", f"the REST API; {PUBLIC_API} unless set"),
        Setting("GITHUB_REPOSITORY", "owner/name that is meant when a call names none"),
        Setting("GITHUB_CA_FILE", "CA certificate of a server with a private one"),
    )  # fmt: skip

    def reading(self, repository: str | None) -> GithubApi:
        """The API with the token for reading."""
        return self._api(repository, self.settings.get("GITHUB_TOKEN", ""))

    def writing(self, repository: str | None) -> tuple[GithubApi, tuple[str, ...]]:
        """The API with the token for changes, and a warning when it is the one for reading."""
        token = self.settings.get("GITHUB_TOKEN_WRITE", "")
        if token:
            return self._api(repository, token), ()
        return self._api(repository, self.settings.get("GITHUB_TOKEN", "")), (NO_WRITE_TOKEN,)

    def _api(self, repository: str | None, token: str) -> GithubApi:
        chosen = repository or self.settings.get("GITHUB_REPOSITORY", "")
        if not chosen:
            raise UsageFault(
                "no repository is named",
                why="the call has none and GITHUB_REPOSITORY has no value",
                fix="set GITHUB_REPOSITORY to owner/name, or give repository=owner/name",
            )
        return GithubApi(
            self.settings.get("GITHUB_API_URL") or PUBLIC_API,
            token.strip(),
            chosen,
            self.settings.get("GITHUB_CA_FILE", ""),
        )
