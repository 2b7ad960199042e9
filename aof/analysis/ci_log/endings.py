"""What runners print when a job, a command or a step has ended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from aof.analysis.ci_log.records import Outcome

Strength = Literal["job", "command", "notice"]


@dataclass(frozen=True, slots=True)
class Ending:
    """A line that states how something ended.

    `strength`: `job` speaks for the whole job, `command` for one command or step whose
    failure normally fails the job, `notice` is printed for failures and for less.
    """

    offset: int
    outcome: Outcome
    strength: Strength
    platform: str
    exit_code: int | None = None
    step: int = 0


@dataclass(frozen=True, slots=True)
class _Form:
    platform: str
    strength: Strength
    pattern: bytes
    outcome: Outcome | None = None  # None: failed unless the code is 0

    def search(self, line: bytes) -> re.Match[bytes] | None:
        return _compiled(self.pattern).search(line)


@cache
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern)


# Printed by the runners themselves; sources are the runners' repositories and recorded logs.
_FORMS = (
    _Form("github", "command", rb"(?:##\[error\]|Error: )Process completed with exit code (-?\d+)"),
    _Form(
        "github", "command", rb"##\[error\]The process '[^'\n]{1,300}' failed with exit code (\d+)"
    ),
    _Form(
        "github",
        "command",
        rb"(?:##\[error\]|Error: )(?:The operation was cancell?ed"
        rb"|The action '[^'\n]{0,200}' has timed out"
        rb"|The job running on runner|The runner has received a shutdown signal"
        rb"|The (?:self-)?hosted runner|The job was (?:cancell?ed|not acquired)"
        rb"|The template is not valid|Unhandled error:|Error: Process completed)",
        "failed",
    ),
    _Form(
        "azure", "command", rb"##\[error\](?:Bash|Cmd\.exe|PowerShell) exited with code '(-?\d+)'"
    ),
    _Form("github", "notice", rb"##\[error\]", "failed"),
    _Form("gitlab", "job", rb"ERROR: Job failed(?::? ?\(?exit (?:code|status) (\d+))?", "failed"),
    _Form("gitlab", "job", rb"Job succeeded", "passed"),
    _Form("jenkins", "job", rb"Finished: SUCCESS", "passed"),
    _Form("jenkins", "job", rb"Finished: (?:FAILURE|UNSTABLE|ABORTED)", "failed"),
    _Form("travis", "job", rb"Done\. Your build exited with (\d+)"),
    _Form("travis", "command", rb'The command "[^\n]{0,1000}" (?:failed and )?exited with (\d+)'),
    _Form(
        "travis",
        "job",
        rb"No output has been received in the last \d+m|The job exceeded the maximum (?:time|log)",
        "failed",
    ),
    _Form("taskcluster", "job", rb"(?:Uns|S)uccessful task run with exit code: (\d+)"),
    _Form("circleci", "command", rb"Exited with code (?:exit status )?(\d+)"),
    _Form("buildkite", "command", rb"The command exited with status (-?\d+)"),
    _Form("appveyor", "command", rb"Command exited with code (-?\d+)"),
    _Form("appveyor", "job", rb"^(?:\[[\d:]+\] )?Build success\r?$", "passed"),
    _Form("teamcity", "command", rb"Process exited with code (\d+)"),
    _Form("codebuild", "command", rb"Phase complete: \w+ State: FAILED", "failed"),
    _Form("cloudbuild", "command", rb"build step \d+ \"[^\"\n]*\" failed", "failed"),
    _Form("prow", "job", rb"wrapped process failed: exit status (\d+)"),
)

# What runners say about files and reports that a failed command did not write. Never a cause.
AFTERMATH = re.compile(
    r"^ERROR: No files to upload|: no matching files\. Ensure that|^Uploading artifacts"
    r"|No test report files were found|^ERROR: Step \S[^:]{1,80} failed: |^Recording test results"
    r"|^ERROR: script returned exit code|^No files were found with the provided path"
    r"|^ERROR: No artifacts found that match|^Build step '.*' marked build as failure"
    r"|^ERROR: Job failed(?:: (?:exit (?:code|status) \d+|command terminated.*))?$"
    r"|^(?:Error: )?Process completed with exit code \d+|^Finished: FAILURE"
    r"|^\S*make(?:\[\d+\])?: \*\*\* .*\] Error \d+(?: \(ignored\))?$"
    r"|^Failed in branch "
    r"|^Done\. Your build exited with|^Failed to clone '.*'\. Retry scheduled"
)

# Every form but the notice holds one of these.
WORDS = (
    "Process completed with", "The operation was", "The action '", "The process '",
    "The job running on", "The runner has received", "The hosted runner", "The self-hosted runner",
    "The job was ", "The template is not", "Unhandled error:", "Job failed", "Job succeeded",
    "Finished: ", "xited with", "No output has", "maximum time", "maximum log", "task run with",
    "Build success", "State: FAILED", "build step", "wrapped process",
)  # fmt: skip
NOTICE = "##[error]"

_QUICK = re.compile(
    rb"##\[error\]|Error: (?:Process completed|The operation)|Job (?:failed|succeeded)"
    rb"|Finished: [A-Z]|[Ee]xited with (?:code|status|\d)"
    rb"|has been received in the last|exceeded the maximum|task run with exit|Build success"
    rb"|State: FAILED|build step \d|wrapped process"
)


def ending_of(line: bytes, offset: int) -> Ending | None:
    """What the raw line at `offset` says about how something ended, or None."""
    if _QUICK.search(line) is None:
        return None
    for form in _FORMS:
        match = form.search(line)
        if match is None:
            continue
        code = int(match.group(1)) if match.re.groups and match.group(1) else None
        outcome = form.outcome or ("passed" if code == 0 else "failed")
        return Ending(offset, outcome, form.strength, form.platform, code)
    return None
