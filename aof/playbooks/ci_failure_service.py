"""What the playbook asks of the service a pipeline ran on, and the shapes of its answers.

One module per service implements it; a log without a service behind it answers nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aof.analysis.ci_log.records import Diagnosis
from aof.errors import Unreachable
from aof.messages import ToolResult
from aof.playbooks.base import Calls
from aof.playbooks.ci_failure_source import Source

MOST_JOBS = 8
"""Failed jobs whose logs are read: a matrix fails for one reason more often than for many."""
_NO_ACCESS = re.compile(r": 40[134]$")
_TWINS = 2  # runs of the same commit that are looked into
GREEN_LOG_BYTES = 4 << 20
"""How much of a green log is read to compare with."""


@dataclass(slots=True)
class JobLog:
    """One failed job.

    Attributes:
        name: As the service shows it.
        log: Its text or, from a file, a buffer; empty when it cannot be had.
        id: Of the service.
        failed: The service says that it failed; without that its log has to say so.
        evidence: Where the log, or what stands for it, was recorded.
        note: Why the log is missing or not whole.
        step: The failed step in the words of the service.
        steps: All steps, with how each ended; only GitHub tells.
        stated: What the service itself says is wrong, for a job whose log does not.
        scope: Project or repository, when it is not that of the pipeline.
    """

    name: str
    log: Any
    id: int | None = None
    failed: bool = False
    evidence: str = ""
    note: str = ""
    step: str = ""
    steps: Sequence[Mapping[str, Any]] = ()
    stated: Diagnosis | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """A run, pipeline or build. `id` grows with time; `number` is what its users call it.

    `trigger` is what started it; `attempt` counts runs of the same run.
    """

    id: int
    number: str = ""
    sha: str = ""
    branch: str = ""
    trigger: str = ""
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Twin:
    """The same job, which passed on the same commit; `later` than the failed one or not."""

    detail: str
    later: bool


@dataclass(slots=True)
class Gathered:
    """What is known of the failed pipeline; empty fields are not known.

    Attributes:
        run: The pipeline itself, where a service knows it.
        key: Names this pipeline and attempt, so that reading it twice counts once.
        cancelled: Why it was cancelled, when that and no failed job ended it.
        passed_jobs: Names of the jobs that passed.
        passed_since: The earliest later run of the branch that passed.
        green: The last run that passed before.
    """

    platform: str
    jobs: list[JobLog] = field(default_factory=list)
    run: PipelineRun | None = None
    key: str = ""
    pipeline: str = ""
    url: str = ""
    subject: str = ""
    status: str = ""
    cancelled: str = ""
    passed_jobs: tuple[str, ...] = ()
    passed_since: str = ""
    green: PipelineRun | None = None
    reports: list[Mapping[str, Any]] = field(default_factory=list)
    files: tuple[str, ...] = ()
    commits: list[Mapping[str, Any]] = field(default_factory=list)
    commits_complete: bool = True
    patch: str = ""
    evidence: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def build(self) -> str:
        """What users call the run."""
        return self.run.number if self.run else ""

    @property
    def sha(self) -> str:
        """The commit it ran on."""
        return self.run.sha if self.run else ""

    @property
    def branch(self) -> str:
        """The branch, tag or ref it ran for."""
        return self.run.branch if self.run else ""

    def keep(self, result: ToolResult) -> None:
        """Remember where an answer was recorded."""
        if result.evidence_id and result.evidence_id not in self.evidence:
            self.evidence.append(result.evidence_id)


class Service:
    """One pipeline, seen through the tools.

    The defaults are those of a log that comes alone. `gather` is called first.

    Raises:
        Unreachable: The tool cannot be used here.
    """

    tool = ""
    access = ""
    """What to do when the tool is not set up, or its token may not read the pipeline."""

    def __init__(self, source: Source, calls: Calls) -> None:
        self.source = source
        self.calls = calls
        why = calls.not_consulted(self.tool) if self.tool else None
        if why is not None:
            raise Unreachable("the failed pipeline cannot be read", why=why, fix=self.access)

    def required(self, result: ToolResult) -> Any:
        """The data of an answer that nothing can be done without, or `Unreachable`."""
        error = result.error or {}
        if _NO_ACCESS.search(str(error.get("what", ""))):
            raise Unreachable(str(error["what"]), why=str(error.get("why", "")), fix=self.access)
        return result.require()

    def read(self, operation: str, /, **arguments: Any) -> ToolResult:
        """Ask the service's tool."""
        return self.calls.read(self.tool, operation, **arguments)

    def gather(self) -> Gathered:
        """Read what failed.

        Raises:
            Unreachable: The tool that has the pipeline failed.
            UsageFault: The file cannot be read.
        """
        raise NotImplementedError

    def green_log(self, gathered: Gathered, job: JobLog) -> tuple[str, bool] | None:
        """The log of the same job in `gathered.green`, and whether it is whole."""
        return None

    def twins(self, gathered: Gathered, job: JobLog) -> list[Twin]:
        """Where the same job passed on the same commit."""
        return []

    def compare(self, base: str, head: str) -> ToolResult | None:
        """The service's own comparison of two commits, for lack of a clone."""
        return None

    def green_after(self, gathered: Gathered, branch: str, run: int) -> str:
        """The commit of the first run of `branch` that passed after `run` and before this one."""
        return ""

    def rerun(self, job: JobLog) -> tuple[str, dict[str, Any]] | None:
        """Operation and arguments that run the failed job again."""
        return None


