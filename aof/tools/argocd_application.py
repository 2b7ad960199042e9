"""Reading an Argo CD `Application`: revisions, history, auto-sync, owners, and when it has arrived.

Pure functions over the JSON that Argo CD returns. No requests, no waiting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

_SHA = re.compile(r"[0-9a-f]{7,64}")

JSON = Mapping[str, Any]


def part(value: Any, *path: str) -> Any:
    """The value below `path`, or None as soon as a step is missing."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def auto_sync(application: JSON) -> bool:
    """Whether automated sync is on (`automated` present and not `enabled: false`)."""
    automated = part(application, "spec", "syncPolicy", "automated")
    return automated is not None and automated.get("enabled") is not False


def multi_source(application: JSON) -> bool:
    """Whether the application is built from `spec.sources`."""
    return bool(part(application, "spec", "sources"))


def sources(application: JSON) -> list[dict[str, Any]]:
    """The sources, one or many, in the order Argo CD counts them."""
    many = part(application, "spec", "sources")
    if many:
        return [dict(source) for source in many]
    one = part(application, "spec", "source")
    return [dict(one)] if one else []


def revisions(node: Any) -> list[str]:
    """The revisions a status, sync result or history entry names, one per source."""
    if not isinstance(node, Mapping):
        return []
    many = node.get("revisions") or [node.get("revision")]
    return [str(revision) for revision in many if revision]


def same_revision(wanted: str, actual: str) -> bool:
    """Whether `wanted` names `actual`; at least 7 digits of a commit are enough."""
    if wanted == actual:
        return True
    return bool(_SHA.fullmatch(wanted)) and actual.startswith(wanted)


def managed_by(application: JSON) -> str:
    """What generates this Application, so that a direct edit of it is undone; else ''."""
    for owner in part(application, "metadata", "ownerReferences") or []:
        return f"{owner.get('kind')} {owner.get('name')}"
    tracking = part(application, "metadata", "annotations", "argocd.argoproj.io/tracking-id")
    if tracking:
        return f"Application {str(tracking).split(':', 1)[0]}"
    parent = part(application, "metadata", "labels", "argocd.argoproj.io/instance")
    return f"Application {parent}" if parent else ""


def history(application: JSON) -> list[dict[str, Any]]:
    """Past deployments, newest first. `id` is what a rollback takes; `current` is the newest."""
    entries = part(application, "status", "history") or []
    ordered = sorted(entries, key=lambda entry: int(entry.get("id") or 0), reverse=True)
    return [
        {
            "id": int(entry.get("id") or 0),
            "revision": ",".join(revisions(entry)),
            "deployed_at": entry.get("deployedAt"),
            "target_revision": ",".join(
                str(source.get("targetRevision", ""))
                for source in entry.get("sources") or [entry.get("source") or {}]
            ),
            "initiated_by": part(entry, "initiatedBy", "username")
            or ("auto-sync" if part(entry, "initiatedBy", "automated") else ""),
            "current": position == 0,
        }
        for position, entry in enumerate(ordered)
    ]


def operation(application: JSON) -> dict[str, Any]:
    """The running or last operation: phase, message, revision, times, and what it failed on."""
    state = part(application, "status", "operationState") or {}
    running = part(application, "operation") is not None
    failed = [
        {key: result.get(key) for key in ("kind", "namespace", "name", "message")}
        for result in part(state, "syncResult", "resources") or []
        if result.get("status") in {"SyncFailed", "PruneSkipped"}
        or result.get("hookPhase") in {"Failed", "Error"}
    ]
    return {
        "running": running or state.get("phase") in {"Running", "Terminating"},
        "phase": state.get("phase") or ("Running" if running else ""),
        "message": state.get("message", ""),
        "revision": ",".join(revisions(state.get("syncResult"))),
        "started_at": state.get("startedAt"),
        "finished_at": state.get("finishedAt"),
        "failed": failed,
    }


