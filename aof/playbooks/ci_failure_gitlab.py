"""A failed pipeline of GitLab CI, with the downstream pipelines it waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.stated import gitlab_reason, stated
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

_DEEPEST = 3  # downstream pipelines of downstream pipelines; GitLab itself allows two

_Job = Mapping[str, Any]
_Pipeline = Mapping[str, Any]


class GitlabPipeline(Forge):
    """A pipeline, read through `gitlab_ci`."""

    tool = "gitlab_ci"
    noun = "pipeline"
    access = (
        "set GITLAB_TOKEN to a project access token with the role Reporter and the scope read_api; "
        "in GitLab CI as a masked CI/CD variable (CI_JOB_TOKEN cannot read jobs and logs)"
    )

    def read(self, operation: str, /, **arguments: Any) -> ToolResult:
        if self.source.scope:
            arguments.setdefault("project", self.source.scope)
        return super().read(operation, **arguments)

    def gather(self) -> Gathered:
        number = self.source.run
        if number is None:
            job = self.required(self.read("get_job", job_id=self.source.job))
            number = job["pipeline"]["id"]
        found = self.read("get_pipeline", pipeline_id=number)
        pipeline = self._pipeline = self.required(found)
        gathered = _gathered(pipeline)
        gathered.keep(found)
        listed = self.read("list_jobs", pipeline_id=number, include_retried=True)
        data = self.required(listed)
        self._jobs: list[_Job] = data["jobs"]
        gathered.keep(listed)
        if pipeline.get("yaml_errors"):
            gathered.jobs.append(_misconfigured(pipeline, found.evidence_id))
        latest = [job for job in self._jobs if not job.get("retried")]
        gathered.passed_jobs = tuple(str(j["name"]) for j in latest if j.get("status") == "success")
        failed = self._failed(latest, gathered)
        for job in failed[:MOST_JOBS]:
            gathered.jobs.append(self._log_of(job, gathered))
        if self.source.job is None and pipeline.get("status") != "success":
            gathered.jobs += self._downstream(data.get("bridges") or (), gathered)
        self.add_neighbours(gathered)
        if gathered.jobs:
            self._add_reports(gathered)
        return gathered

    def _failed(self, jobs: Sequence[_Job], gathered: Gathered) -> list[_Job]:
        """The jobs that explain how the pipeline ended."""
        if self.source.job is not None:
            return [job for job in self._jobs if job.get("id") == self.source.job]
        failed = [job for job in jobs if job.get("status") == "failed"]
        allowed = [job for job in failed if job.get("allow_failure")]
        gathered.warnings += [
            f"Job '{job['name']}' failed and is allowed to (allow_failure); "
            f"--set job={job['id']} reads it."
            for job in allowed[:MOST_JOBS]
        ]
        told = [job for job in failed if job not in allowed]
        if not told and self._pipeline.get("status") == "canceled":
            gathered.cancelled = "The pipeline was cancelled."
        return told

    def _log_of(self, job: _Job, gathered: Gathered, scope: str | None = None) -> JobLog:
        within = {"project": scope} if scope else {}
        result = self.read("get_job_logs", job_id=job["id"], **within)
        gathered.keep(result)
        read = JobLog(
            str(job["name"]), "", job["id"], failed=True, evidence=result.evidence_id,
            stated=gitlab_reason(str(job.get("failure_reason") or "")), scope=scope,
        )  # fmt: skip
        if result.ok and result.data.get("available"):
            read.log, read.note = str(result.data["log"]), cut_note(result.data)
        else:
            read.note = str(result.data.get("reason")) if result.ok else result.summary
        return read

    def _downstream(
        self, bridges: Sequence[_Job], gathered: Gathered, above: str = "", depth: int = 1
    ) -> Iterator[JobLog]:
        """The failed jobs of child and multi-project pipelines."""
        for bridge in bridges:
            if bridge.get("status") != "failed" or bridge.get("allow_failure"):
                continue
            name = f"{above}{bridge['name']}"
            child = bridge.get("downstream_pipeline") or {}
            if child.get("id") is None:
                reason = str(bridge.get("failure_reason") or "")
                yield JobLog(name, "", failed=True, stated=gitlab_reason(reason) or stated(
                    "The downstream pipeline was not started.", Category.CONFIG,
                    rule="gitlab-failure-reason",
                ))  # fmt: skip
                continue
            scope = str(child.get("project_id") or "") or None
            listed = self.read(
                "list_jobs", pipeline_id=child["id"], **({"project": scope} if scope else {})
            )
            if not listed.ok:
                gathered.warnings.append(f"{name}: its pipeline is not read: {listed.summary}")
                continue
            gathered.keep(listed)
            for job in listed.data["jobs"]:
                if job.get("status") == "failed" and not job.get("allow_failure"):
                    read = self._log_of(job, gathered, scope)
                    read.name = f"{name} / {read.name}"
                    yield read
            if depth < _DEEPEST:
                deeper = listed.data.get("bridges") or ()
                yield from self._downstream(deeper, gathered, f"{name} / ", depth + 1)

    def _add_reports(self, gathered: Gathered) -> None:
        report = self.read("get_test_report", pipeline_id=self._pipeline["id"])
        if report.ok:
            gathered.keep(report)
            gathered.reports = list(report.data.get("test_reports") or [])

    def succeeded(
        self, gathered: Gathered, *, branch: str = "", sha: str = ""
    ) -> list[PipelineRun]:
        given = {name: value for name, value in (("ref", branch), ("sha", sha)) if value}
        listed = self.read("list_pipelines", status="success", limit=50, **given)
        gathered.keep(listed)
        runs = [_run_of(one) for one in listed.data["pipelines"]] if listed.ok else []
        return [run for run in runs if run.id != self._pipeline["id"]]

    def passed_job(self, run: int, name: str) -> int | None:
        listed = self.read("list_jobs", pipeline_id=run)
        for job in listed.data["jobs"] if listed.ok else ():
            if (job.get("name"), job.get("status")) == (name, "success"):
                return int(job["id"])
        return None

    def other_attempts(self, job: JobLog) -> list[Twin]:
        detail = f"job '{job.name}' both failed and passed in this pipeline"
        ended = {(other.get("name"), other.get("status")) for other in self._jobs}
        return [Twin(detail, later=True)] if (job.name, "success") in ended else []

    def compare(self, base: str, head: str) -> ToolResult | None:
        return self.read("compare", base=base, head=head)

    def rerun(self, job: JobLog) -> tuple[str, dict[str, Any]] | None:
        within = {"project": job.scope} if job.scope else {}
        return None if job.id is None else ("retry_job", {"job_id": job.id, **within})


def _gathered(pipeline: _Pipeline) -> Gathered:
    own = _run_of(pipeline)
    return Gathered(
        "GitLab CI",
        run=own,
        key=f"gitlab {pipeline.get('web_url') or own.id}",
        pipeline=str(pipeline.get("name") or ""),
        url=str(pipeline.get("web_url") or ""),
        status=str(pipeline.get("status") or ""),
    )


def _run_of(pipeline: _Pipeline) -> PipelineRun:
    return PipelineRun(
        id=pipeline["id"],
        number=f"#{pipeline['id']}",
        sha=str(pipeline.get("sha") or ""),
        branch=str(pipeline.get("ref") or ""),
        trigger=str(pipeline.get("source") or ""),
    )


def _misconfigured(pipeline: _Pipeline, evidence: str) -> JobLog:
    """A pipeline without any job: its file is wrong."""
    text, file = str(pipeline["yaml_errors"]), ".gitlab-ci.yml"
    cause = stated(text, Category.CONFIG, rule="gitlab-yaml-error", file=file)
    return JobLog(file, "", failed=True, evidence=evidence, stated=cause)
