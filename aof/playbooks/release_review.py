"""Branches for review: what an interrupted run left of one, and whether it is ours."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from aof.playbooks.base import Calls


@dataclass(frozen=True, slots=True)
class ReviewBranch:
    """A branch made for a pull request.

    Attributes:
        name: Its name.
        here: Where it is in this clone, or None.
        there: Where it is on the remote, or None.
        foreign: It holds something else than the one commit wanted.
        fix: What to do about that.
    """

    name: str
    here: str | None
    there: str | None
    foreign: bool = False
    fix: str = ""

    @property
    def tip(self) -> str | None:
        """Where it is; None when nobody has begun it."""
        return self.there or self.here


def review_branch(
    calls: Calls, name: str, base: str, mark: str, *, tool: str = "git", remote: str = "origin"
) -> ReviewBranch:
    """Look whether a branch was begun: one commit on `base` whose message holds `mark`.

    Raises:
        Unreachable: The remote does not answer.
    """
    full = f"refs/heads/{name}"
    there, here = (
        calls.read(tool, "remote_refs", names=[full], **where).require()["refs"][full]
        for where in ({}, {"remote": "."})
    )
    found = ReviewBranch(name, here, there)
    if found.tip is None:
        return found
    read = calls.read(tool, "log", revision=found.tip, since=base, max_count=2)
    commits = read.data["commits"] if read.ok else []
    if len(commits) == 1 and commits[0]["parents"] == [base] and mark in commits[0]["message"]:
        return found
    fix = shlex.join(["git", "fetch", remote, name])
    if read.ok:
        deletions = [shlex.join(["git", "push", remote, "--delete", name])] if there else []
        fix = "; ".join(
            [*deletions, *([shlex.join(["git", "branch", "-D", name])] if here else [])]
        )
    return ReviewBranch(name, here, there, foreign=True, fix=fix)
