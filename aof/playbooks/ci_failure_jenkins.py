"""A failed build of Jenkins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aof.playbooks.ci_failure_service import (
    GREEN_LOG_BYTES,
    Gathered,
    JobLog,
    PipelineRun,
    Service,
    cut_note,
    log_text,
)

_FAILED = {"FAILURE", "UNSTABLE"}
_FAR = 10  # builds to go back for one that passed

_Build = Mapping[str, Any]


class JenkinsBuild(Service):
    """A build, read through `jenkins`."""

    tool = "jenkins"
    access = (
        "set JENKINS_URL, and JENKINS_USERNAME and JENKINS_TOKEN (an API token) of a user who may "
        "read the job"
    )

    def gather(self) -> Gathered:
        name = str(self.source.scope)
        found = self.read("get_build", job=name, build=self.source.value or "lastFailedBuild")
        build = self.required(found)
        gathered = _gathered(build, name)
        gathered.keep(found)
        if build.get("result") in ("SUCCESS", "NOT_BUILT"):
            return gathered
        # By number from here on: a permalink may name another build by now.
        console = self.read("get_console_log", job=name, build=str(build["number"]))
        data = self.required(console)
        gathered.keep(console)
        stages = [one for one in build.get("stages") or () if one.get("status") == "FAILED"]
        gathered.jobs.append(
            JobLog(
                name,
                data["log"],
                failed=build.get("result") in _FAILED,
                evidence=console.evidence_id,
                note=cut_note(data),
                step=str(stages[0]["name"]) if stages else "",
            )
        )
        self._go_back(build, name, gathered)
        return gathered

    def _go_back(self, build: _Build, name: str, gathered: Gathered) -> None:
        """Find the nearest earlier build that passed; what came in since is what changed."""
        _add_changes(build, gathered)
        for _ in range(_FAR):
            previous = build.get("previous")
            found = self.read("get_build", job=name, build=str(previous)) if previous else None
            if found is None or not found.ok:
                break
            build = found.data
            if build.get("result") == "SUCCESS":
                gathered.green = _run_of(build)
                return
            _add_changes(build, gathered)
        gathered.commits_complete = False

    def green_log(self, gathered: Gathered, job: JobLog) -> tuple[str, bool] | None:
        if gathered.green is None:
            return None
        found = self.read(
            "get_console_log", job=job.name, build=str(gathered.green.id), max_bytes=GREEN_LOG_BYTES
        )
        gathered.keep(found)
        return log_text(found)


def _gathered(build: _Build, name: str) -> Gathered:
    own = _run_of(build)
    return Gathered(
        "Jenkins",
        run=own,
        key=f"jenkins {build.get('url') or name} {own.number}",
        pipeline=name,
        url=str(build.get("url") or ""),
        status=str(build.get("result") or ("running" if build.get("building") else "")),
    )


def _add_changes(build: _Build, gathered: Gathered) -> None:
    for change in build.get("changes") or ():
        gathered.files = tuple(dict.fromkeys([*gathered.files, *(change.get("paths") or ())]))
        gathered.commits.append(
            {
                "sha": change.get("commit") or "",
                "subject": change.get("message") or "",
                "author": change.get("author") or "",
            }
        )


def _run_of(build: _Build) -> PipelineRun:
    branches = build.get("branches") or [""]
    return PipelineRun(
        id=int(build["number"]),
        number=f"#{build['number']}",
        sha=str(build.get("revision") or ""),
        branch=str(branches[0] or "").removeprefix("refs/remotes/").removeprefix("origin/"),
    )
