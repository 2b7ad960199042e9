"""How the last sync went, read from Argo CD's Application, Flux' objects or a plain record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class SyncPhase(StrEnum):
    """`unknown` means nobody told us."""

    FAILED = "failed"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """The last sync of an application.

    Attributes:
        message: The tool's own words.
        at: When it ended or was last seen, RFC 3339.
        revision: What was last applied.
        failures: Messages of single objects, by (kind, namespace, name).
    """

    phase: SyncPhase = SyncPhase.UNKNOWN
    message: str = ""
    at: str = ""
    revision: str = ""
    failures: Mapping[tuple[str, str, str], str] = field(default_factory=dict)

    def failure_of(self, kind: str, namespace: str, name: str) -> str:
        """What the server said about one object; empty when it said nothing."""
        found = self.failures.get((kind, namespace, name))
        return found if found is not None else self.failures.get((kind, "", name), "")


_FAILED = {"failed", "error", "degraded", "syncfailed", "stalled", "unhealthy"}
_RUNNING = {"running", "terminating", "progressing", "pending", "reconciling", "suspended"}
_SUCCEEDED = {"succeeded", "success", "synced", "healthy", "ready", "ok", "outofsync"}
_REJECTED = re.compile(
    r"unknown field|failed to create typed|field not declared in schema|is invalid\b|Invalid value"
    r"|ValidationError|error validating|cannot unmarshal|strict decoding|Required value"
    r"|Unsupported value|Duplicate value|unable to decode|json: |denied the request|must be of type"
    r"|illegal base64|no matches for kind|could not find the requested resource|duplicate entries",
    re.IGNORECASE,
)


def is_rejection(message: str) -> bool:
    """Whether a server message says that the manifest itself cannot be accepted."""
    return bool(_REJECTED.search(message))


def read_sync_status(given: Mapping[str, Any] | str | None) -> SyncStatus:
    """Read a sync status.

    Args:
        given: An Argo CD Application, a Flux Kustomization or HelmRelease, a plain
            `{"phase": ..., "message": ...}`, a bare phase word, or None.
    """
    if given is None:
        return SyncStatus()
    if isinstance(given, str):
        return SyncStatus(phase=_phase(given))
    status = given.get("status")
    if isinstance(status, Mapping):
        if "operationState" in status or "sync" in status or "health" in status:
            return _argo(status)
        if "conditions" in status:
            return _flux(given, status)
    return _plain(given)


def _phase(word: Any) -> SyncPhase:
    text = str(word or "").replace(" ", "").replace("-", "").replace("_", "").casefold()
    if text in _FAILED:
        return SyncPhase.FAILED
    if text in _RUNNING:
        return SyncPhase.RUNNING
    return SyncPhase.SUCCEEDED if text in _SUCCEEDED else SyncPhase.UNKNOWN


def _plain(given: Mapping[str, Any]) -> SyncStatus:
    phase = next((given[key] for key in ("phase", "status", "state", "sync") if key in given), "")
    if _phase(given.get("health")) is SyncPhase.FAILED:
        phase = "failed"
    return SyncStatus(
        phase=_phase(phase),
        message=str(given.get("message") or ""),
        at=str(given.get("at") or given.get("finishedAt") or ""),
        revision=str(given.get("revision") or ""),
    )


def _argo(status: Mapping[str, Any]) -> SyncStatus:
    operation = _mapping(status.get("operationState"))
    result = _mapping(operation.get("syncResult"))
    failures = {}
    for one in result.get("resources") or []:
        if isinstance(one, Mapping) and str(one.get("status")) == "SyncFailed":
            key = (str(one.get("kind")), str(one.get("namespace") or ""), str(one.get("name")))
            failures[key] = str(one.get("message") or "")
    health = _mapping(status.get("health"))
    phase = _phase(operation.get("phase"))
    if phase is not SyncPhase.RUNNING and _phase(health.get("status")) is SyncPhase.FAILED:
        phase = SyncPhase.FAILED
    message = str(operation.get("message") or health.get("message") or "")
    for condition in status.get("conditions") or []:
        kind = str(_mapping(condition).get("type"))
        if kind in {"ComparisonError", "SyncError", "InvalidSpecError"}:
            phase, message = SyncPhase.FAILED, str(condition.get("message") or message)
    return SyncStatus(
        phase=phase,
        message=message,
        at=str(operation.get("finishedAt") or operation.get("startedAt") or ""),
        revision=str(result.get("revision") or ""),
        failures=failures,
    )


def _flux(given: Mapping[str, Any], status: Mapping[str, Any]) -> SyncStatus:
    ready: Mapping[str, Any] = {}
    for condition in status.get("conditions") or []:
        if _mapping(condition).get("type") == "Ready":
            ready = condition
    word = {"True": "succeeded", "False": "failed"}.get(str(ready.get("status")), "running")
    if str(ready.get("reason")) in {"Progressing", "DependencyNotReady", "ProgressingWithRetry"}:
        word = "running"
    if _mapping(given.get("spec")).get("suspend"):
        word = "suspended"
    return SyncStatus(
        phase=_phase(word),
        message=str(ready.get("message") or ""),
        at=str(ready.get("lastTransitionTime") or ""),
        revision=str(status.get("lastAppliedRevision") or ""),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
