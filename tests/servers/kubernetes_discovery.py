"""The kinds a test API server serves, and its discovery documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


@dataclass(frozen=True)
class Kind:
    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    sub: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


SCALED = ("scale", "status")
KINDS = [
    Kind("", "v1", "namespaces", "Namespace", namespaced=False, short=("ns",)),
    Kind("", "v1", "nodes", "Node", namespaced=False, short=("no",)),
    Kind("", "v1", "pods", "Pod", short=("po",), sub=("log", "status")),
    Kind("", "v1", "services", "Service", short=("svc",)),
    Kind("", "v1", "configmaps", "ConfigMap", short=("cm",)),
    Kind("", "v1", "secrets", "Secret"),
    Kind("", "v1", "events", "Event", short=("ev",)),
    Kind("apps", "v1", "deployments", "Deployment", short=("deploy",), sub=SCALED),
    Kind("apps", "v1", "replicasets", "ReplicaSet", short=("rs",), sub=SCALED),
    Kind("apps", "v1", "statefulsets", "StatefulSet", short=("sts",), sub=SCALED),
    Kind("apps", "v1", "daemonsets", "DaemonSet", short=("ds",), sub=("status",)),
    Kind("apps", "v1", "controllerrevisions", "ControllerRevision"),
    Kind("argoproj.io", "v1alpha1", "rollouts", "Rollout", short=("ro",), sub=SCALED),
    Kind("example.com", "v1", "widgets", "Widget"),
]


def group_of(kinds: list[Kind], name: str) -> dict[str, Any]:
    versions = sorted({kind.version for kind in kinds if kind.group == name})
    listed = [{"groupVersion": f"{name}/{one}", "version": one} for one in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[-1]}


def resource_list(kinds: list[Kind], group: str, version: str) -> dict[str, Any]:
    lines = []
    for kind in kinds:
        if (kind.group, kind.version) != (group, version):
            continue
        line = {"kind": kind.kind, "namespaced": kind.namespaced, "verbs": VERBS}
        short = {"singularName": kind.kind.lower(), "shortNames": list(kind.short)}
        lines.append({**line, **short, "name": kind.plural})
        lines += [
            {**line, "name": f"{kind.plural}/{one}", **_answered(kind, one)} for one in kind.sub
        ]
    gv = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "groupVersion": gv, "resources": lines}


def aggregated(kinds: list[Kind], groups: list[str], down: set[str]) -> dict[str, Any]:
    items = []
    for group in groups:
        versions = []
        for version in sorted({kind.version for kind in kinds if kind.group == group}):
            stale = group in down
            here = [] if stale else [k for k in kinds if (k.group, k.version) == (group, version)]
            resources = [
                {
                    "resource": kind.plural,
                    "responseKind": {"group": "", "version": "", "kind": kind.kind},
                    "scope": "Namespaced" if kind.namespaced else "Cluster",
                    "singularResource": kind.kind.lower(),
                    "shortNames": list(kind.short),
                    "verbs": VERBS,
                    "subresources": [
                        {"subresource": one, "responseKind": _answered(kind, one), "verbs": VERBS}
                        for one in kind.sub
                    ],
                }
                for kind in here
            ]
            freshness = "Stale" if stale else "Current"
            versions.append({"version": version, "resources": resources, "freshness": freshness})
        items.append({"metadata": {"name": group}, "versions": versions})
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "items": items,
    }


def _answered(kind: Kind, subresource: str) -> dict[str, str]:
    """What a subresource answers with: a Scale, or the kind itself."""
    if subresource == "scale":
        return {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}
