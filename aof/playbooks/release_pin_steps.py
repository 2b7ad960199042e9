"""The steps that change pins: one commit by their bytes, its push, and a request for review."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aof.analysis.release.pins import find_pin, set_pin
from aof.errors import PlanRefused
from aof.plans import Action, Assumption, Check, digest, name_in_path, text_in_path
from aof.playbooks.release_options import PinFile
from aof.playbooks.release_pins import TRAILER, Pins
from aof.playbooks.release_review import ReviewBranch, review_branch


@dataclass(frozen=True, slots=True)
class PinChange:
    """A pin that is to say something else, and what for: `dev shop v1.1.0`."""

    file: PinFile
    value: str
    about: str


@dataclass(frozen=True, slots=True)
class PinSteps:
    """Makes the actions that change pins of one clone."""

    pins: Pins

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
        target = branch if self.pins.review else self.pins.branch
        trailers = [f"{TRAILER}: {one.about}" for one in changes]
        more: dict[str, Any] = {"evidence": evidence, "executable": executable}
        begun = self._begun(branch, trailers)
        actions = []
        if begun.tip is None:
            actions.append(
                self._commit(changes, subject, trailers, target=target, reason=reason, **more)
            )
        if self.pins.has_remote and begun.there is None:
            actions.append(self._push(target, **more))
        if self.pins.review and self.pins.forge is not None:
            body = "\n".join(f"- `{one.file.path}`: {one.value}" for one in changes) + "\n"
            ends = (target, self.pins.branch)
            actions.append(
                self.pins.forge.request(
                    subject, *ends, body, repository=self.pins.repository, executable=executable
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
        return self.pins.calls.action(
            self.pins.tool,
            "commit",
            {
                "message": f"{subject}\n\n" + "\n".join(trailers) + "\n",
                "files": self._files(changes),
                "branch": target,
                "base": self.pins.head,
                "at": self.pins.at,
            },
            target=target,
            assumes=[self._unmoved(target)],
            verify=[self._committed(target, trailers[0])],
            undo=self._uncommit(target),
            **more,
        )

    def _push(self, target: str, **more: Any) -> Action:
        name = f"refs/heads/{target}"
        words = f"Bring it to {target}, which the cluster follows"
        if self.pins.review:
            words = f"Bring {target} to the remote"
        return self.pins.calls.action(
            self.pins.tool,
            "push",
            {"refs": [name]},
            reason=words,
            target=target,
            assumes=[self._unmoved(target)],
            verify=[self._pushed(name)],
            undo=shlex.join(["git", "push", "origin", "--delete", target])
            if self.pins.review
            else "",
            **more,
        )

    def _begun(self, branch: str, trailers: Sequence[str]) -> ReviewBranch:
        """What an interrupted run left of this very change.

        Raises:
            PlanRefused: Something else is in its place.
        """
        pins = self.pins
        if pins.review:
            mark = trailers[0]
            found = review_branch(pins.calls, branch, pins.head, mark, tool=pins.tool)
        else:
            tip = None if pins.here == pins.head else pins.here
            foreign = tip is not None and not self._is(tip, trailers)
            found = ReviewBranch(pins.branch, tip, None, foreign, self._uncommit(pins.branch))
        if found.foreign:
            raise PlanRefused(
                f"{found.name} has commits of another change",
                why="they are not merged",
                fix=found.fix,
            )
        return found

    def _is(self, tip: str, trailers: Sequence[str]) -> bool:
        """Whether the one commit that is not on the remote is this change."""
        pins = self.pins
        read = pins.calls.read(pins.tool, "log", revision=tip, since=pins.head, max_count=2)
        (*rest, first) = read.require()["commits"]
        return not rest and all(f"\n{one}\n" in f"{first['message']}\n" for one in trailers)

    def _files(self, changes: Sequence[PinChange]) -> list[dict[str, str]]:
        contents: dict[str, bytes] = {}
        for one in changes:
            path = one.file.path
            content = contents.get(path) or self.pins.content(path, self.pins.head) or b""
            pin = find_pin(content, path, field=one.file.field, kind=one.file.kind)
            contents[path] = set_pin(content, path, pin, one.value)
        return [{"path": path, "content": text.decode()} for path, text in contents.items()]

    def _committed(self, branch: str, trailer: str) -> Check:
        return Check(
            tool=self.pins.tool,
            operation="log",
            arguments={"revision": f"refs/heads/{branch}", "since": self.pins.head, "max_count": 0},
            condition=f"length(commits[?contains(message, {text_in_path(trailer)})]) > `0`",
            describes=f"{branch} has the commit",
        )

    def _pushed(self, name: str) -> Check:
        condition = f"refs.{name_in_path(name)} != `null`"
        if not self.pins.review:
            condition += f" && refs.{name_in_path(name)} != '{self.pins.head}'"
        return Check(
            tool=self.pins.tool,
            operation="remote_refs",
            arguments={"names": [name]},
            condition=condition,
            describes=f"the remote has the commit on {name.removeprefix('refs/heads/')}",
        )

    def _unmoved(self, target: str) -> Assumption:
        """That the branch is where it was; for review, that nobody else has made it."""
        pins = self.pins
        name = f"refs/heads/{target}"
        return Assumption(
            tool=pins.tool,
            operation="remote_refs",
            arguments={"names": [name], **({} if pins.has_remote else {"remote": "."})},
            path=f"refs.{name_in_path(name)}",
            digest=digest(None if pins.review else pins.head),
            describes=f"there is no {target} yet" if pins.review else f"{target} has not moved",
        )

    def _uncommit(self, branch: str) -> str:
        if branch == self.pins.branch == self.pins.shown:
            return f"git reset --keep {self.pins.head[:12]}"
        if branch == self.pins.branch:
            return shlex.join(
                ["git", "update-ref", f"refs/heads/{self.pins.branch}", self.pins.head[:12]]
            )
        return shlex.join(["git", "branch", "-D", branch])
