"""Which failed pipeline is meant: from settings, the event, a URL in the request or the CI job."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from aof.errors import UsageFault
from aof.playbooks.base import Request

Kind = Literal["file", "github", "gitlab", "jenkins", "loki", "text"]

SETTINGS: Mapping[str, str] = {
    "log": "A log file: plain, gzip, or the zip of a workflow run.",
    "run": "Id of a GitHub Actions run.",
    "pipeline": "Id of a GitLab pipeline.",
    "job": "Id of one job of `run` or `pipeline`.",
    "attempt": "Attempt of `run`; the latest unless given.",
    "repository": "owner/name of the GitHub repository.",
    "project": "Path or id of the GitLab project.",
    "build": "Jenkins build, as JOB or JOB#NUMBER.",
    "loki": "LogQL query whose lines are the log.",
    "since": "How far back `loki` is read, e.g. 2h; 24h unless given.",
}
"""What `--set` can say."""

_GITHUB_RUN = re.compile(
    r"https?://[\w.-]+/(?P<repository>[\w.-]+/[\w.-]+)/actions/runs/(?P<run>\d+)"
    r"(?:/attempts/(?P<attempt>\d+))?(?:/jobs?/(?P<job>\d+))?"
)
_GITLAB = re.compile(
    r"https?://[\w.-]+(?::\d+)?/(?P<project>[\w./-]+?)/-/(?P<kind>jobs|pipelines)/(?P<id>\d+)"
)
_JENKINS = re.compile(r"/job/(?P<path>[^?#\s]+?)/(?P<build>\d+)(?:/|\b)")
_ADDRESS = re.compile(r"https?://[^\s/]{1,255}/[^\s]{0,2000}?/?job/[^\s]{1,2000}")
_SPAN = re.compile(r"\d{1,6}[smhd]")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the failure is to be read.

    Attributes:
        scope: A repository, project or Jenkins job.
        attempt: Of the run; the latest when none is named.
        value: File, text, Jenkins build or Loki query.
        since: How far back Loki is asked, e.g. `2h`.
        own: It is the pipeline this process runs in.
    """

    kind: Kind
    scope: str | None = None
    run: int | None = None
    job: int | None = None
    attempt: int | None = None
    value: str = ""
    since: str = ""
    own: bool = False


def source_of(request: Request) -> Source:
    """The failure a request means.

    Raises:
        UsageFault: The request names none, and the process does not run in a CI job.
    """
    found = (
        _from_settings(request.settings, request.folder)
        or _from_event(request.event)
        or (None if request.text_is_event else _from_url(request.text))
        or (None if request.text_is_event else _from_text(request.text))
        or _from_environment(request.environment)
    )
    if found is None:
        raise UsageFault(
            "no failed pipeline is named",
            why="the request names no run, and this is no job of GitHub Actions, GitLab CI or "
            "Jenkins",
            fix="give --set log=FILE, --set run=ID, --set pipeline=ID, the URL of the run, "
            "or the failing output as text",
        )
    return found


def _from_settings(settings: Mapping[str, str], folder: Path) -> Source | None:
    if "log" in settings:
        return Source("file", value=str(folder / settings["log"]))
    scope = settings.get("repository") or settings.get("project")
    if "run" in settings:
        attempt = _number(settings, "attempt")
        run, job = _number(settings, "run"), _number(settings, "job")
        return Source("github", scope, run, job, attempt)
    if "pipeline" in settings:
        return Source("gitlab", scope, _number(settings, "pipeline"), _number(settings, "job"))
    if "build" in settings:
        name, _, build = settings["build"].rpartition("#")
        return Source(
            "jenkins", name or settings["build"], value=build if name else "lastFailedBuild"
        )
    if "loki" in settings:
        since = settings.get("since", "")
        if since and not _SPAN.fullmatch(since):
            raise UsageFault(f"--set since={since}: expected a span such as 30m, 2h or 3d")
        return Source("loki", value=settings["loki"], since=since)
    return None


def _number(settings: Mapping[str, str], name: str) -> int | None:
    text = settings.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise UsageFault(f"--set {name}={text}: expected a number")
    return int(text)


def _from_event(event: Mapping[str, Any] | None) -> Source | None:
    if not event:
        return None
    run = event.get("workflow_run")
    if isinstance(run, Mapping) and isinstance(run.get("id"), int):
        repository = event.get("repository")
        name = repository.get("full_name") if isinstance(repository, Mapping) else None
        return Source("github", name, run["id"])
    project = event.get("project")
    scope = project.get("path_with_namespace") if isinstance(project, Mapping) else None
    attributes = event.get("object_attributes")
    if event.get("object_kind") == "pipeline" and isinstance(attributes, Mapping):
        return Source("gitlab", scope, attributes.get("id"))
    if event.get("object_kind") == "build":
        return Source("gitlab", scope, event.get("pipeline_id"), event.get("build_id"))
    build = event.get("build")
    if isinstance(build, Mapping) and event.get("name"):  # Jenkins' notification plugin
        named = _jenkins_build(str(build.get("full_url") or build.get("url") or ""))
        return named or Source("jenkins", str(event["name"]), value=str(build.get("number") or ""))
    return None


def _jenkins_build(url: str) -> Source | None:
    """The build a URL of Jenkins names. It is quoted once more than the name of the job."""
    found = _JENKINS.search(url if url.startswith(("http", "/")) else f"/{url}")
    if found is None:
        return None
    job = "/".join(unquote(part) for part in found.group("path").split("/job/"))
    return Source("jenkins", job, value=found.group("build"))


def _from_url(text: str) -> Source | None:
    github = _GITHUB_RUN.search(text)
    if github is not None:
        job, attempt = github.group("job"), github.group("attempt")
        return Source(
            "github",
            github.group("repository"),
            int(github.group("run")),
            int(job) if job else None,
            int(attempt) if attempt else None,
        )
    gitlab = _GITLAB.search(text)
    if gitlab is not None:
        number = int(gitlab.group("id"))
        is_job = gitlab.group("kind") == "jobs"
        return Source(
            "gitlab",
            gitlab.group("project"),
            None if is_job else number,
            number if is_job else None,
        )
    address = _ADDRESS.search(text)
    return _jenkins_build(address[0]) if address else None


def _from_text(text: str) -> Source | None:
    """Output pasted into the request; one line is a question, not a log."""
    return Source("text", value=text) if text.strip().count("\n") >= 1 else None


def _from_environment(environment: Mapping[str, str]) -> Source | None:
    run = environment.get("GITHUB_RUN_ID", "")
    if environment.get("GITHUB_ACTIONS") and run.isdecimal():
        attempt = environment.get("GITHUB_RUN_ATTEMPT", "")
        return Source(
            "github",
            environment.get("GITHUB_REPOSITORY"),
            int(run),
            attempt=int(attempt) if attempt.isdecimal() else None,
            own=True,
        )
    pipeline, job = environment.get("CI_PIPELINE_ID", ""), environment.get("CI_JOB_ID", "")
    if environment.get("GITLAB_CI") and pipeline.isdecimal():
        # In the after_script of a failed job that job is meant: GitLab shows its log already.
        failed = environment.get("CI_JOB_STATUS") == "failed" and job.isdecimal()
        project = environment.get("CI_PROJECT_PATH")
        return Source("gitlab", project, int(pipeline), int(job) if failed else None, own=True)
    jenkins = _jenkins_build(environment.get("BUILD_URL", ""))
    return None if jenkins is None else replace(jenkins, own=True)
