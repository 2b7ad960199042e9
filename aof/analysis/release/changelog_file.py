"""Putting a release into a changelog file: by version, replacing, never stacking.

What people wrote under `[Unreleased]` moves into the release, above what commits gave; a
comment parts the two, so that doing it again replaces only the generated text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aof.analysis.release.changelog import HEAD
from aof.analysis.release.fences import fenced, unclosed
from aof.analysis.release.version import Version

MARK = "<!-- from commits -->"
_HEADING = re.compile(r"(#{1,3}) +\[?(?:(?:version|release) +)?v?([^\]\s]+)\]?", re.IGNORECASE)
_UNDERLINED = re.compile(r"\[?v?(\d+\.\d[^\]\s]*)\]?")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+) *")
_NUMBERED = re.compile(r"\d+\.\d")
_LEADING_ZEROS = re.compile(r"(?<![\w-])0+(?=\d)")
_LINK = re.compile(r"\[([^\]]+)\]: *(\S+) *$")


@dataclass(slots=True)
class _Section:
    name: str
    heading: str
    body: list[str]


def put_release(text: str, version: str, section: str, *, previous: str = "", tag: str = "") -> str:
    """The changelog with `section` in it.

    Args:
        text: The file, maybe empty. CRLF stays CRLF.
        version: Without prefix.
        section: From `ChangelogWriter.section`, heading included.
        previous: Tag of the release before, for the link below the text.
        tag: Tag of this release, for the same.

    Returns:
        The whole file. A section of the same version is replaced; text under `[Unreleased]`
        moves into the release; everything else stays as it is.
    """
    if not text.strip():
        return f"{HEAD}\n## [Unreleased]\n\n{section}"
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    body, links = _without_links(lines)
    start, sections = _split(body)
    _place(sections, version, section)
    links = _linked(links, version, previous, tag)
    blocks = ["\n".join(start).strip("\n")]
    blocks += ["\n".join([one.heading, *one.body]).strip("\n") for one in sections]
    blocks += ["\n".join(links)] if links else []
    return "\n\n".join(block for block in blocks if block).replace("\n", newline) + newline


def section_of(text: str, version: str) -> str:
    """The text below the heading of `version`, or empty."""
    lines = text.replace("\r\n", "\n").split("\n")
    for one in _split(_without_links(lines)[0])[1]:
        if one.name == version:
            return "\n".join(one.body).strip("\n")
    return ""


def _place(sections: list[_Section], version: str, section: str) -> None:
    heading, _, generated = section.strip("\n").partition("\n")
    human: list[str] = []
    existing = next((one for one in sections if one.name == version), None)
    if existing is not None and MARK in existing.body:
        human += existing.body[: existing.body.index(MARK)]
    unreleased = next((one for one in sections if one.name.lower() == "unreleased"), None)
    if unreleased is not None:
        human += unreleased.body
        unreleased.body = []
    kept = "\n".join(human).strip("\n")
    parts = [kept, MARK, generated.strip("\n")] if kept else [generated.strip("\n")]
    body = ["", *"\n\n".join(part for part in parts if part).split("\n")]
    made = _Section(version, heading, body)
    if existing is not None:
        sections[sections.index(existing)] = made
        sections[:] = [one for one in sections if one is made or one.name != version]
    else:
        sections.insert(_position(sections, version), made)


def _position(sections: list[_Section], version: str) -> int:
    """Before the first lower version; a release of an old line goes where it belongs."""
    new = _order(version)
    after = int(bool(sections) and sections[0].name.lower() == "unreleased")
    for index, one in enumerate(sections):
        other = _order(one.name)
        if other is not None and (new is None or other < new):
            return index
        if other is not None:
            after = index + 1
    return after


def _order(name: str) -> Version | None:
    """What a section is sorted by; calendar versions may have leading zeros."""
    return Version.parse(_LEADING_ZEROS.sub("", name))


def _split(lines: list[str]) -> tuple[list[str], list[_Section]]:
    start: list[str] = []
    sections: list[_Section] = []
    inert = [
        code or comment for code, comment in zip(fenced(lines), _commented(lines), strict=True)
    ]
    for line, below, skipped in zip(lines, [*lines[1:], ""], inert, strict=True):
        name = "" if skipped else _section_name(line, below)
        if name:
            sections.append(_Section(name, line, []))
        else:
            (sections[-1].body if sections else start).append(line)
    for part in (start, *(one.body for one in sections)):
        # A fence nobody closed would pair with one of another section once they move.
        if dangling := unclosed(part):
            part.append(dangling)
        if _opened(part):  # and so would a comment
            part.append("-->")
    return start, sections


def _section_name(line: str, below: str) -> str:
    """The version, or other name, whose section begins with this line; else empty.

    `##` is the heading of a section. Other tools write versions under `#`, `###` or an
    underline, too; there only a version is one.
    """
    heading = _HEADING.match(line)
    if heading and (heading[1] == "##" or _NUMBERED.match(heading[2])):
        return heading[2]
    underlined = _UNDERLINED.match(line) if _UNDERLINE.fullmatch(below) else None
    return underlined[1] if underlined else ""


def _commented(lines: list[str]) -> list[bool]:
    """For each line whether it is inside a comment; one that never ends is none."""
    return _comments(lines)[0]


def _opened(lines: list[str]) -> bool:
    """Whether a comment begins and never ends, code apart."""
    outside = [line for line, code in zip(lines, fenced(lines), strict=True) if not code]
    return _comments(outside)[1]


def _comments(lines: list[str]) -> tuple[list[bool], bool]:
    inside = [False] * len(lines)
    opened: int | None = None
    for index, line in enumerate(lines):
        if line.lstrip().startswith("<!--"):
            opened = index  # our own mark, for one, does not end a comment of somebody else's
        if opened is not None and "-->" in line:
            inside[opened : index + 1] = [True] * (index + 1 - opened)
            opened = None
    return inside, opened is not None


def _without_links(lines: list[str]) -> tuple[list[str], list[str]]:
    """Reference links at the end of the file, apart from the text."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or _LINK.match(lines[end - 1])):
        end -= 1
    return lines[:end], [line for line in lines[end:] if line.strip()]


def _linked(links: list[str], version: str, previous: str, tag: str) -> list[str]:
    """Add this release to the links, where the file has an `[Unreleased]` one to go by."""
    found = []
    names = {match[1] for line in links if (match := _LINK.match(line))}
    for line in links:
        match = _LINK.match(line)
        is_unreleased = match is not None and match[1].lower() == "unreleased"
        if match and is_unreleased and previous and tag and f"{previous}..." in match[2]:
            base, _, _ = match[2].partition(f"{previous}...")
            found.append(f"[{match[1]}]: {base}{tag}...HEAD")
            if version not in names:
                found.append(f"[{version}]: {base}{previous}...{tag}")
        else:
            found.append(line)
    return found
