"""Reading pipelines: pipelines, jobs, logs and test reports."""

from __future__ import annotations

import tempfile
from typing import Annotated, Any

from pydantic import Field

from aof.messages import ToolOutput
from aof.tools.base import operation
from aof.tools.gitlab.api import accepted
from aof.tools.gitlab.base import GitlabTool, Project
from aof.tools.gitlab.shapes import bridge_of, job_of, pipeline_of, suite_report_of
from aof.tools.logs import DEFAULT_LOG, LogLimit, log_of, no_log

_SPOOL = 8 * 1024 * 1024
_CUT = "Job's log exceeded limit"

Limit = Annotated[int, Field(ge=1, le=1000)]


class PipelineReads(GitlabTool):
    """Operations that read pipelines."""

    @operation(aliases=("gitlab_pipeline_get",))
    def get_pipeline(self, pipeline_id: int, project: Project = None) -> ToolOutput:
        """A pipeline: what started it, at which commit, and how it ended.

        Args:
            pipeline_id: The number in the pipeline's URL.
            project: Id or group/name; without it the configured project.

        Returns:
            GitLab's fields of the pipeline, among them status, source, ref, sha and
            yaml_errors.
        """
        with self.reading(project) as api:
            pipeline = pipeline_of(api.read(api.path("pipelines", pipeline_id)))
        return ToolOutput(
            pipeline,
            f"pipeline {pipeline_id} of {pipeline['ref']}: {pipeline['status']} "
            f"at {str(pipeline['sha'])[:9]}",
        )

    @operation(aliases=("gitlab_pipeline_list",))
    def list_pipelines(
        self,
        *,
        ref: str | None = None,
        sha: str | None = None,
        status: str | None = None,
        source: str | None = None,
        limit: Limit = 30,
        project: Project = None,
    ) -> ToolOutput:
        """Recent pipelines, newest first.

        Args:
            ref: Only pipelines of this branch or tag.
            sha: Only pipelines of this commit (all 40 digits).
            status: Only pipelines in this status, e.g. success.
            source: Only pipelines started by this, e.g. push or merge_request_event.
            limit: Most pipelines to return.
            project: Id or group/name; without it the configured project.

        Returns:
            pipelines and complete (false when the limit cut the list).
        """
        filters = {"ref": ref, "sha": sha, "status": status, "source": source}
        with self.reading(project) as api:
            raw, complete = api.pages(api.path("pipelines"), filters, limit=limit)
        pipelines = [pipeline_of(one) for one in raw]
        return ToolOutput(
            {"pipelines": pipelines, "complete": complete}, f"{len(pipelines)} pipelines"
        )

    @operation(aliases=("gitlab_job_list",))
    def list_jobs(
        self,
        pipeline_id: int,
        scope: list[str] | None = None,
        include_retried: bool = False,
        limit: Limit = 300,
        project: Project = None,
    ) -> ToolOutput:
        """The jobs of a pipeline, and the pipelines its trigger jobs started.

        Args:
            pipeline_id: The number in the pipeline's URL.
            scope: Only jobs in these states, e.g. ["failed"].
            include_retried: Earlier attempts too, for seeing flakiness.
            limit: Most jobs to return.
            project: Id or group/name; without it the configured project.

        Returns:
            jobs (id, name, stage, status, failure_reason, ...), bridges (each with its
            downstream_pipeline) and complete.
        """
        params = {"scope[]": scope, "include_retried": str(include_retried).lower()}
        with self.reading(project) as api:
            base = ("pipelines", pipeline_id)
            raw, complete = api.pages(api.path(*base, "jobs"), params, limit=limit)
            triggers, _ = api.pages(api.path(*base, "bridges"), {"scope[]": scope}, limit=100)
        jobs = [job_of(one) for one in raw]
        bridges = [bridge_of(one) for one in triggers]
        failed = sum(job["status"] == "failed" for job in jobs)
        return ToolOutput(
            {"jobs": jobs, "bridges": bridges, "complete": complete},
            f"{len(jobs)} jobs of pipeline {pipeline_id}, {failed} failed",
        )

    @operation(aliases=("gitlab_job_get",))
    def get_job(self, job_id: int, project: Project = None) -> ToolOutput:
        """One job: status, failure_reason, commit, runner, artifacts.

        Args:
            job_id: The number in the job's URL.
            project: Id or group/name; without it the configured project.

        Returns:
            GitLab's fields of the job; failure_reason tells script_failure from failures
            of the runner.
        """
        with self.reading(project) as api:
            job = job_of(api.read(api.path("jobs", job_id)))
        reason = f" ({job['failure_reason']})" if job["failure_reason"] else ""
        return ToolOutput(job, f"job {job_id} '{job['name']}': {job['status']}{reason}")

    @operation(timeout_s=120.0, aliases=("gitlab_job_log",))
    def get_job_logs(
        self, job_id: int, max_bytes: LogLimit = DEFAULT_LOG, project: Project = None
    ) -> ToolOutput:
        """The log (trace) of one job, as text.

        Args:
            job_id: The job's id, from list_jobs.
            max_bytes: Bytes to keep; of a longer log the beginning and the end are kept.
            project: Id or group/name; without it the configured project.

        Returns:
            log, available, reason, bytes and omitted {after_line, lines, bytes}. Without
            a log: available is false, with the reason and the job.
        """
        with self.reading(project) as api, tempfile.SpooledTemporaryFile(_SPOOL) as file:
            answer = api.download(api.path("jobs", job_id, "trace"), file)
            if answer.status not in {200, 404, 410}:
                accepted(answer)
            if answer.status == 200 and file.tell() > 0:
                data = log_of(file, max_bytes)
                cut = _CUT in data["log"][-65_536:]
                warnings = (f"the runner cut the log of job {job_id} at its limit",) if cut else ()
                return ToolOutput(data, f"log of job {job_id}: {data['bytes']} bytes", warnings)
            job = job_of(api.read(api.path("jobs", job_id)))
        reason = _why_no_log(job)
        return ToolOutput(no_log(reason, job=job), f"job {job_id}: {reason}")

    @operation(timeout_s=60.0, aliases=("gitlab_test_report",))
    def get_test_report(self, pipeline_id: int, project: Project = None) -> ToolOutput:
        """The test report of a pipeline, read by GitLab from the jobs' JUnit artifacts.

        Args:
            pipeline_id: The number in the pipeline's URL.
            project: Id or group/name; without it the configured project.

        Returns:
            test_reports, one per suite: tests, failed_count, failed with suite, name,
            classname, file, message, text and recent_failures (on the default branch, 14
            days), and suite_error when GitLab could not read the XML.
        """
        with self.reading(project) as api:
            raw = api.read(api.path("pipelines", pipeline_id, "test_report"))
        reports = [suite_report_of(suite) for suite in raw.get("test_suites") or []]
        failed = sum(report["failed_count"] for report in reports)
        tests = sum(report["tests"] for report in reports)
        unread = tuple(
            f"test suite {report['source']}: {report['suite_error']}"
            for report in reports
            if report["suite_error"]
        )
        return ToolOutput(
            {"test_reports": reports, "total": tests}, f"{tests} tests, {failed} failed", unread
        )


def _why_no_log(job: dict[str, Any]) -> str:
    if job["erased_at"]:
        return f"the log was erased at {job['erased_at']}"
    if job["started_at"] is None:
        why = f": {job['failure_reason']}" if job["failure_reason"] else ""
        return f"the job never started ({job['status']}{why})"
    if job["finished_at"] is None:
        return f"the job is {job['status']} and has written nothing yet"
    return "GitLab has no log of this job; the runner sent none, or it was removed"
