"""Failure patterns across runs: how often a signature was seen, where, and what fixed it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aof.analysis.ci_log.records import Diagnosis, FlakyEvidence
from aof.playbooks.base import Calls
from aof.playbooks.ci_failure_gather import Gathered

TYPE = "failure_pattern"


def seen_before(
    diagnosis: Diagnosis, memory: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Earlier entries with the same signature, oldest first."""
    if diagnosis.primary is None:
        return []
    wanted = diagnosis.primary.signature
    return [e for e in memory if e.get("type") == TYPE and e.get("signature") == wanted]


def unrelated_branches(
    earlier: Sequence[Mapping[str, Any]], gathered: Gathered
) -> list[FlakyEvidence]:
    """Evidence that the failure does not belong to this change: other branches had it too."""
    others = {
        str(entry["branch"])
        for entry in earlier
        if entry.get("branch") and entry["branch"] != gathered.branch
        and entry.get("commit") != gathered.sha
    }  # fmt: skip
    if not gathered.branch or len(others) < 2:
        return []
    detail = f"the same failure was seen on {', '.join(sorted(others)[:4])}"
    return [FlakyEvidence(kind="unrelated-branches", detail=detail)]


def fixed_by(
    earlier: Sequence[Mapping[str, Any]], diagnosis: Diagnosis, gathered: Gathered, calls: Calls
) -> str:
    """The commit after the last sighting that touched the failing file and turned green, or ""."""
    place = diagnosis.primary.location if diagnosis.primary else None
    if not earlier or place is None or not gathered.green_sha:
        return ""
    last = str(earlier[-1].get("commit") or "")
    if not last or last == gathered.sha or calls.not_consulted("git") is not None:
        return ""
    path = next((f for f in gathered.files if f.endswith(place.file.lstrip("./"))), place.file)
    found = calls.read(
        "git", "log", revision=gathered.green_sha, since=last, paths=[path], max_count=20
    )
    if not found.ok or not found.data["commits"]:
        return ""
    commit = found.data["commits"][-1]
    return f"{str(commit['sha'])[:9]} {commit['subject']}"


def entry_of(
    diagnosis: Diagnosis,
    gathered: Gathered,
    earlier: Sequence[Mapping[str, Any]],
    *,
    job: str,
    now: datetime,
    fixed: str,
) -> dict[str, Any] | None:
    """What to remember of this failure; None when nothing was diagnosed."""
    primary = diagnosis.primary
    if primary is None:
        return None
    return {
        "type": TYPE,
        "id": f"{primary.rule}-{hashlib.sha256(primary.signature.encode()).hexdigest()[:8]}",
        "signature": primary.signature,
        "rule": primary.rule,
        "category": primary.category.value,
        "text": primary.text.strip()[:300],
        "frequency": len(earlier) + 1,
        "last_seen": now.isoformat(timespec="seconds"),
        "job": job,
        "build": gathered.build,
        "url": gathered.url,
        "branch": gathered.branch,
        "commit": gathered.sha,
        "flaky": bool(diagnosis.flaky),
        "fixed_by": fixed or next((str(e["fixed_by"]) for e in earlier if e.get("fixed_by")), ""),
    }
