"""The shapes release analysis works on: commits, footers, diagnostics, tags, changes.

Tuples and slotted classes, because a history has tens of thousands of them. No rules.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Literal, NamedTuple

Severity = Literal["info", "ask"]


BREAKING_TOKENS = ("BREAKING CHANGE", "BREAKING-CHANGE")


class Level(IntEnum):
    """How much a change asks of the version. Ordered: the highest of a range counts."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    @property
    def word(self) -> str:
        """`none`, `patch`, `minor` or `major`."""
        return self.name.lower()


class RawCommit(NamedTuple):
    """A commit as git tells it.

    Attributes:
        sha: Full object name.
        parents: Full object names; the first is the branch that was merged into.
        author: Name.
        email: Address.
        time: Committer time, seconds since 1970.
        message: Whole message, as text.
        paths: Files it touches, where they were asked for.
    """

    sha: str
    parents: tuple[str, ...]
    author: str
    email: str
    time: int
    message: str
    paths: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """First line of the message."""
        return self.message.lstrip("\n").split("\n", 1)[0].rstrip()


class Footer(NamedTuple):
    """A footer. `separator` is `: ` or ` #`; the value does not hold the `#`."""

    token: str
    value: str
    separator: str = ": "

    @property
    def breaks(self) -> bool:
        """Whether it says what breaks; a number does not."""
        return self.token in BREAKING_TOKENS and self.separator == ": "


class Diagnostic(NamedTuple):
    """Something a person should know about a commit, tag or file.

    `ask` means: the answer could change the version, so a person decides. `line` is the
    line of the message, from 1, where there is one.
    """

    code: str
    severity: Severity
    text: str
    sha: str = ""
    line: int = 0

    def as_dict(self) -> dict[str, Any]:
        """JSON."""
        return {
            "code": self.code,
            "severity": self.severity,
            "text": self.text,
            "sha": self.sha or None,
            "line": self.line or None,
        }


class ParsedCommit(NamedTuple):
    """A message read as a Conventional Commit. `type` is None when it is not one.

    Attributes:
        type: Lower case, e.g. `feat`.
        scope: As written.
        breaking: By `!` or by a footer.
        description: After the colon; the whole header when unconventional.
        body: Free text between header and footers.
        footers: In order, all of them.
        breaking_notes: What breaks, one per note.
        diagnostics: What was doubtful.
        header: First line as written.
    """

    type: str | None
    scope: str | None
    breaking: bool
    description: str
    body: str = ""
    footers: tuple[Footer, ...] = ()
    breaking_notes: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    header: str = ""

    @property
    def conventional(self) -> bool:
        """Whether the header follows the grammar."""
        return self.type is not None

    def as_dict(self) -> dict[str, Any]:
        """JSON, with `conventional` added."""
        return {
            "conventional": self.conventional,
            "type": self.type,
            "scope": self.scope,
            "breaking": self.breaking,
            "description": self.description,
            "body": self.body,
            "footers": [footer._asdict() for footer in self.footers],
            "breaking_notes": list(self.breaking_notes),
            "diagnostics": [diagnostic.as_dict() for diagnostic in self.diagnostics],
        }


class Tag(NamedTuple):
    """A tag: its name, the commit it names (peeled), and the time it was made.

    `reachable` says whether HEAD contains the commit; None when nobody looked.
    """

    name: str
    sha: str
    time: int = 0
    reachable: bool | None = None


class Change(NamedTuple):
    """One entry of a release: a conventional commit, or one part of a squashed one.

    Attributes:
        sha: The commit.
        parsed: Its message.
        description: What it does, without the request's number.
        level: What it asks of the version.
        request: Pull request `#12` or merge request `!12` it came by, or empty.
        references: Issues it names, e.g. `#7`, `ABC-12`.
        author: Name.
        email: Address.
        parts: The commits a squash holds, as changes, when it holds any.
    """

    sha: str
    parsed: ParsedCommit
    description: str
    level: Level
    request: str = ""
    references: tuple[str, ...] = ()
    author: str = ""
    email: str = ""
    parts: tuple[Any, ...] = ()

    @property
    def breaking(self) -> bool:
        """Whether it, or a part of it, breaks something."""
        return self.parsed.breaking or any(part.breaking for part in self.parts)

    @property
    def breaking_notes(self) -> tuple[str, ...]:
        """What breaks; its description where nothing else says it."""
        whole = self.parsed.description
        return tuple(
            self.description if one == whole else one for one in self.parsed.breaking_notes
        )

    def as_dict(self) -> dict[str, Any]:
        """JSON; `id` is what highlights cite."""
        return {
            "id": self.sha[:12],
            "sha": self.sha,
            "type": self.parsed.type,
            "scope": self.parsed.scope,
            "breaking": self.breaking,
            "description": self.description,
            "breaking_notes": list(self.breaking_notes),
            "level": self.level.word,
            "pull_request": self.request[1:] or None,
            "references": list(self.references),
            "author": self.author,
            "parts": [
                {
                    "type": part.parsed.type,
                    "scope": part.parsed.scope,
                    "breaking": part.parsed.breaking,
                    "description": part.description,
                    "breaking_notes": list(part.breaking_notes),
                    "level": part.level.word,
                }
                for part in self.parts
            ],
        }
