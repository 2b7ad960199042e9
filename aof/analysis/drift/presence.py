"""Objects that are only on one side: in Git but not in the cluster, or the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aof.analysis.drift.audit import AuditLog
from aof.analysis.drift.objects import annotations_of, metadata_of
from aof.analysis.drift.result import Change, DriftClass, Identity, ResourceResult, Severity
from aof.analysis.drift.sync_status import SyncPhase, SyncStatus, is_rejection
from aof.analysis.drift.tables import Role
from aof.analysis.drift.writers import Writer, Writers

_HOOKS = ("argocd.argoproj.io/hook", "helm.sh/hook")
_DERIVED_KINDS = {
    "Event", "EndpointSlice", "Endpoints", "ReplicaSet", "ControllerRevision", "Pod", "Lease",
    "PodMetrics", "NodeMetrics", "TokenReview", "CSIStorageCapacity",
}  # fmt: skip
_DERIVED_SECRETS = (
    "kubernetes.io/service-account-token",
    "helm.sh/release",
    "bootstrap.kubernetes.io",
)
_DERIVED_ANNOTATIONS = (
    "cert-manager.io/certificate-name",
    "openshift.io/internal-registry-auth-token",
)
_CLUSTER_MADE = {
    ("ConfigMap", "kube-root-ca.crt"),
    ("ConfigMap", "openshift-service-ca.crt"),
    ("ConfigMap", "istio-ca-root-cert"),
    ("ServiceAccount", "default"),
    ("Service", "kubernetes"),
}


def judge_missing(
    identity: Identity,
    desired: Mapping[str, Any] | None,
    last_synced: Mapping[str, Any] | None,
    *,
    sync: SyncStatus,
    audit: AuditLog,
) -> ResourceResult:
    """An object the cluster does not have."""
    if desired is None:
        return ResourceResult(identity, (DriftClass.CLEAN,), notes=("gone from both sides",))
    annotations = annotations_of(desired)
    hook = next((name for name in _HOOKS if name in annotations), None)
    if hook is not None:
        return ResourceResult(
            identity, (DriftClass.CLEAN,), notes=(f"a hook ({hook}): it comes and goes",)
        )
    failure = sync.failure_of(identity.kind, identity.namespace, identity.name)
    classes: list[DriftClass] = []
    if last_synced is not None and not failure:
        classes.append(DriftClass.MANUAL)
        reason = "it was synced before; somebody deleted it, only the audit log says who"
    elif sync.phase in {SyncPhase.RUNNING, SyncPhase.SUCCEEDED} and not failure:
        classes.append(DriftClass.PENDING_SYNC)
        reason = "new in Git; the sync has not created it yet"
    else:
        classes.append(DriftClass.FAILED_SYNC)
        reason = "in Git, never created in the cluster"
        if is_rejection(failure):
            classes.append(DriftClass.INVALID_MANIFEST)
    classes.append(DriftClass.MISSING)
    change = _whole("removed", classes[0], reason, None, certain=last_synced is None)
    if classes[0] is DriftClass.MANUAL and (deleted := audit.deletion(identity)) is not None:
        change = replace(
            change,
            actor=deleted.manager,
            actor_source="audit log",
            at=deleted.at,
            person=deleted.person,
            certain=True,
            reason=f"deleted by {deleted.person}, as the audit log says",
        )
    cause = failure or (sync.message if DriftClass.FAILED_SYNC in classes else "")
    return ResourceResult(identity, tuple(classes), (change,), cause=cause)


def judge_extra(
    identity: Identity,
    live: Mapping[str, Any],
    last_synced: Mapping[str, Any] | None,
    sync: SyncStatus,
    writers: Writers,
) -> ResourceResult:
    """An object Git does not have."""
    reason = _belongs_to_the_cluster(identity, live)
    if reason:
        change = _whole("added", DriftClass.ACCEPTABLE, reason, None)
        return ResourceResult(identity, (DriftClass.ACCEPTABLE,), (change,))
    creator = _creator(live, writers)
    if last_synced is not None:
        class_ = _sync_class(sync)
        reason = "removed from Git, still in the cluster: not pruned"
    elif creator is None:
        class_, reason = DriftClass.UNKNOWN, "nobody knows who created it"
    else:
        class_, reason = _by_creator(creator, sync)
    change = _whole("added", class_, reason, creator, certain=creator is not None)
    return ResourceResult(
        identity, (class_, DriftClass.EXTRA), (change,), additions_checked=writers.known
    )


def _sync_class(sync: SyncStatus) -> DriftClass:
    waiting = sync.phase in {SyncPhase.RUNNING, SyncPhase.SUCCEEDED}
    return DriftClass.PENDING_SYNC if waiting else DriftClass.FAILED_SYNC


def _by_creator(creator: Writer, sync: SyncStatus) -> tuple[DriftClass, str]:
    if creator.role is Role.HUMAN:
        return DriftClass.MANUAL, f"created by {creator.manager}, past Git"
    if creator.role is Role.CONTROLLER:
        return DriftClass.EXTERNAL_MUTATION, f"created by the controller {creator.manager}"
    if creator.role is Role.GITOPS:
        return _sync_class(sync), f"synced by {creator.manager}, no longer in Git: not pruned"
    return DriftClass.UNKNOWN, f"created by {creator.manager!r}, which is in no table"


def _creator(live: Mapping[str, Any], writers: Writers) -> Writer | None:
    """Who made the object: the GitOps tool if it ever applied it, else the oldest entry."""
    synced = [one for one in writers.entries if one.role is Role.GITOPS]
    entries = synced or [one for one in writers.entries if one.role is not Role.HISTORY]
    return min(entries, key=lambda one: one.time, default=None)


def _belongs_to_the_cluster(identity: Identity, live: Mapping[str, Any]) -> str:
    if metadata_of(live).get("ownerReferences"):
        return "another object owns it"
    if identity.kind in _DERIVED_KINDS or (identity.kind, identity.name) in _CLUSTER_MADE:
        return "the cluster makes it"
    if identity.kind == "Secret" and str(live.get("type", "")).startswith(_DERIVED_SECRETS):
        return "the cluster or a tool makes it"
    annotations = annotations_of(live)
    if any(name in annotations for name in _DERIVED_ANNOTATIONS):
        return "a controller makes it from another object"
    if "IgnoreExtraneous" in str(annotations.get("argocd.argoproj.io/compare-options", "")):
        return "Argo CD is told to ignore it (IgnoreExtraneous)"
    hook = next((name for name in _HOOKS if name in annotations), None)
    return f"a hook ({hook}): it comes and goes" if hook else ""


def _whole(
    change: str, class_: DriftClass, reason: str, writer: Writer | None, *, certain: bool = True
) -> Change:
    severity = {
        DriftClass.MANUAL: Severity.HIGH,
        DriftClass.ACCEPTABLE: Severity.LOW,
        DriftClass.PENDING_SYNC: Severity.LOW,
    }.get(class_, Severity.MEDIUM)
    return Change(
        path="",
        field="(the whole object)",
        change=change,
        desired=None,
        live=None,
        actor=writer.manager if writer else None,
        actor_source="managedFields" if writer else None,
        at=(writer.time or None) if writer else None,
        class_=class_,
        severity=severity,
        certain=certain,
        reason=reason,
    )
