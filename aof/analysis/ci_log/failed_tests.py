"""The failed tests a log names the way their runner takes them: so far those of pytest."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aof.analysis.ci_log.blocks import Candidate

MOST = 5
"""Tests named at most: enough to run again by hand."""
_ID = r"(?P<id>[^\s:-][^\s:]{0,299}\.py(?:::[^\s\[]{1,300}(?:\[.{0,300}?\])?)?)"
_SUMMARY = re.compile(rf"^(?:\[gw\d+\] .{{0,20}})?(?:FAILED|ERROR)(?: \[[\d.]+s\])? {_ID}(?: - |$)")
_PROGRESS = re.compile(rf"^(?:\[gw\d+\] )?{_ID} (?:FAILED|ERROR)\b")


def failed_tests(candidates: Iterable[Candidate], step: int) -> tuple[str, ...]:
    """Ids of tests that failed in a step, in the order of the log, at most `MOST`.

    The summary at the end counts: a test that failed and passed on a retry is not in it.
    """
    seen = sorted((c for c in candidates if c.step == step), key=lambda c: c.start)
    for form in (_SUMMARY, _PROGRESS):
        found = [match["id"] for c in seen if (match := form.search(c.text))]
        if found:
            return tuple(dict.fromkeys(found))[:MOST]
    return ()
