"""Steps as the service reports them, laid over the log of a job of GitHub Actions.

The log of a step with `continue-on-error` looks like that of one that failed the job. The
service knows better: it reports that step as passed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_BEGINS = re.compile(
    rb"^(?:\xef\xbb\xbf)?(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\S* "
    rb"(?P<what>##\[group\]Run |Post job cleanup)"
)
_ENDED_BADLY = {"failure", "timed_out", "cancelled"}


def without_tolerated(log: bytes, steps: Sequence[Mapping[str, Any]]) -> tuple[bytes, list[str]]:
    """The log with the output of tolerated steps blanked, and the names of those steps.

    Args:
        log: Of one job, with GitHub's timestamps.
        steps: As the jobs API gives them: name, conclusion, started_at, in order.

    Returns:
        Line numbers stay. The log comes back as it was when no step of the job failed, when
        its steps cannot be told apart by their times, or when nothing was tolerated.
    """
    if not any(step.get("conclusion") in _ENDED_BADLY for step in steps):
        return log, []
    lines = log.split(b"\n")
    begins = _begins(lines, steps)
    tolerated: list[str] = []
    for position, (first, step) in enumerate(begins):
        end = begins[position + 1][0] if position + 1 < len(begins) else len(lines)
        body = range(first + 1, end)
        if step.get("conclusion") == "success" and any(b"##[error]" in lines[i] for i in body):
            tolerated.append(str(step.get("name")))
            for i in body:
                if b"##[endgroup]" not in lines[i]:  # keeps the bounds of what the runner echoes
                    lines[i] = b""
    return (b"\n".join(lines), tolerated) if tolerated else (log, [])


def _begins(
    lines: Sequence[bytes], steps: Sequence[Mapping[str, Any]]
) -> list[tuple[int, Mapping[str, Any]]]:
    """The line at which each step begins; empty when one of them cannot be found."""
    marks = [(i, mark) for i, line in enumerate(lines) if (mark := _BEGINS.match(line))]
    ran = [step for step in steps if step.get("conclusion") not in (None, "skipped")]
    shown = [step for step in ran if step.get("name") not in ("Set up job", "Complete job")]
    found: list[tuple[int, Mapping[str, Any]]] = []
    at = 0
    for step in shown:
        post = str(step.get("name")).startswith("Post ")
        since = str(step.get("started_at") or "")[:19]
        while at < len(marks):
            line, mark = marks[at]
            at += 1
            right = mark["what"].startswith(b"Post") == post
            if right and since and mark["at"].decode() >= since:
                found.append((line, step))
                break
        else:
            return []
    return found
