"""GitHub's REST API, as far as the tool uses it, with state.

Follows the published reference: `Link` paging, logs and artifacts as a redirect to another
host that refuses credentials, bearer authentication on the API host.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from tests.servers.github_changes import REPO, WRITE_TOKEN, GithubChanges
from tests.servers.loopback import Asked, Loopback, Reply

READ_TOKEN = "ghp_read0000000000000000000000000000000000"
SHA = "ab" * 20


def run(number: int, **fields: Any) -> dict[str, Any]:
    """A workflow run as the API shows it (shortened to what a client may rely on)."""
    return {
        "id": number,
        "name": "CI",
        "display_title": "Add basket",
        "path": ".github/workflows/ci.yml",
        "event": "push",
        "status": "completed",
        "conclusion": "failure",
        "head_branch": "main",
        "head_sha": SHA,
        "run_number": 7,
        "run_attempt": 1,
        "workflow_id": 3,
        "html_url": f"https://github.com/{REPO}/actions/runs/{number}",
        "actor": {"login": "mona", "id": 1},
        "head_commit": {"id": SHA, "message": "Add basket", "author": {"name": "Mona"}},
        "pull_requests": [],
        **fields,
    }


def job(number: int, **fields: Any) -> dict[str, Any]:
    """A job, of run 100 unless another `run_id` is given."""
    return {
        "id": number,
        "run_id": 100,
        "run_attempt": 1,
        "name": f"test ({number})",
        "status": "completed",
        "conclusion": "failure",
        "head_sha": SHA,
        "check_run_url": f"https://api.github.com/repos/{REPO}/check-runs/{number}",
        "steps": [
            {"number": 1, "name": "Set up job", "status": "completed", "conclusion": "success"},
            {"number": 2, "name": "Run tests", "status": "completed", "conclusion": "failure"},
        ],
        **fields,
    }


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip archive of `files`, as an artifact."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return content.getvalue()


class GithubServer(Loopback):
    """One repository. Fill the public lists; `storage` is the host that keeps blobs."""

    def __init__(self) -> None:
        super().__init__()
        self.storage = Loopback()
        self.storage.route("GET", r"/blobs/(.+)", self._blob)
        self.runs: list[dict[str, Any]] = [run(100)]
        self.jobs: list[dict[str, Any]] = [job(1)]
        self.logs: dict[int, bytes] = {1: b"line one\nError: it broke\n"}
        self.annotations: dict[int, list[dict[str, Any]]] = {}
        self.artifacts: dict[str, bytes] = {}
        self.changes = GithubChanges(self)
        self._add_reads()

    @contextmanager
    def running(self) -> Iterator[None]:
        with self.storage.running(), super().running():
            yield

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") not in {
            f"Bearer {READ_TOKEN}", f"Bearer {WRITE_TOKEN}", f"token {READ_TOKEN}",
            f"token {WRITE_TOKEN}",
        }:  # fmt: skip
            self.asked.append(asked)
            return Reply(401, {"message": "Bad credentials"})
        return super().answer(asked)

    def page(self, asked: Asked, entries: list[Any], items: str = "") -> Reply:
        """One page of `entries`, with `Link` to the next as GitHub writes it."""
        per_page = min(int(asked.query.get("per_page", "30")), 100)
        number = int(asked.query.get("page", "1"))
        begin = (number - 1) * per_page
        headers = {}
        if begin + per_page < len(entries):
            query = urlencode({**asked.query, "page": number + 1})
            headers["Link"] = (
                f'<https://unreachable.example{asked.path}?{query}>; rel="next", '
                f'<https://unreachable.example{asked.path}?page=99>; rel="last"'
            )
        part = entries[begin : begin + per_page]
        body: Any = {"total_count": len(entries), items: part} if items else part
        return Reply(200, body, headers)

    def _add_reads(self) -> None:
        base = f"/repos/{REPO}"
        actions = f"{base}/actions"
        self.route("GET", rf"{actions}/runs", self._list_runs)
        self.route("GET", rf"{actions}/workflows/ci\.yml/runs", self._list_runs)
        self.route("GET", rf"{actions}/runs/(\d+)", self._run)
        self.route("GET", rf"{actions}/runs/(\d+)/attempts/(\d+)", self._run)
        self.route("GET", rf"{actions}/runs/(\d+)/jobs", self._list_jobs)
        self.route("GET", rf"{actions}/runs/(\d+)/attempts/(\d+)/jobs", self._list_jobs)
        self.route("GET", rf"{actions}/jobs/(\d+)", self._job)
        self.route("GET", rf"{actions}/jobs/(\d+)/logs", self._job_logs)
        self.route("GET", rf"{base}/check-runs/(\d+)/annotations", self._list_annotations)
        self.route("GET", rf"{actions}/runs/\d+/artifacts", self._list_artifacts)
        self.route("GET", rf"{actions}/artifacts/(\d+)/zip", self._artifact_zip)

    def _list_runs(self, asked: Asked) -> Reply:
        runs = self.runs
        for name in ("branch", "head_sha", "event", "status"):
            wanted = asked.query.get(name)
            field = {"branch": "head_branch"}.get(name, name)
            if wanted and name == "status":
                runs = [one for one in runs if wanted in {one["status"], one["conclusion"]}]
            elif wanted:
                runs = [one for one in runs if one[field] == wanted]
        return self.page(asked, runs, "workflow_runs")

    def _run(self, _: Asked, number: str, attempt: str | None = None) -> Reply:
        found = [one for one in self.runs if one["id"] == int(number)]
        if attempt is not None:
            found = [one for one in found if one["run_attempt"] == int(attempt)]
        return Reply(200, found[-1]) if found else Reply(404, {"message": "Not Found"})

    def _list_jobs(self, asked: Asked, number: str, attempt: str | None = None) -> Reply:
        of_run = [one for one in self.jobs if one["run_id"] == int(number)]
        latest = max((one["run_attempt"] for one in of_run), default=1)
        wanted = int(attempt) if attempt else latest
        everything = attempt is None and asked.query.get("filter") == "all"
        jobs = [one for one in of_run if everything or one["run_attempt"] == wanted]
        return self.page(asked, jobs, "jobs")

    def _job(self, _: Asked, number: str) -> Reply:
        found = [one for one in self.jobs if one["id"] == int(number)]
        return Reply(200, found[0]) if found else Reply(404, {"message": "Not Found"})

    def _job_logs(self, _: Asked, number: str) -> Reply:
        if int(number) not in self.logs:
            return Reply(404, {"message": "Not Found"})
        return self._elsewhere(f"log-{number}")

    def _list_annotations(self, asked: Asked, number: str) -> Reply:
        return self.page(asked, self.annotations.get(int(number), []))

    def _list_artifacts(self, asked: Asked) -> Reply:
        listed = [
            {"id": index, "name": name, "size_in_bytes": len(body), "expired": False}
            for index, (name, body) in enumerate(self.artifacts.items(), 1)
            if asked.query.get("name") in {None, name}
        ]
        return self.page(asked, listed, "artifacts")

    def _artifact_zip(self, _: Asked, number: str) -> Reply:
        return self._elsewhere(f"artifact-{number}")

    def _elsewhere(self, name: str) -> Reply:
        return Reply(302, None, {"Location": f"{self.storage.url}/blobs/{name}?sig=signed-secret"})

    def _blob(self, asked: Asked, name: str) -> Reply:
        if "authorization" in asked.headers:
            return Reply(400, b"AuthenticationFailed")
        kind, _, number = name.partition("-")
        if kind == "log":
            return Reply(200, self.logs[int(number)], {"Content-Type": "text/plain"})
        return Reply(200, list(self.artifacts.values())[int(number) - 1])
