"""Changing pipelines: trying again, cancelling, starting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aof.errors import UsageFault
from aof.messages import Effect, ToolOutput
from aof.tools.base import operation, quoted
from aof.tools.command_line import typed
from aof.tools.gitlab.api import GitlabApi
from aof.tools.gitlab.base import GitlabTool, Project
from aof.tools.gitlab.shapes import job_of, pipeline_of

_UNDER_WAY = frozenset(
    {"created", "waiting_for_resource", "preparing", "pending", "running", "scheduled"}
)
_ENDED = frozenset({"success", "failed", "canceled", "skipped"})


def _retry_pipeline_command(arguments: Mapping[str, Any]) -> str:
    number = arguments.get("pipeline_id") or "<pipeline_id>"
    return f"glab api --method POST {api_path(arguments, f'pipelines/{number}/retry')}"


def _cancel_command(arguments: Mapping[str, Any]) -> str:
    kind = "job" if arguments.get("job_id") else "pipeline"
    number = arguments.get(f"{kind}_id") or f"<{kind}_id>"
    return f"glab ci cancel {kind} {quoted(number)}" + _in_project(arguments)


def _trigger_command(arguments: Mapping[str, Any]) -> str:
    variables = arguments.get("variables") or {}
    words = [f"--variables-env {quoted(f'{key}:{value}')}" for key, value in variables.items()]
    return " ".join([f"glab ci run --branch {quoted(arguments.get('ref') or '<ref>')}", *words]) + (
        _in_project(arguments)
    )


def api_path(arguments: Mapping[str, Any], rest: str) -> str:
    """A path for `glab api` below the project that is meant."""
    project = str(arguments.get("project") or ":fullpath").replace("/", "%2F")
    return quoted(f"projects/{project}/{rest}")


class PipelineChanges(GitlabTool):
    """Operations that change pipelines and jobs."""

    @operation(
        effect=Effect.WRITE,
        command=typed("glab ci retry {job_id}", project="--repo"),
        aliases=("gitlab_job_retry",),
    )
    def retry_job(self, job_id: int, project: Project = None) -> ToolOutput:
        """Run one job again, in the same pipeline.

        Args:
            job_id: The number in the job's URL.
            project: Id or group/name; without it the configured project.

        Returns:
            changed (false when it is running, or was run again already) and job: the one
            that stands for it now.
        """
        api, warnings = self.writing(project)
        with api:
            raw = api.read(api.path("jobs", job_id), needs=("id", "name", "status"))
            current = _current(api, raw)
            if current["id"] != raw["id"] or raw["status"] in _UNDER_WAY:
                data = {"changed": False, "job": job_of(current)}
                return ToolOutput(data, f"job {job_id} was run again already", warnings)
            job = job_of(api.send("POST", api.path("jobs", job_id, "retry")))
        return ToolOutput(
            {"changed": True, "job": job}, f"job {job_id} runs again as {job['id']}", warnings
        )

    @operation(
        effect=Effect.WRITE,
        command=_retry_pipeline_command,
        aliases=("gitlab_pipeline_retry",),
    )
    def retry_pipeline(self, pipeline_id: int, project: Project = None) -> ToolOutput:
        """Run the failed and cancelled jobs of a pipeline again.

        Args:
            pipeline_id: The number in the pipeline's URL.
            project: Id or group/name; without it the configured project.

        Returns:
            changed (false when the pipeline is running) and pipeline.
        """
        api, warnings = self.writing(project)
        with api:
            pipeline = pipeline_of(api.read(api.path("pipelines", pipeline_id)))
            changed = pipeline["status"] not in _UNDER_WAY
            if changed:
                pipeline = pipeline_of(
                    api.send("POST", api.path("pipelines", pipeline_id, "retry"))
                )
        what = "runs again" if changed else "is already running"
        return ToolOutput(
            {"changed": changed, "pipeline": pipeline}, f"pipeline {pipeline_id} {what}", warnings
        )

    @operation(effect=Effect.WRITE, command=_cancel_command, aliases=("gitlab_pipeline_cancel",))
    def cancel(
        self, pipeline_id: int | None = None, job_id: int | None = None, project: Project = None
    ) -> ToolOutput:
        """Cancel a pipeline, or one job.

        Args:
            pipeline_id: The pipeline to cancel.
            job_id: Instead: the job to cancel.
            project: Id or group/name; without it the configured project.

        Returns:
            changed (false when it had already ended) and status.
        """
        if (pipeline_id is None) == (job_id is None):
            raise UsageFault("cancel needs either pipeline_id or job_id")
        kind, number = ("pipelines", pipeline_id) if job_id is None else ("jobs", job_id)
        api, warnings = self.writing(project)
        with api:
            found = api.read(api.path(kind, number), needs=("status",))
            changed = found["status"] not in _ENDED
            if changed:
                found = api.send("POST", api.path(kind, number, "cancel"))
        what = "is being cancelled" if changed else "had already ended"
        data = {"changed": changed, "status": found.get("status")}
        return ToolOutput(data, f"{kind.removesuffix('s')} {number} {what}", warnings)

    @operation(effect=Effect.WRITE, command=_trigger_command, aliases=("gitlab_pipeline_create",))
    def trigger(
        self, ref: str, variables: dict[str, str] | None = None, project: Project = None
    ) -> ToolOutput:
        """Start a pipeline on a branch or tag.

        Args:
            ref: Branch or tag.
            variables: CI variables of this pipeline.
            project: Id or group/name; without it the configured project.

        Returns:
            changed and pipeline.
        """
        given = [{"key": key, "value": value} for key, value in (variables or {}).items()]
        api, warnings = self.writing(project)
        with api:
            raw = api.send("POST", api.path("pipeline"), {"ref": ref, "variables": given})
        pipeline = pipeline_of(raw)
        return ToolOutput(
            {"changed": True, "pipeline": pipeline}, f"pipeline {pipeline['id']} started", warnings
        )


def _current(api: GitlabApi, job: Mapping[str, Any]) -> dict[str, Any]:
    """The job of the same name that counts now: retried ones are not listed."""
    pipeline = (job.get("pipeline") or {}).get("id")
    path = api.path("pipelines", pipeline, "jobs")
    listed, _ = api.pages(path, needs=("id", "name"), limit=1000)
    same = [one for one in listed if one["name"] == job["name"]]
    return max(same, key=lambda one: int(one["id"]), default=dict(job))


def _in_project(arguments: Mapping[str, Any]) -> str:
    project = arguments.get("project")
    return f" --repo {quoted(project)}" if project else ""
