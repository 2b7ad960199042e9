"""The clone whose files say what runs where: what its pins say, said, and are to say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from aof.analysis.release.pins import Pin, Released, find_pin, spelled
from aof.errors import UsageFault
from aof.playbooks.base import Calls
from aof.playbooks.release_forge import Forge
from aof.playbooks.release_options import PinFile

ClusterState = Literal["ready", "waiting", "failed", "blocked"]
"""`ready` is about the wanted value; `waiting` may come by itself."""

ValueAt = Callable[[str], str | None]
"""What a pin says at a commit; None when nobody knows."""

TRAILER = "Promotion"
"""Of the commits that change pins; says what for."""

_MOST_COMMITS = 20


@dataclass(frozen=True, slots=True)
class PinSeen:
    """A pin at the head of its branch.

    Attributes:
        file: Where it is.
        pin: What was found there.
        wanted: What it says once the release is promoted.
        since: When it began to say what it says; None when history is cut off.
        previous: What it said before that; empty when nobody knows.
        had: It said `wanted` earlier, and does not now.
    """

    file: PinFile
    pin: Pin
    wanted: str
    since: datetime | None
    previous: str
    had: bool


@dataclass(frozen=True, slots=True)
class Observed:
    """What the cluster made of a pin.

    Attributes:
        state: How far it is.
        runs: What the pin says at the commit that is applied, or the revision.
        reason: Why it is not ready.
        fix: What a person can do.
        since: Since when it is so, as far as the objects say.
        fetched: The cluster has the wanted pin since then; None when it does not have it.
    """

    state: ClusterState
    runs: str
    reason: str = ""
    fix: str = ""
    since: datetime | None = None
    fetched: datetime | None = None
    evidence: tuple[str, ...] = ()


@dataclass(slots=True)
class Pins:
    """Pins in one clone.

    Args:
        calls: The way to tools.
        tool: `git`, or `gitops` when pins live in a repository of their own.
        branch: That the cluster follows.
        review: Changes go through a pull request.
        forge: Where that is opened.
        repository: On the forge; empty for the forge's own.
        at: Time of commits, RFC 3339.
    """

    calls: Calls
    tool: str
    branch: str
    review: bool
    forge: Forge | None
    repository: str
    at: str
    problem: tuple[str, str] | None = field(init=False, default=None)
    head: str = field(init=False, default="")
    here: str | None = field(init=False, default=None)
    has_remote: bool = field(init=False, default=False)
    _changed: set[str] = field(init=False, default_factory=set)
    shown: str = field(init=False, default="")

    def __post_init__(self) -> None:
        status = self._read("status")
        self._changed = set(status["changed"])
        self.shown = str(status["branch"])
        self.has_remote = bool(status["remotes"])
        self.here = self._tip(self.full, ".")
        there = self._tip(self.full) if self.has_remote else self.here
        self.head = there or ""
        self.problem = self._out_of_step()

    @property
    def full(self) -> str:
        """Full name of the branch."""
        return f"refs/heads/{self.branch}"

    def see(self, file: PinFile, released: Released) -> PinSeen:
        """A pin at the head of the branch, and how it came to say that.

        Raises:
            UsageFault: There is no such file or pin.
        """
        content = self.content(file.path, self.head)
        if content is None:
            where = "" if self.tool == "git" else " of the gitops repository"
            raise UsageFault(f"{file.path} does not exist on {self.branch}{where}", file=file.path)
        pin = find_pin(content, file.path, field=file.field, kind=file.kind)
        wanted = spelled(pin.value, released, file.value, path=file.path) if released.tag else ""
        since, previous, had = None, "", False
        for time, value in self._history(file):
            if value == pin.value and not previous:
                since = time
            elif not previous:
                previous = value
            had = had or (value == wanted and pin.value != wanted)
            if previous and (had or pin.value == wanted):
                break
        return PinSeen(file, pin, wanted, since if previous else None, previous, had)

    def value_at(self, file: PinFile, commit: str) -> str | None:
        """What a pin says at a commit; None when the commit is not here or has no pin."""
        content = self.content(file.path, commit) if commit else None
        if content is None:
            return None
        try:
            return find_pin(content, file.path, field=file.field, kind=file.kind).value
        except UsageFault:
            return None

    def in_the_way(self, file: PinFile) -> tuple[str, str] | None:
        """Why the file cannot be changed from here, and what to do; None when it can."""
        if self.problem is not None:
            return self.problem
        if file.path in self._changed:
            return f"{file.path} has changes not committed", "git stash"
        return None

    def request(self, branch: str) -> str:
        """Number of the open request for a branch of `change`, or empty."""
        if not self.review or self.forge is None:
            return ""
        return self.forge.open_request(branch, self.branch, repository=self.repository)

    def _history(self, file: PinFile) -> Iterator[tuple[datetime, str]]:
        """What a pin said after each commit to its file, newest first."""
        answer = self.calls.read(
            self.tool, "log", revision=self.head, paths=[file.path], max_count=_MOST_COMMITS
        )
        for commit in answer.data["commits"] if answer.ok else []:
            value = self.value_at(file, commit["sha"])
            if value is not None:
                yield datetime.fromtimestamp(commit["time"], UTC), value

    def _out_of_step(self) -> tuple[str, str] | None:
        """Why this clone cannot be the base of a change."""
        if not self.head:
            return f"there is no branch {self.branch} on the remote", "git push"
        held = self.calls.read(self.tool, "describe", revision=self.head)
        if not held.ok:
            return f"{self.branch} has commits on the remote that are not here", "git pull"
        if self.here in {None, self.head}:
            return None
        ahead = self.calls.read(
            self.tool, "log", revision=self.here, since=self.head, max_count=0
        ).require()["commits"]
        if not ahead:
            return f"{self.branch} is behind the remote here", "git pull"
        if all(f"\n{TRAILER}: " in one["message"] for one in ahead):
            return None
        return f"{self.branch} has commits here that are not on the remote", "git push"

    def content(self, path: str, revision: str) -> bytes | None:
        """A file at a commit; None when the commit is not here, or has no such file."""
        answer = self.calls.read(self.tool, "show", revision=revision, path=path)
        if not answer.ok or not answer.data["exists"]:
            return None
        if answer.data["binary"] or answer.data["truncated"]:
            raise UsageFault(f"{path} is not a text file of usual size", file=path)
        return str(answer.data["content"]).encode()

    def _tip(self, name: str, remote: str | None = None) -> str | None:
        arguments = {"remote": remote} if remote else {}
        found: str | None = self._read("remote_refs", names=[name], **arguments)["refs"][name]
        return found

    def _read(self, operation: str, **arguments: Any) -> Any:
        return self.calls.read(self.tool, operation, **arguments).require()
