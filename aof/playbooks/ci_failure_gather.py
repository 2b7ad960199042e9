"""Reads a failed pipeline through the tools: its jobs, their logs, reports, attempts, changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aof.analysis.ci_log.decode import as_utf8
from aof.analysis.ci_log.records import FlakyEvidence
from aof.messages import ToolResult
from aof.playbooks.base import Calls
from aof.playbooks.ci_failure_source import Source

_JOBS = 8  # failed jobs whose logs are read; a matrix fails for one reason more often than for many
_ENDED_BADLY = {"failure", "timed_out", "cancelled", "failed", "startup_failure"}
_IN_WORK = {"in_progress", "running", "queued", "pending", "created"}


@dataclass(slots=True)
class JobLog:
    """One failed job. `log` is its text or, from a file, a buffer; `note` says why it is empty."""

    name: str
    log: Any
    id: int | None = None
    evidence: str = ""
    note: str = ""


@dataclass(slots=True)
class Gathered:
    """What is known of the failed pipeline; empty fields are not known."""

    platform: str
    jobs: list[JobLog] = field(default_factory=list)
    pipeline: str = ""
    build: str = ""
    url: str = ""
    sha: str = ""
    branch: str = ""
    subject: str = ""
    status: str = ""
    green_sha: str = ""
    reports: list[Mapping[str, Any]] = field(default_factory=list)
    flaky: list[FlakyEvidence] = field(default_factory=list)
    files: tuple[str, ...] = ()
    commits: list[Mapping[str, Any]] = field(default_factory=list)
    commits_complete: bool = True
    patch: str = ""
    evidence: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def gather(source: Source, calls: Calls) -> Gathered:
    """Read what `source` names.

    Raises:
        Unreachable: The tool that has the pipeline failed, or cannot be used here.
        UsageFault: The file cannot be read.
    """
    read = {
        "file": _file,
        "text": _text,
        "github": _github,
        "gitlab": _gitlab,
        "jenkins": _jenkins,
        "loki": _loki,
    }[source.kind]
    return read(source, calls)


def read_changes(gathered: Gathered, calls: Calls) -> None:
    """Add commits and files since the last green commit, when a clone has them."""
    if not gathered.green_sha or not gathered.sha or calls.not_consulted("git") is not None:
        return
    between = {"base": gathered.green_sha, "head": gathered.sha}
    diff = calls.read("git", "diff", **between)
    if not diff.ok:
        gathered.warnings.append(f"What changed is not known: {diff.summary}")
        return
    _keep(gathered, diff)
    gathered.files = tuple(str(file["path"]) for file in diff.data["files"])
    gathered.patch = str(diff.data.get("patch") or "")
    log = calls.read("git", "log", revision=gathered.sha, since=gathered.green_sha, max_count=20)
    if log.ok:
        _keep(gathered, log)
        gathered.commits = list(log.data["commits"])
        gathered.commits_complete = not log.data["truncated"]


def _keep(gathered: Gathered, result: ToolResult) -> None:
    if result.evidence_id:
        gathered.evidence.append(result.evidence_id)


def _file(source: Source, calls: Calls) -> Gathered:
    from aof.transport.files import open_log

    path = Path(source.value)
    buffer = calls.given(source.value, lambda: as_utf8(open_log(path)))
    evidence = calls.record("file", {"bytes": len(buffer)}, about=str(path))
    gathered = Gathered("log file", [JobLog(path.name, buffer, evidence=evidence)])
    gathered.evidence.append(evidence)
    return gathered


def _text(source: Source, calls: Calls) -> Gathered:
    evidence = calls.record("request", {"log": source.value}, about="output from the request")
    gathered = Gathered("request", [JobLog("request", source.value, evidence=evidence)])
    gathered.evidence.append(evidence)
    gathered.warnings.append("Evidence is unverified: the output was given in the request.")
    return gathered


def _github(source: Source, calls: Calls) -> Gathered:
    scope = {"repository": source.scope} if source.scope else {}
    found = calls.read("github_actions", "get_workflow_run", run_id=source.run, **scope)
    run = found.require()
    commit = run.get("head_commit") or {}
    gathered = Gathered(
        "GitHub Actions",
        pipeline=str(run.get("name") or ""),
        build=str(run.get("run_number") or ""),
        url=str(run.get("html_url") or ""),
        sha=str(run.get("head_sha") or ""),
        branch=str(run.get("head_branch") or ""),
        subject=str(commit.get("message") or "").partition("\n")[0],
        status=str(run.get("conclusion") or run.get("status") or ""),
    )
    _keep(gathered, found)
    listed = calls.read("github_actions", "list_jobs", run_id=source.run, filter="all", **scope)
    jobs = listed.require()["jobs"]
    _keep(gathered, listed)
    latest = [job for job in jobs if job.get("run_attempt") in (None, run.get("run_attempt"))]
    for job in _failed(latest, source.job, "conclusion"):
        gathered.jobs.append(_github_log(job, calls, scope, gathered))
    gathered.flaky += _other_attempts(jobs, run.get("run_attempt"))
    _github_neighbours(run, calls, scope, gathered)
    if gathered.jobs:
        artifacts = calls.read("github_actions", "get_artifacts", run_id=source.run, **scope)
        if artifacts.ok:
            _keep(gathered, artifacts)
            gathered.reports = list(artifacts.data.get("test_reports") or [])
    return gathered


def _failed(
    jobs: Sequence[Mapping[str, Any]], wanted: int | None, key: str
) -> list[Mapping[str, Any]]:
    if wanted is not None:
        return [job for job in jobs if job.get("id") == wanted]
    failed = [job for job in jobs if job.get(key) in _ENDED_BADLY and not job.get("allow_failure")]
    # Inside the failing job itself nothing has ended yet; its failed step shows it.
    own = [
        job
        for job in jobs
        if job.get("status") in _IN_WORK
        and any(step.get("conclusion") == "failure" for step in job.get("steps") or ())
    ]
    order = {"failure": 0, "failed": 0, "timed_out": 1, "startup_failure": 1}
    return sorted([*failed, *own], key=lambda job: order.get(str(job.get(key)), 2))[:_JOBS]


def _github_log(
    job: Mapping[str, Any], calls: Calls, scope: Mapping[str, str], gathered: Gathered
) -> JobLog:
    result = calls.read("github_actions", "get_job_logs", job_id=job["id"], **scope)
    if result.ok:
        _keep(gathered, result)
    if result.ok and result.data.get("available"):
        return JobLog(str(job["name"]), result.data["log"], job["id"], result.evidence_id)
    note = str(result.data.get("reason")) if result.ok else result.summary
    marked = calls.read("github_actions", "get_annotations", job_id=job["id"], **scope)
    lines = _annotated(marked.data["annotations"]) if marked.ok else []
    steps = [s["name"] for s in job.get("steps") or () if s.get("conclusion") == "failure"]
    if steps:
        note = f"{note}; the failed step is '{steps[0]}'"
    return JobLog(str(job["name"]), "\n".join(lines), job["id"], marked.evidence_id, note)


def _annotated(annotations: Sequence[Mapping[str, Any]]) -> list[str]:
    """Annotations as lines of a log, for a job whose log cannot be had."""
    lines = []
    for one in annotations:
        if one.get("annotation_level") == "failure":
            place = f"{one.get('path')}:{one.get('start_line')}: error: "
            known = one.get("path") and one.get("path") != ".github"
            lines.append(f"##[error]{place if known else ''}{one.get('message') or ''}")
    return lines


def _other_attempts(jobs: Sequence[Mapping[str, Any]], attempt: Any) -> list[FlakyEvidence]:
    """Jobs of this commit that passed in one attempt and failed in another."""
    ended: dict[str, dict[str, set[Any]]] = {}
    for job in jobs:
        results = ended.setdefault(str(job.get("name")), {})
        results.setdefault(str(job.get("conclusion")), set()).add(job.get("run_attempt"))
    return [
        FlakyEvidence(
            kind="same-commit-passed",
            detail=f"job '{name}' failed in attempt {_listed(results['failure'])} and passed in "
            f"attempt {_listed(results['success'])} of the same commit",
        )
        for name, results in ended.items()
        if results.get("failure") and results.get("success")
    ]


def _listed(values: set[Any]) -> str:
    return ", ".join(str(value) for value in sorted(values, key=str))


def _github_neighbours(
    run: Mapping[str, Any], calls: Calls, scope: Mapping[str, str], gathered: Gathered
) -> None:
    """Runs of the same commit that passed, and the last green run of the branch."""
    workflow = str(run.get("path") or "").rpartition("/")[2].partition("@")[0] or None
    same = calls.read(
        "github_actions", "list_runs", head_sha=gathered.sha, status="success",
        workflow=workflow, limit=10, **scope,
    )  # fmt: skip
    if same.ok:
        for other in same.data["runs"]:
            if other.get("id") != run.get("id"):
                detail = f"run {other['id']} of the same workflow and commit passed"
                gathered.flaky.append(FlakyEvidence(kind="same-commit-passed", detail=detail))
    green = calls.read(
        "github_actions", "list_runs", branch=gathered.branch, status="success",
        workflow=workflow, limit=1, **scope,
    )  # fmt: skip
    if green.ok and green.data["runs"]:
        _keep(gathered, green)
        gathered.green_sha = str(green.data["runs"][0].get("head_sha") or "")


def _gitlab(source: Source, calls: Calls) -> Gathered:
    scope = {"project": source.scope} if source.scope else {}
    pipeline_id = source.run
    if pipeline_id is None:
        job = calls.read("gitlab_ci", "get_job", job_id=source.job, **scope).require()
        pipeline_id = job["pipeline"]["id"]
    found = calls.read("gitlab_ci", "get_pipeline", pipeline_id=pipeline_id, **scope)
    pipeline = found.require()
    gathered = Gathered(
        "GitLab CI",
        pipeline=str(pipeline.get("name") or ""),
        build=str(pipeline.get("id") or ""),
        url=str(pipeline.get("web_url") or ""),
        sha=str(pipeline.get("sha") or ""),
        branch=str(pipeline.get("ref") or ""),
        status=str(pipeline.get("status") or ""),
    )
    _keep(gathered, found)
    listed = calls.read(
        "gitlab_ci", "list_jobs", pipeline_id=pipeline_id, include_retried=True, **scope
    )
    jobs = listed.require()["jobs"]
    _keep(gathered, listed)
    if pipeline.get("yaml_errors"):
        text = f"ERROR: {pipeline['yaml_errors']}"
        gathered.jobs.append(JobLog(".gitlab-ci.yml", text, evidence=found.evidence_id))
    for job in _failed([job for job in jobs if not job.get("retried")], source.job, "status"):
        gathered.jobs.append(_gitlab_log(job, calls, scope, gathered))
    gathered.flaky += _retried(jobs)
    _gitlab_neighbours(pipeline, calls, scope, gathered)
    return gathered


def _gitlab_log(
    job: Mapping[str, Any], calls: Calls, scope: Mapping[str, str], gathered: Gathered
) -> JobLog:
    result = calls.read("gitlab_ci", "get_job_logs", job_id=job["id"], **scope)
    if result.ok:
        _keep(gathered, result)
    if result.ok and result.data.get("available"):
        return JobLog(str(job["name"]), result.data["log"], job["id"], result.evidence_id)
    note = str(result.data.get("reason")) if result.ok else result.summary
    reason = str(job.get("failure_reason") or "")
    text = "ERROR: Job failed (system failure): " + reason if "system" in reason else ""
    return JobLog(str(job["name"]), text, job["id"], result.evidence_id, note)


def _retried(jobs: Sequence[Mapping[str, Any]]) -> list[FlakyEvidence]:
    ended: dict[str, set[str]] = {}
    for job in jobs:
        ended.setdefault(str(job.get("name")), set()).add(str(job.get("status")))
    return [
        FlakyEvidence(
            kind="same-commit-passed",
            detail=f"job '{name}' both failed and passed in this pipeline",
        )
        for name, results in ended.items()
        if {"failed", "success"} <= results
    ]


def _gitlab_neighbours(
    pipeline: Mapping[str, Any], calls: Calls, scope: Mapping[str, str], gathered: Gathered
) -> None:
    same = calls.read(
        "gitlab_ci", "list_pipelines", sha=gathered.sha, status="success", limit=5, **scope
    )
    if same.ok:
        for other in same.data["pipelines"]:
            if other.get("id") != pipeline.get("id"):
                detail = f"pipeline {other['id']} of the same commit passed"
                gathered.flaky.append(FlakyEvidence(kind="same-commit-passed", detail=detail))
    green = calls.read(
        "gitlab_ci", "list_pipelines", ref=gathered.branch, status="success", limit=1, **scope
    )
    if green.ok and green.data["pipelines"]:
        _keep(gathered, green)
        gathered.green_sha = str(green.data["pipelines"][0].get("sha") or "")
    report = calls.read("gitlab_ci", "get_test_report", pipeline_id=pipeline["id"], **scope)
    if report.ok:
        _keep(gathered, report)
        gathered.reports = list(report.data.get("test_reports") or [])


def _jenkins(source: Source, calls: Calls) -> Gathered:
    chosen = {"job": source.scope, "build": source.value or "lastFailedBuild"}
    found = calls.read("jenkins", "get_build", **chosen)
    build = found.require()
    console = calls.read("jenkins", "get_console_log", **chosen)
    text = console.require()["log"]
    gathered = Gathered(
        "Jenkins",
        [JobLog(str(source.scope), text, evidence=console.evidence_id)],
        pipeline=str(source.scope or ""),
        build=str(build.get("number") or ""),
        url=str(build.get("url") or ""),
        sha=str(build.get("revision") or ""),
        status=str(build.get("result") or ""),
        files=tuple(p for change in build.get("changes") or () for p in change.get("paths") or ()),
    )
    _keep(gathered, found)
    _keep(gathered, console)
    return gathered


def _loki(source: Source, calls: Calls) -> Gathered:
    found = calls.read("loki_query", "query_range", query=source.value, start="now-24h")
    data = found.require()
    gathered = Gathered("Loki", [JobLog(source.value, data["log"], evidence=found.evidence_id)])
    _keep(gathered, found)
    if not data.get("complete", True):
        gathered.warnings.append("Loki returned only the newest lines; the cause may be older.")
    return gathered
