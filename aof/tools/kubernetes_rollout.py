"""What a Deployment, StatefulSet, DaemonSet or Argo Rollout is doing, and its past revisions.

Pure functions. The rules for "complete" are those of `kubectl rollout status` and
`kubectl argo rollouts status`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aof.tools.kubernetes_objects import metadata

JSON = Mapping[str, Any]

REVISION = {
    "Deployment": "deployment.kubernetes.io/revision",
    "Rollout": "rollout.argoproj.io/revision",
}
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
_HASH_LABELS = {"pod-template-hash", "rollouts-pod-template-hash"}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rollout is. Neither complete nor failed: still under way (or paused)."""

    message: str
    complete: bool = False
    failed: bool = False


def progress(workload: JSON) -> Progress | None:
    """Judge a workload by its status; None for a kind that has no rollouts."""
    judge = {
        "Deployment": _deployment,
        "StatefulSet": _stateful_set,
        "DaemonSet": _daemon_set,
        "Rollout": _argo_rollout,
    }.get(str(workload.get("kind")))
    if judge is None:
        return None
    generation = int(metadata(workload).get("generation") or 0)
    # A number for most; Argo Rollouts writes it as text, and old ones wrote a hash.
    observed = str((workload.get("status") or {}).get("observedGeneration") or 0)
    if observed.isdigit() and int(observed) < generation:
        return Progress("waiting for the controller to see the change")
    return judge(workload.get("spec") or {}, workload.get("status") or {})


def _deployment(spec: JSON, status: JSON) -> Progress:
    for condition in status.get("conditions") or []:
        late = condition.get("reason") == "ProgressDeadlineExceeded"
        if condition.get("type") == "Progressing" and late:
            return Progress(
                f"exceeded its progress deadline: {condition.get('message')}", failed=True
            )
    wanted = spec.get("replicas", 1)
    updated = status.get("updatedReplicas", 0)
    if updated < wanted:
        paused = " (paused)" if spec.get("paused") else ""
        return Progress(f"{updated} of {wanted} new replicas have been updated{paused}")
    old = status.get("replicas", 0) - updated
    if old > 0:
        return Progress(f"{old} old replicas are pending termination")
    available = status.get("availableReplicas", 0)
    if available < updated:
        return Progress(f"{available} of {updated} updated replicas are available")
    return Progress(f"{available} of {wanted} replicas updated and available", complete=True)


def _stateful_set(spec: JSON, status: JSON) -> Progress:
    wanted = spec.get("replicas", 1)
    strategy = spec.get("updateStrategy") or {}
    ready, updated = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    if ready < wanted:
        return Progress(f"{ready} of {wanted} pods are ready")
    kept_back = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    if kept_back:
        due = max(wanted - kept_back, 0)
        done = updated >= due
        return Progress(f"{updated} of {due} pods below the partition updated", complete=done)
    if status.get("updateRevision") != status.get("currentRevision"):
        at = status.get("updateRevision")
        return Progress(f"{updated} of {wanted} pods at {at}{_by_hand(strategy)}")
    return Progress(f"{ready} of {wanted} pods updated and ready", complete=True)


def _daemon_set(spec: JSON, status: JSON) -> Progress:
    wanted = status.get("desiredNumberScheduled", 0)
    updated = status.get("updatedNumberScheduled", 0)
    available = status.get("numberAvailable", 0)
    if updated < wanted:
        by_hand = _by_hand(spec.get("updateStrategy") or {})
        return Progress(f"{updated} of {wanted} pods have been updated{by_hand}")
    if available < wanted:
        return Progress(f"{available} of {wanted} updated pods are available")
    return Progress(f"{available} of {wanted} pods updated and available", complete=True)


def _by_hand(strategy: JSON) -> str:
    return " (OnDelete: a pod is updated when it is deleted)" * (strategy.get("type") == "OnDelete")


