"""What we keep of GitHub's answers. Names are GitHub's own, so its reference explains them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aof.tools.fields import only

_RUN = (
    "id", "name", "display_title", "path", "event", "status", "conclusion", "head_branch",
    "head_sha", "run_number", "run_attempt", "workflow_id", "created_at", "run_started_at",
    "updated_at", "html_url",
)  # fmt: skip
_JOB = (
    "id", "run_id", "run_attempt", "name", "status", "conclusion", "started_at",
    "completed_at", "html_url", "labels", "runner_name", "runner_group_name", "head_sha",
)  # fmt: skip
_STEP = ("number", "name", "status", "conclusion", "started_at", "completed_at")
_ANNOTATION = (
    "path", "start_line", "end_line", "start_column", "end_column", "annotation_level",
    "title", "message", "raw_details",
)  # fmt: skip
_ARTIFACT = ("id", "name", "size_in_bytes", "expired", "created_at", "expires_at")
_RELEASE = (
    "id", "tag_name", "name", "body", "draft", "prerelease", "target_commitish", "html_url",
    "created_at", "published_at",
)  # fmt: skip
_ASSET = ("id", "name", "size", "state", "digest", "content_type", "browser_download_url")
_PULL = ("number", "title", "state", "draft", "html_url", "merged_at", "merge_commit_sha")


def run_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A workflow run. `head_commit` has id, message, timestamp and the author's name."""
    commit = raw.get("head_commit") or {}
    return {
        **only(raw, _RUN),
        "actor": (raw.get("actor") or {}).get("login"),
        "head_repository": (raw.get("head_repository") or {}).get("full_name"),
        "head_commit": {
            **only(commit, ("id", "message", "timestamp")),
            "author": (commit.get("author") or {}).get("name"),
        },
        "pull_requests": [pull["number"] for pull in raw.get("pull_requests") or []],
        "base_branches": [
            (pull.get("base") or {}).get("ref") for pull in raw.get("pull_requests") or []
        ],
    }


def job_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A job with its steps. A step without a conclusion is where a lost runner stopped."""
    check = str(raw.get("check_run_url") or "").rpartition("/")[2]
    return {
        **only(raw, _JOB),
        "check_run_id": int(check) if check.isdecimal() else None,
        "steps": [only(step, _STEP) for step in raw.get("steps") or []],
    }


def annotation_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """An annotation: where, how bad, and what it says."""
    return only(raw, _ANNOTATION)


def artifact_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """An artifact; `expired` ones can no longer be downloaded."""
    return only(raw, _ARTIFACT)


def pull_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A pull request; `head` and `base` are branch names, `head_sha` a commit."""
    head, base = raw.get("head") or {}, raw.get("base") or {}
    return {
        **only(raw, _PULL),
        "author": (raw.get("user") or {}).get("login"),
        "head": head.get("ref"),
        "head_sha": head.get("sha"),
        "base": base.get("ref"),
    }


def release_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A release with its assets; a draft has a `tag_name` but is not found by it."""
    return {
        **only(raw, _RELEASE),
        "immutable": bool(raw.get("immutable")),
        "assets": [only(asset, _ASSET) for asset in raw.get("assets") or []],
    }