class Forge(Service):
    """What GitHub and GitLab have in common: runs per branch and commit, with jobs by name."""

    noun = "run"

    def __init__(self, source: Source, calls: Calls) -> None:
        super().__init__(source, calls)
        self._passed: dict[str, list[PipelineRun]] = {}

    def succeeded(
        self, gathered: Gathered, *, branch: str = "", sha: str = ""
    ) -> list[PipelineRun]:
        """Other runs that passed, newest first; of any branch when none is named."""
        raise NotImplementedError

    def base_branch(self, gathered: Gathered) -> str:
        """The branch this one is to be merged into; empty, which is any, when none is known."""
        return ""

    def passed_job(self, run: int, name: str) -> int | None:
        """The id of a job in another run, when it passed there."""
        raise NotImplementedError

    def other_attempts(self, job: JobLog) -> list[Twin]:
        """Attempts of the same run in which the job passed."""
        raise NotImplementedError

    def add_neighbours(self, gathered: Gathered) -> None:
        """The last run that passed before this one, and the first that passed after."""
        own = _own(gathered)
        passed = self._on(gathered.branch, gathered)
        later = [run for run in passed if run.id > own.id]
        if later:
            first = min(later, key=lambda run: run.id).number
            gathered.passed_since = f"{self.noun} {first} of {gathered.branch} passed since"
        earlier = [run for run in passed if run.id < own.id]
        if not earlier and gathered.sha:
            base = self.base_branch(gathered)
            earlier = [run for run in self._on(base, gathered) if run.id < own.id]
        gathered.green = max(earlier, key=lambda run: run.id, default=None)

    def green_log(self, gathered: Gathered, job: JobLog) -> tuple[str, bool] | None:
        green = gathered.green
        passed = None if green is None or job.scope else self.passed_job(green.id, job.name)
        if passed is None:
            return None
        found = self.read("get_job_logs", job_id=passed, max_bytes=GREEN_LOG_BYTES)
        gathered.keep(found)
        return log_text(found)

    def twins(self, gathered: Gathered, job: JobLog) -> list[Twin]:
        own, found = _own(gathered), self.other_attempts(job)
        if own.trigger.startswith("pull_request") or job.scope:
            return found  # those test a merge with the base branch, which moves on between runs
        same = self.succeeded(gathered, sha=gathered.sha)
        for run in [run for run in same if run.trigger == own.trigger][:_TWINS]:
            if self.passed_job(run.id, job.name) is not None:
                where = f"{self.noun} {run.number} of the same commit"
                found.append(Twin(f"job '{job.name}' passed in {where}", later=run.id > own.id))
        return found

    def green_after(self, gathered: Gathered, branch: str, run: int) -> str:
        own = _own(gathered)
        between = [one for one in self._on(branch, gathered) if run < one.id < own.id]
        return min(between, key=lambda one: one.id).sha if between else ""

    def _on(self, branch: str, gathered: Gathered) -> list[PipelineRun]:
        if branch not in self._passed:
            self._passed[branch] = self.succeeded(gathered, branch=branch)
        return self._passed[branch]


def _own(gathered: Gathered) -> PipelineRun:
    assert gathered.run is not None, "a forge names its run"
    return gathered.run


def log_text(result: ToolResult) -> tuple[str, bool] | None:
    """The text of a log that a `get_job_logs` operation gave, and whether it is whole."""
    if not result.ok or not result.data.get("available"):
        return None
    return str(result.data["log"]), not result.data.get("omitted")


def cut_note(data: Mapping[str, Any]) -> str:
    """What to say of a log from whose middle something is missing; else empty."""
    omitted = data.get("omitted")
    if not omitted:
        return ""
    after, count = omitted["after_line"], omitted["lines"]
    return (
        f"the log is {data['bytes']:,} bytes long; {count:,} lines after line {after:,} were "
        "not read, and lines below that count on from there"
    )
