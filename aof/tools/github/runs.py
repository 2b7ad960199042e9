"""Reading workflow runs: runs, attempts, jobs, logs, annotations and test reports."""

from __future__ import annotations

import tempfile
from typing import Annotated, Any, Literal

from pydantic import Field

from aof.errors import Unreachable
from aof.messages import ToolOutput
from aof.tools.base import operation
from aof.tools.github.api import GithubApi, accepted
from aof.tools.github.base import GithubTool, Repository
from aof.tools.github.shapes import annotation_of, artifact_of, job_of, run_of
from aof.tools.logs import DEFAULT_LOG, LogLimit, log_of, no_log

_MOST_ARTIFACT = 64 * 1024 * 1024
_MOST_ARTIFACTS = 10
_REPORT_WORDS = ("junit", "test", "report", "result", "surefire", "nextest")
_SPOOL = 8 * 1024 * 1024

Limit = Annotated[int, Field(ge=1, le=1000)]


class RunReads(GithubTool):
    """Operations that read workflow runs."""

    @operation(aliases=("github_run_get", "github_run_view"))
    def get_workflow_run(
        self, run_id: int, attempt: int | None = None, repository: Repository = None
    ) -> ToolOutput:
        """A workflow run: what started it, at which commit, and how it ended.

        Args:
            run_id: The number in the run's URL.
            attempt: An earlier attempt; without it the latest.
            repository: owner/name; without it the configured repository.

        Returns:
            GitHub's fields of the run, among them status, conclusion, head_sha,
            head_branch, event, run_attempt, head_commit, pull_requests (numbers; empty for
            pushes and forks) and base_branches (theirs).
        """
        with self.reading(repository) as api:
            attempts = () if attempt is None else ("attempts", attempt)
            run = run_of(api.read(api.path("actions", "runs", run_id, *attempts)))
        return ToolOutput(
            run,
            f"run {run_id} attempt {run['run_attempt']} of '{run['name']}': "
            f"{run['conclusion'] or run['status']} at {str(run['head_sha'])[:9]}",
        )

    @operation(aliases=("github_run_list",))
    def list_runs(
        self,
        *,
        branch: str | None = None,
        head_sha: str | None = None,
        status: str | None = None,
        event: str | None = None,
        workflow: str | None = None,
        limit: Limit = 30,
        repository: Repository = None,
    ) -> ToolOutput:
        """Recent workflow runs, newest first.

        Args:
            branch: Only runs of this branch.
            head_sha: Only runs of this commit (all 40 digits).
            status: Only runs in this status or with this conclusion, e.g. success.
            event: Only runs started by this event, e.g. push.
            workflow: Only this workflow: file name (ci.yml) or id.
            limit: Most runs to return.
            repository: owner/name; without it the configured repository.

        Returns:
            runs, total (GitHub's count) and complete (false when the limit cut the list).
        """
        filters = {"branch": branch, "head_sha": head_sha, "status": status, "event": event}
        given = {name: value for name, value in filters.items() if value}
        with self.reading(repository) as api:
            where = ("actions", "workflows", workflow, "runs") if workflow else ("actions", "runs")
            raw, total, complete = api.pages(
                api.path(*where), given, items="workflow_runs", limit=limit
            )
        runs = [run_of(one) for one in raw]
        if head_sha:
            # A renamed repository answers with a redirect that can lose the filter.
            runs = [run for run in runs if run["head_sha"] == head_sha]
        return ToolOutput(
            {"runs": runs, "total": total, "complete": complete}, f"{len(runs)} of {total} runs"
        )

    @operation(aliases=("github_job_list",))
    def list_jobs(
        self,
        run_id: int,
        attempt: int | None = None,
        filter: Literal["latest", "all"] = "latest",
        limit: Limit = 300,
        repository: Repository = None,
    ) -> ToolOutput:
        """The jobs of a run with their steps.

        Args:
            run_id: The number in the run's URL.
            attempt: Jobs of this attempt only.
            filter: latest: the latest attempt; all: every attempt, for seeing flakiness.
            limit: Most jobs to return.
            repository: owner/name; without it the configured repository.

        Returns:
            jobs (id, name, conclusion, steps with started_at and conclusion, ...), total
            and complete.
        """
        with self.reading(repository) as api:
            attempts = () if attempt is None else ("attempts", attempt)
            params = {"filter": filter} if attempt is None else {}
            path = api.path("actions", "runs", run_id, *attempts, "jobs")
            raw, total, complete = api.pages(path, params, items="jobs", limit=limit)
        jobs = [job_of(one) for one in raw]
        failed = sum(job["conclusion"] not in {"success", "skipped", None} for job in jobs)
        return ToolOutput(
            {"jobs": jobs, "total": total, "complete": complete},
            f"{len(jobs)} jobs of run {run_id}, {failed} not successful",
        )

    @operation(timeout_s=120.0, aliases=("github_run_logs", "github_job_logs"))
    def get_job_logs(
        self, job_id: int, max_bytes: LogLimit = DEFAULT_LOG, repository: Repository = None
    ) -> ToolOutput:
        """The log of one job, as text.

        Args:
            job_id: The job's id, from list_jobs.
            max_bytes: Bytes to keep; of a longer log the beginning and the end are kept.
            repository: owner/name; without it the configured repository.

        Returns:
            log, available, reason, bytes and omitted {after_line, lines, bytes}. A log that
            GitHub deleted (410), or that a lost runner never sent (404), is available:
            false with the reason, and the job with its steps is given instead.
        """
        with self.reading(repository) as api, tempfile.SpooledTemporaryFile(_SPOOL) as file:
            answer = api.download(api.path("actions", "jobs", job_id, "logs"), file)
            if answer.status == 200:
                data = log_of(file, max_bytes)
                return ToolOutput(data, f"log of job {job_id}: {data['bytes']} bytes")
            if answer.status not in {404, 410}:
                accepted(answer)
            job = job_of(api.read(api.path("actions", "jobs", job_id)))
        reason = _why_no_log(answer.status, job)
        return ToolOutput(no_log(reason, job=job), f"job {job_id}: {reason}")

    @operation(aliases=("github_annotations_list",))
    def get_annotations(
        self, job_id: int, limit: Limit = 200, repository: Repository = None
    ) -> ToolOutput:
        """The annotations of a job: what problem matchers and workflow commands marked.

        Args:
            job_id: The job's id, from list_jobs.
            limit: Most annotations to return; GitHub keeps 10 per level and step, 50 per job.
            repository: owner/name; without it the configured repository.

        Returns:
            annotations (path, start_line, annotation_level, title, message, ...) and
            complete.
        """
        with self.reading(repository) as api:
            job = job_of(api.read(api.path("actions", "jobs", job_id)))
            check = job["check_run_id"] or job_id
            path = api.path("check-runs", check, "annotations")
            raw, _, complete = api.pages(path, limit=limit)
        annotations = [annotation_of(one) for one in raw]
        return ToolOutput(
            {"annotations": annotations, "complete": complete},
            f"{len(annotations)} annotations of job {job_id}",
        )

    @operation(timeout_s=120.0, aliases=("github_artifacts_list", "github_artifacts_download"))
    def get_artifacts(
        self,
        run_id: int,
        name: str | None = None,
        reports: bool = True,
        repository: Repository = None,
    ) -> ToolOutput:
        """The artifacts of a run, and the JUnit test reports inside them.

        Args:
            run_id: The number in the run's URL.
            name: Only the artifact of this name.
            reports: Download artifacts up to 64 MiB, likely ones first, and read the JUnit
                XML in them.
            repository: owner/name; without it the configured repository.

        Returns:
            artifacts (id, name, size_in_bytes, expired), test_reports (per file: tests,
            failed_count, failed with suite, name, file, line, message, text; flaky) and
            skipped: what was not read, each with the reason.
        """
        with self.reading(repository) as api:
            path = api.path("actions", "runs", run_id, "artifacts")
            raw, total, complete = api.pages(path, {"name": name}, items="artifacts", limit=200)
            artifacts = [artifact_of(one) for one in raw]
            found, skipped = _reports(api, artifacts) if reports else ([], [])
        failed = sum(report["failed_count"] for report in found)
        return ToolOutput(
            {
                "artifacts": artifacts,
                "total": total,
                "complete": complete,
                "test_reports": found,
                "skipped": skipped,
            },
            f"{len(artifacts)} artifacts, {len(found)} test reports, {failed} failed tests",
        )


