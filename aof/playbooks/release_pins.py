"""The clone whose files say what runs where: pins are read, and changed by commit or request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from aof.analysis.release.pins import Pin, Released, find_pin, set_pin, spelled
from aof.errors import PlanRefused, UsageFault
from aof.plans import Action, Assumption, Check, digest
from aof.playbooks.base import Calls
from aof.playbooks.release_forge import Forge
from aof.playbooks.release_options import PinFile
from aof.playbooks.release_review import ReviewBranch, review_branch

ClusterState = Literal["ready", "waiting", "failed", "blocked"]
"""`ready` is about the wanted value; `waiting` may come by itself."""

ValueAt = Callable[[str], str | None]
"""What a pin says at a commit; None when nobody knows."""

_TRAILER = "Promotion"
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


@dataclass(frozen=True, slots=True)
class PinChange:
    """A pin that is to say something else, and what for: `dev shop v1.1.0`."""

    file: PinFile
    value: str
    about: str


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
    _shown: str = field(init=False, default="")

    def __post_init__(self) -> None:
        status = self._read("status")
        self._changed = set(status["changed"])
        self._shown = str(status["branch"])
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
        content = self._content(file.path, self.head)
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
        content = self._content(file.path, commit) if commit else None
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

    def change(
        self,
        changes: Sequence[PinChange],
        *,
        subject: str,
        branch: str,
        reason: str,
        evidence: Sequence[str],
        executable: bool,
    ) -> list[Action]:
        """One commit that changes the bytes of the pins, and its way to the remote.

        Args:
            changes: What is to be said where.
            subject: Of the commit.
            branch: For review; not used without.
            reason: For the plan.
            evidence: What the change rests on.
            executable: False for a proposal only.
        """
        target = branch if self.review else self.branch
        trailers = [f"{_TRAILER}: {one.about}" for one in changes]
        more: dict[str, Any] = {"evidence": evidence, "executable": executable}
        begun = self._begun(branch, trailers)
        actions = []
        if begun.tip is None:
            actions.append(
                self._commit(changes, subject, trailers, target=target, reason=reason, **more)
            )
        if self.has_remote and begun.there is None:
            actions.append(self._push(target, **more))
        if self.review and self.forge is not None:
            body = "\n".join(f"- `{one.file.path}`: {one.value}" for one in changes) + "\n"
            ends = (target, self.branch)
            actions.append(
                self.forge.request(
                    subject, *ends, body, repository=self.repository, executable=executable
                )
            )
        return actions

    def _commit(
        self,
        changes: Sequence[PinChange],
        subject: str,
        trailers: Sequence[str],
        *,
        target: str,
        **more: Any,
    ) -> Action:
        return self.calls.action(
            self.tool,
            "commit",
            {
                "message": f"{subject}\n\n" + "\n".join(trailers) + "\n",
                "files": self._files(changes),
                "branch": target,
                "base": self.head,
                "at": self.at,
            },
            target=target,
            assumes=[self._unmoved()],
            verify=[self._committed(target, trailers[0])],
            undo=self._uncommit(target),
            **more,
        )

    def _push(self, target: str, **more: Any) -> Action:
        name = f"refs/heads/{target}"
        words = f"Bring it to {target}, which the cluster follows"
        if self.review:
            words = f"Bring {target} to the remote"
        return self.calls.action(
            self.tool,
            "push",
            {"refs": [name]},
            reason=words,
            target=target,
            assumes=[self._unmoved()],
            verify=[self._pushed(name)],
            undo=f"git push origin --delete {target}" if self.review else "",
            **more,
        )

    def _begun(self, branch: str, trailers: Sequence[str]) -> ReviewBranch:
        """What an interrupted run left of this very change.

        Raises:
            PlanRefused: Something else is in its place.
        """
        if self.review:
            found = review_branch(self.calls, branch, self.head, trailers[0], tool=self.tool)
        else:
            tip = None if self.here == self.head else self.here
            found = ReviewBranch(self.branch, tip, None)
            if tip is not None and not self._is(tip, trailers):
                found = ReviewBranch(self.branch, tip, None, foreign=True, fix=self._uncommit(""))
        if found.foreign:
            raise PlanRefused(
                f"{found.name} has commits of another change",
                why="they are not merged",
                fix=found.fix,
            )
        return found

    def _is(self, tip: str, trailers: Sequence[str]) -> bool:
        """Whether the one commit that is not on the remote is this change."""
        read = self.calls.read(self.tool, "log", revision=tip, since=self.head, max_count=2)
        (*rest, first) = read.require()["commits"]
        return not rest and all(f"\n{one}\n" in f"{first['message']}\n" for one in trailers)

    def _files(self, changes: Sequence[PinChange]) -> list[dict[str, str]]:
        contents: dict[str, bytes] = {}
        for one in changes:
            path = one.file.path
            content = contents.get(path) or self._content(path, self.head) or b""
            pin = find_pin(content, path, field=one.file.field, kind=one.file.kind)
            contents[path] = set_pin(content, path, pin, one.value)
        return [{"path": path, "content": text.decode()} for path, text in contents.items()]

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
        if all(f"\n{_TRAILER}: " in one["message"] for one in ahead):
            return None
        return f"{self.branch} has commits here that are not on the remote", "git push"

    def _committed(self, branch: str, trailer: str) -> Check:
        return Check(
            tool=self.tool,
            operation="log",
            arguments={"revision": f"refs/heads/{branch}", "since": self.head, "max_count": 0},
            condition=f"length(commits[?contains(message, '{trailer}')]) > `0`",
            describes=f"{branch} has the commit",
        )

    def _pushed(self, name: str) -> Check:
        condition = f'refs."{name}" != `null`'
        if not self.review:
            condition += f" && refs.\"{name}\" != '{self.head}'"
        return Check(
            tool=self.tool,
            operation="remote_refs",
            arguments={"names": [name]},
            condition=condition,
            describes=f"the remote has the commit on {name.removeprefix('refs/heads/')}",
        )

    def _unmoved(self) -> Assumption:
        return Assumption(
            tool=self.tool,
            operation="remote_refs",
            arguments={"names": [self.full], **({} if self.has_remote else {"remote": "."})},
            path=f'refs."{self.full}"',
            digest=digest(self.head),
            describes=f"{self.branch} has not moved",
        )

    def _uncommit(self, branch: str) -> str:
        if branch in {"", self.branch} and self._shown == self.branch:
            return f"git reset --keep {self.head[:12]}"
        if branch in {"", self.branch}:
            return f"git update-ref refs/heads/{self.branch} {self.head[:12]}"
        return f"git branch -D {branch}"

    def _content(self, path: str, revision: str) -> bytes | None:
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
