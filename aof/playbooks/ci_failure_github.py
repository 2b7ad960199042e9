"""A failed workflow run of GitHub Actions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.stated import github_annotation, stated
from aof.messages import ToolResult
from aof.playbooks.ci_failure_service import (
    MOST_JOBS,
    Forge,
    Gathered,
    JobLog,
    PipelineRun,
    Twin,
    cut_note,
)

_BAD = {"failure": 0, "timed_out": 1, "startup_failure": 2}
_RUNNERS_OWN = ".github"  # path of annotations that the runner made, not a problem matcher
_ON_PURPOSE = re.compile(r"[Cc]anceling since|was cancell?ed by")


_Run = Mapping[str, Any]
_Job = Mapping[str, Any]


class GithubRun(Forge):
    """A workflow run, read through `github_actions`."""

    tool = "github_actions"
    access = (
        "set GITHUB_TOKEN to a token that may read Actions, checks and contents; in a job of "
        "GitHub Actions: `permissions: {actions: read, checks: read, contents: read}` for the "
        "job, `env: {GITHUB_TOKEN: '${{ github.token }}'}` for the step"
    )

    def read(self, operation: str, /, **arguments: Any) -> ToolResult:
        if self.source.scope:
            arguments["repository"] = self.source.scope
        return super().read(operation, **arguments)

    def gather(self) -> Gathered:
        asked = {"attempt": self.source.attempt} if self.source.attempt else {}
        found = self.read("get_workflow_run", run_id=self.source.run, **asked)
        run = self._run = self.required(found)
        gathered = _gathered(run)
        self._attempt = _run_of(run).attempt
        gathered.keep(found)
        listed = self.read("list_jobs", run_id=self.source.run, filter="all")
        self._jobs: list[_Job] = self.required(listed)["jobs"]
        gathered.keep(listed)
        latest = [job for job in self._jobs if job.get("run_attempt") in (None, self._attempt)]
        gathered.passed_jobs = tuple(
            str(job["name"]) for job in latest if job.get("conclusion") == "success"
        )
        failed = self._failed(latest, gathered)
        for job in failed[:MOST_JOBS]:
            gathered.jobs.append(self._log_of(job, gathered))
        if len(failed) > MOST_JOBS:
            gathered.warnings.append(
                f"{len(failed)} jobs failed; the logs of {MOST_JOBS} were read."
            )
        if not latest and run.get("conclusion") in _BAD:
            gathered.jobs.append(_unstarted(run, found.evidence_id))
        self.add_neighbours(gathered)
        if gathered.jobs:
            self._reports(gathered)
        return gathered

    def _failed(self, jobs: Sequence[_Job], gathered: Gathered) -> list[_Job]:
        """The jobs that explain how the run ended."""
        if self.source.job is not None:
            wanted = [job for job in self._jobs if job.get("id") == self.source.job]
            if not wanted:
                gathered.warnings.append(f"The run has no job {self.source.job}.")
            return wanted
        bad = [job for job in jobs if job.get("conclusion") in _BAD]
        if self._run.get("conclusion") == "success":
            gathered.warnings += [
                f"Job '{job['name']}' failed and was allowed to; --set job={job['id']} reads it."
                for job in bad
            ]
            return []
        # Inside the failing job itself nothing has ended yet; its failed step shows it.
        own = [job for job in jobs if job.get("status") != "completed" and _failed_step(job)]
        found = sorted([*bad, *own], key=lambda job: _BAD.get(str(job.get("conclusion")), 9))
        if found:
            return found
        cancelled = [j for j in jobs if j.get("conclusion") == "cancelled" and j.get("steps")]
        return [] if self._was_cancelled(jobs, gathered) else cancelled

    def _was_cancelled(self, jobs: Sequence[_Job], gathered: Gathered) -> bool:
        """Whether somebody, or a newer run, ended the run on purpose; says who in `gathered`."""
        cancelled = [job for job in jobs if job.get("conclusion") == "cancelled"]
        marked = (line for job in cancelled[:3] for line in self._annotations(job, gathered))
        gathered.cancelled = next((line for line in marked if _ON_PURPOSE.search(line)), "")
        return bool(gathered.cancelled)

    def _log_of(self, job: _Job, gathered: Gathered) -> JobLog:
        name, number = str(job["name"]), job["id"]
        step = _failed_step(job) or _failed_step(job, {"cancelled"})
        read = JobLog(name, "", number, failed=True, step=step)
        read.steps = job.get("steps") or ()
        result = self.read("get_job_logs", job_id=number)
        gathered.keep(result)
        read.evidence = result.evidence_id
        if job.get("conclusion") != "failure":  # what ended it from outside, its log cannot know
            ended = self._annotations(job, gathered, own=True)
            read.stated = next(filter(None, map(github_annotation, ended)), None)
        if result.ok and result.data.get("available"):
            read.log, read.note = str(result.data["log"]), cut_note(result.data)
            return read
        read.note = str(result.data.get("reason")) if result.ok else result.summary
        if read.step:
            read.note += f"; the failed step is '{read.step}'"
        read.log = "\n".join(_as_errors(self._annotations(job, gathered)))
        return read

    def _annotations(self, job: _Job, gathered: Gathered, *, own: bool = False) -> list[str]:
        """What is marked as failure in a job; with `own`, by the runner itself only."""
        marked = self.read("get_annotations", job_id=job["id"])
        gathered.keep(marked)
        lines = []
        for one in marked.data["annotations"] if marked.ok else ():
            by_runner = one.get("path") in (None, "", _RUNNERS_OWN)
            if one.get("annotation_level") == "failure" and (by_runner or not own):
                place = "" if by_runner else f"{one['path']}:{one.get('start_line')}: error: "
                lines.append(f"{place}{one.get('message') or ''}")
        return lines

    def base_branch(self, gathered: Gathered) -> str:
        named = self._run.get("base_branches") or ()
        return next((str(name) for name in named if name and name != gathered.branch), "")

    def succeeded(
        self, gathered: Gathered, *, branch: str = "", sha: str = ""
    ) -> list[PipelineRun]:
        filters = {"branch": branch, "head_sha": sha, "workflow": self._workflow()}
        given = {name: value for name, value in filters.items() if value}
        listed = self.read("list_runs", status="success", limit=50, **given)
        gathered.keep(listed)
        runs = [_run_of(one) for one in listed.data["runs"]] if listed.ok else []
        return [run for run in runs if run.id != self._run["id"]]

    def _workflow(self) -> str:
        return str(self._run.get("path") or "").rpartition("/")[2].partition("@")[0]

    def _reports(self, gathered: Gathered) -> None:
        artifacts = self.read("get_artifacts", run_id=self.source.run)
        if artifacts.ok:
            gathered.keep(artifacts)
            gathered.reports = list(artifacts.data.get("test_reports") or [])

    def passed_job(self, run: int, name: str) -> int | None:
        listed = self.read("list_jobs", run_id=run)
        for job in listed.data["jobs"] if listed.ok else ():
            if (job.get("name"), job.get("conclusion")) == (name, "success"):
                return int(job["id"])
        return None

    def other_attempts(self, job: JobLog) -> list[Twin]:
        return [
            Twin(
                f"job '{job.name}' failed in attempt {self._attempt} and passed in attempt "
                f"{other.get('run_attempt')} of the same commit",
                later=(other.get("run_attempt") or 0) > self._attempt,
            )
            for other in self._jobs
            if (other.get("name"), other.get("conclusion")) == (job.name, "success")
        ]

    def compare(self, base: str, head: str) -> ToolResult | None:
        return self.read("compare", base=base, head=head, limit=50)

    def rerun(self, job: JobLog) -> tuple[str, dict[str, Any]] | None:
        return "rerun_failed_jobs", {"run_id": self.source.run}


def _gathered(run: _Run) -> Gathered:
    commit = run.get("head_commit") or {}
    own = _run_of(run)
    return Gathered(
        "GitHub Actions",
        run=own,
        key=f"github {run.get('html_url') or own.id} attempt {own.attempt}",
        pipeline=str(run.get("name") or ""),
        url=str(run.get("html_url") or ""),
        subject=str(commit.get("message") or "").partition("\n")[0],
        status=str(run.get("conclusion") or run.get("status") or ""),
    )


def _run_of(run: _Run) -> PipelineRun:
    return PipelineRun(
        id=run["id"],
        number=f"#{run.get('run_number') or run['id']}",
        sha=str(run.get("head_sha") or ""),
        branch=str(run.get("head_branch") or ""),
        trigger=str(run.get("event") or ""),
        attempt=int(run.get("run_attempt") or 1),
    )


def _failed_step(job: _Job, among: Collection[str] = _BAD) -> str:
    steps = job.get("steps") or ()
    return next((str(step["name"]) for step in steps if step.get("conclusion") in among), "")


def _as_errors(lines: Iterable[str]) -> list[str]:
    return [f"##[error]{line}" for line in lines]


def _unstarted(run: _Run, evidence: str) -> JobLog:
    """A run without any job: GitHub could not make jobs of the workflow file."""
    path = str(run.get("path") or "").partition("@")[0]
    cause = stated(
        "GitHub started no job of this run: its workflow file is not valid.",
        Category.CONFIG,
        rule="github-startup-failure",
        file=path,
    )
    return JobLog(path or "workflow", "", failed=True, evidence=evidence, stated=cause)
