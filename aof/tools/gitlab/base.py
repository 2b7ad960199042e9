"""What all parts of `gitlab_ci` share: settings, the project meant, the credential."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aof.errors import UsageFault
from aof.tools.base import Setting, Tool
from aof.tools.gitlab.api import PUBLIC_SERVER, GitlabApi

Project = Annotated[
    str | None, Field(description="id or group/name; without it the configured project")
]
NO_WRITE_TOKEN = (
    "GITLAB_TOKEN_WRITE is not set; GITLAB_TOKEN was used, so reading and writing share one token"
)


class GitlabTool(Tool):
    """Base of the parts; not a tool by itself."""

    settings_read = (
        Setting("GITLAB_TOKEN", "a token with scope read_api", required=True, secret=True),
        Setting("GITLAB_TOKEN_WRITE", "a token with scope api, loaded only when a plan is applied",
                secret=True, write_only=True),
        Setting("GITLAB_URL", f"the server; else CI_SERVER_URL, else {PUBLIC_SERVER}"),
        Setting("CI_SERVER_URL", "set by GitLab in its jobs"),
        Setting("CI_API_V4_URL", "set by GitLab in its jobs"),
        Setting("GITLAB_PROJECT", "id or group/name that is meant when a call names none"),
        Setting("CI_PROJECT_ID", "set by GitLab in its jobs; used without GITLAB_PROJECT"),
        Setting("GITLAB_CA_FILE", "CA certificate of a server with a private one"),
        Setting("CI_SERVER_TLS_CA_FILE", "set by GitLab in its jobs; used without GITLAB_CA_FILE"),
    )  # fmt: skip

    def reading(self, project: str | None) -> GitlabApi:
        """The API with the token for reading."""
        return self._api(project, self.settings.get("GITLAB_TOKEN", ""))

    def writing(self, project: str | None) -> tuple[GitlabApi, tuple[str, ...]]:
        """The API with the token for changes, and a warning when it is the one for reading."""
        token = self.settings.get("GITLAB_TOKEN_WRITE", "")
        if token:
            return self._api(project, token), ()
        return self._api(project, self.settings.get("GITLAB_TOKEN", "")), (NO_WRITE_TOKEN,)

    def _api(self, project: str | None, token: str) -> GitlabApi:
        settings = self.settings
        chosen = project or settings.get("GITLAB_PROJECT") or settings.get("CI_PROJECT_ID")
        if not chosen:
            raise UsageFault(
                "no project is named",
                why="the call has none, and neither GITLAB_PROJECT nor CI_PROJECT_ID has a value",
                fix="set GITLAB_PROJECT to group/name, or give project=group/name",
            )
        url = (
            settings.get("GITLAB_URL")
            or settings.get("CI_SERVER_URL")
            or settings.get("CI_API_V4_URL", "").removesuffix("/api/v4")
            or PUBLIC_SERVER
        )
        ca_file = settings.get("GITLAB_CA_FILE") or settings.get("CI_SERVER_TLS_CA_FILE", "")
        url = url.rstrip("/").removesuffix("/api/v4")
        return GitlabApi(url, token.strip(), chosen, ca_file)
