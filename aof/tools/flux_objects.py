"""Reading Flux objects: Kustomizations, HelmReleases, sources and controller log lines.

Pure functions over the JSON of the Kubernetes API.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from aof.tools.kubernetes_objects import metadata, without_managed_fields

JSON = Mapping[str, Any]

REQUESTED_AT = "reconcile.fluxcd.io/requestedAt"
_DIGEST = re.compile(r"(?:^|[@/])(?:sha1:|sha256:)?([0-9a-f]{40}(?:[0-9a-f]{24})?)$")

_WAITING = {"Progressing", "ProgressingWithRetry", "DependencyNotReady", "ArtifactFailed"}
"""Reasons of an object that is not ready because what it needs is not there yet."""


def commit_of(revision: str) -> str:
    """The commit or digest in `main@sha1:abc...` (or the older `main/abc...`); '' if none."""
    found = _DIGEST.search(revision)
    return found[1] if found else ""


def _common(found: JSON) -> dict[str, Any]:
    """What all Flux objects have: readiness, suspension, and whether a request was handled."""
    spec, status, about = found.get("spec") or {}, found.get("status") or {}, metadata(found)
    conditions = {one.get("type"): one for one in status.get("conditions") or []}
    ready = conditions.get("Ready") or {}
    generation, seen = about.get("generation"), status.get("observedGeneration")
    asked = (about.get("annotations") or {}).get(REQUESTED_AT)
    return {
        "kind": found.get("kind"),
        "name": about.get("name"),
        "namespace": about.get("namespace"),
        "ready": ready.get("status") == "True" and seen in {None, generation},
        "failed": ready.get("status") == "False" and ready.get("reason") not in _WAITING,
        "reconciling": (conditions.get("Reconciling") or {}).get("status") == "True",
        "stalled": (conditions.get("Stalled") or {}).get("status") == "True",
        "reason": ready.get("reason", ""),
        "message": ready.get("message", ""),
        "ready_since": ready.get("lastTransitionTime"),
        "suspended": bool(spec.get("suspend")),
        "interval": spec.get("interval"),
        "requested_at": asked,
        "handled": asked in {None, status.get("lastHandledReconcileAt")}
        and seen in {None, generation},
        "object": without_managed_fields(found),
    }


def kustomization(found: JSON) -> dict[str, Any]:
    """A Kustomization: `revision` is the last applied one, `attempted` the last tried."""
    spec, status = found.get("spec") or {}, found.get("status") or {}
    source = spec.get("sourceRef") or {}
    applied = status.get("lastAppliedRevision") or ""
    return {
        **_common(found),
        "revision": applied,
        "commit": commit_of(applied),
        "attempted": status.get("lastAttemptedRevision") or "",
        "path": spec.get("path") or "./",
        "prune": bool(spec.get("prune")),
        "target_namespace": spec.get("targetNamespace") or "",
        "source": {
            "kind": source.get("kind"),
            "name": source.get("name"),
            "namespace": source.get("namespace") or metadata(found).get("namespace"),
        },
        "inventory": [
            entry.get("id") for entry in (status.get("inventory") or {}).get("entries") or []
        ],
    }


def helm_release(found: JSON) -> dict[str, Any]:
    """A HelmRelease: `revision` is the chart version last deployed; `history` newest first."""
    spec, status = found.get("spec") or {}, found.get("status") or {}
    chart = (spec.get("chart") or {}).get("spec") or {}
    reference = spec.get("chartRef") or {}
    source = reference or chart.get("sourceRef") or {}
    past = status.get("history") or []
    deployed = [one for one in past if one.get("status") == "deployed"]
    last = deployed[0].get("chartVersion") if deployed else status.get("lastAppliedRevision")
    return {
        **_common(found),
        "revision": last or "",
        "attempted": status.get("lastAttemptedRevision") or "",
        "chart": chart.get("chart") or "",
        "version": chart.get("version") or "",
        "failures": status.get("failures") or 0,
        "source": {
            "kind": source.get("kind"),
            "name": source.get("name"),
            "namespace": source.get("namespace") or metadata(found).get("namespace"),
        },
        "history": [
            {
                key: one.get(key)
                for key in ("version", "chartVersion", "appVersion", "status", "lastDeployed")
            }
            for one in past
        ],
    }


def source(found: JSON) -> dict[str, Any]:
    """A source: `revision` is that of the artifact it holds now."""
    spec, status = found.get("spec") or {}, found.get("status") or {}
    revision = (status.get("artifact") or {}).get("revision") or ""
    return {
        **_common(found),
        "url": spec.get("url") or spec.get("endpoint") or "",
        "ref": spec.get("ref") or {},
        "revision": revision,
        "commit": commit_of(revision),
        "fetched_at": (status.get("artifact") or {}).get("lastUpdateTime"),
    }


def log_entry(line: str) -> dict[str, Any] | None:
    """One line of a controller's JSON log; None when it is not one."""
    try:
        said = json.loads(line)
    except ValueError:
        return None
    if not isinstance(said, dict) or "msg" not in said:
        return None
    return {
        "at": said.get("ts"),
        "level": said.get("level"),
        "kind": said.get("controllerKind") or "",
        "name": said.get("name") or "",
        "namespace": said.get("namespace") or "",
        "message": said.get("msg"),
        "error": said.get("error") or "",
        "controller": said.get("controller") or said.get("logger") or "",
    }
