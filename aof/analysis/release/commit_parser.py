"""Reads a commit message as a Conventional Commit (1.0.0). Total, linear, never raises.

A `BREAKING CHANGE: text` line that stands at the margin but not in the footers (no blank
line before it, or as the header) counts, and asks. One that is quoted, in code, in a comment,
indented or malformed does not count, and asks: text of others (bots quoting release notes)
must not make a major.

Source: conventionalcommits.org 1.0.0, rules 1 to 16.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aof.analysis.release.fences import fenced
from aof.analysis.release.model import Diagnostic, Footer, ParsedCommit

HEADER = re.compile(r"([^\s():!]+)(?:\(([^()\n]+)\))?(!)?: (.*)")
_TOKEN = r"(BREAKING CHANGE|[^\W_][\w-]*)(: | #)(?=[^\S\n]*\S)"
_FOOTER = re.compile(_TOKEN)
_ANY_FOOTER = re.compile("^" + _TOKEN, re.MULTILINE)
_MENTION = re.compile(r"breaking[ -]changes?", re.IGNORECASE)
_LOOKS_MEANT = re.compile(r"[\s>*_#-]*breaking[ -]changes?[\s*_]*(:| #)", re.IGNORECASE)
_MAY_QUOTE = re.compile(r"```|~~~|<details|<blockquote|<!--", re.IGNORECASE)
_NOTHING = frozenset({"none", "n/a", "na", "no", "nothing", "-"})
_BREAKING = ("BREAKING CHANGE", "BREAKING-CHANGE")
_BREAKING_HEADER = re.compile(r"BREAKING CHANGE: +(\S.*)")


def parse_commit(message: str) -> ParsedCommit:
    """Read one commit message.

    Args:
        message: Whole message; CRLF and LF are the same.

    Returns:
        What it says. `type` is None when the header is not conventional; then
        `description` is the header. `breaking` may be true even so: `BREAKING CHANGE: text`
        as such a header, or in a footer below one, counts, and asks.
    """
    if "\r" in message:
        message = message.replace("\r\n", "\n").replace("\r", "\n")
    header, _, rest = message.partition("\n")
    if not header or header[0] == "\ufeff":
        header, _, rest = message.lstrip("\ufeff\n").partition("\n")
    header = header.rstrip()
    kind, scope, mark, description = _read_header(header)
    body, footers, found = _read_rest(rest)
    notes = tuple(one.value for one in footers if one.token in _BREAKING and one.separator == ": ")
    if mark and not notes:
        notes = (description,)
    if notes:
        found += _doubts(kind, notes)
    return ParsedCommit(
        kind, scope, bool(notes), description, body, tuple(footers), notes, tuple(found), header
    )


def _read_header(header: str) -> tuple[str | None, str | None, bool, str]:
    match = HEADER.match(header)
    if match is None:
        own = _BREAKING_HEADER.fullmatch(header)
        return None, None, own is not None, own[1] if own else header
    kind, scope, mark, description = match.groups()
    description = description.strip()
    if not description or (scope is not None and scope.isspace()):
        return None, None, False, header
    if kind == "BREAKING-CHANGE":
        return None, None, True, description
    return kind.lower(), scope.strip() if scope else None, mark is not None, description


def _doubts(kind: str | None, notes: tuple[str, ...]) -> Iterator[Diagnostic]:
    """What to ask about a break that counts."""
    for note in notes:
        if note.casefold().rstrip(".") in _NOTHING:
            text = f"BREAKING CHANGE: {note} counts as breaking; say nothing where nothing breaks"
            yield Diagnostic("breaking-nothing", "ask", text)
    if kind is None:
        text = "BREAKING CHANGE stands in a commit of no type; it counts as breaking"
        yield Diagnostic("breaking-in-unconventional", "ask", text)


def _read_rest(rest: str) -> tuple[str, list[Footer], list[Diagnostic]]:
    if not rest or rest.isspace():
        return "", [], []
    if rest[0] == "\n" and not _needs_reading(rest):
        return rest.strip(), [], []
    lines = rest.split("\n")
    foreign = _foreign_lines(lines) if _MAY_QUOTE.search(rest) else [False] * len(lines)
    reader = _Reader()
    for index, line in enumerate(lines):
        reader.take(index + 2, line.rstrip(), foreign=foreign[index])
    return reader.finish(lines[0].strip() != "")


def _needs_reading(rest: str) -> bool:
    """Whether there can be a footer or a doubtful line; most bodies have neither."""
    if "breaking" in rest.lower():
        return True
    return (": " in rest or " #" in rest) and _ANY_FOOTER.search(rest) is not None


class _Reader:
    """Goes over the lines after the header once, sorting them into body and footers."""

    def __init__(self) -> None:
        self.body: list[str] = []
        self.tokens: list[tuple[str, str]] = []
        self.values: list[list[str]] = []
        self.found: list[Diagnostic] = []
        self.after_blank = False

    def take(self, number: int, line: str, *, foreign: bool) -> None:
        match = None if foreign else _FOOTER.match(line)
        if match is not None and self._is_footer(match, number):
            self.tokens.append((match[1], match[2]))
            self.values.append([line[match.end() :]])
            if match[1].upper() in _BREAKING:
                self._odd_breaking(match, number, line)
        else:
            (self.values[-1] if self.values else self.body).append(line)
            if "reaking" in line.lower() and _MENTION.search(line):
                self._mention(number, line, foreign=foreign)
        self.after_blank = line == ""

    def _odd_breaking(self, match: re.Match[str], number: int, line: str) -> None:
        if match[2] == " #":
            self._doubt(number, line, "a number is not a description")
        elif match[1] not in _BREAKING:
            self._doubt(number, line, "the words must be in capitals")

    def _is_footer(self, match: re.Match[str], number: int) -> bool:
        if self.values or self.after_blank:
            return True
        if match[1] in _BREAKING and match[2] == ": ":
            self.found.append(
                Diagnostic(
                    "breaking-without-blank-line",
                    "ask",
                    "BREAKING CHANGE has no blank line before it; it counts as breaking",
                    line=number,
                )
            )
            return True
        return False

    def _mention(self, number: int, line: str, *, foreign: bool) -> None:
        if not _LOOKS_MEANT.match(line):
            self.found.append(
                Diagnostic("breaking-mentioned", "info", f"prose: {line.strip()[:120]}", "", number)
            )
        elif foreign or line[:1] in " \t>*#-":
            self._doubt(number, line, "it is quoted, indented or in code")
        else:
            self._doubt(number, line, "the form is `BREAKING CHANGE: text`")

    def _doubt(self, number: int, line: str, why: str) -> None:
        text = f"does not count as breaking, {why}: {line.strip()[:120]}"
        self.found.append(Diagnostic("breaking-not-counted", "ask", text, "", number))

    def finish(self, no_blank: bool) -> tuple[str, list[Footer], list[Diagnostic]]:
        if no_blank:
            text = "the line after the header is not blank"
            self.found.append(Diagnostic("body-without-blank-line", "info", text, "", 2))
        footers = [
            Footer(token, "\n".join(value).strip(), separator)
            for (token, separator), value in zip(self.tokens, self.values, strict=True)
        ]
        return "\n".join(self.body).strip(), footers, self.found


def _foreign_lines(lines: list[str]) -> list[bool]:
    """Which lines are code, quotation or comment, the lines that begin and end it included."""
    foreign = fenced(lines)
    depth = 0
    comment = False
    for index, line in enumerate(lines):
        start = line.lstrip().lower()
        comment = comment or start.startswith("<!--")
        depth += start.startswith(("<details", "<blockquote"))
        foreign[index] = foreign[index] or comment or depth > 0
        comment = comment and "-->" not in start
        if "</details>" in start or "</blockquote>" in start:
            depth = max(depth - 1, 0)
    return foreign
