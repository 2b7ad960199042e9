"""What changed between the last green run and the failed one: commits, files, the log itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aof.analysis.ci_log.compare import LogChanges, compare
from aof.analysis.ci_log.enrich import lock_files
from aof.analysis.ci_log.records import Diagnosis
from aof.messages import ToolResult
from aof.playbooks.base import Calls
from aof.playbooks.ci_failure_service import Gathered, JobLog, Service

_COMMITS = 20


def read_changes(gathered: Gathered, service: Service, calls: Calls) -> None:
    """Add commits and files since the last green commit, from a clone or from the forge."""
    green = gathered.green
    if green is None or not green.sha or not gathered.sha or green.sha == gathered.sha:
        return
    why = calls.not_consulted("git")
    if why is None:
        why = _from_clone(gathered, green.sha, calls)
    if why and not _from_forge(gathered, service.compare(green.sha, gathered.sha)):
        gathered.warnings.append(f"What changed is not known: {why}")


def _from_clone(gathered: Gathered, green: str, calls: Calls) -> str:
    """Read the clone; returns why it cannot tell, empty when it did."""
    # `since_fork`: on a branch that lags behind, what others did since is not its change.
    between = {"base": green, "head": gathered.sha, "since_fork": True}
    diff = calls.read("git", "diff", **between)
    if not diff.ok:
        return diff.summary
    gathered.keep(diff)
    gathered.files = tuple(str(file["path"]) for file in diff.data["files"])
    gathered.patch = str(diff.data.get("patch") or "")
    locks = list(lock_files(gathered.files))
    if locks and diff.data.get("truncated"):
        only = calls.read("git", "diff", **between, paths=locks)
        gathered.patch = str(only.data.get("patch") or "") if only.ok else gathered.patch
    log = calls.read("git", "log", revision=gathered.sha, since=green, max_count=_COMMITS)
    if log.ok:
        gathered.keep(log)
        gathered.commits = list(log.data["commits"])
        gathered.commits_complete = not log.data["truncated"]
    return ""


def _from_forge(gathered: Gathered, compared: ToolResult | None) -> bool:
    if compared is None or not compared.ok:
        return False
    gathered.keep(compared)
    data = compared.data
    gathered.files = tuple(str(file["path"]) for file in data.get("files") or ())
    gathered.patch = str(data.get("patch") or "")
    newest_first = list(reversed(data.get("commits") or ()))
    gathered.commits = [
        {"sha": one["sha"], "subject": one["subject"], "author": one.get("author_name") or ""}
        for one in newest_first[:_COMMITS]
    ]
    gathered.commits_complete = bool(data.get("complete")) and len(newest_first) <= _COMMITS
    return True


def log_changes(
    gathered: Gathered, service: Service, job: JobLog, diagnosis: Diagnosis
) -> LogChanges:
    """What the failed log names that the last green one of the same job does not."""
    found = service.green_log(gathered, job) if job.log else None
    if found is None:
        return LogChanges()
    text, whole = found
    failed = job.log.encode() if isinstance(job.log, str) else job.log
    until = diagnosis.primary.line if diagnosis.primary else 0
    return compare(failed, text.encode(), until=until, whole=whole)


def bisection(gathered: Gathered, calls: Calls) -> Mapping[str, Any] | None:
    """How to find the commit among those since the last green one; None when there is but one."""
    several = len(gathered.commits) > 1 or not gathered.commits_complete
    if gathered.green is None or not several or calls.not_consulted("git") is not None:
        return None
    plan = calls.read("git", "bisect_plan", good=gathered.green.sha, bad=gathered.sha)
    if not plan.ok:
        return None
    gathered.keep(plan)
    found: Mapping[str, Any] = plan.data
    return found
