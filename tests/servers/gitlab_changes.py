"""What GitLab's API can change, with state: jobs, merge requests, comments, packages, releases."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any
from urllib.parse import unquote

from tests.servers.loopback import Asked, Loopback, Reply

_MISSING = Reply(404, {"message": "404 Not found"})


class GitlabChanges:
    """The part of the server that keeps what was changed."""

    def __init__(self, server: Loopback) -> None:
        self.server = server
        self.tags: dict[str, str] = {}
        self.releases: list[dict[str, Any]] = []
        self.packages: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.notes: dict[str, list[dict[str, Any]]] = {}
        self.commits: list[dict[str, Any]] = []
        self.can_push = True
        self.knows_select = True
        self._ids = itertools.count(2000)
        self._add_pipelines()
        self._add_merge_requests()
        self._add_packages()
        self._add_releases()

    def _add_pipelines(self) -> None:
        route = self.server.route
        route("POST", r"/project/jobs/(\d+)/retry", self._retry_job)
        route("POST", r"/project/jobs/(\d+)/cancel", self._cancel_job)
        route("POST", r"/project/pipelines/(\d+)/retry", self._retry_pipeline)
        route("POST", r"/project/pipelines/(\d+)/cancel", self._cancel_pipeline)
        route("POST", r"/project/pipeline", self._trigger)

    def _retry_job(self, _: Asked, number: str) -> Reply:
        jobs: list[dict[str, Any]] = self.server.jobs  # type: ignore[attr-defined]
        job = _one(jobs, number)
        if job.get("retried"):
            return Reply(403, {"message": "403 Forbidden - Job is not retryable"})
        job["retried"] = True
        again = {**job, "id": next(self._ids), "status": "pending", "retried": False}
        jobs.append(again)
        return Reply(201, again)

    def _cancel_job(self, _: Asked, number: str) -> Reply:
        job = _one(self.server.jobs, number)  # type: ignore[attr-defined]
        job["status"] = "canceled"
        return Reply(201, job)

    def _retry_pipeline(self, _: Asked, number: str) -> Reply:
        pipeline = _one(self.server.pipelines, number)  # type: ignore[attr-defined]
        pipeline["status"] = "running"
        return Reply(201, pipeline)

    def _cancel_pipeline(self, _: Asked, number: str) -> Reply:
        pipeline = _one(self.server.pipelines, number)  # type: ignore[attr-defined]
        pipeline["status"] = "canceling"
        return Reply(200, pipeline)

    def _trigger(self, asked: Asked) -> Reply:
        body = asked.json()
        if body["ref"] == "gone":
            return Reply(400, {"message": {"base": ["Reference not found"]}})
        pipeline = {"id": next(self._ids), "status": "created", **body}
        self.server.pipelines.append(pipeline)  # type: ignore[attr-defined]
        return Reply(201, pipeline)

    def _add_merge_requests(self) -> None:
        route = self.server.route
        route("GET", r"/project/merge_requests", self._list_requests)
        route("POST", r"/project/merge_requests", self._open_request)
        route("GET", r"/project/repository/commits/(\w+)/merge_requests", self._of_commit)
        route("GET", r"/project/repository/branches/(.+)", self._branch)
        route("GET", r"/project/repository/compare", self._compare)
        notes = r"/project/(merge_requests/\d+)/notes"
        route("GET", notes, self._list_notes)
        route("POST", notes, self._note)
        route("PUT", rf"{notes}/(\d+)", self._edit_note)
        place = r"/project/(repository/commits/\w+)/discussions"
        route("GET", place, self._list_discussions)
        route("POST", place, self._discuss)
        route("PUT", rf"{place}/\w+/notes/(\d+)", self._edit_note)

    def _list_requests(self, asked: Asked) -> Reply:
        found = self.requests
        for name in ("source_branch", "target_branch"):
            if asked.query.get(name):
                found = [one for one in found if one[name] == asked.query[name]]
        if asked.query.get("state", "all") != "all":
            found = [one for one in found if one["state"] == asked.query["state"]]
        return self._page(asked, found)

    def _open_request(self, asked: Asked) -> Reply:
        body = asked.json()
        same = [one for one in self.requests if one["source_branch"] == body["source_branch"]]
        if any(one["state"] == "opened" for one in same):
            return Reply(409, {"message": ["Another open merge request already exists"]})
        request = {
            "iid": len(self.requests) + 1,
            "state": "opened",
            "draft": body["title"].startswith("Draft: "),
            "author": {"username": "tanuki"},
            "sha": "ee" * 20,
            "web_url": "https://gitlab.example/mr",
            **body,
        }
        self.requests.append(request)
        return Reply(201, request)

    def _of_commit(self, asked: Asked, sha: str) -> Reply:
        return self._page(asked, [one for one in self.requests if one["sha"] == sha])

    def _branch(self, _: Asked, name: str) -> Reply:
        commit = {"id": "ab" * 20}
        fields = {"protected": True, "can_push": self.can_push}
        return Reply(200, {"name": unquote(name), "commit": commit, **fields})

    def _compare(self, asked: Asked) -> Reply:
        assert {"from", "to"} <= set(asked.query)
        return Reply(200, {"commits": self.commits, "compare_timeout": False})

    def _list_notes(self, asked: Asked, where: str) -> Reply:
        return self._page(asked, self.notes.get(where, []))

    def _note(self, asked: Asked, where: str) -> Reply:
        note = {"id": next(self._ids), **asked.json()}
        self.notes.setdefault(where, []).append(note)
        return Reply(201, note)

    def _list_discussions(self, asked: Asked, where: str) -> Reply:
        notes = self.notes.get(where, [])
        return self._page(asked, [{"id": f"d{one['id']}", "notes": [one]} for one in notes])

    def _discuss(self, asked: Asked, where: str) -> Reply:
        note = self._note(asked, where).body
        return Reply(201, {"id": f"d{note['id']}", "notes": [note]})

    def _edit_note(self, asked: Asked, where: str, number: str) -> Reply:
        note = _one(self.notes[where], number)
        note.update(asked.json())
        return Reply(200, note)

    def _add_packages(self) -> None:
        route = self.server.route
        route("GET", r"/project/packages", self._list_packages)
        route("GET", r"/project/packages/(\d+)/package_files", self._list_files)
        route("PUT", r"/project/packages/generic/([^/]+)/([^/]+)/([^/]+)", self._put_file)

    def _list_packages(self, asked: Asked) -> Reply:
        """The filter of GitLab matches parts of names."""
        name = asked.query.get("package_name", "")
        return self._page(asked, [one for one in self.packages if name in one["name"]])

    def _list_files(self, asked: Asked, package: str) -> Reply:
        found = [one for one in self.files if one["package_id"] == int(package)]
        return self._page(asked, found)

    def _put_file(self, asked: Asked, package: str, version: str, name: str) -> Reply:
        wanted = {"name": unquote(package), "version": unquote(version)}
        found = [one for one in self.packages if wanted.items() <= one.items()]
        if not found:
            found = [{"id": next(self._ids), **wanted, "package_type": "generic"}]
            self.packages += found
        file = {
            "id": next(self._ids),
            "package_id": found[0]["id"],
            "file_name": unquote(name),
            "size": len(asked.body),
            "file_sha256": hashlib.sha256(asked.body).hexdigest(),
        }
        self.files.append(file)
        selected = asked.query.get("select") == "package_file" and self.knows_select
        return Reply(201, file if selected else {"message": "201 Created"})

    def _add_releases(self) -> None:
        route = self.server.route
        route("GET", r"/project/repository/tags/(.+)", self._tag)
        route("GET", r"/project/releases/([^/]+)", self._get_release)
        route("POST", r"/project/releases", self._create_release)
        route("PUT", r"/project/releases/([^/]+)", self._edit_release)
        route("POST", r"/project/releases/([^/]+)/assets/links", self._add_link)

    def _tag(self, _: Asked, name: str) -> Reply:
        sha = self.tags.get(unquote(name))
        return Reply(200, {"name": unquote(name), "commit": {"id": sha}}) if sha else _MISSING

    def _release(self, tag: str) -> dict[str, Any] | None:
        return next((one for one in self.releases if one["tag_name"] == unquote(tag)), None)

    def _get_release(self, _: Asked, tag: str) -> Reply:
        found = self._release(tag)
        return Reply(200, found) if found else _MISSING

    def _create_release(self, asked: Asked) -> Reply:
        body = asked.json()
        if self._release(body["tag_name"]):
            return Reply(409, {"message": "Release already exists"})
        if body["tag_name"] not in self.tags:
            return Reply(422, {"message": "Ref is not specified"})
        release = {
            "released_at": "2026-11-20T12:00:00Z",
            "commit": {"id": self.tags[body["tag_name"]]},
            "_links": {"self": "https://gitlab.example/release"},
            **body,
        }
        self.releases.append(release)
        return Reply(201, release)

    def _edit_release(self, asked: Asked, tag: str) -> Reply:
        release = self._release(tag)
        if release is None:
            return _MISSING
        release.update(asked.json())
        return Reply(200, release)

    def _add_link(self, asked: Asked, tag: str) -> Reply:
        release = self._release(tag)
        if release is None:
            return _MISSING
        link = {"id": next(self._ids), **asked.json()}
        if any(one["name"] == link["name"] for one in release["assets"]["links"]):
            return Reply(400, {"message": {"name": ["has already been taken"]}})
        release["assets"]["links"].append(link)
        return Reply(201, link)

    def _page(self, asked: Asked, entries: list[Any]) -> Reply:
        answer: Reply = self.server.page(asked, entries)  # type: ignore[attr-defined]
        return answer


def _one(entries: list[dict[str, Any]], number: str) -> dict[str, Any]:
    return next(one for one in entries if one["id"] == int(number))
