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
from functools import lru_cache

from aof.analysis.release.fences import fenced, unclosed
from aof.analysis.release.model import BREAKING_TOKENS, Diagnostic, Footer, ParsedCommit

_START = r"([^\s():!]+)(?:\(([^()\n]+)\))?(!)?"
HEADER = re.compile(_START + r": [^\S\n]*+(\S.*)")
_PREFIX = re.compile(_START)
_LONGEST_KEPT = 64
_TOKEN = r"(BREAKING CHANGE|[^\W_][\w-]*)(: | #)(?=[^\S\n]*\S)"
_FOOTER = re.compile(_TOKEN)
_NEXT_FOOTER = re.compile(r"\n" + _TOKEN)
_FIRST_FOOTER = re.compile(r"\n[^\S\n]*" + _NEXT_FOOTER.pattern)
_MENTION = re.compile(r"breaking[ -]changes?", re.IGNORECASE)
_LOOKS_MEANT = re.compile(r"[\s>*_#-]*breaking[ -]changes?[\s*_]*(:| #)", re.IGNORECASE)
_MAY_QUOTE = re.compile(r"```|~~~|<(?:details|blockquote|!--)")
_Below = tuple[str, tuple[Footer, ...], tuple[Diagnostic, ...]]
_NOTHING_BELOW: _Below = ("", (), ())
_NOTHING = frozenset({"none", "n/a", "na", "no", "nothing", "-"})
_BREAKING_HEADER = re.compile(r"BREAKING CHANGE: +(\S.*)")
_NEARLY = re.compile(
    r"\s*+(?:(?:[^\w\s(#>*-]\S*+|[A-Z][A-Z0-9]*+-\d++:?)\s++)?"  # emoji, shortcode or ticket
    r"([A-Za-z]++)((?:\([^()]*+\)|!|\s)*+)[:\uff1a]++\s*+\S"
)


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
    body, footers, found = _read_rest(rest) if rest else _NOTHING_BELOW
    notes: tuple[str, ...] = (description,) if mark else ()
    if footers:
        notes = tuple([one.value for one in footers if one.breaks]) or notes
    if notes:
        found = (*found, *_doubts(kind, notes))
    return ParsedCommit(kind, scope, bool(notes), description, body, footers, notes, found, header)


def _read_header(header: str) -> tuple[str | None, str | None, bool, str]:
    prefix, _, text = header.partition(": ")
    if text and len(prefix) <= _LONGEST_KEPT:
        start, description = _read_prefix(prefix), text.lstrip()
        if start is not None and description:
            return (*start, description)
    match = HEADER.match(header)
    if match is None:
        own = _BREAKING_HEADER.fullmatch(header)
        return None, None, own is not None, own[1] if own else header
    kind, scope, mark, description = match.groups()
    if scope and scope.isspace():
        return None, None, False, header
    if kind == "BREAKING-CHANGE":
        return None, None, True, description
    return kind.lower(), scope and scope.strip(), mark is not None, description


@lru_cache(maxsize=4096)
def _read_prefix(prefix: str) -> tuple[str, str | None, bool] | None:
    """Type, scope and mark where nothing is odd about them; most commits share a few prefixes."""
    match = _PREFIX.fullmatch(prefix)
    if match is None or match[1] == "BREAKING-CHANGE" or (match[2] and match[2].isspace()):
        return None
    return match[1].lower(), match[2] and match[2].strip(), match[3] is not None


def nearly(header: str) -> tuple[str, bool] | None:
    """Type and break that a header outside the grammar was perhaps meant to state.

    A space too many or too few, an empty scope, an emoji or a ticket before the type.
    """
    match = _NEARLY.match(header)
    return (match[1].lower(), "!" in match[2]) if match else None


def _doubts(kind: str | None, notes: tuple[str, ...]) -> Iterator[Diagnostic]:
    """What to ask about a break that counts."""
    for note in notes:
        if note.casefold().rstrip(".") in _NOTHING:
            text = f"BREAKING CHANGE: {note} counts as breaking; say nothing where nothing breaks"
            yield Diagnostic("breaking-nothing", "ask", text)
    if kind is None:
        text = "BREAKING CHANGE stands in a commit of no type; it counts as breaking"
        yield Diagnostic("breaking-in-unconventional", "ask", text)


def _read_rest(rest: str) -> _Below:
    lower = rest.lower()
    if rest[0] == "\n" and "breaking" not in lower:
        if ": " not in rest and " #" not in rest:
            return rest.strip(), (), ()
        # What `_Reader` makes of a text without doubtful lines, at a third of the cost.
        text = f"\n{rest}"
        first = _FIRST_FOOTER.search(text)
        if first is None:
            return rest.strip(), (), ()
        if not _MAY_QUOTE.search(lower):
            pieces = iter(_NEXT_FOOTER.split(text[first.start(1) - 1 :])[1:])
            footers = [
                Footer(token, value.strip(), mark)
                for token, mark, value in zip(pieces, pieces, pieces, strict=True)
            ]
            return text[: first.start()].strip(), tuple(footers), ()
    lines = rest.split("\n")
    foreign = _foreign_lines(lines)
    reader = _Reader()
    for number, line in enumerate(lines, start=2):
        reader.take(number, line.rstrip(), foreign=foreign[number - 2])
    if "BREAKING" in rest and unclosed(lines):
        reader.in_open_block()
    return reader.finish(lines[0].strip() != "")


class _Reader:
    """Goes over the lines after the header once, sorting them into body and footers."""

    def __init__(self) -> None:
        self.body: list[str] = []
        self.tokens: list[tuple[str, str]] = []
        self.values: list[list[str]] = []
        self.found: list[Diagnostic] = []
        self.after_blank = False

    def take(self, number: int, line: str, *, foreign: bool) -> None:
        may_be = not foreign and (": " in line or " #" in line)
        match = _FOOTER.match(line) if may_be else None
        if match is not None and self._is_footer(match, number):
            self.tokens.append((match[1], match[2]))
            self.values.append([line[match.end() :]])
            if match[1].upper().startswith("BREAKING"):
                self._odd_breaking(match, number, line)
        else:
            (self.values[-1] if self.values else self.body).append(line)
            if "reaking" in line.lower() and _MENTION.search(line):
                self._mention(number, line, foreign=foreign)
        self.after_blank = line == ""

    def _odd_breaking(self, match: re.Match[str], number: int, line: str) -> None:
        if match[2] == " #":
            self._doubt(number, line, "a number is not a description")
        elif match[1] not in BREAKING_TOKENS:
            self._doubt(number, line, "the words are `BREAKING CHANGE`, in capitals")

    def _is_footer(self, match: re.Match[str], number: int) -> bool:
        if self.values or self.after_blank:
            return True
        if match[1] in BREAKING_TOKENS and match[2] == ": ":
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

    def in_open_block(self) -> None:
        if any(token in BREAKING_TOKENS and mark == ": " for token, mark in self.tokens):
            text = "a code block is never closed; BREAKING CHANGE counts, though it may be in it"
            self.found.append(Diagnostic("breaking-in-open-block", "ask", text))

    def finish(self, no_blank: bool) -> _Below:
        if no_blank:
            text = "the line after the header is not blank"
            self.found.append(Diagnostic("body-without-blank-line", "info", text, "", 2))
        footers = tuple(
            Footer(token, "\n".join(value).strip(), separator)
            for (token, separator), value in zip(self.tokens, self.values, strict=True)
        )
        return "\n".join(self.body).strip(), footers, tuple(self.found)


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