def _why_no_log(status: int, job: dict[str, Any]) -> str:
    if status == 410:
        return "GitHub has deleted the log: its retention time is over"
    if job["status"] != "completed":
        return f"the job is {job['status']}; GitHub gives the log when it has ended"
    return "the runner was lost before it sent the log; the steps tell how far it came"


def _reports(
    api: GithubApi, artifacts: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Read the JUnit files of the most promising artifacts."""
    found: list[dict[str, Any]] = []
    skipped: list[str] = []
    for number, artifact in enumerate(sorted(artifacts, key=_unlikely)):
        name = artifact["name"]
        if artifact["expired"]:
            skipped.append(f"{name}: expired")
        elif (artifact["size_in_bytes"] or 0) > _MOST_ARTIFACT:
            skipped.append(f"{name}: {artifact['size_in_bytes']} bytes are too many to look into")
        elif number >= _MOST_ARTIFACTS:
            skipped.append(f"{name}: only {_MOST_ARTIFACTS} artifacts are looked into")
        else:
            try:
                reports, passed_over = _read_artifact(api, artifact)
            except Unreachable as error:
                skipped.append(f"{name}: {error.what}{f' ({error.why})' if error.why else ''}")
            else:
                found += reports
                skipped += passed_over
    return found, skipped


def _read_artifact(
    api: GithubApi, artifact: dict[str, Any]
) -> tuple[list[dict[str, Any]], list[str]]:
    from aof.tools.archives import junit_reports

    with tempfile.SpooledTemporaryFile(_SPOOL) as file:
        path = api.path("actions", "artifacts", artifact["id"], "zip")
        accepted(api.download(path, file, limit=_MOST_ARTIFACT))
        return junit_reports(file, artifact["name"])


def _unlikely(artifact: dict[str, Any]) -> tuple[bool, str]:
    name = str(artifact["name"]).lower()
    return not any(word in name for word in _REPORT_WORDS), name
