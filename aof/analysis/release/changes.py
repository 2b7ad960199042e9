"""From commits to changes: parse, split squashes, cancel reverts. Nothing is dropped.

Every commit of a range ends in exactly one of three places: changes, unconventional,
cancelled. `Range` checks that itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from aof.analysis.release.commit_parser import HEADER, nearly, parse_commit
from aof.analysis.release.config import ReleaseConfig
from aof.analysis.release.merges import Title, merge_titles
from aof.analysis.release.model import (
    Change,
    Diagnostic,
    Footer,
    Level,
    ParsedCommit,
    RawCommit,
)
from aof.analysis.release.policy import change_level
from aof.analysis.release.pull_requests import (
    MERGE_SUBJECT,
    PULL_REQUEST,
    request_message,
    request_of,
)
from aof.analysis.release.reverts import Cancellation, RevertNote, cancel_reverts, unwrapped
from aof.analysis.release.squash import listed_headers, may_list, split_squash
from aof.errors import InternalFault

_ISSUE = re.compile(r"(?:[\w.-]+/[\w.-]+)?#\d+|!\d+|\b[A-Z][A-Z0-9]+-\d+\b")
_REFERS = frozenset(
    {"close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved"}
    | {"ref", "refs", "references", "issue", "issues", "implements", "see", "relates", "related"}
)
_LOOKS_LIKE = {
    **dict.fromkeys(("feature", "features", "feats"), "feat"),
    **dict.fromkeys(("bug", "bugfix", "fixes", "hotfix"), "fix"),
    **dict.fromkeys(("performance", "optimize"), "perf"),
}
"""Types people write for one that counts."""

_BY_A_HOST = ("Merge", "Pull request #")
_UNDOES = ('Revert "', 'Reapply "')


class Unconventional(NamedTuple):
    """A commit without a conventional header. `merge` tells git's own merge subjects."""

    sha: str
    subject: str
    author: str
    merge: bool
    request: str
    breaking_notes: tuple[str, ...]
    level: Level
    footers: tuple[Footer, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON."""
        return {
            "sha": self.sha,
            "subject": self.subject,
            "author": self.author,
            "merge": self.merge,
            "pull_request": self.request[1:] or None,
            "breaking_notes": list(self.breaking_notes),
            "level": self.level.word,
        }


class Cancelled(NamedTuple):
    """A commit that another commit of the same range undoes, and that other commit."""

    sha: str
    subject: str
    by: str


@dataclass(frozen=True, slots=True)
class Range:
    """What a range of commits holds, newest first."""

    commits: int
    changes: tuple[Change, ...]
    unconventional: tuple[Unconventional, ...]
    cancelled: tuple[Cancelled, ...]
    diagnostics: tuple[Diagnostic, ...]

    def __post_init__(self) -> None:
        placed = len(self.changes) + len(self.unconventional) + len(self.cancelled)
        if placed != self.commits:
            raise InternalFault(
                f"{self.commits} commits were read but {placed} accounted for",
                fix="please report this with the output of `git log --format=%H` for the range",
            )

    @property
    def level(self) -> Level:
        """The highest level anything in the range asks for."""
        levels = [change.level for change in self.changes]
        levels += [one.level for one in self.unconventional]
        return max(levels, default=Level.NONE)

    @property
    def shas(self) -> set[str]:
        """Of every commit."""
        placed = [one.sha for one in self.changes]
        placed += [one.sha for one in self.unconventional]
        return {*placed, *(one.sha for one in self.cancelled)}

    def footers(self, token: str) -> Iterator[tuple[str, str]]:
        """Commit and value of each footer of that name, whatever its case; newest first."""
        for change in self.changes:
            for one in (change, *change.parts):
                yield from _values(change.sha, one.parsed.footers, token)
        for free in self.unconventional:
            yield from _values(free.sha, free.footers, token)


def _values(sha: str, footers: Iterable[Footer], token: str) -> Iterator[tuple[str, str]]:
    return ((sha, one.value) for one in footers if one.token.lower() == token)


def read_range(commits: Sequence[RawCommit], config: ReleaseConfig) -> Range:
    """Sort the commits of a range, newest first, into changes, unconventional, cancelled."""
    headers: list[ParsedCommit] = []
    parts: dict[str, tuple[ParsedCommit, ...]] = {}
    for commit in commits:
        message = commit.message
        listed = "*" in message and "\n* " in message
        if listed or message.startswith(_BY_A_HOST) or "Squashed commit of" in message:
            message, inner = _unpacked(commit, config)
            if inner:
                parts[commit.sha] = tuple(parse_commit(one) for one in inner)
        headers.append(parse_commit(message))
    titles = merge_titles(commits, headers, config.levels)
    reader = _RangeReader(config, cancel_reverts(commits, headers), titles, parts)
    for commit, parsed in zip(commits, headers, strict=True):
        reader.take(commit, parsed)
    return Range(
        len(commits),
        tuple(reader.changes),
        tuple(reader.unconventional),
        tuple(reader.cancelled),
        tuple(reader.diagnostics),
    )


def _unpacked(commit: RawCommit, config: ReleaseConfig) -> tuple[str, tuple[str, ...]]:
    """A commit's own message, and those of the commits it was squashed from."""
    message = commit.message.replace("\r\n", "\n")
    if len(commit.parents) < 2:
        # A squash that a host made: there is no merged commit that could speak for itself.
        request = request_message(message) or ""
        told = HEADER.match(request) or request.startswith(_UNDOES) or "\n* " in request
        message = request if told else message
    return split_squash(message) if config.squash == "split" else (message, ())


class _RangeReader:
    def __init__(
        self,
        config: ReleaseConfig,
        cancellation: Cancellation,
        titles: Mapping[str, Title],
        parts: Mapping[str, tuple[ParsedCommit, ...]],
    ) -> None:
        self.config, self.levels = config, config.levels
        self.cancelled_by, self.outside = cancellation.cancelled, cancellation.outside
        self.alike = cancellation.alike
        self.titles, self.parts = titles, parts
        self.special = {*self.cancelled_by, *self.outside, *titles, *parts}
        self.changes: list[Change] = []
        self.unconventional: list[Unconventional] = []
        self.cancelled: list[Cancelled] = []
        self.diagnostics: list[Diagnostic] = []

    def take(self, commit: RawCommit, parsed: ParsedCommit) -> None:
        sha = commit.sha
        parts: tuple[ParsedCommit, ...] = ()
        if sha in self.special:
            by = self.cancelled_by.get(sha)
            if by is not None:
                self.cancelled.append(Cancelled(sha, parsed.header, by))
                return
            parts = self.parts.get(sha, ())
            parsed = self._in_context(commit, parsed)
        kind, below = parsed.type, parsed.body or parsed.footers
        lists = below and may_list(commit.message)
        if lists or parts or kind in _LOOKS_LIKE or parsed.diagnostics:
            self._diagnose(commit, parsed, parts)
        if parts:
            inner = tuple(self._change(commit, part, self._level(part)) for part in parts)
            level = max([self._level(parsed), *(part.level for part in inner)])
            self.changes.append(self._change(commit, parsed, level, inner))
        elif kind is None:
            self._take_unconventional(commit, parsed)
        else:
            self.changes.append(self._change(commit, parsed, change_level(parsed, self.levels)))

    def _in_context(self, commit: RawCommit, parsed: ParsedCommit) -> ParsedCommit:
        """What a revert of released work, or the merge of a request, stands for."""
        note = self.outside.get(commit.sha)
        if note is not None:
            text = "undoes or brings back something outside this range"
            self.diagnostics.append(Diagnostic("revert-of-released", "info", text, commit.sha))
            if commit.sha in self.alike:
                text = f"names a commit that is not here; was {self.alike[commit.sha][:12]} meant?"
                text += " It has the subject, and counts"
                self.diagnostics.append(Diagnostic("revert-unknown", "ask", text, commit.sha))
            parsed = _as_revert(parsed, note) if note.pure else parsed
        title = self.titles.get(commit.sha)
        return parsed if title is None else self._titled(commit, parsed, title)

    def _level(self, parsed: ParsedCommit) -> Level:
        if parsed.type is None and not parsed.breaking:
            return self.config.unconventional
        return change_level(parsed, self.levels)

    def _titled(self, commit: RawCommit, parsed: ParsedCommit, title: Title) -> ParsedCommit:
        if title.asks_for_more:
            text = f"the request's title asks for more than its commits: {title.parsed.header}"
            self.diagnostics.append(Diagnostic("merge-title", "ask", text, commit.sha))
        return title.parsed if title.counts else parsed

    def _change(
        self,
        commit: RawCommit,
        parsed: ParsedCommit,
        level: Level,
        parts: tuple[Change, ...] = (),
    ) -> Change:
        request, description = "", parsed.description
        if description.endswith(")"):
            named = PULL_REQUEST.search(description, description.rfind(" ("))
            if named is not None:
                request, description = named[1], description[: named.start()]
        elif "!" in commit.message and "See merge request" in commit.message:
            request = request_of(commit.message)
        issues = references(parsed) if parsed.footers else ()
        sha, _, author, email, *_ = commit
        return Change(sha, parsed, description, level, request, issues, author, email, parts)

    def _take_unconventional(self, commit: RawCommit, parsed: ParsedCommit) -> None:
        merge = len(commit.parents) > 1 and MERGE_SUBJECT.match(parsed.header) is not None
        level = Level.NONE if merge and not parsed.breaking else self._level(parsed)
        named = PULL_REQUEST.search(parsed.header) if parsed.header.endswith(")") else None
        subject = parsed.header[: named.start()] if named else parsed.header
        request = named[1] if named else ""
        notes, footers = parsed.breaking_notes, parsed.footers
        self.unconventional.append(
            Unconventional(
                commit.sha, subject, commit.author, merge, request, notes, level, footers
            )
        )
        if not merge:
            self.diagnostics.append(self._about_header(commit.sha, parsed.header, level))

    def _about_header(self, sha: str, header: str, level: Level) -> Diagnostic:
        """Say that a header is not conventional; ask where it was perhaps meant to be."""
        asks = ", so it asks for no version" if level is Level.NONE else ""
        kind, breaks = nearly(header) or ("", False)
        meant = self.levels.get(_LOOKS_LIKE.get(kind, kind), Level.NONE)
        if max(meant, Level.MAJOR if breaks else Level.NONE) > level:
            text = f"looks like '{kind}', but is not of the form `type(scope): text`{asks}"
            return Diagnostic("header-malformed", "ask", f"{text}: {header[:120]}", sha)
        return Diagnostic(
            "unconventional", "info", f"follows no convention{asks}: {header[:120]}", sha
        )

    def _diagnose(
        self, commit: RawCommit, parsed: ParsedCommit, parts: tuple[ParsedCommit, ...]
    ) -> None:
        for one in (parsed, *parts):
            for found in one.diagnostics:
                self.diagnostics.append(found._replace(sha=commit.sha))
            meant = _LOOKS_LIKE.get(one.type or "")
            if meant and one.type not in self.levels and not one.breaking:
                text = f"type '{one.type}' asks for no version; if it means {meant}, set `levels`"
                self.diagnostics.append(Diagnostic("type-unknown", "ask", text, commit.sha))
        if parts:
            text = f"a squash of {len(parts)} conventional commits; each is counted"
            self.diagnostics.append(Diagnostic("squash-split", "info", text, commit.sha))
        elif self.config.squash == "split" and (listed := listed_headers(commit.message)):
            listed_level = max(change_level(parse_commit(one), self.levels) for one in listed)
            if listed_level > self._level(parsed):
                text = "the body lists commits that ask for more, in no squash's form; not counted"
                self.diagnostics.append(Diagnostic("squash-like", "ask", text, commit.sha))


def _as_revert(parsed: ParsedCommit, note: RevertNote) -> ParsedCommit:
    """A revert of released work is a change of its own; a reapply is what it brings back."""
    undoes, inner = unwrapped(parsed.header)
    if parsed.type == "revert":
        return parsed
    if undoes:
        return parsed._replace(type="revert", description=inner or note.subject)
    again = parse_commit(inner)
    if again.type is None:
        return parsed
    return again._replace(
        body=parsed.body,
        footers=parsed.footers,
        diagnostics=parsed.diagnostics,
        header=parsed.header,
        breaking_notes=parsed.breaking_notes or again.breaking_notes,
    )


def references(parsed: ParsedCommit) -> tuple[str, ...]:
    """Issues named in footers such as `Fixes: #1, #2` or `Refs #3`, in order, once each."""
    found: dict[str, None] = {}
    for token, value, separator in parsed.footers:
        if token.lower() in _REFERS:
            text = f"#{value}" if separator == " #" else value
            found.update(dict.fromkeys(_ISSUE.findall(text)))
    return tuple(found)