def overview(application: JSON) -> dict[str, Any]:
    """The facts people ask for first, flat, with our names."""
    status = part(application, "status") or {}
    return {
        "name": part(application, "metadata", "name"),
        "namespace": part(application, "metadata", "namespace"),
        "project": part(application, "spec", "project"),
        "destination": part(application, "spec", "destination") or {},
        "sources": [
            {key: source.get(key) for key in ("repoURL", "path", "chart", "targetRevision")}
            for source in sources(application)
        ],
        "sync": part(status, "sync", "status") or "Unknown",
        "revision": ",".join(revisions(status.get("sync"))),
        "deployed": next((one["revision"] for one in history(application)), ""),
        "health": part(status, "health", "status") or "Unknown",
        "health_message": part(status, "health", "message") or "",
        "auto_sync": auto_sync(application),
        "self_heal": bool(part(application, "spec", "syncPolicy", "automated", "selfHeal")),
        "managed_by": managed_by(application),
        "operation": operation(application),
        "conditions": [
            {key: condition.get(key) for key in ("type", "message")}
            for condition in status.get("conditions") or []
        ],
        "images": part(status, "summary", "images") or [],
        "reconciled_at": status.get("reconciledAt"),
    }


@dataclass(frozen=True, slots=True)
class Arrival:
    """Whether an application runs what was asked for, and if not, what is missing."""

    outcome: Literal["arrived", "waiting", "failed"]
    reason: str


def arrival(
    application: JSON,
    revision: str,
    *,
    health: str = "Healthy",
    synced: bool = True,
    operation_needed: bool = True,
) -> Arrival:
    """Judge one look at an application.

    Arrived means all of: no operation running; compared with `revision` and Synced; the last
    operation Succeeded for that same revision; looked at since it finished; health as wanted.
    `wait --health` alone passes on the previous revision: it is healthy too.

    Args:
        application: As Argo CD returns it.
        revision: Commit (7 digits suffice), or tag or branch that the application must
            target; '' takes whatever it was last compared with.
        health: The health status wanted.
        synced: False after a rollback: what runs is not what Git's head says, on purpose.
        operation_needed: False accepts a revision found in sync without an operation, as
            happens when a commit does not change the manifests.
    """
    done = operation(application)
    at = revisions(part(application, "status", "sync"))
    if done["running"]:
        return Arrival("waiting", f"an operation is running: {done['message'] or done['phase']}")
    wanted = [revision] if revision and not _targets(application, revision) else at
    if done["phase"] in {"Failed", "Error"} and _any_same(wanted, done["revision"].split(",")):
        return Arrival("failed", f"the operation for {done['revision']} failed: {done['message']}")
    missing = (
        (synced and _not_synced(application, wanted, at))
        or (operation_needed and _not_deployed(done, wanted))
        or _not_well(application, done, health)
    )
    if missing:
        return Arrival("waiting", missing)
    return Arrival("arrived", f"{health} at {','.join(at) if synced else done['revision']}")


def _targets(application: JSON, revision: str) -> bool:
    """Whether `revision` is the tag or branch targeted, and Argo CD compared with that one."""
    compared = part(application, "status", "sync", "comparedTo") or {}
    pairs = compared.get("sources") or [compared.get("source") or {}]
    wanted = [source.get("targetRevision") for source in sources(application)]
    return revision in wanted and wanted == [source.get("targetRevision") for source in pairs]


def _any_same(wanted: list[str], actual: list[str]) -> bool:
    return any(same_revision(one, other) for one in wanted for other in actual)


def _not_synced(application: JSON, wanted: list[str], at: list[str]) -> str:
    if not _any_same(wanted, at):
        return f"compared with {','.join(at) or 'nothing'} so far"
    status = part(application, "status", "sync", "status") or "Unknown"
    return "" if status == "Synced" else f"{status} at {','.join(at)}"


def _not_deployed(done: Mapping[str, Any], wanted: list[str]) -> str:
    if done["phase"] == "Succeeded" and _any_same(wanted, done["revision"].split(",")):
        return ""
    last = f"{done['phase'] or 'none'} for {done['revision'] or 'nothing'}"
    return f"no operation succeeded for {','.join(wanted) or 'any revision'} (last: {last})"


def _not_well(application: JSON, done: Mapping[str, Any], health: str) -> str:
    finished, looked = done["finished_at"], part(application, "status", "reconciledAt")
    # RFC 3339 times of one server, all UTC with whole seconds, compare as text.
    if finished and looked and str(looked) < str(finished):
        return "not looked at since the operation finished"
    now = part(application, "status", "health", "status") or "Unknown"
    message = part(application, "status", "health", "message") or ""
    return "" if now == health else f"health is {now}, wanted {health}. {message}".strip()
