"""Cuts a log into steps in one pass over the hits of the prefilter, and keeps the hits per step.

A step is what the CI system calls so: a step, section, stage or command. Printed script
source is recognised and its lines are never candidates.
"""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from aof.analysis.ci_log import endings
from aof.analysis.ci_log.decode import clean
from aof.analysis.ci_log.endings import Ending, ending_of
from aof.analysis.ci_log.lines import Lines
from aof.analysis.ci_log.prefilter import Prefilter

_KEPT = (1200, 600)  # hits of one word kept from the start and the end of a step: what lies
# between is neither the first nor the last failure,
_KEPT_SHORT = (40, 40)  # and as much of a step nothing says failed, once there were very many
_MANY_KEPT = 300_000
_MAX_STEPS = 5000
_FIRST, _LAST = 20, 8  # endings of one kind that are read in a step; notices only the last

_BORDERS = (
    "##[group]Run ", "##[endgroup]", "##[start-action", "##[end-action", "Post job cleanup",
    "section_start:", "section_end:", "[Pipeline] { (", "travis_fold:start:", "##[section]Starting",
    "skipped due to earlier", "log length has", "log exceeded limit", "Current runner version: ",
)  # fmt: skip
_VISITED = (*_BORDERS, *endings.WORDS)
_NOTICE = len(_VISITED)
WORDS = (*_VISITED, endings.NOTICE)

_BORDER = re.compile(
    rb"##\[group\](?P<run>Run [^\r\n]*)"
    rb"|##\[(?P<endgroup>endgroup)\]"
    rb"|##\[(?P<allowed>end-action) [^\]\r\n]{0,800}outcome=failure;conclusion=success"
    rb"|##\[start-action display=(?P<action>[^;\]\r\n]*)"
    rb"|(?P<post>Post job cleanup)\."
    rb"|(?P<job>Current runner version: )"
    rb"|##\[section\]Starting: (?P<azure>[^\r\n]*)"
    rb"|section_start:\d+:(?P<section>[\w.-]+)"
    rb"|section_end:\d+:(?P<sectionend>[\w.-]+)"
    rb"|\[Pipeline\] \{ \((?P<stage>[^\r\n]{0,300}?)\)\r?$"
    rb"|travis_fold:start:(?P<fold>[\w.-]+)"
    rb'|The command "(?P<command>[^\n]{0,400}?)" (?:failed and )?exited with \d'
)
_SOURCE_LINE = re.compile(rb"^[^\x1b^]{0,60}(?:\x1b|\^\[)\[36;1m")
_BRANCH = "Branch: "  # Jenkins begins each line of a parallel branch with its name in brackets
_ECHO = re.compile(rb"^[^\x1b]{0,60}\x1b\[32;1m\$ ")
_TRUNCATED = re.compile(rb"[Jj]ob's log exceeded limit|log length has exceeded the limit")


Offsets = defaultdict[int, "array[int]"]  # by word


def _no_offsets() -> array[int]:
    return array("q")


def _trim(offsets: Offsets, head: int, tail: int) -> None:
    for hits in offsets.values():
        if len(hits) > head + tail:
            del hits[head : len(hits) - tail]


@dataclass(slots=True)
class Step:
    """A stretch of the log and the offsets in it of words some rule needs."""

    name: str | None
    start: int
    end: int = 0
    job: int = 0  # of the logs of several jobs, one after the other
    allowed: bool = False  # it failed, and the runner says that the job went on as if it had not
    offsets: Offsets = field(default_factory=lambda: defaultdict(_no_offsets))

    def trim(self, head: int, tail: int) -> None:
        """Keep so many hits of each word from the start and from the end of the step."""
        _trim(self.offsets, head, tail)

    def lines(self, log: Lines) -> Iterator[int]:
        """Starts of the lines that hold a word, in order; echoed commands are left out."""
        offsets = sorted(chain.from_iterable(self.offsets.values()))
        line_end = -1
        for offset in offsets:
            if offset < line_end:
                continue
            start = log.start(offset)
            line_end = log.end(offset)
            head = bytes(log.buffer[start : min(line_end, start + 120)])
            if not _SOURCE_LINE.match(head) and not _ECHO.match(head):
                yield start


@dataclass(slots=True)
class Segments:
    """The steps of a log in order, how things ended, and what the log's format says."""

    steps: list[Step]
    endings: list[Ending]
    platform: str = "plain"
    truncated: bool = False
    skipped_from: int | None = None  # first Jenkins stage skipped because an earlier one failed


