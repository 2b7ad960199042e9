"""What GitHub's API can change, with state: releases, tags, pull requests, comments, checks.

Releases behave as the reference says: drafts are shown only to tokens that may push and are
not found by their tag; a published release of an immutable repository refuses assets.
"""

from __future__ import annotations

import hashlib
import itertools
from typing import Any
from urllib.parse import unquote

from tests.servers.loopback import Asked, Loopback, Reply

REPO = "acme/shop"
WRITE_TOKEN = "ghp_write000000000000000000000000000000000"
_BASE = f"/repos/{REPO}"
_MISSING = Reply(404, {"message": "Not Found"})


class GithubChanges:
    """The part of the server that keeps what was changed."""

    def __init__(self, server: Loopback) -> None:
        self.server = server
        self.tags: dict[str, str] = {}
        self.annotated: dict[str, str] = {}
        self.releases: list[dict[str, Any]] = []
        self.immutable = False
        self.knows_run_details = True
        self.pulls: list[dict[str, Any]] = []
        self.rules: list[dict[str, Any]] = []
        self.protected = False
        self.comments: dict[str, list[dict[str, Any]]] = {}
        self.checks: list[dict[str, Any]] = []
        self.dispatched: list[dict[str, Any]] = []
        self.commits: list[dict[str, Any]] = []
        self._ids = itertools.count(1000)
        self._add_runs()
        self._add_discussion()
        self._add_pulls()
        self._add_releases()

    def release(self, tag: str, **fields: Any) -> dict[str, Any]:
        """Add a release as it would be after some earlier, interrupted run."""
        number = next(self._ids)
        release = {
            "id": number,
            "tag_name": tag,
            "name": tag,
            "body": "",
            "draft": True,
            "prerelease": False,
            "target_commitish": "main",
            "html_url": f"https://github.com/{REPO}/releases/tag/{tag}",
            "upload_url": (
                f"{self.server.url}/api/uploads{_BASE}/releases/{number}/assets{{?name,label}}"
            ),
            "assets": [],
            **fields,
        }
        self.releases.append(release)
        return release

    def _add_runs(self) -> None:
        route = self.server.route
        route("POST", rf"{_BASE}/actions/runs/(\d+)/(rerun|rerun-failed-jobs)", self._rerun)
        route("POST", rf"{_BASE}/actions/runs/(\d+)/(cancel|force-cancel)", self._cancel)
        route("POST", rf"{_BASE}/actions/workflows/(.+)/dispatches", self._dispatch)

    def _rerun(self, _: Asked, number: str, __: str) -> Reply:
        run = self._run(number)
        if run["status"] != "completed":
            return Reply(403, {"message": "This workflow run is already running"})
        run.update(status="queued", conclusion=None, run_attempt=run["run_attempt"] + 1)
        return Reply(201, {})

    def _cancel(self, _: Asked, number: str, __: str) -> Reply:
        run = self._run(number)
        if run["status"] == "completed":
            return Reply(409, {"message": "Cannot cancel a workflow run that is completed."})
        run.update(status="completed", conclusion="cancelled")
        return Reply(202, {})

    def _dispatch(self, asked: Asked, workflow: str) -> Reply:
        if workflow == "locked.yml":
            return Reply(422, {"message": "Workflow does not have 'workflow_dispatch' trigger"})
        body = asked.json()
        details = body.pop("return_run_details", None)
        if details and not self.knows_run_details:
            return Reply(422, {"message": 'Invalid request. "return_run_details" is not permitted'})
        self.dispatched.append({"workflow": workflow, **body})
        told = {"workflow_run_id": 777, "html_url": f"https://github.com/{REPO}/actions/runs/777"}
        return Reply(200, told) if details else Reply(204)

    def _run(self, number: str) -> dict[str, Any]:
        runs: list[dict[str, Any]] = self.server.runs  # type: ignore[attr-defined]
        return next(one for one in runs if one["id"] == int(number))

    def _add_discussion(self) -> None:
        route = self.server.route
        route("GET", rf"{_BASE}/((?:issues|commits)/\w+)/comments", self._list_comments)
        route("POST", rf"{_BASE}/((?:issues|commits)/\w+)/comments", self._comment)
        route("PATCH", rf"{_BASE}/(?:issues/)?comments/(\d+)", self._edit_comment)
        route("POST", rf"{_BASE}/check-runs", self._create_check)
        route("PATCH", rf"{_BASE}/check-runs/(\d+)", self._extend_check)

    def _list_comments(self, asked: Asked, where: str) -> Reply:
        return self._page(asked, self.comments.get(where, []))

    def _comment(self, asked: Asked, where: str) -> Reply:
        number = next(self._ids)
        url = f"https://github.com/{REPO}/{where}#comment-{number}"
        comment = {"id": number, "body": asked.json()["body"], "html_url": url}
        self.comments.setdefault(where, []).append(comment)
        return Reply(201, comment)

    def _edit_comment(self, asked: Asked, number: str) -> Reply:
        for comment in itertools.chain(*self.comments.values()):
            if comment["id"] == int(number):
                comment["body"] = asked.json()["body"]
                return Reply(200, comment)
        return _MISSING

    def _create_check(self, asked: Asked) -> Reply:
        if len(asked.json()["output"]["annotations"]) > 50:
            return Reply(422, {"message": "Only 50 annotations are supported per request"})
        check = {"id": next(self._ids), "html_url": "https://github.com/c", **asked.json()}
        self.checks.append(check)
        return Reply(201, check)

    def _extend_check(self, asked: Asked, number: str) -> Reply:
        check = next(one for one in self.checks if one["id"] == int(number))
        check["output"]["annotations"] += asked.json()["output"]["annotations"]
        return Reply(200, check)

    def _add_pulls(self) -> None:
        route = self.server.route
        route("GET", rf"{_BASE}/pulls", self._list_pulls)
        route("POST", rf"{_BASE}/pulls", self._open_pull)
        route("GET", rf"{_BASE}/commits/(\w+)/pulls", self._pulls_of_commit)
        route("GET", rf"{_BASE}/branches/(.+)", self._branch)
        route("GET", rf"{_BASE}/rules/branches/.+", lambda _: Reply(200, self.rules))
        route("GET", rf"{_BASE}/compare/(.+)", self._compare)

    def _list_pulls(self, asked: Asked) -> Reply:
        found = self.pulls
        if asked.query.get("state") in {"open", "closed"}:
            found = [one for one in found if one["state"] == asked.query["state"]]
        if head := asked.query.get("head"):
            found = [one for one in found if f"acme:{one['head']['ref']}" == head]
        if base := asked.query.get("base"):
            found = [one for one in found if one["base"]["ref"] == base]
        return self._page(asked, found)

    def _open_pull(self, asked: Asked) -> Reply:
        body = asked.json()
        same = [one for one in self.pulls if one["head"]["ref"] == body["head"]]
        if any(one["state"] == "open" for one in same):
            error = {"resource": "PullRequest", "code": "custom", "message": "already exists"}
            return Reply(422, {"message": "Validation Failed", "errors": [error]})
        number = next(self._ids)
        pull = {
            "number": number,
            "title": body["title"],
            "state": "open",
            "draft": body["draft"],
            "html_url": f"https://github.com/{REPO}/pull/{number}",
            "user": {"login": "mona"},
            "head": {"ref": body["head"], "sha": "ee" * 20},
            "base": {"ref": body["base"]},
        }
        self.pulls.append(pull)
        return Reply(201, pull)

    def _pulls_of_commit(self, asked: Asked, sha: str) -> Reply:
        return self._page(asked, [one for one in self.pulls if one["head"]["sha"] == sha])

    def _branch(self, _: Asked, name: str) -> Reply:
        if unquote(name) == "gone":
            return Reply(404, {"message": "Branch not found"})
        commit = {"sha": "ab" * 20}
        return Reply(200, {"name": unquote(name), "commit": commit, "protected": self.protected})

    def _compare(self, asked: Asked, _: str) -> Reply:
        reply = self._page(asked, self.commits)
        total = len(self.commits)
        body = {"status": "ahead", "total_commits": total, "commits": reply.body}
        return Reply(200, body, reply.headers)

    def _add_releases(self) -> None:
        route = self.server.route
        route("GET", _BASE, lambda asked: Reply(200, {"permissions": {"push": _may_push(asked)}}))
        route("GET", rf"{_BASE}/git/ref/tags/(.+)", self._tag_ref)
        route("GET", rf"{_BASE}/git/tags/(\w+)", self._tag_object)
        route("GET", rf"{_BASE}/releases", self._list_releases)
        route("POST", rf"{_BASE}/releases", self._create_release)
        route("GET", rf"{_BASE}/releases/tags/(.+)", self._release_by_tag)
        route("GET", rf"{_BASE}/releases/(\d+)", self._release_by_id)
        route("PATCH", rf"{_BASE}/releases/(\d+)", self._edit_release)
        route("DELETE", rf"{_BASE}/releases/assets/(\d+)", self._delete_asset)
        route("POST", rf"/api/uploads{_BASE}/releases/(\d+)/assets", self._upload)

    def _tag_ref(self, _: Asked, tag: str) -> Reply:
        name = unquote(tag)
        if name in self.annotated:
            return Reply(200, {"object": {"type": "tag", "sha": "0b" + name.encode().hex()}})
        if name in self.tags:
            return Reply(200, {"object": {"type": "commit", "sha": self.tags[name]}})
        return _MISSING

    def _tag_object(self, _: Asked, sha: str) -> Reply:
        name = bytes.fromhex(sha[2:]).decode()
        return Reply(200, {"object": {"type": "commit", "sha": self.annotated[name]}})

    def _list_releases(self, asked: Asked) -> Reply:
        shown = [one for one in self.releases if not one["draft"] or _may_push(asked)]
        return self._page(asked, shown)

    def _create_release(self, asked: Asked) -> Reply:
        if not _may_push(asked):
            return _MISSING
        body = asked.json()
        same = [one for one in self.releases if one["tag_name"] == body["tag_name"]]
        if any(not one["draft"] for one in same):
            error = {"resource": "Release", "code": "already_exists", "field": "tag_name"}
            return Reply(422, {"message": "Validation Failed", "errors": [error]})
        return Reply(201, self.release(body.pop("tag_name"), **body))

    def _release_by_tag(self, _: Asked, tag: str) -> Reply:
        found = [one for one in self.releases if one["tag_name"] == unquote(tag)]
        published = [one for one in found if not one["draft"]]
        return Reply(200, published[0]) if published else _MISSING

    def _release_by_id(self, _: Asked, number: str) -> Reply:
        found = [one for one in self.releases if one["id"] == int(number)]
        return Reply(200, found[0]) if found else _MISSING

    def _edit_release(self, asked: Asked, number: str) -> Reply:
        release = next(one for one in self.releases if one["id"] == int(number))
        body = asked.json()
        if body.get("draft") is False:
            if release["tag_name"] not in self.annotated:
                self.tags.setdefault(release["tag_name"], "created-by-publishing")
            release.update(immutable=self.immutable, published_at="2026-11-20T12:00:00Z")
        release.update(body)
        return Reply(200, release)

    def _delete_asset(self, _: Asked, number: str) -> Reply:
        for release in self.releases:
            kept = [one for one in release["assets"] if one["id"] != int(number)]
            if len(kept) < len(release["assets"]):
                release["assets"] = kept
                return Reply(204)
        return _MISSING

    def _upload(self, asked: Asked, number: str) -> Reply:
        release = next(one for one in self.releases if one["id"] == int(number))
        name = asked.query["name"]
        if release.get("immutable"):
            return Reply(422, {"message": "Cannot upload assets to an immutable release."})
        if any(one["name"] == name for one in release["assets"]):
            error = {"resource": "ReleaseAsset", "code": "already_exists", "field": "name"}
            return Reply(422, {"message": "Validation Failed", "errors": [error]})
        asset = {
            "id": next(self._ids),
            "name": name,
            "size": len(asked.body),
            "state": "uploaded",
            "digest": f"sha256:{hashlib.sha256(asked.body).hexdigest()}",
            "content_type": asked.headers["content-type"],
        }
        release["assets"].append(asset)
        return Reply(201, asset)

    def _page(self, asked: Asked, entries: list[Any]) -> Reply:
        answer: Reply = self.server.page(asked, entries)  # type: ignore[attr-defined]
        return answer


def _may_push(asked: Asked) -> bool:
    return asked.headers["authorization"].endswith(WRITE_TOKEN)
