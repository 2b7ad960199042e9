"""Carries a case out on a real API server and writes down what is there afterwards."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from tests.real_cluster.case import RealCase
from tests.real_cluster.manifests import NAMESPACE, named, widget_definition
from tests.servers.real_kubernetes import RealCluster


def prepare(cluster: RealCluster) -> None:
    """The namespace and the custom resource that cases need."""
    cluster.kubectl(
        "apply", "-f", "-", stdin=named("v1", "Namespace", NAMESPACE, cluster_wide=True)
    )
    cluster.kubectl("apply", "-f", "-", stdin=widget_definition())
    cluster.kubectl("wait", "--for=condition=Established", "crd/widgets.shop.example")


def record(cluster: RealCluster, case: RealCase) -> dict[str, Any]:
    """What Git says and said at the last sync, what the cluster has, and what is expected."""
    desired = cluster.adapted(case.desired)
    case = replace(case, desired=desired)
    for step in case.steps:
        step(cluster, copy.deepcopy(desired))
    return {
        "id": case.id,
        "config": desired,
        "live": cluster.get(desired),
        "base": case.synced if case.before is None else cluster.adapted(case.before),
        "schema": case.definition or "builtin",
        "options": {"manager": case.syncer},
        "expect": {
            "class": case.expected,
            "manager": case.manager or None,
            "changed_paths": [case.path] if case.path else [],
        },
    }
