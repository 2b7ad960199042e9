"""Telling people: comments and checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from aof.errors import UsageFault
from aof.messages import Effect, ToolOutput
from aof.tools.base import operation, quoted
from aof.tools.comment_key import keyed, mark_of
from aof.tools.github.api import GithubApi
from aof.tools.github.base import GithubTool, Repository

_PER_REQUEST = 50
_ID = ("id",)
_MOST_TEXT = 65_535

Conclusion = Literal["success", "failure", "neutral", "cancelled", "timed_out", "action_required"]


class CheckAnnotation(BaseModel):
    """One marked place of a check."""

    model_config = ConfigDict(extra="forbid")

    path: str
    start_line: Annotated[int, Field(ge=1)]
    end_line: Annotated[int, Field(ge=1)] | None = None
    annotation_level: Literal["notice", "warning", "failure"] = "failure"
    title: str = ""
    message: str


def _comment_command(arguments: Mapping[str, Any]) -> str:
    repository = arguments.get("repository")
    if commit := arguments.get("commit"):
        path = f"repos/{repository or '{owner}/{repo}'}/commits/{commit}/comments"
        return f"gh api {quoted(path)} -F body=@-"
    number = quoted(arguments.get("number") or "<number>")
    return f"gh pr comment {number} --body-file -" + (
        f" --repo {quoted(repository)}" if repository else ""
    )


def _check_command(arguments: Mapping[str, Any]) -> str:
    path = f"repos/{arguments.get('repository') or '{owner}/{repo}'}/check-runs"
    names = ("name", "head_sha", "conclusion")
    fields = [f"-f {quoted(f'{name}={arguments.get(name)}')}" for name in names]
    return " ".join([f"gh api {quoted(path)}", *fields])


class Discussion(GithubTool):
    """Operations that tell people something."""

    @operation(
        effect=Effect.NOTIFY,
        command=_comment_command,
        aliases=("github_pr_comment", "github_issue_comment"),
    )
    def comment(
        self,
        body: str,
        number: int | None = None,
        commit: str | None = None,
        *,
        key: str | None = None,
        repository: Repository = None,
    ) -> ToolOutput:
        """Comment on a pull request, an issue or a commit.

        Args:
            body: Markdown.
            number: Of the pull request or issue.
            commit: Instead of a number: the commit, e.g. after a push without pull request.
            key: With a key, the comment made earlier with it is replaced, not added to.
            repository: owner/name; without it the configured repository.

        Returns:
            id, html_url and created (false when an earlier comment was replaced).
        """
        if (number is None) == (commit is None):
            raise UsageFault("comment needs either number or commit")
        api, warnings = self.writing(repository)
        with api:
            where = ("issues", number) if commit is None else ("commits", commit)
            text = keyed(body, key, limit=_MOST_TEXT)
            earlier = _earlier(api, where, key)
            if earlier is None:
                said = api.send("POST", api.path(*where, "comments"), {"body": text}, needs=_ID)
            else:
                kind = ("issues", "comments") if commit is None else ("comments",)
                said = api.send("PATCH", api.path(*kind, earlier), {"body": text}, needs=_ID)
        data = {"id": said["id"], "html_url": said.get("html_url"), "created": earlier is None}
        return ToolOutput(data, f"commented: {data['html_url']}", warnings)

    @operation(effect=Effect.NOTIFY, command=_check_command, aliases=("github_check_create",))
    def create_check(
        self,
        name: str,
        head_sha: str,
        conclusion: Conclusion,
        *,
        title: str,
        summary: str,
        annotations: list[CheckAnnotation] | None = None,
        repository: Repository = None,
    ) -> ToolOutput:
        """Report a completed check on a commit; needs the token of an app, as Actions has.

        Args:
            name: Of the check, as branch protection knows it.
            head_sha: The commit.
            conclusion: How it ended.
            title: One line.
            summary: Markdown.
            annotations: Places in files: path, start_line, message, annotation_level.
            repository: owner/name; without it the configured repository.

        Returns:
            id, html_url and annotations (how many).
        """
        places = [_place(one) for one in annotations or []]
        output = {"title": title, "summary": summary[:_MOST_TEXT]}
        api, warnings = self.writing(repository)
        with api:
            body = {
                "name": name,
                "head_sha": head_sha,
                "status": "completed",
                "conclusion": conclusion,
                "output": {**output, "annotations": places[:_PER_REQUEST]},
            }
            check = api.send("POST", api.path("check-runs"), body, needs=_ID)
            for begin in range(_PER_REQUEST, len(places), _PER_REQUEST):
                part = {**output, "annotations": places[begin : begin + _PER_REQUEST]}
                api.send("PATCH", api.path("check-runs", check["id"]), {"output": part})
        data = {
            "id": check["id"], "html_url": check.get("html_url"), "annotations": len(places)
        }  # fmt: skip
        return ToolOutput(data, f"check '{name}': {conclusion}", warnings)


def _earlier(api: GithubApi, where: tuple[object, ...], key: str | None) -> int | None:
    """Id of the comment that was made with this key."""
    if key is None:
        return None
    comments, _, _ = api.pages(api.path(*where, "comments"), needs=_ID, limit=1000)
    return next((one["id"] for one in comments if mark_of(key) in str(one.get("body"))), None)


def _place(annotation: CheckAnnotation) -> dict[str, Any]:
    place = annotation.model_dump()
    place["end_line"] = place["end_line"] or place["start_line"]
    if not place["title"]:
        del place["title"]
    return place
