"""Changing workflow runs: running again, cancelling, starting."""

from __future__ import annotations

from typing import Any

from aof.messages import Effect, ToolOutput
from aof.tools.base import operation
from aof.tools.command_line import typed
from aof.tools.github.api import GithubApi, accepted
from aof.tools.github.base import GithubTool, Repository
from aof.tools.github.shapes import run_of
from aof.transport.documents import document


class RunChanges(GithubTool):
    """Operations that change workflow runs."""

    @operation(
        effect=Effect.WRITE,
        command=typed("gh run rerun {run_id}", debug="--debug", repository="--repo"),
        aliases=("github_run_rerun",),
    )
    def rerun_workflow(
        self, run_id: int, debug: bool = False, repository: Repository = None
    ) -> ToolOutput:
        """Run all jobs of a completed workflow run again.

        Args:
            run_id: The number in the run's URL.
            debug: With debug logging.
            repository: owner/name; without it the configured repository.

        Returns:
            changed (false when the run is already running) and run.
        """
        return self._rerun(run_id, "rerun", debug, repository)

    @operation(
        effect=Effect.WRITE,
        command=typed("gh run rerun {run_id} --failed", debug="--debug", repository="--repo"),
        aliases=("github_run_rerun_failed",),
    )
    def rerun_failed_jobs(
        self, run_id: int, debug: bool = False, repository: Repository = None
    ) -> ToolOutput:
        """Run the failed jobs of a completed workflow run again, and those that need them.

        Args:
            run_id: The number in the run's URL.
            debug: With debug logging.
            repository: owner/name; without it the configured repository.

        Returns:
            changed (false when the run is already running) and run.
        """
        return self._rerun(run_id, "rerun-failed-jobs", debug, repository)

    @operation(
        effect=Effect.WRITE,
        command=typed("gh run cancel {run_id}", force="--force", repository="--repo"),
        aliases=("github_run_cancel", "github_run_force_cancel"),
    )
    def cancel(self, run_id: int, force: bool = False, repository: Repository = None) -> ToolOutput:
        """Cancel a workflow run that is queued or running.

        Args:
            run_id: The number in the run's URL.
            force: Also jobs that ignore being cancelled (`if: always()`).
            repository: owner/name; without it the configured repository.

        Returns:
            changed (false when the run had already ended) and run.
        """
        api, warnings = self.writing(repository)
        with api:
            run = _run(api, run_id)
            if run["status"] == "completed":
                return ToolOutput(
                    {"changed": False, "run": run}, f"run {run_id} had already ended", warnings
                )
            api.send("POST", api.path("actions", "runs", run_id, _cancel(force)))
            data = {"changed": True, "run": _run(api, run_id)}
        return ToolOutput(data, f"run {run_id} is being cancelled", warnings)

    @operation(
        effect=Effect.WRITE,
        command=typed(
            "gh workflow run {workflow} --ref {ref}", inputs="--raw-field", repository="--repo"
        ),
        aliases=("github_workflow_dispatch", "github_workflow_run"),
    )
    def dispatch(
        self,
        workflow: str,
        ref: str,
        inputs: dict[str, str] | None = None,
        repository: Repository = None,
    ) -> ToolOutput:
        """Start a workflow that has a workflow_dispatch trigger.

        Args:
            workflow: File name (deploy.yml) or id.
            ref: Branch or tag to run on.
            inputs: The workflow's inputs.
            repository: owner/name; without it the configured repository.

        Returns:
            changed, workflow and ref; run_id and html_url where GitHub tells them.
        """
        api, warnings = self.writing(repository)
        with api:
            path = api.path("actions", "workflows", workflow, "dispatches")
            told = _dispatched(api, path, {"ref": ref, "inputs": inputs or {}})
        data = {
            "changed": True,
            "workflow": workflow,
            "ref": ref,
            "run_id": told.get("workflow_run_id"),
            "html_url": told.get("html_url"),
        }
        return ToolOutput(data, f"{workflow} was started on {ref}", warnings)

    def _rerun(self, run_id: int, what: str, debug: bool, repository: str | None) -> ToolOutput:
        api, warnings = self.writing(repository)
        with api:
            run = _run(api, run_id)
            if run["status"] != "completed":
                return ToolOutput(
                    {"changed": False, "run": run}, f"run {run_id} is already running", warnings
                )
            path = api.path("actions", "runs", run_id, what)
            api.send("POST", path, {"enable_debug_logging": debug})
            data = {"changed": True, "run": _run(api, run_id)}
        return ToolOutput(data, f"run {run_id} runs again", warnings)


def _run(api: GithubApi, run_id: int) -> dict[str, Any]:
    return run_of(api.read(api.path("actions", "runs", run_id)))


def _dispatched(api: GithubApi, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What GitHub tells of the run it started; older Enterprise Servers tell nothing."""
    answer = api.try_send("POST", path, {**body, "return_run_details": True})
    if answer.status in {400, 422} and b"return_run_details" in answer.body:
        answer = api.try_send("POST", path, body)
    return document(answer) if accepted(answer).body else {}


def _cancel(force: bool) -> str:
    return "force-cancel" if force else "cancel"
