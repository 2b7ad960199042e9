"""The git tool: one clone. Reading never touches it; writing observes, acts and verifies.

Writes never force and never move a tag: what is already as wanted is left alone, what is
otherwise is refused. How the writes work is in `aof.transport.git_writer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from aof.clock import Clock
from aof.errors import UsageFault
from aof.messages import Effect, ToolOutput
from aof.tools.base import Setting, operation, quoted
from aof.tools.git_reads import FilePath, GitReads, Remote, Revision
from aof.transport.git_credentials import token_environment
from aof.transport.git_writer import GitWriter

_OF_ONE_CLONE = {"GIT_CLONE", "GIT_REMOTE", "GIT_TOKEN_WRITE"}


class FileContent(BaseModel):
    """A file and its whole new content."""

    model_config = ConfigDict(extra="forbid")

    path: FilePath
    content: str


def _commit_command(arguments: Mapping[str, Any]) -> str:
    message = str(arguments.get("message", "")).split("\n", 1)[0]
    paths = [one["path"] for one in arguments.get("files", [])]
    words = ["git", "commit", "-m", message, "--", *paths]
    return " ".join(quoted(word) for word in words)


def _tag_command(arguments: Mapping[str, Any]) -> str:
    message = str(arguments.get("message", "")).split("\n", 1)[0]
    words = ["git", "tag", "-a", arguments.get("name", ""), *_reference(arguments, "target")]
    return " ".join(quoted(word) for word in [*words, "-m", message])


def _push_command(arguments: Mapping[str, Any]) -> str:
    words = ["git", "push", "--atomic", arguments.get("remote") or "origin"]
    return " ".join(quoted(word) for word in [*words, *arguments.get("refs", [])])


def _revert_command(arguments: Mapping[str, Any]) -> str:
    words = ["git", "revert", "--no-edit"]
    words += ["-m", str(arguments["mainline"])] if arguments.get("mainline") else []
    return " ".join(quoted(word) for word in [*words, *_reference(arguments, "commit")])


def _reference(arguments: Mapping[str, Any], name: str) -> list[str]:
    value = arguments.get(name, f"<{name}>")
    if isinstance(value, Mapping) and "$result" in value:
        return [f"<commit-of-{str(value['$result']).partition('.')[0]}>"]
    return [value if isinstance(value, str) else f"<{name}>"]


class Git(GitReads):
    """A git clone."""

    @operation(effect=Effect.WRITE, command=_commit_command, timeout_s=120)
    def commit(
        self,
        message: Annotated[str, Field(min_length=1)],
        files: Annotated[list[FileContent], Field(min_length=1)],
        branch: Revision,
        base: str = "",
        at: str = "",
    ) -> ToolOutput:
        """Commit new contents of files on top of a local branch.

        Files that are not named stay. A working tree that shows the branch follows.

        Args:
            message: Whole commit message.
            files: Paths and their whole new contents.
            branch: The branch; with `base`, one that does not exist is made.
            base: Commit the branch must be at; where it is now unless given. The same
                contents and message on the same base are recognised as done.
            at: Time of the commit, RFC 3339; now unless given.

        Returns:
            `{sha, base, done: "made" | "already"}`.
        """
        start = self.commit_named(base or f"refs/heads/{branch}")
        contents = {one.path: one.content.encode() for one in files}
        sha, done = self._writer().commit(branch, start, message, contents, at=self._seconds(at))
        return ToolOutput({"sha": sha, "base": start, "done": done}, f"{branch} is at {sha[:12]}")

    @operation(effect=Effect.WRITE, command=_tag_command, timeout_s=60)
    def tag(
        self,
        name: Revision,
        target: Revision,
        message: Annotated[str, Field(min_length=1)],
        at: str = "",
    ) -> ToolOutput:
        """Make an annotated tag. A tag that exists elsewhere is refused, never moved.

        Args:
            name: The tag.
            target: Commit it names.
            message: Its message.
            at: Time of the tag, RFC 3339; now unless given.

        Returns:
            `{tag, sha, done: "made" | "already"}`.
        """
        sha = self.commit_named(target)
        done = self._writer().tag(name, sha, message, at=self._seconds(at))
        return ToolOutput({"tag": name, "sha": sha, "done": done}, f"{name} names {sha[:12]}")

    @operation(effect=Effect.WRITE, command="git branch {name} {start}")
    def branch(self, name: Revision, start: Revision) -> ToolOutput:
        """Make a branch without switching to it. One that exists elsewhere is refused.

        Args:
            name: The branch.
            start: Commit it starts at.

        Returns:
            `{branch, sha, done: "made" | "already"}`.
        """
        sha = self.commit_named(start)
        done = self._writer().branch(name, sha)
        return ToolOutput({"branch": name, "sha": sha, "done": done}, f"{name} is at {sha[:12]}")

    @operation(effect=Effect.WRITE, command=_push_command, timeout_s=400)
    def push(
        self,
        refs: Annotated[list[Revision], Field(min_length=1)],
        remote: Remote | None = None,
    ) -> ToolOutput:
        """Push branches and tags, all or none; never forced. Then look whether they arrived.

        Args:
            refs: Full names, e.g. `refs/heads/main`, `refs/tags/v1.2.3`.
            remote: Name of the remote; the configured one unless given.

        Returns:
            `{remote, refs: {name: sha}, done: "made" | "already"}`.
        """
        chosen = remote or self.remote
        done = self._writer().push(chosen, refs)
        there = self.reader.remote_refs(chosen, refs)
        data = {"remote": chosen, "refs": {name: there[name][1] for name in refs}, "done": done}
        return ToolOutput(data, f"{chosen} has {', '.join(refs)}")

    @operation(effect=Effect.WRITE, command=_revert_command, timeout_s=120)
    def revert(
        self,
        commit: Revision,
        branch: Revision,
        base: str = "",
        mainline: Annotated[int, Field(ge=0, le=16)] = 0,
        at: str = "",
    ) -> ToolOutput:
        """Put a commit on a local branch that undoes another one.

        Args:
            commit: What to undo.
            branch: The branch.
            base: Commit the branch must be at; where it is now unless given.
            mainline: For a merge, which parent's side stays, usually 1.
            at: Time of the commit, RFC 3339; now unless given.

        Returns:
            `{sha, base, done: "made" | "already"}`.
        """
        start = self.commit_named(base or f"refs/heads/{branch}")
        sha, done = self._writer().revert(
            self.commit_named(commit), branch, start, mainline=mainline, at=self._seconds(at)
        )
        return ToolOutput({"sha": sha, "base": start, "done": done}, f"{branch} is at {sha[:12]}")

    def _writer(self) -> GitWriter:
        names = {"name": "GIT_COMMITTER_NAME", "email": "GIT_COMMITTER_EMAIL"}
        identity = {key: self.settings.get(name, "") for key, name in names.items()}
        token = self.settings.get("GIT_TOKEN_WRITE", "")
        credentials = token_environment(self.reader, self.remote, token) if token else {}
        return GitWriter(self.reader, identity, credentials)

    def _seconds(self, at: str) -> int:
        if not at:
            return int(self.clock.now().timestamp())
        try:
            time = datetime.fromisoformat(at)
        except ValueError:
            raise UsageFault(f"'{at}' is not a time", fix="e.g. 2026-11-20T10:00:00Z") from None
        return int(time.timestamp())


class Gitops(Git):
    """The clone of the repository that says what runs where, when that is one of its own."""

    name: ClassVar[str] = "gitops"
    about: ClassVar[str] = "A clone of the repository that Flux or Argo CD follow; as git."
    clone_setting: ClassVar[str] = "GITOPS_CLONE"
    settings_read: ClassVar[tuple[Setting, ...]] = (
        Setting("GITOPS_CLONE", "directory of the clone", required=True),
        Setting("GITOPS_REMOTE", "remote to push to; origin unless set"),
        Setting("GITOPS_TOKEN_WRITE", "token for pushing there", secret=True, write_only=True),
        *(one for one in Git.settings_read if one.name not in _OF_ONE_CLONE),
    )

    def __init__(self, settings: Mapping[str, str], *, clock: Clock | None = None) -> None:
        renamed = {name.replace("GITOPS_", "GIT_"): value for name, value in settings.items()}
        super().__init__(renamed, clock=clock)
