"""What runs: the live objects that belong to a scope, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aof.analysis.drift.objects import annotations_of, identity_of, mapping, metadata_of
from aof.messages import ToolResult
from aof.playbooks.base import Calls
from aof.playbooks.drift_scopes import Object, Scope

_CLUSTER_SCOPED = frozenset(
    {
        "Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Node",
        "PersistentVolume", "StorageClass", "PriorityClass", "APIService", "IngressClass",
        "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "RuntimeClass",
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "CSIDriver",
        "ClusterIssuer", "GatewayClass", "ClusterPolicy", "VolumeSnapshotClass",
    }
)  # fmt: skip
_BY_NAME = _CLUSTER_SCOPED | {"Secret"}
"""Read one by one: lists of these hold much that is nobody's business here."""
_SCALED = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "Rollout"})
_AUTOSCALER = "HorizontalPodAutoscaler.autoscaling"
_OTHER_OWNERS = (
    "argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance", "app.kubernetes.io/instance",
    "kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name",
    "meta.helm.sh/release-name", "olm.owner", "fleet.cattle.io/bundle-name",
)  # fmt: skip
_NO_SUCH_KIND = "does not have a resource type"
Kind = tuple[str, str]


@dataclass(slots=True)
class Live:
    """Live objects of a scope. `not_checked` says what could not be read, and why."""

    objects: list[Object] = field(default_factory=list)
    not_checked: dict[str, str] = field(default_factory=dict)
    evidence: list[str] = field(default_factory=list)
    failures: list[ToolResult] = field(default_factory=list)

    def failed(self, what: str, answer: ToolResult) -> None:
        """Remember that something could not be read."""
        error = answer.error or {}
        self.not_checked[what] = str(error.get("why") or error.get("what") or answer.summary)
        self.failures.append(answer)

    def require_any(self) -> None:
        """Raise when the cluster gave no answer at all; being forbidden is an answer.

        Raises:
            Unreachable: With the words of the first failure.
        """
        if self.failures and not self.evidence and not any(map(_forbidden, self.failures)):
            self.failures[0].require()


def read_live(calls: Calls, scope: Scope) -> Live:
    """Read every declared object, and undeclared ones of the same kinds beside them."""
    live = Live()
    lists: dict[tuple[Kind, str], set[str]] = {}
    for obj in scope.desired:
        identity = identity_of(obj)
        kind = (identity.api_version, identity.kind)
        namespace = identity.namespace or scope.namespace
        if identity.kind in _BY_NAME:
            where = "" if identity.kind in _CLUSTER_SCOPED else namespace
            _read_one(calls, live, kind, identity.name, where)
        else:
            lists.setdefault((kind, namespace), set()).add(identity.name)
    for (kind, namespace), names in lists.items():
        _read_list(calls, live, scope, kind, namespace=namespace, names=names)
    _read_autoscalers(calls, live, scope, lists)
    live.require_any()
    return live


def _read_one(calls: Calls, live: Live, kind: Kind, name: str, namespace: str) -> None:
    answer = _get(calls, kind, name=name, namespace=namespace, ignore_not_found=True)
    if answer is None:
        return
    if not answer.ok:
        live.failed(f"{kind[1]}/{name}", answer)
        return
    live.evidence.append(answer.evidence_id)
    if isinstance(answer.data, dict):
        live.objects.append(answer.data)


def _read_list(
    calls: Calls, live: Live, scope: Scope, kind: Kind, *, namespace: str, names: set[str]
) -> None:
    answer = _get(calls, kind, namespace=namespace)
    if answer is None:
        return
    if not answer.ok:
        where = f" in {namespace}" if namespace else ""
        live.failed(f"{kind[1]}{where}", answer)
        return
    live.evidence.append(answer.evidence_id)
    for item in answer.data.get("items") or []:
        declared = metadata_of(item).get("name") in names
        if declared or _belongs(item, scope) or _is_stray(item):
            live.objects.append(item)


def _get(calls: Calls, kind: Kind, **arguments: Any) -> ToolResult | None:
    """Read in the manifest's own API version, else in the one the server prefers.

    None when the server has no such kind at all: its definition is not installed, so there
    are no such objects.
    """
    group = kind[0].rpartition("/")[0]
    for resource in (type_name(kind), f"{kind[1]}.{group}" if group else kind[1]):
        answer = calls.read(
            "kubectl", "get", resource=resource, show_managed_fields=True, **arguments
        )
        if answer.ok or _NO_SUCH_KIND not in str((answer.error or {}).get("what")):
            return answer
    return None


def _read_autoscalers(
    calls: Calls, live: Live, scope: Scope, lists: Mapping[tuple[Kind, str], set[str]]
) -> None:
    """Autoscalers explain replica counts, and are drift themselves when Git has none."""
    seen = {namespace for (_, kind), namespace in lists if kind == "HorizontalPodAutoscaler"}
    spaces = {namespace for (_, kind), namespace in lists if kind in _SCALED} - seen
    targets = {name for (kind, _), names in lists.items() if kind[1] in _SCALED for name in names}
    for namespace in sorted(spaces):
        answer = calls.read(
            "kubectl", "get", resource=_AUTOSCALER, namespace=namespace, show_managed_fields=True
        )
        if not answer.ok:
            live.failed(f"HorizontalPodAutoscaler in {namespace}", answer)
            continue
        live.evidence.append(answer.evidence_id)
        for item in answer.data.get("items") or []:
            target = mapping(mapping(item.get("spec")).get("scaleTargetRef")).get("name")
            if target in targets or _belongs(item, scope):
                live.objects.append(item)


def type_name(kind: Kind) -> str:
    """A kind as kubectl takes it without doubt: `Deployment.v1.apps`, `Service`."""
    group, _, version = kind[0].rpartition("/")
    return f"{kind[1]}.{version}.{group}" if group else kind[1]


def _belongs(obj: Mapping[str, Any], scope: Scope) -> bool:
    """Whether the GitOps tool marked the object as part of this scope."""
    marks = {**mapping(metadata_of(obj).get("labels")), **annotations_of(obj)}
    return any(
        str(marks.get(name, "")).startswith(value)
        if value.endswith(":")
        else marks.get(name) == value
        for name, value in scope.tracked.items()
    )


def _is_stray(obj: Mapping[str, Any]) -> bool:
    """Whether nobody claims the object: no owner, no GitOps tool, no package manager."""
    marks = {**mapping(metadata_of(obj).get("labels")), **annotations_of(obj)}
    return not metadata_of(obj).get("ownerReferences") and not any(
        name in marks for name in _OTHER_OWNERS
    )


def _forbidden(answer: ToolResult) -> bool:
    error = answer.error or {}
    return "forbidden" in f"{error.get('what')} {error.get('why')}".lower()


def declared_pairs(scope: Scope, live: Sequence[Object]) -> list[Object]:
    """Manifests of objects that are there and may be asked about in a dry run.

    Secrets are left out: their values may be masked, and a dry run would show them.
    """
    there = {_key(obj) for obj in live}
    return [
        obj for obj in scope.desired if identity_of(obj).kind != "Secret" and _key(obj) in there
    ]


def _key(obj: Mapping[str, Any]) -> tuple[str, str, str]:
    identity = identity_of(obj)
    return (identity.group, identity.kind, identity.name)
