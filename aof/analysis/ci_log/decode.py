"""From bytes of a log to text a rule can read: encodings, prefixes, colour, overwritten lines.

Works on one line at a time, because only candidate lines are ever decoded.
"""

from __future__ import annotations

import codecs
import mmap
import re
from typing import Protocol

MAX_LINE = 4000


class Searchable(Protocol):
    """What a log buffer must offer: `bytes`, `bytearray` and `mmap.mmap` do."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: slice, /) -> bytes: ...

    def find(self, sub: bytes, start: int = ..., end: int = ..., /) -> int: ...

    def rfind(self, sub: bytes, start: int = ..., end: int = ..., /) -> int: ...


def as_utf8(buffer: object) -> Searchable:
    """The log as a searchable buffer in an ASCII-compatible encoding.

    UTF-16, with or without a byte order mark, is transcoded; other buffers that can
    search themselves are used as they are, without a copy.

    Args:
        buffer: `bytes`, `bytearray`, `mmap.mmap`, `memoryview` or any other buffer.

    Raises:
        TypeError: `buffer` does not support the buffer protocol.
    """
    if isinstance(buffer, memoryview) or not hasattr(buffer, "rfind") or isinstance(buffer, str):
        buffer = bytes(memoryview(buffer))  # type: ignore[arg-type]
    encoding = _wide_encoding(bytes(buffer[:4096]))  # type: ignore[index]
    if encoding is None:
        return buffer  # type: ignore[return-value]
    text = bytes(buffer[:]).decode(encoding, errors="replace")  # type: ignore[index]
    return text.encode("utf-8", errors="replace")


def forget(buffer: Searchable, start: int, stop: int) -> None:
    """Let the system take back the memory of a part of a mapped file; it can be read again."""
    if isinstance(buffer, mmap.mmap):
        first = start - start % mmap.PAGESIZE
        buffer.madvise(mmap.MADV_DONTNEED, first, stop - first)


def _wide_encoding(head: bytes) -> str | None:
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16"
    if len(head) < 4:
        return None
    half = len(head) // 2
    if head[1::2].count(0) > 0.7 * half and head[0::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if head[0::2].count(0) > 0.7 * half and head[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None


# CSI, OSC, charset and APC (Buildkite) sequences; the caret form of newer `gh`; and colour
# codes whose escape character a terminal or an editor swallowed.
_ANSI = re.compile(
    r"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b_[^\x07]{0,1000}\x07"
    r"|\x1b[()][A-B0-2]"
    r"|\x9b[0-9;:?]*[ -/]*[@-~]|[\x7f-\x9f]"
    r"|\x1b[=>78cM]|\^\[\[[0-9;]*[A-Za-z]|\[\d{1,3}(?:;\d{1,3})*m|\x1b"
)

_STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
# Prefixes that CI systems put before what the command printed, outermost first.
_OUTER = re.compile(
    "\ufeff?(?:"
    rf"[^\t\r\n]{{1,300}}\t[^\t\r\n]{{1,300}}\t\ufeff?(?={_STAMP})"  # gh run view --log
    rf"|{_STAMP}(?:[.,]\d{{1,9}})?Z \d\d[OE][ +]?"  # GitLab runner 18.7 and newer
    rf"|{_STAMP}(?:[.,]\d{{1,9}})?(?:Z|[+-]\d\d:?\d\d)(?: |$)"  # GitHub, Azure, Kubernetes
    rf"|\[(?:[a-z][\w-]* )?{_STAMP}(?:\.\d{{1,6}})?Z?\] ?"  # TaskCluster, Jenkins timestamper
    r"|\[(?:taskcluster|vcs) \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?Z?\] "
    r"|\[\d\d:\d\d:\d\d\](?::?[WEFi]?:?) ?"  # AppVeyor, TeamCity
    r"|\d\d:\d\d:\d\d(?:\.\d{3})?  ?(?=\S)(?!\d)"  # Jenkins timestamper
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[.,]\d{1,6})?Z? (?=\S)"  # date and time of log frameworks
    r"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? "  # Go's log package
    r"|#\d{1,4} \d{1,6}\.\d{1,4} "  # BuildKit
    r"|\s{0,12}\[(?:exec|java|javac|junit|echo|apply|ant|testng|cc)\] "  # Ant
    r"|[\w.-]{1,60}[-_]\d{1,3} {0,30} \| "  # Compose
    r")"
)
# GitLab begins and ends foldable sections with these.
_SECTION = re.compile(r"^section_(?:start|end):\d{1,12}:[\w.-]{1,200}(?:\[[^\]]{0,200}\])?")
_MOZHARNESS = re.compile(r"^(?:\d\d:\d\d:\d\d)?\s*(?:INFO|WARNING|DEBUG) - +(?:GECKO\(\d+\) \| )?")


def strip_prefix(line: str) -> str:
    """The line without what CI systems and wrappers print before every line."""
    for _ in range(4):
        match = _OUTER.match(line)
        if match is None:
            break
        line = line[match.end() :]
    match = _MOZHARNESS.match(line)
    if match is not None:
        line = line[match.end() :]
    return line


def strip_colour(line: str) -> str:
    """The line without terminal control sequences."""
    if "\x1b" in line or "[" in line or not line.isascii() or "\x7f" in line:
        return _ANSI.sub("", line)
    return line


def clean(raw: bytes) -> str:
    """One line as a reader of a terminal would see it, without its prefixes.

    Of a line overwritten with carriage returns the last visible part counts. At most
    `MAX_LINE` characters: longer lines keep their head and tail.
    """
    line = strip_colour(strip_prefix(_visible(_clip(raw).decode("utf-8", errors="replace"))))
    if line[:1] in "#[0123456789":  # a colour code may have hidden an inner prefix
        line = strip_prefix(line)
    if line.startswith("section_"):
        line = _SECTION.sub("", line)
    return line.removeprefix("##[error]").rstrip()


def _clip(raw: bytes) -> bytes:
    if len(raw) <= MAX_LINE:
        return raw
    half = MAX_LINE // 2
    return raw[:half] + b" ... " + raw[-half:]


def _visible(line: str) -> str:
    if "\r" not in line:
        return line
    parts = [part for part in line.split("\r") if strip_colour(part).strip()]
    return parts[-1] if parts else ""
