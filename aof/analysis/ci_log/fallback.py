"""When no rule recognises the failure: the last thing that was printed before it."""

from __future__ import annotations

import re

from aof.analysis.ci_log.blocks import Candidate
from aof.analysis.ci_log.endings import AFTERMATH
from aof.analysis.ci_log.lines import Lines
from aof.analysis.ci_log.outcome import Verdict
from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule
from aof.analysis.ci_log.segment import Segments

RECOGNISED = 27  # weight below which a line only repeats that something failed
_LINES = 40
_RULE = Rule("last-output", Category.UNKNOWN, RECOGNISED - 1, ("",), "")
_SAYS_NOTHING = re.compile(
    r"^\W*$|^##\[|exit(?:ed)?(?: with)?(?: code| status)|^npm (?:ERR!|error)"
    r"|^\+|^\$ |^(?:Cleaning up|Uploading|Running after_script|shell:|env:)|^The operation was"
    r"|^(?:Error|ERROR): (?:Process|Job|script returned)|^\[Pipeline\]"
    r"|^error Command failed"
)


def last_output(lines: Lines, segments: Segments, verdict: Verdict) -> Candidate | None:
    """The last line before the failure shows that says more than that it happened."""
    end = verdict.marker if verdict.marker is not None else lines.size
    if verdict.step is not None:
        end = min(end, segments.steps[verdict.step].end)
    for start in lines.preceding(end, _LINES):
        text = lines.text(start)
        if not _SAYS_NOTHING.search(text) and not AFTERMATH.search(text):
            step = verdict.step if verdict.step is not None else len(segments.steps) - 1
            found = Candidate(_RULE, start, start, text, text.strip(), Category.UNKNOWN, step)
            found.score = float(_RULE.weight)
            return found
    return None
