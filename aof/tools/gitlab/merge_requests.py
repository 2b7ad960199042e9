"""Branches, commits, merge requests and comments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from aof.errors import UsageFault
from aof.messages import Effect, ToolOutput
from aof.tools.base import operation
from aof.tools.changed_files import FileChange, changed_files
from aof.tools.command_line import typed
from aof.tools.comment_key import keyed, mark_of
from aof.tools.fields import only
from aof.tools.gitlab.api import GitlabApi
from aof.tools.gitlab.base import GitlabTool, Project
from aof.tools.gitlab.pipeline_changes import api_path
from aof.tools.gitlab.shapes import merge_request_of
from aof.tools.settle import settled

_MOST_TEXT = 1_000_000

Limit = Annotated[int, Field(ge=1, le=1000)]


def _comment_command(arguments: Mapping[str, Any]) -> str:
    if commit := arguments.get("commit"):
        where = f"repository/commits/{commit}/discussions"
    else:
        where = f"merge_requests/{arguments.get('merge_request') or '<merge_request>'}/notes"
    return f"glab api --method POST {api_path(arguments, where)} --field body=@-"


class MergeRequests(GitlabTool):
    """Operations on branches, merge requests and comments."""

    @operation(aliases=("gitlab_mr_list",))
    def get_merge_requests(
        self,
        commit: str | None = None,
        source_branch: str | None = None,
        *,
        target_branch: str | None = None,
        state: Literal["opened", "closed", "merged", "all"] = "all",
        limit: Limit = 30,
        project: Project = None,
    ) -> ToolOutput:
        """Merge requests of a commit, or of a branch.

        Args:
            commit: The merge requests that contain it.
            source_branch: Only merge requests from this branch.
            target_branch: Only merge requests into this branch.
            state: opened, closed, merged or all.
            limit: Most merge requests to return.
            project: Id or group/name; without it the configured project.

        Returns:
            merge_requests: iid, title, state, author, source_branch, target_branch, sha.
        """
        with self.reading(project) as api:
            if commit:
                path = api.path("repository", "commits", commit, "merge_requests")
                raw, _ = api.pages(path, limit=limit)
            else:
                raw = _merge_requests(api, source_branch, target_branch, state, limit)
        found = [merge_request_of(one) for one in raw]
        return ToolOutput({"merge_requests": found}, f"{len(found)} merge requests")

    @operation(aliases=("gitlab_branch_get",))
    def get_branch(self, branch: str, project: Project = None) -> ToolOutput:
        """A branch: its commit, and whether changes need a merge request.

        Args:
            branch: Its name.
            project: Id or group/name; without it the configured project.

        Returns:
            name, sha, protected, and requires_merge_request: whether the holder of this
            token may not push to it.
        """
        with self.reading(project) as api:
            raw = api.read(api.path("repository", "branches", branch))
        can_push = raw.get("can_push")
        data = {
            "name": raw.get("name"),
            "sha": (raw.get("commit") or {}).get("id"),
            "protected": bool(raw.get("protected")),
            "requires_merge_request": None if can_push is None else not can_push,
        }
        protected = ", protected" if data["protected"] else ""
        return ToolOutput(data, f"{branch} is at {str(data['sha'])[:9]}{protected}")

    @operation(aliases=("gitlab_compare",))
    def compare(self, base: str, head: str, project: Project = None) -> ToolOutput:
        """The commits of head that base lacks, and the files they change.

        Args:
            base: Commit, tag or branch.
            head: Commit, tag or branch.
            project: Id or group/name; without it the configured project.

        Returns:
            commits (sha, author_name, subject), total, complete (false when GitLab gave up
            on a comparison that is too large), files (path, status, old_path) and patch, the
            unified diff, cut at 64,000 characters.
        """
        with self.reading(project) as api:
            params = {"from": base, "to": head, "straight": "false"}
            raw = api.read(api.path("repository", "compare"), params)
        commits = [
            {
                "sha": one.get("id"),
                "author_name": one.get("author_name"),
                "subject": one.get("title"),
            }
            for one in raw.get("commits") or []
        ]
        complete = not raw.get("compare_timeout")
        data = {
            "commits": commits,
            "total": len(commits),
            "complete": complete,
            **changed_files(_change_of(one) for one in raw.get("diffs") or ()),
        }
        return ToolOutput(data, f"{len(commits)} commits from {base} to {head}")

    @operation(
        effect=Effect.WRITE,
        command=typed(
            "glab mr create --source-branch {source_branch} --target-branch {target_branch} "
            "--title {title} --description - --yes",
            draft="--draft",
            project="--repo",
        ),
        aliases=("gitlab_mr_create",),
    )
    def create_merge_request(
        self,
        title: str,
        source_branch: str,
        target_branch: str,
        *,
        description: str = "",
        draft: bool = False,
        project: Project = None,
    ) -> ToolOutput:
        """Open a merge request, or find the one that is already open for these branches.

        Args:
            title: One line.
            source_branch: Branch with the changes.
            target_branch: Branch to merge into.
            description: Markdown.
            draft: As a draft.
            project: Id or group/name; without it the configured project.

        Returns:
            The merge request (iid, web_url, sha, ...) and created.
        """
        if source_branch == target_branch:
            raise UsageFault(f"source and target are both '{source_branch}'")
        api, warnings = self.writing(project)
        with api:
            found = _open_one(api, source_branch, target_branch)
            created = found is None
            if found is None:
                asked = {
                    "title": f"Draft: {title}" if draft else title,
                    "source_branch": source_branch,
                    "target_branch": target_branch,
                    "description": description,
                }
                found = settled(
                    lambda: api.send("POST", api.path("merge_requests"), asked),
                    lambda: _open_one(api, source_branch, target_branch),
                )
        request = merge_request_of(found)
        what = "opened" if created else "found, already open"
        return ToolOutput(
            {**request, "created": created}, f"merge request !{request['iid']} {what}", warnings
        )

    @operation(effect=Effect.NOTIFY, command=_comment_command, aliases=("gitlab_mr_comment",))
    def comment(
        self,
        body: str,
        merge_request: int | None = None,
        commit: str | None = None,
        *,
        key: str | None = None,
        project: Project = None,
    ) -> ToolOutput:
        """Comment on a merge request or a commit.

        Args:
            body: Markdown.
            merge_request: Its number within the project (iid).
            commit: Instead: the commit, e.g. after a push without merge request.
            key: With a key, the comment made earlier with it is replaced, not added to.
            project: Id or group/name; without it the configured project.

        Returns:
            id and created (false when an earlier comment was replaced).
        """
        if (merge_request is None) == (commit is None):
            raise UsageFault("comment needs either merge_request or commit")
        text = {"body": keyed(body, key, limit=_MOST_TEXT)}
        api, warnings = self.writing(project)
        with api:
            place = _Notes(api, merge_request) if commit is None else _Discussions(api, commit)
            earlier = place.find(mark_of(key)) if key else None
            note = api.send("PUT", earlier, text) if earlier else place.add(text)
        data = {**only(note, ("id",)), "created": earlier is None}
        return ToolOutput(data, f"comment {data['id']}", warnings)


def _merge_requests(
    api: GitlabApi, source: str | None, target: str | None, state: str, limit: int
) -> list[dict[str, Any]]:
    params = {"state": state, "source_branch": source, "target_branch": target}
    found, _ = api.pages(api.path("merge_requests"), params, needs=("source_branch",), limit=limit)
    return found


def _open_one(api: GitlabApi, source: str, target: str) -> dict[str, Any] | None:
    found = _merge_requests(api, source, target, "opened", 10)
    return next((one for one in found if one["source_branch"] == source), None)


class _Notes:
    """Notes on a merge request. Threads would have to be resolved before it can be merged."""

    def __init__(self, api: GitlabApi, merge_request: int | None) -> None:
        self._api = api
        self._where = ("merge_requests", merge_request, "notes")

    def find(self, mark: str) -> str | None:
        """Path of the note with the mark."""
        notes, _ = self._api.pages(self._api.path(*self._where), needs=("id",), limit=1000)
        found = next((one["id"] for one in notes if mark in str(one.get("body"))), None)
        return None if found is None else self._api.path(*self._where, found)

    def add(self, text: dict[str, str]) -> Any:
        """A new note."""
        return self._api.send("POST", self._api.path(*self._where), text)


class _Discussions:
    """Threads on a commit; its plain comments cannot be edited."""

    def __init__(self, api: GitlabApi, commit: str) -> None:
        self._api = api
        self._where = ("repository", "commits", commit, "discussions")

    def find(self, mark: str) -> str | None:
        """Path of the note with the mark."""
        discussions, _ = self._api.pages(self._api.path(*self._where), needs=("id",), limit=1000)
        for one in discussions:
            for note in one.get("notes") or []:
                if mark in str(note.get("body")):
                    return self._api.path(*self._where, one["id"], "notes", note["id"])
        return None

    def add(self, text: dict[str, str]) -> Any:
        """A new thread; returns its first note."""
        thread = self._api.send("POST", self._api.path(*self._where), text)
        return (thread.get("notes") or [{}])[0]


def _change_of(raw: Mapping[str, Any]) -> FileChange:
    states = ("new_file", "added"), ("deleted_file", "removed"), ("renamed_file", "renamed")
    status = next((word for flag, word in states if raw.get(flag)), "modified")
    old = raw.get("old_path") if status == "renamed" else None
    return FileChange(str(raw.get("new_path") or ""), status, old, str(raw.get("diff") or ""))
