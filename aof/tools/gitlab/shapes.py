"""What we keep of GitLab's answers. Names are GitLab's own, so its reference explains them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aof.tools.fields import only

_PIPELINE = (
    "id", "iid", "project_id", "name", "status", "source", "ref", "sha", "before_sha", "tag",
    "yaml_errors", "created_at", "started_at", "finished_at", "duration", "web_url",
)  # fmt: skip
_JOB = (
    "id", "name", "stage", "status", "failure_reason", "allow_failure", "retried", "ref",
    "created_at", "started_at", "finished_at", "erased_at", "duration", "web_url",
    "artifacts_expire_at", "tag_list",
)  # fmt: skip
_ARTIFACT = ("file_type", "filename", "size", "file_format")
_COMMIT = ("id", "title", "message", "author_name", "created_at")
_MERGE = (
    "iid", "title", "state", "draft", "web_url", "source_branch", "target_branch", "sha",
    "merge_commit_sha", "squash_commit_sha", "merged_at",
)  # fmt: skip
_MOST_FAILED = 500
_MOST_TEXT = 4000


def pipeline_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A pipeline; `yaml_errors` tells why one without jobs failed."""
    return {**only(raw, _PIPELINE), "user": (raw.get("user") or {}).get("username")}


def job_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A job; `failure_reason` tells script_failure from runner_system_failure and others."""
    pipeline, runner = raw.get("pipeline") or {}, raw.get("runner") or {}
    return {
        **only(raw, _JOB),
        "commit": only(raw.get("commit") or {}, _COMMIT),
        "pipeline": only(pipeline, ("id", "ref", "sha", "status")),
        "runner": runner.get("description"),
        "artifacts": [only(one, _ARTIFACT) for one in raw.get("artifacts") or []],
    }


def bridge_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A job that started another pipeline, and how that one stands."""
    downstream = raw.get("downstream_pipeline") or {}
    return {
        **only(raw, ("id", "name", "stage", "status", "failure_reason", "allow_failure")),
        "downstream_pipeline": only(downstream, ("id", "project_id", "status", "web_url")),
    }


def merge_request_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A merge request; `sha` is the head of its source branch."""
    return {**only(raw, _MERGE), "author": (raw.get("author") or {}).get("username")}


def suite_report_of(suite: Mapping[str, Any]) -> dict[str, Any]:
    """One suite of a pipeline's test report, in the shape of `junit.parse_junit`."""
    cases = suite.get("test_cases") or []
    failed = [case for case in cases if case.get("status") in {"failed", "error"}]
    return {
        "source": suite.get("name"),
        "tests": suite.get("total_count") or 0,
        "failed_count": (suite.get("failed_count") or 0) + (suite.get("error_count") or 0),
        "skipped_count": suite.get("skipped_count") or 0,
        "time_s": float(suite.get("total_time") or 0),
        "failed": [_failed_test(suite, case) for case in failed[:_MOST_FAILED]],
        "flaky": [],
        "suite_error": suite.get("suite_error"),
    }


def _failed_test(suite: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    said = case.get("stack_trace") or case.get("system_output") or ""
    text = str(said.get("message", said) if isinstance(said, dict) else said)
    recent = case.get("recent_failures") or {}
    return {
        "suite": suite.get("name"),
        "name": case.get("name"),
        "classname": case.get("classname") or "",
        "file": case.get("file"),
        "line": None,
        "kind": "error" if case.get("status") == "error" else "failure",
        "type": "",
        "message": text.partition("\n")[0][:_MOST_TEXT],
        "text": text[:_MOST_TEXT],
        "recent_failures": recent.get("count"),
    }


def release_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A release; `assets` are its links."""
    links = (raw.get("assets") or {}).get("links") or []
    return {
        **only(raw, ("tag_name", "name", "description", "created_at", "released_at")),
        "web_url": (raw.get("_links") or {}).get("self"),
        "sha": (raw.get("commit") or {}).get("id"),
        "assets": [only(link, ("id", "name", "url", "link_type")) for link in links],
    }
