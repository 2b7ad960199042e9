"""How a pipeline ended: the gate before any diagnosis, and the step whose failure counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aof.analysis.ci_log.endings import Ending
from aof.analysis.ci_log.lines import Lines
from aof.analysis.ci_log.records import Outcome
from aof.analysis.ci_log.segment import Segments
from aof.analysis.ci_log.summaries import last_summary

_UNDERWAY = re.compile(
    r"^Cleaning up orphan processes|^Post job cleanup\.|^Evaluate and set job outputs"
    r"|^Complete job name:|^Cleaning up project directory"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the pipeline ended, where its failure shows, and which other steps failed too.

    `claimed` is the line of a tool that passed last, in a log without a runner's word: it
    holds as long as nothing else in the log speaks of a failure.
    """

    outcome: Outcome
    step: int | None = None
    marker: int | None = None
    exit_code: int | None = None
    also: frozenset[int] = frozenset()
    interrupted: bool = False  # ended from outside: cancelled, out of time, machine lost
    claimed: int | None = None
    allowed: frozenset[int] = frozenset()  # steps whose failure did not fail the job


_ACTION = re.compile(r"Run (?:[\w.-]+/[\w./-]+@|\./|docker://)|Post job cleanup")
# Steps that prepare what comes next; hardly anybody lets them run after a failure.
_PREPARES = re.compile(
    r"^Run (?:actions/(?:checkout|setup-[a-z]+|cache(?:/restore)?|download-artifact)@"
    r"|[\w.-]+/(?:setup-[\w-]+|[\w-]*toolchain|login-action|configure-aws-credentials)@"
    r"|(?:sudo )?(?:apt-get|apt) (?:-\S+ )*install |(?:npm|pnpm|yarn) (?:ci|install)\b"
    r"|(?:python3? -m )?pip3? install |poetry install|uv sync|bundle install|composer install)"
)
_AFTER_LAST_WORD = 5  # lines a runner may add to a step after an action reported its failure
_SCRIPT_SECTIONS = ("step_script", "build_script", "user_script")


def judge(
    segments: Segments, log: Lines, last_lines: Sequence[tuple[int, str]], *, failed: bool = False
) -> Verdict:
    """How the pipeline ended.

    Args:
        segments: Steps and endings of the log.
        log: The log.
        last_lines: Offset and text of the last cleaned, non-empty lines, newest first.
        failed: It is known from elsewhere that the pipeline failed.
    """
    complete = is_complete_job(last_lines)
    by_runner = _by_runner(segments, log, keep=failed or not complete)
    if by_runner is not None:
        return by_runner
    if complete:
        return Verdict("passed")
    summary = last_summary(last_lines)
    if summary.outcome == "passed":
        return Verdict("unknown", claimed=summary.line)
    return Verdict(summary.outcome)


def _by_runner(segments: Segments, log: Lines, *, keep: bool) -> Verdict | None:
    """The verdict from what the runner printed about jobs and commands; None without any."""
    endings = [e for e in segments.endings if e.platform == segments.platform]
    jobs = [e for e in endings if e.strength == "job"]
    if jobs and jobs[-1].outcome == "passed":
        return Verdict("passed")
    by_command = _by_command(segments, endings, keep=keep)
    if by_command is not None:
        return by_command
    if jobs:
        last = jobs[-1]
        return Verdict("failed", _failed_section(segments, last), last.offset, last.exit_code)
    notice = _fatal_notice(segments, log, [e for e in endings if e.strength == "notice"])
    return Verdict("failed", notice.step, notice.offset) if notice is not None else None


def _by_command(segments: Segments, endings: Sequence[Ending], *, keep: bool) -> Verdict | None:
    """The verdict from commands that failed; None when none did.

    With `keep`, a failure counts even when the job seems to have gone on from it.
    """
    failures = [e for e in endings if e.strength == "command" and e.outcome == "failed"]
    if not failures:
        return None
    allowed = _allowed(segments, failures)
    counted = [e for e in failures if e.step not in allowed]
    if not counted and not keep:
        return Verdict("passed")
    first, *rest = counted or failures
    return Verdict(
        "failed",
        first.step,
        first.offset,
        first.exit_code,
        also=frozenset(e.step for e in rest) - {first.step},
        interrupted=first.platform == "github" and first.exit_code is None,
        allowed=allowed - {first.step},
    )


def _allowed(segments: Segments, failures: Sequence[Ending]) -> frozenset[int]:
    """Steps of GitHub that failed and were allowed to (`continue-on-error`).

    Either the runner says so, or a step ran later that only runs when nothing has failed.
    """
    steps = segments.steps
    prepared = {  # the last such step of each job
        step.job: number
        for number, step in enumerate(steps)
        if segments.platform == "github" and step.name and _PREPARES.search(step.name)
    }
    return frozenset(
        e.step
        for e in failures
        if e.platform == "github"
        and (e.step < prepared.get(steps[e.step].job, -1) or steps[e.step].allowed)
    )


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


def _fatal_notice(segments: Segments, log: Lines, notices: list[Ending]) -> Ending | None:
    """An error an action reported as its failure: its last word, and hardly a step ran after."""
    for ending in notices:
        name = segments.steps[ending.step].name
        later = segments.steps[ending.step + 1 :]
        ran = sum(1 for step in later if step.name and not step.name.startswith("Post"))
        end = segments.steps[ending.step].end
        rest = log.number(end) - log.number(ending.offset) if end else 0
        if (name is None or _ACTION.match(name)) and ran <= 3 and rest <= _AFTER_LAST_WORD:
            return ending
    return None


def is_complete_job(lines: Sequence[tuple[int, str]]) -> bool:
    """True when the last cleaned lines are those of a runner that ended in order."""
    return any(_UNDERWAY.search(text) for _, text in lines)
