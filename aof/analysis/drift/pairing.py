"""Many objects: paired by group, kind, namespace and name, then compared one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aof.analysis.drift.audit import NO_AUDIT, AuditLog
from aof.analysis.drift.compare import Settings, compare
from aof.analysis.drift.ignores import Ignore
from aof.analysis.drift.objects import Object, identity_of
from aof.analysis.drift.result import DriftReport
from aof.analysis.drift.schema import builtin_schema
from aof.analysis.drift.sync_status import SyncStatus, read_sync_status
from aof.analysis.drift.tables import Tables, shipped_tables

Key = tuple[str, str, str, str]
_MOVED_GROUPS = {
    ("extensions", "Deployment"): "apps",
    ("extensions", "DaemonSet"): "apps",
    ("extensions", "ReplicaSet"): "apps",
    ("extensions", "Ingress"): "networking.k8s.io",
    ("extensions", "NetworkPolicy"): "networking.k8s.io",
    ("extensions", "PodSecurityPolicy"): "policy",
}


def compare_all(
    desired: Iterable[Object],
    live: Iterable[Object],
    last_synced: Iterable[Object] | None = None,
    *,
    sync_status: Mapping[str, Any] | str | SyncStatus | None = None,
    manager: str | None = None,
    ignores: Sequence[Ignore] = (),
    resolved: Mapping[tuple[str, str, str], Sequence[str]] | None = None,
    rejections: Mapping[tuple[str, str, str], str] | None = None,
    audit: Sequence[Object] = (),
    tables: Tables | None = None,
    default_namespace: str = "",
) -> DriftReport:
    """Compare two sets of objects.

    Args:
        desired: Manifests at HEAD. Definitions among them (or among `live`) describe the
            custom resources.
        live: What the cluster has.
        last_synced: Manifests at the last-synced revision; None when not known.
        sync_status: See `read_sync_status`.
        manager: Field manager of the GitOps tool, when it is not one of the known ones.
        ignores: The team's own ignore rules.
        resolved: Pointers their jq expressions select, by (kind, namespace, name).
        rejections: What the server said to dry-runs, by (kind, namespace, name).
        audit: Events of the API server's audit log.
        tables: Other tables than the shipped ones.
        default_namespace: Where manifests without a namespace go.

    Returns:
        Results sorted by kind, namespace and name.
    """
    wanted, found = list(desired), list(live)
    before = None if last_synced is None else list(last_synced)
    tables = tables or shipped_tables()
    definitions = [
        one for one in (*wanted, *found) if one.get("kind") == "CustomResourceDefinition"
    ]
    schema = builtin_schema()
    settings = Settings(
        tables=tables.with_owners({"gitops": [manager]}) if manager else tables,
        schema=schema.with_custom(definitions) if definitions else schema,
        sync=sync_status if isinstance(sync_status, SyncStatus) else read_sync_status(sync_status),
        ignores=tuple(ignores),
        resolved=resolved or {},
        autoscaled=frozenset(_autoscaled((*wanted, *found))),
        rejections=rejections or {},
        baseline_known=before is not None,
        audit=AuditLog.of(audit) if audit else NO_AUDIT,
    )
    paired, notes = _pair(wanted, found, before or [], default_namespace)
    results = (
        compare(one, other, third, settings=settings) for one, other, third in paired.values()
    )
    ordered = sorted(
        results,
        key=lambda one: (
            one.identity.kind,
            one.identity.namespace,
            one.identity.name,
            one.identity.api_version,
        ),
    )
    return DriftReport(tuple(ordered), tuple(notes))


def key_of(obj: Object, default_namespace: str = "") -> Key:
    """What makes two objects the same one: moved groups count as their new group."""
    identity = identity_of(obj)
    group = _MOVED_GROUPS.get((identity.group, identity.kind), identity.group)
    return (group, identity.kind, identity.namespace or default_namespace, identity.name)


def _pair(
    wanted: list[Object], found: list[Object], before: list[Object], default_namespace: str
) -> tuple[dict[Key, tuple[Object | None, Object | None, Object | None]], list[str]]:
    notes: list[str] = []
    sides = [
        _by_key(objects, side, default_namespace, notes)
        for side, objects in (("Git", wanted), ("the cluster", found), ("the last sync", before))
    ]
    desired, live, earlier = sides
    _follow_scope(desired, live)
    _follow_scope(earlier, live)
    keys = dict.fromkeys((*desired, *live))
    return {key: (desired.get(key), live.get(key), earlier.get(key)) for key in keys}, notes


def _by_key(
    objects: Iterable[Object], side: str, default_namespace: str, notes: list[str]
) -> dict[Key, Object]:
    found: dict[Key, Object] = {}
    for obj in objects:
        key = key_of(obj, default_namespace)
        if not key[3]:
            notes.append(f"{key[1]} without a name in {side}: not compared")
            continue
        if key in found:
            notes.append(f"{key[1]}/{key[3]} appears twice in {side}: the last one counts")
        found[key] = obj
    return found


def _follow_scope(manifests: dict[Key, Object], live: Mapping[Key, Object]) -> None:
    """Pair objects whose manifest and live object disagree about having a namespace.

    Manifests often name a namespace for cluster-scoped kinds, or leave it to the sync.
    """
    for key in [one for one in manifests if one not in live]:
        group, kind, namespace, name = key
        if namespace:
            candidates = [(group, kind, "", name)]
        else:
            candidates = [one for one in live if one[:2] == key[:2] and one[3] == name]
        fitting = [one for one in candidates if one in live and one not in manifests]
        if len(fitting) == 1:
            manifests[fitting[0]] = manifests.pop(key)


def _autoscaled(objects: Iterable[Object]) -> Iterable[tuple[str, str, str]]:
    """(kind, namespace, name) of what HorizontalPodAutoscalers and ScaledObjects target."""
    for obj in objects:
        if identity_of(obj).kind in {"HorizontalPodAutoscaler", "ScaledObject"}:
            spec = obj.get("spec")
            target = spec.get("scaleTargetRef") if isinstance(spec, Mapping) else None
            if isinstance(target, Mapping):
                kind = str(target.get("kind") or "Deployment")
                yield (kind, identity_of(obj).namespace, str(target.get("name")))
