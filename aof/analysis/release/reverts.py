"""Which commits of a range cancel each other out.

A revert cancels its target, a revert of the revert brings it back: what counts is parity.
A revert of something already released cannot cancel it, so it stays as a change.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from aof.analysis.release.model import ParsedCommit, RawCommit
from aof.analysis.release.squash import PULL_REQUEST

_BY_SHA = re.compile(r"^This reverts commit ([0-9a-f]{7,64})\b", re.MULTILINE)
_BY_REQUEST = re.compile(
    r"^(?:Reverts (?:[\w.-]+/[\w.-]+)?#|This reverts merge request (?:[\w./-]+)?!)(\d+)\b",
    re.MULTILINE,
)
_QUOTED = re.compile(r'(Revert|Reapply) "(.*)"\s*(?:\((?:#|!)\d+\))?$', re.DOTALL)
_MERGED_REQUEST = re.compile(r"Merge pull request #(\d+) ")
_SHA = re.compile(r"\b[0-9a-f]{7,64}\b")


class RevertNote(NamedTuple):
    """What a commit says about undoing others.

    Attributes:
        shas: Names of the commits, maybe abbreviated.
        requests: Numbers of pull or merge requests.
        subject: Header of the undone commit, where it is quoted.
        reapplies: It brings back what an earlier revert took away.
        pure: It does nothing else: its header is a revert, too.
    """

    shas: tuple[str, ...]
    requests: tuple[str, ...]
    subject: str
    reapplies: bool
    pure: bool


@dataclass(slots=True)
class Cancellation:
    """Result: sha of a cancelled commit to what cancelled it, and what stayed.

    `outside` holds active reverts whose target is not in the range: sha to note.
    """

    cancelled: dict[str, str] = field(default_factory=dict)
    outside: dict[str, RevertNote] = field(default_factory=dict)


def _may_undo(message: str, parsed: ParsedCommit) -> bool:
    """A quick look that most commits do not pass."""
    return parsed.type == "revert" or message[:2] == "Re" or "This reverts " in message


def revert_note(message: str, parsed: ParsedCommit) -> RevertNote | None:
    """What `message` says it undoes; None when it undoes nothing."""
    typed = parsed.type == "revert"
    quoted = parsed.header[:8] in {'Revert "', "Reapply "}
    if not (typed or quoted or "This reverts " in message):
        return None
    shas = _BY_SHA.findall(message)
    requests = tuple(_BY_REQUEST.findall(message)) if typed or quoted else ()
    if typed:
        for footer in parsed.footers:
            if footer.token.lower() in {"refs", "reverts", "ref"}:
                shas += _SHA.findall(footer.value)
    if not (shas or typed or quoted):
        return None
    undoes, subject = unwrapped(parsed.header)
    if typed:
        subject = PULL_REQUEST.sub("", parsed.description).strip('"')
    return RevertNote(tuple(shas), requests, subject, quoted and not undoes, typed or quoted)


def unwrapped(header: str) -> tuple[bool, str]:
    """Take `Revert "…"` and `Reapply "…"` off a header.

    Returns:
        Whether the sum of it undoes (an odd number of reverts), and the inner header.
    """
    undoes = False
    while match := _QUOTED.fullmatch(header):
        # A reapply is a revert of a revert, so it leaves the parity as it is.
        undoes = undoes != (match[1] == "Revert")
        header = match[2]
    return undoes, header


def cancel_reverts(commits: Sequence[RawCommit], parsed: Sequence[ParsedCommit]) -> Cancellation:
    """Find pairs that cancel out.

    Args:
        commits: The range, newest first.
        parsed: Their messages, in the same order.
    """
    notes = {
        commit.sha: note
        for commit, one in zip(commits, parsed, strict=True)
        if _may_undo(commit.message, one) and (note := revert_note(commit.message, one)) is not None
    }
    if not notes:
        return Cancellation()
    targets = _Targets(commits, parsed)
    reverts = {sha: targets.of(sha, note) for sha, note in notes.items()}
    reverted_by: dict[str, list[str]] = {}
    for sha, (inside, _) in reverts.items():
        for target in inside:
            reverted_by.setdefault(target, []).append(sha)
    active = _active(reverts.keys(), reverted_by)
    return _settle(notes, reverts, active)


def _settle(
    notes: dict[str, RevertNote],
    reverts: dict[str, tuple[tuple[str, ...], bool]],
    active: dict[str, bool],
) -> Cancellation:
    result = Cancellation()
    for sha, (inside, complete) in reverts.items():
        if not active[sha]:
            continue
        for target in inside:
            result.cancelled[target] = sha
        if not inside or not complete:
            result.outside[sha] = notes[sha]
        elif notes[sha].pure:
            result.cancelled.setdefault(sha, inside[0])
    for sha in list(result.outside):
        if sha in result.cancelled:
            del result.outside[sha]
    return result


def _active(shas: Iterable[str], reverted_by: dict[str, list[str]]) -> dict[str, bool]:
    """A revert is active when no active revert undoes it."""
    active: dict[str, bool] = {}
    for first in shas:
        stack = [first]
        while stack:
            sha = stack[-1]
            waiting = [by for by in reverted_by.get(sha, ()) if by not in active and by != sha]
            waiting = [by for by in waiting if by not in stack]
            if waiting:
                stack.extend(waiting)
                continue
            active[sha] = not any(active.get(by, False) for by in reverted_by.get(sha, ()))
            stack.pop()
    return active


class _Targets:
    """Looks up what a revert names, within the range."""

    def __init__(self, commits: Sequence[RawCommit], parsed: Sequence[ParsedCommit]) -> None:
        self.commits = {commit.sha: commit for commit in commits}
        self.position = {commit.sha: index for index, commit in enumerate(commits)}
        self.sorted = sorted(self.commits)
        self.by_header: dict[str, list[str]] = {}
        self.by_request: dict[str, list[str]] = {}
        for commit, one in zip(commits, parsed, strict=True):
            header = PULL_REQUEST.sub("", one.header)
            self.by_header.setdefault(header, []).append(commit.sha)
            match = PULL_REQUEST.search(one.header) or _MERGED_REQUEST.match(one.header)
            if match:
                self.by_request.setdefault(match[1], []).append(commit.sha)

    def of(self, sha: str, note: RevertNote) -> tuple[tuple[str, ...], bool]:
        """Targets inside the range, and whether those are all that is named."""
        found: list[str] = []
        complete = True
        for name in note.shas:
            match = self._by_name(name)
            complete = complete and match is not None
            if match is not None:
                found.extend(self._with_merged(match))
        if not note.shas:
            for number in note.requests:
                earlier = self._earlier(sha, self.by_request.get(number, []))
                complete = complete and earlier is not None
                if earlier is not None:
                    found.extend(self._with_merged(earlier))
        if not note.shas and not note.requests and note.subject:
            earlier = self._earlier(sha, self.by_header.get(_inner(note), []))
            complete = earlier is not None
            found += [earlier] if earlier is not None else []
        return tuple(dict.fromkeys(one for one in found if one != sha)), complete

    def _by_name(self, name: str) -> str | None:
        if name in self.commits:
            return name
        index = bisect_left(self.sorted, name)
        if index < len(self.sorted) and self.sorted[index].startswith(name):
            return self.sorted[index]
        return None

    def _earlier(self, sha: str, candidates: Sequence[str]) -> str | None:
        older = [one for one in candidates if self.position[one] > self.position[sha]]
        return min(older, key=self.position.__getitem__, default=None)

    def _with_merged(self, sha: str) -> list[str]:
        """A merge stands for the commits it brought in, so far as the range holds them."""
        commit = self.commits[sha]
        if len(commit.parents) < 2:
            return [sha]
        before = self._ancestors(commit.parents[:1])
        return [sha, *(self._ancestors(commit.parents[1:]) - before)]

    def _ancestors(self, shas: Sequence[str]) -> set[str]:
        seen: set[str] = set()
        stack = [sha for sha in shas if sha in self.commits]
        while stack:
            sha = stack.pop()
            if sha not in seen:
                seen.add(sha)
                stack.extend(one for one in self.commits[sha].parents if one in self.commits)
        return seen


def _inner(note: RevertNote) -> str:
    return PULL_REQUEST.sub("", note.subject)
