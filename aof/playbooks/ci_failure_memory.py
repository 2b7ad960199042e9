"""Failure patterns across runs: how often a signature was seen, where, and what fixed it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aof.analysis.ci_log.records import Category, Diagnosis, FlakyEvidence
from aof.playbooks.base import Calls
from aof.playbooks.ci_failure_service import Gathered, JobLog, Service

TYPE = "failure_pattern"
# The same code fails these everywhere: on several branches that is a shared cause, not a flake.
_STEADY = {Category.COMPILE, Category.LINT, Category.CONFIG, Category.DEPENDENCY}

_END = 4 << 20  # of a log: with its length that names it, and a large one need not be read whole

_Entry = Mapping[str, Any]


def seen_before(
    diagnosis: Diagnosis, memory: Sequence[_Entry], key: Mapping[str, str]
) -> list[_Entry]:
    """Earlier failures with the same signature, oldest first, each once.

    Args:
        diagnosis: Of the failure at hand.
        memory: Everything remembered.
        key: See `key_of`; what was remembered of this very failure is left out.
    """
    if diagnosis.primary is None or not diagnosis.recognised:
        return []
    wanted = diagnosis.primary.signature
    found: dict[str, _Entry] = {}
    for number, entry in enumerate(memory):
        same = entry.get("type") == TYPE and entry.get("signature") == wanted
        if same and not any(value and entry.get(name) == value for name, value in key.items()):
            # Later entries of one failure may know what fixed it.
            found[str(entry.get("key") or entry.get("log_digest") or number)] = entry
    return list(found.values())


def key_of(gathered: Gathered, job: JobLog) -> dict[str, str]:
    """What makes a failure the same one when it is read again: its run and job, or its log."""
    end = job.log[-_END:]
    seen = end.encode() if isinstance(end, str) else bytes(end)
    digest = f"sha256:{hashlib.sha256(seen).hexdigest()} of {len(job.log)}" if seen else ""
    return {"key": f"{gathered.key} job {job.name}" if gathered.key else "", "log_digest": digest}


def already_remembered(memory: Sequence[_Entry], key: Mapping[str, str]) -> bool:
    """Whether this very failure was diagnosed before."""
    return any(
        entry.get("type") == TYPE and value and entry.get(name) == value
        for entry in memory
        for name, value in key.items()
    )


def unrelated_branches(
    diagnosis: Diagnosis, earlier: Sequence[_Entry], gathered: Gathered
) -> list[FlakyEvidence]:
    """Evidence that the failure does not belong to this change: other branches had it too."""
    others = _other_branches(earlier, gathered)
    if not gathered.branch or len(others) < 2 or diagnosis.category in _STEADY:
        return []
    detail = f"the same failure was seen on {', '.join(others[:4])}"
    return [FlakyEvidence(kind="unrelated-branches", detail=detail)]


def shared_cause(diagnosis: Diagnosis, earlier: Sequence[_Entry], gathered: Gathered) -> str:
    """What to say when a failure that never comes and goes was seen on other branches."""
    others = _other_branches(earlier, gathered)
    if not others or diagnosis.category not in _STEADY:
        return ""
    return f"also seen on {', '.join(others[:4])}: the cause may lie in what the branches share"


def _other_branches(earlier: Sequence[_Entry], gathered: Gathered) -> list[str]:
    named = {
        str(entry["branch"])
        for entry in earlier
        if entry.get("branch") and entry["branch"] != gathered.branch
        and entry.get("commit") != gathered.sha
    }  # fmt: skip
    return sorted(named)


def fixed_by(
    earlier: Sequence[_Entry],
    diagnosis: Diagnosis,
    gathered: Gathered,
    service: Service,
    calls: Calls,
) -> str:
    """The commit that ended the last sighting, as `sha subject`, or "".

    It lies between that sighting and the first green run after it: the only commit there, or
    the last one of them that touched the failing file.
    """
    last = earlier[-1] if earlier else {}
    commit, branch, run = last.get("commit"), last.get("branch"), last.get("run")
    if not commit or not branch or not isinstance(run, int):
        return ""
    green = service.green_after(gathered, str(branch), run)
    if not green or green == commit or calls.not_consulted("git") is not None:
        return ""
    between = calls.read("git", "log", revision=green, since=commit, max_count=2)
    if between.ok and len(between.data["commits"]) > 1:
        place = diagnosis.primary.location if diagnosis.primary else None
        if place is None:
            return ""
        named = next((f for f in gathered.files if f.endswith(place.file.lstrip("./"))), place.file)
        between = calls.read(
            "git", "log", revision=green, since=commit, paths=[named], max_count=1
        )  # fmt: skip
    if not between.ok or not between.data["commits"]:
        return ""
    fix = between.data["commits"][0]
    return f"{str(fix['sha'])[:9]} {fix['subject']}"


def entry_of(
    diagnosis: Diagnosis,
    gathered: Gathered,
    earlier: Sequence[_Entry],
    *,
    job: JobLog,
    key: Mapping[str, str],
    now: datetime,
    fixed: str,
) -> dict[str, Any] | None:
    """What to remember of this failure; None when nothing was recognised."""
    primary = diagnosis.primary
    if primary is None or not diagnosis.recognised:
        return None
    return {
        "type": TYPE,
        "id": f"{primary.rule}-{hashlib.sha256(primary.signature.encode()).hexdigest()[:8]}",
        **key,
        "signature": primary.signature,
        "rule": primary.rule,
        "category": primary.category.value,
        "text": primary.text.strip()[:300],
        "frequency": len(earlier) + 1,
        "last_seen": now.isoformat(timespec="seconds"),
        "job": job.name,
        "build": gathered.build,
        "run": gathered.run.id if gathered.run else None,
        "url": gathered.url,
        "branch": gathered.branch,
        "commit": gathered.sha,
        "flaky": bool(diagnosis.flaky),
        "fixed_by": fixed or next((str(e["fixed_by"]) for e in earlier if e.get("fixed_by")), ""),
    }
