"""How a pipeline ended: the gate before any diagnosis, and the step whose failure counts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aof.analysis.ci_log.endings import Ending
from aof.analysis.ci_log.lines import Lines
from aof.analysis.ci_log.records import Outcome
from aof.analysis.ci_log.segment import Segments

# What tools print last, for logs no runner has written; on cleaned lines.
_TOOL_PASSED = re.compile(
    r"^\[INFO\] BUILD SUCCESS|^BUILD SUCCESSFUL|^=+ (?:\d+ \w+, )*\d+ passed[^=]*in [\d.]+"
    r"|^OK(?: \(|$)|^test result: ok\.|^ok\s+\S+\s+[\d.]+s|^Tests:\s+(?:\d+ \w+, )*\d+ passed"
    r"|^\s+\d+ passing \(|^Build succeeded\.|^100% tests passed|^\[\s+PASSED\s+\]|^# fail 0$"
)
_TOOL_FAILED = re.compile(
    r"^\[INFO\] BUILD FAILURE|^BUILD FAILED|^FAILURE: Build failed|^=+ .*\d+ (?:failed"
    r"|errors?)\b.*in [\d.]+"
    r"|^FAILED \((?:failures|errors)=|^test result: FAILED|^FAIL(?:\s|$)|^make(?:\[\d+\])?: \*\*\*"
    r"|^ninja: build stopped|^npm (?:ERR!|error) |^error: could not compile|^\s+\d+ failing"
    r"|^Tests:\s+\d+ failed|^Build FAILED|exited? (?:with )?(?:code|status)[: ]+[1-9]"
    r"|returned non-zero|^\[\s+FAILED\s+\]|^not ok \d|ELIFECYCLE|^-- Configuring incomplete"
    r"|^ERROR: failed to |^(?:fatal|FATAL): |^error: "
)
_NEAR_END = 15  # non-empty lines before the end in which a success speaks for the whole
_UNDERWAY = re.compile(
    r"^Cleaning up orphan processes|^Post job cleanup\.|^Evaluate and set job outputs"
    r"|^Complete job name:|^Cleaning up project directory"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the pipeline ended, where its failure shows, and which other steps failed too."""

    outcome: Outcome
    step: int | None = None
    marker: int | None = None
    exit_code: int | None = None
    also: frozenset[int] = frozenset()
    interrupted: bool = False  # ended from outside: cancelled, out of time, machine lost


_ACTION = re.compile(r"Run (?:[\w.-]+/[\w./-]+@|\./|docker://)|Post job cleanup")
_AFTER_LAST_WORD = 5  # lines a runner may add to a step after an action reported its failure
_SCRIPT_SECTIONS = ("step_script", "build_script", "user_script")


def judge(segments: Segments, log: Lines, last_lines: list[str]) -> Verdict:
    """How the pipeline ended.

    Args:
        segments: Steps and endings of the log.
        log: The log.
        last_lines: The last cleaned, non-empty lines, newest first.
    """
    endings = [e for e in segments.endings if e.platform == segments.platform]
    jobs = [e for e in endings if e.strength == "job"]
    if jobs and jobs[-1].outcome == "passed":
        return Verdict("passed")
    commands = [e for e in endings if e.strength == "command" and e.outcome == "failed"]
    if commands:
        first = commands[0]
        also = frozenset(e.step for e in commands) - {first.step}
        interrupted = first.platform == "github" and first.exit_code is None
        return Verdict("failed", first.step, first.offset, first.exit_code, also, interrupted)
    if jobs:
        last = jobs[-1]
        return Verdict("failed", _failed_section(segments, last), last.offset, last.exit_code)
    notice = _fatal_notice(segments, log, endings)
    if notice is not None:
        return Verdict("failed", notice.step, notice.offset)
    if is_complete_job(last_lines):
        return Verdict("passed")
    return Verdict(tool_outcome(last_lines))


def _failed_section(segments: Segments, ending: Ending) -> int | None:
    """The section or stage that failed when only the whole job's end is marked."""
    names = [step.name for step in segments.steps]
    if segments.platform == "gitlab":
        scripts = [i for i, name in enumerate(names) if name in _SCRIPT_SECTIONS]
        return scripts[-1] if scripts else None
    if segments.platform == "jenkins":
        stop = segments.skipped_from if segments.skipped_from is not None else len(names)
        stages = [
            i for i in range(stop) if names[i] and not str(names[i]).startswith("Declarative: Post")
        ]
        return stages[-1] if stages else None
    return ending.step if len(names) > 1 else None


def _fatal_notice(segments: Segments, log: Lines, endings: list[Ending]) -> Ending | None:
    """An error an action reported as its failure: its last word, and hardly a step ran after."""
    for ending in endings:
        name = segments.steps[ending.step].name
        later = segments.steps[ending.step + 1 :]
        ran = sum(1 for step in later if step.name and not step.name.startswith("Post"))
        end = segments.steps[ending.step].end
        rest = log.number(end) - log.number(ending.offset) if end else 0
        if (name is None or _ACTION.match(name)) and ran <= 3 and rest <= _AFTER_LAST_WORD:
            return ending
    return None


def tool_outcome(lines: list[str]) -> Outcome:
    """How a log without a runner's ending came out, from its last cleaned lines, newest first."""
    for position, text in enumerate(lines):
        if _TOOL_FAILED.search(text):
            return "failed"
        if position < _NEAR_END and _TOOL_PASSED.search(text):
            return "passed"
    return "unknown"


def is_complete_job(lines: list[str]) -> bool:
    """True when the last cleaned lines are those of a runner that ended in order."""
    return any(_UNDERWAY.search(text) for text in lines)
