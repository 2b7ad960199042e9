"""GitLab's REST API, as far as the tool uses it, with state.

Follows the published reference: `X-Next-Page` and `Link` paging, project paths quoted in the
URL, several forms of error bodies, traces that may be kept on another host.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlencode

from tests.servers.gitlab_changes import GitlabChanges
from tests.servers.loopback import Asked, Loopback, Reply

PROJECT = "acme/shop"
PROJECT_ID = 42
READ_TOKEN = "glpat-read000000000000000"
WRITE_TOKEN = "glpat-write00000000000000"
SHA = "cd" * 20


def pipeline(number: int, **fields: Any) -> dict[str, Any]:
    """A pipeline as the API shows it."""
    return {
        "id": number,
        "iid": 1,
        "project_id": PROJECT_ID,
        "status": "failed",
        "source": "push",
        "ref": "main",
        "sha": SHA,
        "tag": False,
        "yaml_errors": None,
        "user": {"username": "tanuki"},
        "web_url": f"https://gitlab.example/acme/shop/-/pipelines/{number}",
        **fields,
    }


def job(number: int, **fields: Any) -> dict[str, Any]:
    """A job, of pipeline 500 unless another `pipeline` is given."""
    return {
        "id": number,
        "name": "unit",
        "stage": "test",
        "status": "failed",
        "failure_reason": "script_failure",
        "allow_failure": False,
        "ref": "main",
        "created_at": "2026-11-20T10:00:00.000Z",
        "started_at": "2026-11-20T10:00:05.000Z",
        "finished_at": "2026-11-20T10:01:00.000Z",
        "erased_at": None,
        "commit": {"id": SHA, "title": "Add basket", "author_name": "Mona"},
        "pipeline": {"id": 500, "ref": "main", "sha": SHA, "status": "failed"},
        "runner": {"id": 1, "description": "shared-1"},
        "artifacts": [{"file_type": "junit", "filename": "junit.xml.gz", "size": 100}],
        **fields,
    }


class GitlabServer(Loopback):
    """One project. `storage` is the host that keeps traces when `traces_elsewhere` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.storage = Loopback()
        self.storage.route("GET", r"/traces/(\d+)", self._stored_trace)
        self.traces_elsewhere = False
        self.pipelines: list[dict[str, Any]] = [pipeline(500)]
        self.jobs: list[dict[str, Any]] = [job(1)]
        self.bridges: list[dict[str, Any]] = []
        self.traces: dict[int, bytes] = {1: b"$ make\nERROR: Job failed: exit code 2\n"}
        self.test_report: dict[str, Any] = {"total_count": 0, "test_suites": []}
        self.changes = GitlabChanges(self)
        self._add_reads()

    @contextmanager
    def running(self) -> Iterator[None]:
        with self.storage.running(), super().running():
            yield

    def answer(self, asked: Asked) -> Reply:
        allowed = {f"Bearer {READ_TOKEN}", f"Bearer {WRITE_TOKEN}"}
        if asked.headers.get("authorization") not in allowed:
            self.asked.append(asked)
            return Reply(401, {"message": "401 Unauthorized"})
        prefix, _, rest = asked.path.removeprefix("/api/v4/projects/").partition("/")
        if asked.path.startswith("/api/v4/projects/") and unquote(prefix) in {
            PROJECT,
            str(PROJECT_ID),
        }:
            asked.path = f"/project/{rest}"
        return super().answer(asked)

    def page(self, asked: Asked, entries: list[Any]) -> Reply:
        """One page of `entries` with the headers GitLab sends."""
        per_page = min(int(asked.query.get("per_page", "20")), 100)
        number = int(asked.query.get("page", "1"))
        begin = (number - 1) * per_page
        more = begin + per_page < len(entries)
        headers = {"X-Next-Page": str(number + 1) if more else "", "X-Total": str(len(entries))}
        if more:
            kept = [pair for pair in asked.pairs if pair[0] != "page"]
            query = urlencode([*kept, ("page", str(number + 1))])
            headers["Link"] = f'<http://wrong-external-url.example/x?{query}>; rel="next"'
        return Reply(200, entries[begin : begin + per_page], headers)

    def _add_reads(self) -> None:
        self.route("GET", r"/project/pipelines", self._list_pipelines)
        self.route("GET", r"/project/pipelines/(\d+)", self._pipeline)
        self.route("GET", r"/project/pipelines/(\d+)/jobs", self._list_jobs)
        self.route("GET", r"/project/pipelines/(\d+)/bridges", self._list_bridges)
        self.route("GET", r"/project/pipelines/\d+/test_report", self._test_report)
        self.route("GET", r"/project/jobs/(\d+)", self._job)
        self.route("GET", r"/project/jobs/(\d+)/trace", self._trace)

    def _list_pipelines(self, asked: Asked) -> Reply:
        found = self.pipelines
        for name in ("ref", "sha", "status", "source"):
            if asked.query.get(name):
                found = [one for one in found if one[name] == asked.query[name]]
        return self.page(asked, found)

    def _pipeline(self, _: Asked, number: str) -> Reply:
        return _found(self.pipelines, number)

    def _list_jobs(self, asked: Asked, number: str) -> Reply:
        scope = [value for name, value in asked.pairs if name == "scope[]"]
        retried = asked.query.get("include_retried") == "true"
        of_pipeline = [one for one in self.jobs if one["pipeline"]["id"] == int(number)]
        jobs = [one for one in of_pipeline if not scope or one["status"] in scope]
        return self.page(asked, [one for one in jobs if retried or not one.get("retried")])

    def _list_bridges(self, asked: Asked, number: str) -> Reply:
        return self.page(asked, [b for b in self.bridges if b["pipeline"]["id"] == int(number)])

    def _test_report(self, _: Asked) -> Reply:
        return Reply(200, self.test_report)

    def _job(self, _: Asked, number: str) -> Reply:
        return _found(self.jobs, number)

    def _trace(self, _: Asked, number: str) -> Reply:
        if all(one["id"] != int(number) for one in self.jobs):
            return Reply(404, {"message": "404 Not found"})
        if self.traces_elsewhere:
            link = f"{self.storage.url}/traces/{number}?X-Amz-Signature=signed-secret"
            return Reply(302, None, {"Location": link})
        return Reply(200, self.traces.get(int(number), b""), {"Content-Type": "text/plain"})

    def _stored_trace(self, asked: Asked, number: str) -> Reply:
        if {"authorization", "private-token"} & set(asked.headers):
            return Reply(400, b"<Error>Only one auth mechanism allowed</Error>")
        return Reply(200, self.traces[int(number)])


def _found(entries: list[dict[str, Any]], number: str) -> Reply:
    found = [one for one in entries if one["id"] == int(number)]
    return Reply(200, found[0]) if found else Reply(404, {"message": "404 Not found"})
