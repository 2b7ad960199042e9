"""The tool `jenkins`: builds and their console text, read-only, through Jenkins' REST API."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from aof.clock import Clock
from aof.errors import Unreachable
from aof.messages import ToolOutput
from aof.tools.base import Setting, Tool, operation
from aof.tools.credentials import authorization
from aof.tools.fields import only
from aof.tools.logs import DEFAULT_LOG, LogLimit, log_of
from aof.tools.times import rfc3339
from aof.transport.documents import document, entries
from aof.transport.download import Download
from aof.transport.http import Http, Refused
from aof.transport.paging import quoted_path

_SPOOL = 8 * 1024 * 1024
_TREE = (
    "number,url,result,building,timestamp,duration,fullDisplayName,builtOn,"
    "culprits[fullName],previousBuild[number],"
    "changeSets[items[commitId,msg,timestamp,affectedPaths,author[fullName]]],"
    "changeSet[items[commitId,msg,timestamp,affectedPaths,author[fullName]]],"
    "actions[causes[shortDescription],lastBuiltRevision[SHA1,branch[name]],remoteUrls,"
    "failCount,skipCount,totalCount]"
)
_CHANGES = 100
_PERMALINK = r"^(\d{1,9}|last(Completed|Failed|Stable|Successful|Unstable|Unsuccessful)?Build)$"

Job = Annotated[str, Field(min_length=1, description="folder/job, or folder/project/branch")]
Build = Annotated[str, Field(pattern=_PERMALINK, description="a number, or e.g. lastFailedBuild")]


class Jenkins(Tool):
    """One Jenkins controller."""

    name: ClassVar[str] = "jenkins"
    about: ClassVar[str] = "Builds and console text of Jenkins (read-only)."
    settings_read: ClassVar[tuple[Setting, ...]] = (
        Setting("JENKINS_URL", "the controller, with its context path", required=True),
        Setting("JENKINS_USERNAME", "user the API token belongs to"),
        Setting("JENKINS_TOKEN", "API token of that user", secret=True),
        Setting("JENKINS_CA_FILE", "CA certificate of a server with a private one"),
    )

    def __init__(self, settings: Mapping[str, str], *, clock: Clock | None = None) -> None:
        super().__init__(settings, clock=clock)
        self._headers = authorization(settings, "JENKINS")
        ca_file = settings.get("JENKINS_CA_FILE")
        self._http = Http(settings["JENKINS_URL"], headers=self._headers, verify=ca_file or True)

    @operation(timeout_s=45.0)
    def get_build(self, job: Job, build: Build = "lastCompletedBuild") -> ToolOutput:
        """A build: result, causes, commits, failed tests and stages.

        Args:
            job: Full name with folders, e.g. team/shop/main; a branch's slash as %2F.
            build: Number, or a permalink such as lastFailedBuild.

        Returns:
            number, url, result, building, started_at, duration_s, causes, revision,
            branches, changes (commit, message, author, paths), tests (failed, skipped,
            total, or null) and stages (name, status, started_at, error; empty without the
            stage view plugin).
        """
        base = f"{_job_path(job)}/{build}"
        raw = document(self._http.get(f"{base}/api/json", {"tree": _TREE}).require())
        data = _build_of(raw)
        data["stages"] = self._stages(base)
        state = "running" if data["building"] else data["result"]
        return ToolOutput(data, f"{data['name']}: {state}")

    @operation(timeout_s=120.0)
    def get_console_log(
        self, job: Job, build: Build = "lastCompletedBuild", max_bytes: LogLimit = DEFAULT_LOG
    ) -> ToolOutput:
        """The console text of a build.

        Args:
            job: Full name with folders, e.g. team/shop/main; a branch's slash as %2F.
            build: Number, or a permalink such as lastFailedBuild.
            max_bytes: Bytes to keep; of a longer log the beginning and the end are kept.

        Returns:
            log, available, reason, bytes and omitted {after_line, lines, bytes}.
        """
        url = self._http.url(f"{_job_path(job)}/{build}/consoleText")
        download = Download(self._headers, ca_file=self.settings.get("JENKINS_CA_FILE", ""))
        with tempfile.SpooledTemporaryFile(_SPOOL) as file:
            answer = download.fetch(url, file)
            if answer.status != 200:
                raise Refused(answer)
            data = log_of(file, max_bytes)
        return ToolOutput(data, f"console of {job} {build}: {data['bytes']} bytes")

    def probe(self) -> str:
        """Ask who the controller is; says its version."""
        answer = self._http.get("api/json", {"tree": "mode"}).require()
        return f"Jenkins {answer.headers.get('x-jenkins', '')}".strip()

    def _stages(self, base: str) -> list[dict[str, Any]]:
        """Stages as the stage view plugin tells them; it is often not installed."""
        answer = self._http.get(f"{base}/wfapi/describe")
        if answer.status != 200:
            return []
        try:
            stages = entries(answer, "stages")
        except Unreachable:
            return []
        return [
            {
                **only(stage, ("name", "status")),
                "started_at": _moment(stage.get("startTimeMillis")),
                "duration_s": (stage.get("durationMillis") or 0) / 1000,
                "error": (stage.get("error") or {}).get("message"),
            }
            for stage in stages
        ]


def _job_path(job: str) -> str:
    """`a/b` is the job b in the folder a. The slash of a branch is written %2F, as in Jenkins."""
    return "/".join(f"job/{quoted_path(part)}" for part in job.strip("/").split("/"))


def _build_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    actions = [action for action in raw.get("actions") or [] if action]
    change_sets = raw.get("changeSets") or [raw.get("changeSet") or {}]
    changes = [item for one in change_sets for item in one.get("items") or []]
    revision: Mapping[str, Any] = next(
        (one["lastBuiltRevision"] for one in actions if one.get("lastBuiltRevision")), {}
    )
    tests = next((one for one in actions if one.get("totalCount") is not None), None)
    return {
        **only(raw, ("number", "url", "result", "building")),
        "name": raw.get("fullDisplayName"),
        "started_at": _moment(raw.get("timestamp")),
        "duration_s": (raw.get("duration") or 0) / 1000,
        "node": raw.get("builtOn"),
        "previous": (raw.get("previousBuild") or {}).get("number"),
        "causes": [
            cause.get("shortDescription") for one in actions for cause in one.get("causes") or []
        ],
        "revision": revision.get("SHA1"),
        "branches": [branch.get("name") for branch in revision.get("branch") or []],
        "remote_urls": next((one["remoteUrls"] for one in actions if one.get("remoteUrls")), []),
        "culprits": [one.get("fullName") for one in raw.get("culprits") or []],
        "changes": [_change_of(item) for item in changes[:_CHANGES]],
        "tests": tests
        and {
            "failed": tests.get("failCount"),
            "skipped": tests.get("skipCount"),
            "total": tests.get("totalCount"),
        },
    }


def _change_of(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "commit": item.get("commitId"),
        "message": item.get("msg"),
        "author": (item.get("author") or {}).get("fullName"),
        "at": _moment(item.get("timestamp")),
        "paths": item.get("affectedPaths") or [],
    }


def _moment(milliseconds: Any) -> str | None:
    if not isinstance(milliseconds, int) or milliseconds <= 0:
        return None
    return rfc3339(milliseconds * 10**6)
