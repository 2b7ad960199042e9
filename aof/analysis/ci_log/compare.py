"""What a failed log names that the last green log of the same job does not.

Versions of tools and packages, digests of images, commits of actions, and new warnings: what
changed around the code. Timestamps, durations, numbers, paths and ids never count. Pure, and
linear in the logs' sizes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from aof.analysis.ci_log.decode import as_utf8, clean

_MOST_BYTES = 2 << 20  # of each log; from longer ones the beginning, where jobs are set up
_MOST_LINES = 12_000  # of each log that are looked at
_MOST_LINE = 600
_MOST_VALUES = 30
_MOST_WARNINGS = 8
_MANY_ADDED = 25  # above this one of the logs used a cache, and no new name says anything


class Changed(BaseModel):
    """A thing both logs name, with another value; `before` is empty when only this log has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    before: str
    after: str
    line: int


class LogChanges(BaseModel):
    """What differs. `warnings` are `(line, text)` before the failure that the green log lacks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    values: tuple[Changed, ...] = ()
    added: tuple[Changed, ...] = ()
    warnings: tuple[tuple[int, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.values or self.added or self.warnings)


@dataclass(slots=True)
class _Read:
    """The names in a log with their values in order, and its warnings by masked text."""

    values: dict[str, dict[str, int]] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    installed: set[str] = field(default_factory=set)
    warnings: dict[str, tuple[int, str]] = field(default_factory=dict)


def compare(failed: object, green: object, *, until: int = 0, whole: bool = True) -> LogChanges:
    """Compare a failed log with a green one of the same job.

    Args:
        failed: The log, as bytes or any other buffer.
        green: The log of the last green run of the same job.
        until: 1-based line of the failure; warnings from there on are its consequences.
            0 is the end.
        whole: The green log is complete. In a cut one a warning may have stood where the
            gap is, so that none is called new.

    Returns:
        At most 30 changed values, 8 warnings; names new in this log only when they are few.
    """
    now, before = _read(failed, until), _read(green, 0)
    values: list[Changed] = []
    added: list[Changed] = []
    for key, found in now.values.items():
        known = before.values.get(key)
        new = [value for value in found if known is None or value not in known]
        if not new:
            continue
        name, line = now.shown[key], found[new[-1]]
        if known is None:
            if key in now.installed:
                added.append(Changed(name=name, before="", after=new[-1], line=line))
            continue
        gone = [value for value in known if value not in found]
        if gone:
            values.append(Changed(name=name, before=gone[-1], after=new[-1], line=line))
    warnings = [
        shown for key, shown in now.warnings.items() if whole and key not in before.warnings
    ]
    return LogChanges(
        values=tuple(values[:_MOST_VALUES]),
        added=tuple(added) if whole and len(added) <= _MANY_ADDED else (),
        warnings=tuple(warnings[:_MOST_WARNINGS]),
    )


# A line is looked at when it holds one of these: a version, a digest, a telling word.
_LOOK = re.compile(
    rb"(?:\d\.\d|[Vv]ersion|sha256:|SHA:|image"
    rb"|[Ww][Aa][Rr][Nn]|[Dd]eprecat|[Cc]ache|[Ff]all(?:ing|en|s)? ?back|[Uu]nable to|[Cc]ould not"
    rb"|[Rr]etry|[Mm]ismatch|[Nn]ot found)"
)
_TELLING = re.compile(
    r"\bwarn(?:ing)?s?\b|\bdeprecat|cache (?:not found|miss)|\bfall(?:ing|s)? ?back\b|\bfallback\b"
    r"|\bunable to\b|\bcould not\b|\bretrying\b|\bmismatch|\bnot found\b",
    re.IGNORECASE,
)
_INSTALLED = re.compile(
    r"\b(?:install|download|collect|add|pull|fetch|unpack|setting up|compiling|upgrad|resolv|lock)"
    r"|^ ?[+-] ",
    re.IGNORECASE,
)
_VERSION = re.compile(r"(?<![\d.])\d{1,12}(?:\.\d{1,12}){1,6}(?:[-+.~_][\w.+~-]{0,80})?")
_WORD = re.compile(r"[\w@/+.:-]{1,100}")  # a name, read backwards from where it is joined
_JOINTS = (  # what may stand between a name and its version, longest first
    *(' version "', " version: '", " version: ", " version go", " version v", " version "),
    *("==", "@v", "-v", "/v", " v", " (v", ": v", ": '", ' = "', " = "),
    *("@", "-", ":", "/", " (", ": ", ", ", " "),
)
_DIGEST = re.compile(r"@(?P<version>sha256:[0-9a-f]{12,64})")
_PULLED = re.compile(r"^Digest: (?P<version>sha256:[0-9a-f]{12,64})")
_PULLING = re.compile(r"Pulling from (?P<name>[\w./-]+)|[Pp]ulling docker image (?P<image>\S+)")
_ACTION = re.compile(r"action repository '(?P<name>[^']+)' \(SHA:(?P<version>[0-9a-f]{7,40})\)")
_RUNNER_IMAGE = re.compile(r"^(?P<name>Image|Version|Included Software): (?P<version>\S+)$")
_UNIT = re.compile(
    r" ?(?:[munµ]?s|secs?|seconds?|minutes?|min|hours?|[kKMGT]i?[bB]|[kMG]|B|x|px)(?:/s)?(?![\w-])"
)
_GLUED_BY = {"==", "@", "@v", "-", "-v", ":", "/", "/v"}
_NOT_NAMES = {"date", "time", "at", "on", "in", "took", "after", "of", "from", "and", "expected"}
_VAGUE = {"version", "v", "using", "the", "to", "release", "tag", "amd64", "arm64", "all", "noarch"}
_FILE_NAME = re.compile(
    r"(?:[-.](?:py\d|cp\d|pp\d|x86_64|aarch64|noarch|linux|darwin|macosx|manylinux|win)[\w.-]{0,80})?"
    r"(?:\.(?:jar|pom|whl|zip|tgz|gem|crate|nupkg|deb|rpm|tar(?:\.\w+)?))?$"
)
_ADDRESS = re.compile(r"^\d{1,3}(?:\.\d{1,3}){3}$")
_OWN_COMMIT = re.compile(r"[+.-]g?[0-9a-f]{7,40}\b|SNAPSHOT|\.dev\d|\.post\d")
_MASKED = (
    (re.compile(r"https?://\S+"), "<url>"),
    (re.compile(r"(?<![\w.@~+-])(?:[A-Za-z]:)?[\w.@~+-]*[/\\][\w.@~+/\\-]*"), "<path>"),
    (re.compile(r"\b(?=[0-9a-f-]{0,80}\d)[0-9a-f][0-9a-f-]{6,80}\b"), "<id>"),
    (re.compile(r"\d+(?:[.,:]\d+)*\w{0,3}"), "<n>"),
)  # fmt: skip


def _read(buffer: object, until: int) -> _Read:
    read, pulled = _Read(), ""
    for number, text in _lines(buffer, until):
        pulling = _PULLING.search(text)
        if pulling is not None:
            pulled = pulling["name"] or pulling["image"]
        for name, version in _values(text, pulled):
            key = name.lower()
            read.values.setdefault(key, {}).setdefault(version, number)
            read.shown.setdefault(key, name)
            if _INSTALLED.search(text):
                read.installed.add(key)
        if _TELLING.search(text):
            read.warnings.setdefault(_masked(text), (number, text.strip()[:200]))
    return read


def _lines(buffer: object, until: int) -> Iterator[tuple[int, str]]:
    """Numbered, cleaned lines worth a look."""
    log, left = bytes(as_utf8(buffer)[0:_MOST_BYTES]), _MOST_LINES
    for number, raw in enumerate(log.split(b"\n"), 1):
        if number == until or not left:
            return
        if len(raw) <= _MOST_LINE and _LOOK.search(raw):
            left -= 1
            yield number, clean(raw)


def _values(text: str, pulled: str) -> Iterator[tuple[str, str]]:
    runner = _RUNNER_IMAGE.match(text)
    if runner is not None:
        yield f"runner image ({runner['name'].lower()})", runner["version"]
        return
    action = _ACTION.search(text)
    if action is not None:
        yield action["name"], action["version"][:12]
    digest = _PULLED.match(text)
    if digest is not None and pulled:
        yield f"image {pulled}", digest["version"][:19]
    for match in _DIGEST.finditer(text):
        image = _WORD.match(text[max(0, match.start() - 130) : match.start()][::-1])
        if image is not None:
            yield f"image {image[0][::-1]}", match["version"][:19]
    for match in _VERSION.finditer(text):
        named = _name_before(text, match.start())
        if named is not None and _is_version(*named, match[0], text[match.end() :][:12]):
            yield (
                _name_of(named[0], text[: match.start()]),
                _FILE_NAME.sub("", match[0]).rstrip(".-"),
            )


def _name_before(text: str, end: int) -> tuple[str, str] | None:
    """The name that stands before a version, and how it is joined to it."""
    before = text[max(0, end - 130) : end]
    by = next((joint for joint in _JOINTS if before.endswith(joint)), "")
    word = _WORD.match(before[: len(before) - len(by)][::-1]) if by else None
    name = word[0][::-1].lstrip("0123456789./:-+_") if word else ""
    return (name, by) if name else None


def _is_version(name: str, by: str, version: str, rest: str) -> bool:
    """Whether a dotted number is a version, not a size, a time, an address or a share."""
    if rest[:1] in {"%", ":"} or _UNIT.match(rest) or name.lower() in _NOT_NAMES:
        return False
    if _ADDRESS.match(version) or _OWN_COMMIT.search(version):
        return False
    said = "ersion" in by or by.endswith("v") or (by[0] == ":" and "version" in name.lower())
    return version.count(".") >= 2 or by in _GLUED_BY or said


def _name_of(name: str, before: str) -> str:
    name = name.strip("-:/@.")
    if name.lower() in _VAGUE:  # "amd64" alone names nothing; the word before it does
        return " ".join(word.strip("'\"(:,") for word in before.split()[-2:]).strip()
    if "://" in name or "toolcache/" in name or f"/{name}" in before:
        return name.rpartition("/")[2]
    return name


def _masked(text: str) -> str:
    for pattern, mask in _MASKED:
        text = pattern.sub(mask, text)
    return " ".join(text.split())