def _argo_rollout(spec: JSON, status: JSON) -> Progress:
    phase, words = str(status.get("phase") or "Progressing"), str(status.get("message") or "")
    if status.get("abort"):
        return Progress(f"aborted: {words or 'the stable version serves'}", failed=True)
    if phase == "Healthy":
        return Progress(words or "healthy", complete=True)
    if phase in {"Degraded", "Error"}:
        return Progress(f"{phase}: {words}", failed=True)
    steps = (spec.get("strategy") or {}).get("canary", {}).get("steps") or []
    at = f" at step {status.get('currentStepIndex', 0)}/{len(steps)}" if steps else ""
    return Progress(f"{phase}{at}: {words}".rstrip(": "))


def counts(workload: JSON) -> dict[str, Any]:
    """Replica counts and states with one set of names for all kinds."""
    spec, status = workload.get("spec") or {}, workload.get("status") or {}
    kind = str(workload.get("kind"))
    daemon = kind == "DaemonSet"
    stable, current = status.get("stableRS"), status.get("currentPodHash")
    return {
        "desired": status.get("desiredNumberScheduled", 0) if daemon else spec.get("replicas", 1),
        "updated": status.get("updatedNumberScheduled" if daemon else "updatedReplicas", 0),
        "ready": status.get("numberReady" if daemon else "readyReplicas", 0),
        "available": status.get("numberAvailable" if daemon else "availableReplicas", 0),
        "paused": bool(spec.get("paused") or status.get("pauseConditions")),
        "aborted": bool(status.get("abort")),
        "promoted": stable == current if kind == "Rollout" else None,
        "revision": revision_of(workload),
        "images": images(workload),
        "restarted_at": _restarted_at(spec),
    }


def _restarted_at(spec: JSON) -> str | None:
    about = (spec.get("template") or {}).get("metadata") or {}
    restarted: str | None = (about.get("annotations") or {}).get(RESTARTED_AT)
    return spec.get("restartAt") or restarted


def revision_of(owned: JSON) -> int:
    """Revision of a workload or of one of its past templates; 0 when it has none."""
    if owned.get("kind") == "ControllerRevision":
        return int(owned.get("revision") or 0)
    annotations = metadata(owned).get("annotations") or {}
    texts = [annotations.get(name) for name in REVISION.values()]
    return next((int(text) for text in texts if text and str(text).isdigit()), 0)


def template_of(past: JSON) -> dict[str, Any]:
    """The pod template of a ReplicaSet or ControllerRevision, without generated labels."""
    holder = past.get("data") if past.get("kind") == "ControllerRevision" else past
    template = ((holder or {}).get("spec") or {}).get("template") or {}
    about = {key: item for key, item in (template.get("metadata") or {}).items() if item}
    labels = {k: v for k, v in (about.get("labels") or {}).items() if k not in _HASH_LABELS}
    kept = {key: item for key, item in template.items() if key != "$patch"}
    if labels:
        about["labels"] = labels
    return {**kept, "metadata": about} if about else kept


def images(workload: JSON) -> list[str]:
    """Images of the pod template's containers."""
    spec = template_of(workload).get("spec") or {}
    return [str(container.get("image")) for container in spec.get("containers") or []]


def owned_by(workload: JSON, candidates: Sequence[JSON]) -> list[JSON]:
    """Those of `candidates` whose controller is this very workload, newest revision first."""
    uid = metadata(workload).get("uid")
    own = [
        one
        for one in candidates
        if any(
            owner.get("uid") == uid and owner.get("controller")
            for owner in metadata(one).get("ownerReferences") or []
        )
    ]
    return sorted(own, key=revision_of, reverse=True)


def past_revisions(workload: JSON, owned: Sequence[JSON]) -> list[dict[str, Any]]:
    """What `rollout undo` can go back to, newest first. The first one is the current."""
    return [
        {
            "revision": revision_of(one),
            "name": metadata(one).get("name"),
            "images": images(one),
            "created_at": metadata(one).get("creationTimestamp"),
            "change_cause": (metadata(one).get("annotations") or {}).get(
                "kubernetes.io/change-cause", ""
            ),
            "current": position == 0,
        }
        for position, one in enumerate(owned_by(workload, owned))
    ]
