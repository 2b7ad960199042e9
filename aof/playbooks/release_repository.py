"""The repository as the release analysis wants it, through recorded tool calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from aof.analysis.release.model import RawCommit, Tag
from aof.errors import ExitCode, UsageFault
from aof.playbooks.base import Calls

_AT_ONCE = 100


class CalledRepository:
    """Reads a clone through `calls`. Every answer becomes evidence.

    Args:
        calls: The way to the git tool.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.status = _status(calls)
        self.evidence: list[str] = []
        self.tag_names: set[str] = set()
        self.known_tags: list[Tag] = []
        self.read_commits: list[RawCommit] = []
        self._merged: dict[str, bool] = {}

    def head(self) -> str:
        return str(self.status["head"] or "")

    def branch(self) -> str:
        return str(self.status["branch"])

    def tags(self, last: Callable[[Sequence[Tag]], Tag | None]) -> list[Tag]:
        cut_off = bool(self.status["shallow"])
        found = self._tags(remote=cut_off)
        if not found and self.status["remotes"]:
            found = self._tags(remote=True)
        if cut_off:
            chosen = last(found)
            self._read("complete_history", tag=chosen.name if chosen else "")
            self.status = self._read("status")
            found = self._tags(remote=True)
        self.tag_names = {tag.name for tag in found}
        self.known_tags = found
        return found

    def contains(self, tag: Tag) -> bool:
        if self.status["shallow"]:
            return bool(self._read("contains", commit=tag.sha)["contains"])
        if tag.time == 0:
            return self.holds(tag.sha)
        return self._merged.get(tag.name, False)

    def commits(self, since: Tag | None, *, names: bool = False) -> Iterable[RawCommit]:
        exclude = since.sha if since is not None else ""
        if exclude and self.status["shallow"] and not self._known(exclude):
            exclude = ""
        result = self._calls.read("git", "log", since=exclude, max_count=0, names=names)
        commits = [_commit(one) for one in result.require()["commits"]]
        self.evidence.append(result.evidence_id)
        known = {commit.sha for commit in self.read_commits}
        self.read_commits += [commit for commit in commits if commit.sha not in known]
        return commits

    def between(
        self, since: Tag | None, revision: str, *, names: bool = False
    ) -> tuple[RawCommit, ...]:
        """What `revision` contains and `since` does not, newest first; `names` adds paths."""
        exclude = since.sha if since is not None else ""
        result = self._calls.read(
            "git", "log", revision=revision, since=exclude, max_count=0, names=names
        )
        return tuple(_commit(one) for one in result.require()["commits"])

    def file(self, path: str, revision: str = "HEAD") -> bytes | None:
        """Content of a file at a commit; None when there is none."""
        found = self._read("show", revision=revision, path=path)
        if not found["exists"]:
            return None
        if found["binary"] or found["truncated"]:
            raise UsageFault(f"{path} is not a text file of usual size", file=path)
        return str(found["content"]).encode()

    def files(self, paths: Sequence[str], revision: str = "HEAD") -> dict[str, bytes]:
        """Contents of those of `paths` that exist, read at once."""
        asked = list(dict.fromkeys(paths))
        listed = []
        for start in range(0, len(asked), _AT_ONCE):
            some = asked[start : start + _AT_ONCE]
            listed += self._read("read_files", paths=some, revision=revision)["files"]
        for one in listed:
            if one["exists"] and (one["binary"] or one["truncated"]):
                raise UsageFault(f"{one['path']} is not a text file of usual size")
        return {one["path"]: str(one["content"]).encode() for one in listed if one["exists"]}

    def in_the_way(self, files: Mapping[str, bytes]) -> list[str]:
        """Paths of `files` with edits of somebody's own.

        What is staged exactly as the release would write it is no edit: a release that was
        interrupted between working tree and branch left it.
        """
        changed = sorted(set(self.status["changed"]) & set(files))
        if not changed:
            return []
        listed = self._read("read_files", paths=changed, staged=True)["files"]
        staged = {one["path"]: str(one["content"]).encode() for one in listed if one["exists"]}
        unstaged = set(self.status["unstaged"])
        return [path for path in changed if path in unstaged or staged.get(path) != files[path]]

    def holds(self, sha: str) -> bool:
        """Whether HEAD contains a commit; False also when it is not here."""
        answer = self._calls.read("git", "contains", commit=sha)
        return answer.ok and bool(answer.data["contains"])

    def tag_message(self, tag: str) -> str:
        """What an annotated tag says; empty for a mere name, or a tag that is not here."""
        answer = self._calls.read("git", "tag_message", name=tag)
        return str(answer.data["message"]) if answer.ok else ""

    def _tags(self, *, remote: bool) -> list[Tag]:
        listed = self._read("tags", remote=remote)["tags"]
        self._merged = {one["name"]: one["merged"] for one in listed}
        return [Tag(one["name"], one["sha"], one["time"], one["merged"]) for one in listed]

    def _known(self, sha: str) -> bool:
        return self._calls.read("git", "describe", revision=sha).ok

    def _read(self, operation: str, **arguments: Any) -> Any:
        return self._calls.read("git", operation, **arguments).require()


def _status(calls: Calls) -> dict[str, Any]:
    """Where the clone stands.

    Raises:
        UsageFault: There is no repository where the tool looks: nothing that trying again mends.
        Unreachable: Git cannot be asked.
    """
    answer = calls.read("git", "status")
    error = answer.error or {}
    if not answer.ok and error.get("exit_code") == ExitCode.USAGE:
        raise UsageFault(str(error["what"]), why=str(error["why"]), fix=str(error["fix"]))
    status: dict[str, Any] = answer.require()
    return status


def _commit(one: dict[str, Any]) -> RawCommit:
    return RawCommit(
        one["sha"],
        tuple(one["parents"]),
        one["author"],
        one["email"],
        one["time"],
        one["message"],
        tuple(one["paths"]),
    )