class Segmenter:
    """Walks the hits once; `run` gives the steps."""

    def __init__(self, lines: Lines, prefilter: Prefilter) -> None:
        self._lines = lines
        self._prefilter = prefilter
        self._in_source = False
        self._sections: list[str] = []
        self._nowhere: Offsets = defaultdict(_no_offsets)
        self._kept = 0
        self._job = 0
        self._result = Segments(steps=[], endings=[])

    def run(self, start: int, end: int) -> Segments:
        """Segments of the log between two offsets; `start` is the first byte of a line."""
        self._open(None, start)
        seen, notice = start, _NOTICE
        offsets = self._keep()
        for base, found in self._prefilter.chunks(self._lines.buffer, start, end):
            for word, begin, _ in found:
                if word < notice and base + begin >= seen and self._wants(word, offsets):
                    seen = self._visit(base + begin)
                    offsets = self._keep()
                offsets[word].append(base + begin)
            self._result.steps[-1].trim(*_KEPT)
            _trim(self._nowhere, _FIRST, 0)
        self._result.steps[-1].end = end
        self._last_endings()
        return self._result

    def _keep(self) -> Offsets:
        """Where the next hits go: to the step, or nowhere within printed source."""
        return self._nowhere if self._in_source else self._result.steps[-1].offsets

    def _wants(self, word: int, offsets: Offsets) -> bool:
        """True when a border, or one of the first endings of its kind in the step, is met."""
        if word < len(_BORDERS):
            return len(self._result.steps) < _MAX_STEPS
        return len(offsets[word]) < _FIRST

    def _visit(self, offset: int) -> int:
        """Take note of borders and endings in the line at `offset`; returns where it ends."""
        start, end = self._lines.start(offset), self._lines.end(offset) + 1
        raw = self._lines.raw(start)
        self._ending(raw, start, len(self._result.steps) - 1)
        self._border(raw, start, end)
        if b"exceeded" in raw and _TRUNCATED.search(raw):
            self._result.truncated = True
        if b"skipped due to earlier failure" in raw and self._result.skipped_from is None:
            self._result.skipped_from = len(self._result.steps) - 1
        return end

    def _ending(self, raw: bytes, start: int, step: int) -> None:
        ending = ending_of(raw, start)
        if ending is not None:
            self._result.endings.append(replace(ending, step=step))
            self._platform(ending.platform)

    def _last_endings(self) -> None:
        """Read the last endings of each step, and put all in order."""
        read = {ending.offset for ending in self._result.endings}
        for number, step in enumerate(self._result.steps):
            for word in range(len(_BORDERS), len(WORDS)):
                for offset in step.offsets.get(word, ())[-_LAST:]:
                    start = self._lines.start(offset)
                    if start not in read:
                        self._ending(self._lines.raw(start), start, number)
        self._result.endings.sort(key=lambda ending: ending.offset)

    def _border(self, raw: bytes, start: int, end: int) -> None:
        for match in _BORDER.finditer(raw):
            kind = match.lastgroup or ""
            value = (match.group(kind) or b"").decode("utf-8", errors="replace")
            getattr(self, f"_on_{kind}")(clean(value.encode()), start, end)

    def _open(self, name: str | None, start: int) -> None:
        steps = self._result.steps
        if len(steps) >= _MAX_STEPS:
            return
        if steps:
            self._close(steps[-1], start)
        steps.append(Step(name, start, job=self._job))

    def _close(self, step: Step, end: int) -> None:
        step.end = end
        endings = self._result.endings
        failed = bool(endings) and endings[-1].step == len(self._result.steps) - 1
        step.trim(*(_KEPT if failed or self._kept < _MANY_KEPT else _KEPT_SHORT))
        self._kept += sum(map(len, step.offsets.values()))

    def _on_run(self, value: str, start: int, _end: int) -> None:
        self._platform("github")
        self._open(value, start)
        self._in_source = len(self._result.steps) < _MAX_STEPS

    def _on_endgroup(self, _value: str, _start: int, _end: int) -> None:
        self._in_source = False

    def _on_action(self, value: str, start: int, _end: int) -> None:
        self._platform("github")
        self._in_source = False
        self._open(value, start)

    def _on_allowed(self, _value: str, _start: int, _end: int) -> None:
        self._result.steps[-1].allowed = True

    def _on_post(self, value: str, start: int, _end: int) -> None:
        self._platform("github")
        self._in_source = False
        self._open(value, start)

    def _on_job(self, _value: str, start: int, _end: int) -> None:
        self._job += 1
        self._in_source = False
        self._open(None, start)

    def _on_azure(self, value: str, start: int, _end: int) -> None:
        self._result.platform = "azure"
        self._open(value, start)

    def _on_section(self, value: str, start: int, _end: int) -> None:
        self._platform("gitlab")
        self._sections.append(value)
        self._open(value, start)

    def _on_sectionend(self, _value: str, start: int, end: int) -> None:
        if self._sections:
            self._sections.pop()
        self._open(self._sections[-1] if self._sections else None, min(end, start + 1))

    def _on_stage(self, value: str, start: int, _end: int) -> None:
        self._platform("jenkins")
        if value.startswith(_BRANCH):
            self._lines.branches.add(value.removeprefix(_BRANCH))
        self._open(value, start)

    def _on_fold(self, value: str, start: int, _end: int) -> None:
        self._platform("travis")
        self._open(value, start)

    def _on_command(self, value: str, _start: int, end: int) -> None:
        """Travis prints the command after its output: name the step that ends here."""
        self._platform("travis")
        self._result.steps[-1].name = value
        self._open(None, end)

    def _platform(self, name: str) -> None:
        if self._result.platform == "plain":
            self._result.platform = name
