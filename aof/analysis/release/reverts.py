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
from aof.analysis.release.pull_requests import PULL_REQUEST, request_of, without_numbers

_BY_SHA = re.compile(r"^This reverts commit ([0-9a-f]{7,64})\b", re.MULTILINE)
_BY_REQUEST = re.compile(
    r"^(?:Reverts (?:[\w.-]+/[\w.-]+)?|This reverts (?:merge|pull) request (?:[\w./-]+)?)"
    r"[#!](\d+)\b",
    re.MULTILINE,
)
_QUOTED = re.compile(r'(Revert|Reapply) "(.*)"\s*(?:\((?:#|!)\d+\))?$', re.DOTALL)
_SHA = re.compile(r"\b[0-9a-f]{7,64}\b")
_PICKED = re.compile(r"^\(cherry picked from commit ([0-9a-f]{40,64})\)", re.MULTILINE)


class RevertNote(NamedTuple):
    """What a commit says about undoing others.

    Attributes:
        shas: Names of the commits, maybe abbreviated.
        requests: Numbers of pull or merge requests.
        subject: Header of the undone commit, as far as this one tells.
        pure: It does nothing else: its header is a revert, too.
    """

    shas: tuple[str, ...]
    requests: tuple[str, ...]
    subject: str
    pure: bool


@dataclass(slots=True)
class Cancellation:
    """Result: sha of a cancelled commit to what cancelled it, and what stayed.

    `outside` holds active reverts whose target is not in the range: sha to note; `alike`,
    for some of them, a commit in the range with the subject they undo.
    """

    cancelled: dict[str, str] = field(default_factory=dict)
    outside: dict[str, RevertNote] = field(default_factory=dict)
    alike: dict[str, str] = field(default_factory=dict)


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
    return RevertNote(tuple(shas), requests, _undone(parsed), typed or quoted)


def _undone(parsed: ParsedCommit) -> str:
    """Header of the commit that a revert undoes, one step back."""
    if parsed.type == "revert":
        return PULL_REQUEST.sub("", parsed.description).strip('"')
    quoted = _QUOTED.fullmatch(parsed.header)
    if quoted is None:
        return ""
    return quoted[2] if quoted[1] == "Revert" else f'Revert "{quoted[2]}"'


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
        if (one.type == "revert" or one.header[:2] == "Re" or "This rev" in commit.message)
        and (note := revert_note(commit.message, one)) is not None
    }
    if not notes:
        return Cancellation()
    targets = _Targets(commits, parsed)
    # Oldest first: of several commits with one subject, a revert takes one that is left.
    reverts = {sha: targets.of(sha, notes[sha]) for sha in reversed(notes)}
    reverted_by: dict[str, list[str]] = {}
    for sha, (inside, _) in reverts.items():
        for target in inside:
            reverted_by.setdefault(target, []).append(sha)
    active = _active(reverts.keys(), reverted_by)
    result = _settle(notes, reverts, active)
    for sha, note in result.outside.items():
        alike = targets.alike(sha, note)
        if alike is not None and alike not in result.cancelled:
            result.alike[sha] = alike
    return result


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
        self.undone: set[str] = set()
        self.picked: dict[str, list[str]] = {}
        for commit, one in zip(commits, parsed, strict=True):
            self.by_header.setdefault(without_numbers(one.header), []).append(commit.sha)
            if request := request_of(commit.message):
                self.by_request.setdefault(request[1:], []).append(commit.sha)
            if "(cherry picked from" in commit.message:
                for origin in _PICKED.findall(commit.message):
                    self.picked.setdefault(origin, []).append(commit.sha)

    def of(self, sha: str, note: RevertNote) -> tuple[tuple[str, ...], bool]:
        """Targets inside the range, and whether those are all that is named."""
        named = [self._by_name(sha, name) for name in note.shas]
        if not named:
            named = [self._earlier(sha, self.by_request.get(one, [])) for one in note.requests]
        if not any(named) and not note.shas and note.subject:
            named = [self._earlier(sha, self.by_header.get(without_numbers(note.subject), []))]
        found = [one for name in named if name for one in self._with_merged(name) if one != sha]
        self.undone.update(found)
        return tuple(dict.fromkeys(found)), all(named)

    def _by_name(self, sha: str, name: str) -> str | None:
        """The commit of that name, or the one that was picked from it."""
        if name in self.commits:
            return name
        index = bisect_left(self.sorted, name)
        if index < len(self.sorted) and self.sorted[index].startswith(name):
            return self.sorted[index]
        return self._earlier(sha, self.picked.get(name, ()))

    def alike(self, sha: str, note: RevertNote) -> str | None:
        """An earlier commit with the subject a revert undoes, whatever commit it names."""
        if not (note.pure and note.shas and note.subject):
            return None
        return self._earlier(sha, self.by_header.get(without_numbers(note.subject), []))

    def _earlier(self, sha: str, candidates: Sequence[str]) -> str | None:
        older = [one for one in candidates if self.position[one] > self.position[sha]]
        return min(older, key=lambda one: (one in self.undone, self.position[one]), default=None)

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
