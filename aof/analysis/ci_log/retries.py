"""Tests and steps that failed and then passed within one log: retries that their tools report.

A retry alone shows nothing; what counts is that the same thing passed afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aof.analysis.ci_log.decode import as_utf8, clean, forget
from aof.analysis.ci_log.records import Diagnosis, FlakyEvidence

_MOST_BYTES = 8 << 20  # from the end of the log, where tools sum up
_BLOCK = 1 << 20
_MOST_LINE = 1000
_MOST = 50


@dataclass(frozen=True, slots=True)
class Recovered:
    """Something that failed and passed on a retry; `line` is where the log says so, 1-based."""

    name: str
    tool: str
    line: int


# One line that says it all: the tool itself calls it flaky, or passed on a later try.
_SAID = tuple(
    (tool, re.compile(pattern))
    for tool, pattern in (
        (
            "nextest",
            r"^ {0,12}FLAKY \d+/\d+ \[[^\]]{1,20}\] +(?:\(\d+/\d+\) )?(?P<name>\S.{0,300})$",
        ),
        ("gotestsum", r"^ {0,4}(?:PASS|\u2713|\u2714) (?P<name>\S{1,300}) \(re-run \d+\)"),
        ("vitest", r"^ {0,12}\u2713 (?P<name>.{1,300}?) (?:\d+ms )?\(retry x\d+\)"),
        ("bazel", r"^(?P<name>//\S{1,300}) +FLAKY, failed in \d+ out of \d+"),
        ("retry action", r"^Command completed after (?:[2-9]|\d\d+) attempt\(s\)\.?(?P<name>)$"),
    )
)
# Lists under a headline; they end at the first line that is not indented or prefixed alike.
_SUREFIRE = re.compile(r"^(?:\[(?:WARNING|ERROR|INFO)\] )?Flakes: *$")
_SUREFIRE_NAME = re.compile(
    r"^\[(?:WARNING|ERROR)\] {1,3}(?P<name>[\w.$]{1,200}[.:#][\w\[\]$-]{1,200})"
)
_PLAYWRIGHT = re.compile(r"^ {1,4}\d+ flaky$")
_PLAYWRIGHT_NAME = re.compile(r"^ {2,8}(?P<name>\[[^\]]{1,60}\] \u203a .{1,300}?)[ \u2500]*$")
_XDIST = r"^(?:\[gw\d+\] \[ *\d+%\] )?"
# A failed try and a later success of the same name, on lines of their own.
_TRIES = tuple(
    (tool, re.compile(failed), re.compile(passed))
    for tool, failed, passed in (
        (
            "pytest-rerunfailures",
            _XDIST + r"(?:RERUN (?P<late>\S+::\S{1,300})|(?P<name>\S+::\S{1,300}) RERUN)",
            _XDIST + r"(?:PASSED (?P<late>\S+::\S{1,300})|(?P<name>\S+::\S{1,300}) PASSED)",
        ),
        (
            "gradle",
            r"^(?P<name>[\w.$]{1,200}(?: > [^>]{1,200}){1,4}) FAILED$",
            r"^(?P<name>[\w.$]{1,200}(?: > [^>]{1,200}){1,4}) PASSED$",
        ),
        (
            "jest",
            r"^ {0,4}LOGGING RETRY ERRORS {1,4}(?P<name>\S.{0,300})$",
            r"^ {0,20}\u2713 (?P<name>.{1,300}?)(?: \([\d.]+ m?s\))?$",
        ),
        (
            "cypress",
            r"^ {0,20}\(Attempt \d+ of \d+\) (?P<name>\S.{0,300})$",
            r"^ {0,20}(?:\u2713|\u2714) (?P<name>.{1,300}?)(?: \([\d.]+m?s\))?$",
        ),
        (
            "ctest",
            r"^ *(?:\d+/\d+ )?Test +#\d+: (?P<name>\S{1,200}) \.{2,}\*{3}(?:Failed|Timeout)",
            r"^ *(?:\d+/\d+ )?Test +#\d+: (?P<name>\S{1,200}) \.{2,} +Passed",
        ),
    )
)  # fmt: skip
_LOOK = re.compile(
    rb"RERUN|PASSED|FLAKY|re-run|retry|RETRY|FAILED|Flakes:|flaky$|flaky\r|Attempt|attempt\(s\)"
    rb"|\xe2\x9c\x93|\xe2\x9c\x94|Test +#|\xe2\x80\xba|\[(?:WARNING|ERROR)\] |\] +Run \d+: "
)
_PARTS = re.compile(r"::|\u203a| > |[.:#/ ]")


def recovered(buffer: object) -> tuple[Recovered, ...]:
    """Everything the log shows to have failed and passed on a retry, at most 50."""
    found: dict[str, Recovered] = {}
    failed: dict[tuple[str, str], int] = {}
    listing, before = "", 0
    for number, text in _lines(buffer):
        listing = _listing(text, listing if number == before + 1 else "")
        before = number
        for one in (*_said(number, text), *_listed(number, text, listing)):
            found.setdefault(one.name, one)
        for tool, fails, passes in _TRIES:
            if (name := _named(fails.match(text))) is not None:
                failed.setdefault((tool, name), number)
            elif (name := _named(passes.match(text))) is not None and (tool, name) in failed:
                found.setdefault(name, Recovered(name, tool, number))
    return tuple(found.values())[:_MOST]


def evidence(diagnosis: Diagnosis, recoveries: Iterable[Recovered]) -> list[FlakyEvidence]:
    """Of recoveries, those of the very thing the diagnosis names as the cause."""
    primary = diagnosis.primary
    if primary is None:
        return []
    said = f"{primary.text}\n{primary.signature}"
    return [
        FlakyEvidence(
            kind="retry-passed",
            detail=f"'{one.name}' failed and passed on a retry ({one.tool}, line {one.line})",
        )
        for one in recoveries
        if one.name and _own_name(one.name) in said
    ]


def _own_name(name: str) -> str:
    """The test itself, without the file, class or browser it belongs to."""
    parts = [part for part in _PARTS.split(name) if len(part) > 3]
    return parts[-1] if parts else name


def _said(number: int, text: str) -> Iterator[Recovered]:
    for tool, pattern in _SAID:
        match = pattern.match(text)
        if match is not None:
            yield Recovered(match["name"].strip() or "the command", tool, number)


def _listing(text: str, listing: str) -> str:
    """Which list of flaky tests the next lines belong to, if any."""
    if _SUREFIRE.match(text):
        return "surefire"
    if _PLAYWRIGHT.match(text):
        return "playwright"
    return listing if _LIST_GOES_ON.match(text) else ""


_LIST_GOES_ON = re.compile(r"^\[(?:WARNING|ERROR|INFO)\] {1,6}\S| {2,8}\[")


def _listed(number: int, text: str, listing: str) -> Iterator[Recovered]:
    pattern = {"surefire": _SUREFIRE_NAME, "playwright": _PLAYWRIGHT_NAME}.get(listing)
    match = pattern.match(text) if pattern is not None else None
    if match is not None and not match["name"].startswith("Run "):
        yield Recovered(match["name"].strip(), listing, number)


def _named(match: re.Match[str] | None) -> str | None:
    if match is None:
        return None
    groups = match.groupdict()
    name = groups.get("name") or groups.get("late") or ""
    return name.strip() or None


def _lines(buffer: object) -> Iterator[tuple[int, str]]:
    """Numbered, cleaned lines that may speak of a retry."""
    log = as_utf8(buffer)
    start = max(0, len(log) - _MOST_BYTES)
    number = 1
    for at in range(0, start, _BLOCK):
        number += bytes(log[at : min(at + _BLOCK, start)]).count(b"\n")
        forget(log, at, min(at + _BLOCK, start))
    for raw in bytes(log[start : len(log)]).split(b"\n"):
        if len(raw) <= _MOST_LINE and _LOOK.search(raw):
            yield number, clean(raw)
        number += 1
