"""Which failed pipeline is meant: from settings, the event, a URL in the request or the CI job."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from aof.errors import UsageFault
from aof.playbooks.base import Request

Kind = Literal["file", "github", "gitlab", "jenkins", "loki", "text"]

SETTINGS: Mapping[str, str] = {
    "log": "A log file: plain, gzip, or the zip of a workflow run.",
    "run": "Id of a GitHub Actions run.",
    "pipeline": "Id of a GitLab pipeline.",
    "job": "Id of one job of `run` or `pipeline`.",
    "repository": "owner/name of the GitHub repository.",
    "project": "Path or id of the GitLab project.",
    "build": "Jenkins build, as JOB or JOB#NUMBER.",
    "loki": "LogQL query whose lines are the log.",
}
"""What `--set` can say."""

_GITHUB_RUN = re.compile(
    r"https?://[\w.-]+/(?P<repository>[\w.-]+/[\w.-]+)/actions/runs/(?P<run>\d+)"
    r"(?:/attempts/\d+)?(?:/jobs?/(?P<job>\d+))?"
)
_GITLAB = re.compile(
    r"https?://[\w.-]+(?::\d+)?/(?P<project>[\w./-]+?)/-/(?P<kind>jobs|pipelines)/(?P<id>\d+)"
)
_JENKINS = re.compile(r"/job/(?P<path>[^?#\s]+?)/(?P<build>\d+)(?:/|$)")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the failure is to be read. `scope` is a repository, project or Jenkins job."""

    kind: Kind
    scope: str | None = None
    run: int | None = None
    job: int | None = None
    value: str = ""


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
            why="the request names no run, and this is not a job of GitHub Actions or GitLab CI",
            fix="give --set log=FILE, --set run=ID, --set pipeline=ID, the URL of the run, "
            "or the failing output as text",
        )
    return found


def _from_settings(settings: Mapping[str, str], folder: Path) -> Source | None:
    if "log" in settings:
        return Source("file", value=str(folder / settings["log"]))
    scope = settings.get("repository") or settings.get("project")
    if "run" in settings:
        return Source("github", scope, _number(settings, "run"), _number(settings, "job"))
    if "pipeline" in settings:
        return Source("gitlab", scope, _number(settings, "pipeline"), _number(settings, "job"))
    if "build" in settings:
        job, _, build = settings["build"].rpartition("#")
        return Source(
            "jenkins", job or settings["build"], value=build if job else "lastFailedBuild"
        )
    if "loki" in settings:
        return Source("loki", value=settings["loki"])
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
    if isinstance(build, Mapping) and event.get("name"):
        return Source("jenkins", str(event["name"]), value=str(build.get("number") or ""))
    return None


def _from_url(text: str) -> Source | None:
    github = _GITHUB_RUN.search(text)
    if github is not None:
        job = github.group("job")
        return Source(
            "github",
            github.group("repository"),
            int(github.group("run")),
            int(job) if job else None,
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
    return None


def _from_text(text: str) -> Source | None:
    """Output pasted into the request; one line is a question, not a log."""
    return Source("text", value=text) if text.strip().count("\n") >= 1 else None


def _from_environment(environment: Mapping[str, str]) -> Source | None:
    run = environment.get("GITHUB_RUN_ID", "")
    if environment.get("GITHUB_ACTIONS") and run.isdecimal():
        return Source("github", environment.get("GITHUB_REPOSITORY"), int(run))
    pipeline = environment.get("CI_PIPELINE_ID", "")
    if environment.get("GITLAB_CI") and pipeline.isdecimal():
        return Source("gitlab", environment.get("CI_PROJECT_PATH"), int(pipeline))
    jenkins = _JENKINS.search(environment.get("BUILD_URL", ""))
    if jenkins is not None:
        return Source(
            "jenkins", jenkins.group("path").replace("/job/", "/"), value=jenkins.group("build")
        )
    return None
