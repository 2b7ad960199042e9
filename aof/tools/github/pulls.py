"""Branches, commits and pull requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from aof.errors import UsageFault
from aof.messages import Effect, ToolOutput
from aof.tools.base import operation
from aof.tools.changed_files import FileChange, changed_files
from aof.tools.command_line import typed
from aof.tools.github.api import GithubApi
from aof.tools.github.base import GithubTool, Repository
from aof.tools.github.shapes import pull_of
from aof.tools.settle import settled
from aof.transport.documents import entries

Limit = Annotated[int, Field(ge=1, le=1000)]


class PullRequests(GithubTool):
    """Operations on branches and pull requests."""

    @operation(aliases=("github_pr_list",))
    def get_pull_requests(
        self,
        commit: str | None = None,
        head: str | None = None,
        *,
        base: str | None = None,
        state: Literal["open", "closed", "all"] = "all",
        limit: Limit = 30,
        repository: Repository = None,
    ) -> ToolOutput:
        """Pull requests of a commit (merged or open), or of a branch.

        Args:
            commit: The pull requests that contain it; for runs that name none.
            head: Only pull requests from this branch of the same repository.
            base: Only pull requests into this branch.
            state: open, closed or all.
            limit: Most pull requests to return.
            repository: owner/name; without it the configured repository.

        Returns:
            pull_requests: number, title, state, merged_at, author, head, head_sha, base.
        """
        with self.reading(repository) as api:
            if commit:
                raw, _, _ = api.pages(api.path("commits", commit, "pulls"), limit=limit)
            else:
                raw = _pulls(api, head, base, state, limit)
        pulls = [pull_of(one) for one in raw]
        return ToolOutput({"pull_requests": pulls}, f"{len(pulls)} pull requests")

    @operation(aliases=("github_branch_get",))
    def get_branch(self, branch: str, repository: Repository = None) -> ToolOutput:
        """A branch: its commit, and whether changes need a pull request.

        Args:
            branch: Its name.
            repository: owner/name; without it the configured repository.

        Returns:
            name, sha, protected, and requires_pull_request (null when the rules cannot be
            read with this token).
        """
        with self.reading(repository) as api:
            raw = api.read(api.path("branches", branch))
            rules = api.ask(api.path("rules", "branches", branch))
        kinds = {one.get("type") for one in entries(rules)} if rules.status == 200 else None
        needs = None if kinds is None else "pull_request" in kinds
        if raw.get("protected") and not needs:
            # Classic protection: its details are for administrators only.
            needs = None
        data = {
            "name": raw.get("name"),
            "sha": (raw.get("commit") or {}).get("sha"),
            "protected": bool(raw.get("protected")),
            "requires_pull_request": needs,
        }
        protected = ", protected" if data["protected"] else ""
        return ToolOutput(data, f"{branch} is at {str(data['sha'])[:9]}{protected}")

    @operation(aliases=("github_compare",))
    def compare(
        self, base: str, head: str, limit: Limit = 500, repository: Repository = None
    ) -> ToolOutput:
        """The commits of head that base lacks, with their authors' accounts, and the files.

        Args:
            base: Commit, tag or branch.
            head: Commit, tag or branch.
            limit: Most commits to return, oldest first.
            repository: owner/name; without it the configured repository.

        Returns:
            commits (sha, author: account or null, author_name, subject), total, complete,
            status (ahead, behind, identical or diverged), files (path, status, old_path; at
            most 300) and patch, the unified diff, cut at 64,000 characters.
        """
        with self.reading(repository) as api:
            path = api.path("compare", f"{base}...{head}")
            whole = api.read(path, {"per_page": 1})
            raw, _, complete = api.pages(path, items="commits", limit=limit)
        total = whole.get("total_commits", len(raw))
        data = {
            "commits": [_commit_of(one) for one in raw],
            "total": total,
            "complete": complete,
            "status": whole.get("status"),
            **changed_files(_change_of(one) for one in whole.get("files") or ()),
        }
        return ToolOutput(data, f"{total} commits from {base} to {head}")

    @operation(
        effect=Effect.WRITE,
        command=typed(
            "gh pr create --head {head} --base {base} --title {title} --body-file -",
            draft="--draft",
            repository="--repo",
        ),
        aliases=("github_pr_create",),
    )
    def create_pull_request(
        self,
        title: str,
        head: str,
        base: str,
        *,
        body: str = "",
        draft: bool = False,
        repository: Repository = None,
    ) -> ToolOutput:
        """Open a pull request, or find the one that is already open for these branches.

        Args:
            title: One line.
            head: Branch with the changes, in the same repository.
            base: Branch to merge into.
            body: Markdown.
            draft: As a draft.
            repository: owner/name; without it the configured repository.

        Returns:
            The pull request (number, html_url, head_sha, ...) and created.
        """
        if head == base:
            raise UsageFault(f"head and base are both '{head}'")
        api, warnings = self.writing(repository)
        with api:
            found = _open_pull(api, head, base)
            created = found is None
            if found is None:
                asked = {"title": title, "head": head, "base": base, "body": body, "draft": draft}
                found = settled(
                    lambda: api.send("POST", api.path("pulls"), asked),
                    lambda: _open_pull(api, head, base),
                )
        pull = pull_of(found)
        what = "opened" if created else "found, already open"
        return ToolOutput(
            {**pull, "created": created}, f"pull request #{pull['number']} {what}", warnings
        )


def _pulls(
    api: GithubApi, head: str | None, base: str | None, state: str, limit: int
) -> list[dict[str, Any]]:
    owner = api.repository.partition("/")[0]
    params = {"state": state, "base": base, "head": f"{owner}:{head}" if head else None}
    found, _, _ = api.pages(api.path("pulls"), params, limit=limit)
    return found


def _open_pull(api: GithubApi, head: str, base: str) -> dict[str, Any] | None:
    found = _pulls(api, head, base, "open", 10)
    return next((one for one in found if pull_of(one)["head"] == head), None)


def _commit_of(raw: dict[str, Any]) -> dict[str, Any]:
    commit = raw.get("commit") or {}
    return {
        "sha": raw.get("sha"),
        "author": (raw.get("author") or {}).get("login"),
        "author_name": (commit.get("author") or {}).get("name"),
        "subject": str(commit.get("message") or "").partition("\n")[0],
    }


def _change_of(raw: Mapping[str, Any]) -> FileChange:
    return FileChange(
        str(raw.get("filename") or ""),
        str(raw.get("status") or ""),
        raw.get("previous_filename"),
        str(raw.get("patch") or ""),
    )
