"""How likely each candidate is the cause: its rule's weight and where it stands."""

from __future__ import annotations

import re

from aof.analysis.ci_log.blocks import Candidate
from aof.analysis.ci_log.lines import Lines
from aof.analysis.ci_log.outcome import Verdict
from aof.analysis.ci_log.records import Category, Location

SAME_STEP = 12
OTHER_STEP = -15
OTHER_FAILED_STEP = -6
AFTER_MARKER = -25
ALLOWED = -25  # in a step whose failure the pipeline allows
INTERRUPTED = -30  # what a program met on its way is not why its job was stopped from outside
REPORTED_BEFORE = -14
TERMINAL_NOTICE = 4
IN_CHANGED_FILE = 6
ON_STDERR = 6  # for lines that only hold a word; newer GitLab runners mark the stream
PLAIN_WORD = 60  # weight below which a rule knows words, not the form of a tool
HAS_LOCATION = 1
EXIT_CODE_AGREES = 8
QUIETENED = -18
WARNED = -14
REPORT = 72  # weight from which a candidate is the report of a tool that ran to its end
OVERTAKEN = -14
SWALLOWED = ((1500, -24), (300, -12))  # lines that follow in the step, and what that costs

# Tools report these and go on; a program that meets any other failure ends soon after.
_REPORTED = {
    Category.UNIT_TEST,
    Category.INTEGRATION_TEST,
    Category.LINT,
    Category.COMPILE,
}

_INTERRUPTIONS = {Category.TIMEOUT, Category.NETWORK_INFRA, Category.OOM_RESOURCE}

# What exit codes say: not found, killed, aborted, segmentation fault, time limit, git's own.
_EXIT_CODE_WORDS = {
    124: re.compile(r"[Tt]ime(?:d )?\s?out"),
    126: re.compile(r"[Pp]ermission denied|not executable|cannot execute"),
    127: re.compile(r"not found|No such file"),
    128: re.compile(r"fatal:"),
    134: re.compile(r"[Aa]bort|SIGABRT|heap|[Aa]ssert|panic|terminate called"),
    137: re.compile(r"[Kk]illed|OOM|[Mm]emory|SIGKILL"),
    139: re.compile(r"[Ss]egmentation|SIGSEGV"),
    143: re.compile(r"[Tt]erminated|SIGTERM|[Tt]ime(?:d )?\s?out|cancel"),
}

_STDERR = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]{8,20}Z \d\dE")

# Lines that look like failures and are not: passing tests, echoed commands, counts of zero,
# lower log levels, retries announced.
_QUIET = re.compile(
    r"^\s*(?:[✓✔√]|PASS\b|ok\b|passed\b|\+\+* |\$ |> @?[^\s@]+@\S+ )|\b0 (?:errors?|failed"
    r"|failures?)\b"
    r"|\b(?:errors?|failures?|failed): ?0\b|^\W{0,3}(?:DEBUG|TRACE)\b|\[(?:DEBUG|debug)\]"
    r"|\b(?:expected|simulated|mock(?:ed)?) (?:error|failure|exception)\b"
)
_WARNING = re.compile(
    r"^\W{0,3}(?:WARN(?:ING)?|warn(?:ing)?)\b|\bWARN(?:ING)?:|^npm warn|##\[warning\]"
    r"|\bwarning: |\[WARN(?:ING)?\]"
    r"|\(ignored\)|[Rr]etrying|[Rr]etry attempt|will retry|non-fatal|\bDeprecat"
)


def score_all(
    lines: Lines, candidates: list[Candidate], verdict: Verdict, changed_files: tuple[str, ...]
) -> None:
    """Set `score` of every candidate."""
    changed = tuple(path.strip("/") for path in changed_files if path)
    reports = _first_reports(candidates)
    end = lines.number(verdict.marker) if verdict.marker is not None else 0
    for candidate in candidates:
        candidate.score = (
            candidate.rule.weight
            + _place(candidate, verdict)
            + _form(lines, candidate)
            + _survived(lines, candidate, verdict, reports, end)
            + _agreement(candidate, verdict)
            + _change(candidate.location, changed)
        )


def _place(candidate: Candidate, verdict: Verdict) -> float:
    if verdict.marker is None:
        return 0
    score: float = 0
    if candidate.step in verdict.allowed:
        score += ALLOWED
    if verdict.step is not None:
        if candidate.step == verdict.step:
            score += SAME_STEP
        else:
            score += OTHER_FAILED_STEP if candidate.step in verdict.also else OTHER_STEP
    if candidate.head > verdict.marker:
        score += AFTER_MARKER
    if verdict.interrupted and candidate.rule.category not in _INTERRUPTIONS:
        reported = candidate.rule.category in _REPORTED
        score += REPORTED_BEFORE if reported else INTERRUPTED
    return score


def _form(lines: Lines, candidate: Candidate) -> float:
    head = candidate.text if candidate.head == candidate.start else lines.text(candidate.head)
    score: float = HAS_LOCATION if candidate.location else 0
    if lines.is_marked(candidate.start):
        score += TERMINAL_NOTICE
    if candidate.rule.weight < PLAIN_WORD and _STDERR.match(lines.raw(candidate.start)):
        score += ON_STDERR
    if _QUIET.search(head):
        score += QUIETENED
    elif _WARNING.search(head) and not any("WARNING" in n for n in candidate.rule.needles):
        score += WARNED
    return score


def _first_reports(candidates: list[Candidate]) -> dict[int, int]:
    """Per step, where a tool's report of failed tests, compilation or rules begins."""
    first: dict[int, int] = {}
    for candidate in candidates:
        if is_report(candidate):
            first[candidate.step] = min(candidate.head, first.get(candidate.step, candidate.head))
    return first


def is_report(candidate: Candidate) -> bool:
    """True when a tool that ran to its end reports failed tests, compilation or rules."""
    return candidate.rule.weight >= REPORT and candidate.rule.category in _REPORTED


def _survived(
    lines: Lines, candidate: Candidate, verdict: Verdict, reports: dict[int, int], end: int
) -> float:
    """What it costs that a failure which would end a program was followed by more output.

    `end` is the number of the line that says how it ended.
    """
    if candidate.rule.category in _REPORTED:
        return 0
    if candidate.start < reports.get(candidate.step, 0):
        return OVERTAKEN
    if verdict.marker is None:
        return 0
    if candidate.start > verdict.marker or candidate.step != (verdict.step or candidate.step):
        return 0
    rest = end - lines.number(candidate.start)
    return next((cost for limit, cost in SWALLOWED if rest > limit), 0)


def _agreement(candidate: Candidate, verdict: Verdict) -> float:
    words = _EXIT_CODE_WORDS.get(verdict.exit_code or 0)
    return EXIT_CODE_AGREES if words is not None and words.search(candidate.text) else 0


def _change(location: Location | None, changed: tuple[str, ...]) -> float:
    if location is None or not changed:
        return 0
    file = location.file.replace("\\", "/").lstrip("./")
    return IN_CHANGED_FILE if any(same_file(file, path) for path in changed) else 0


def same_file(printed: str, path: str) -> bool:
    """True when a path as printed (absolute, relative, shortened) may be `path`."""
    return printed == path or printed.endswith("/" + path) or path.endswith("/" + printed)
