"""The team's own ignore rules: Argo CD's and Flux'."""

from __future__ import annotations

from typing import Any

import pytest

from aof.analysis.drift.ignores import read_ignores
from tests.analysis.drift.cluster import Cluster
from tests.analysis.drift.manifests import deployment


def scaled(manager: str = "kubectl-edit") -> Cluster:
    cluster = Cluster().apply(deployment())
    return cluster.update(manager, lambda live: live["spec"].update(replicas=9))


def judged(rules: Any, **labels: str) -> list[str]:
    git = deployment()
    cluster = scaled()
    cluster.live["metadata"]["labels"] |= labels
    return [str(one) for one in cluster.judge(git, ignores=read_ignores(rules)).classes]


POINTER = {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}


@pytest.mark.parametrize(
    "rules",
    [
        [POINTER],
        [{**POINTER, "group": "*", "kind": "*"}],
        [{**POINTER, "name": "web", "namespace": "shop"}],
        {"spec": {"ignoreDifferences": [POINTER]}},
        [{"group": "apps", "kind": "Deployment", "managedFieldsManagers": ["kubectl-edit"]}],
        [{"paths": ["/spec/replicas"]}],
        [{"paths": ["/spec"], "target": {"kind": "Deploy.*"}}],
        {"spec": {"driftDetection": {"ignore": [{"paths": ["/spec/replicas"]}]}}},
        [{"paths": ["/spec/replicas"], "target": {"labelSelector": "app=web"}}],
    ],
)
def test_an_ignored_difference_is_acceptable(rules: Any) -> None:
    assert judged(rules) == ["acceptable"]


@pytest.mark.parametrize(
    "rules",
    [
        [{**POINTER, "group": ""}],
        [{**POINTER, "kind": "StatefulSet"}],
        [{**POINTER, "name": "api"}],
        [{**POINTER, "jsonPointers": ["/spec/replica"]}],
        [{"group": "apps", "kind": "Deployment", "managedFieldsManagers": ["k9s"]}],
        [{"paths": ["/spec/replicas"], "target": {"kind": "Deploy"}}],
        [{"paths": ["/spec/replicas"], "target": {"kind": "("}}],
        [{"paths": ["/spec/replicas"], "target": {"labelSelector": "app=api"}}],
        [],
        None,
    ],
)
def test_a_rule_about_something_else_ignores_nothing(rules: Any) -> None:
    assert judged(rules) == ["manual"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kustomize.toolkit.fluxcd.io/reconcile", "disabled"),
        ("kustomize.toolkit.fluxcd.io/ssa", "Ignore"),
        ("kustomize.toolkit.fluxcd.io/ssa", "IfNotPresent"),
        ("helm.toolkit.fluxcd.io/driftDetection", "disabled"),
    ],
)
def test_an_object_flux_leaves_alone_is_clean_with_a_note(name: str, value: str) -> None:
    git = deployment()
    git["metadata"]["annotations"] = {name: value}
    result = scaled().judge(git)
    assert [str(one) for one in result.classes] == ["clean"]
    assert name in result.notes[0]


def test_flux_merge_leaves_additions_but_not_overrides() -> None:
    git = deployment()
    git["metadata"]["annotations"] = {"kustomize.toolkit.fluxcd.io/ssa": "Merge"}
    cluster = Cluster().apply(git)
    cluster.update("kubectl-label", lambda live: live["metadata"]["labels"].update(extra="1"))
    assert [str(one) for one in cluster.judge(git).classes] == ["clean"]
    cluster.update("kubectl-edit", lambda live: live["spec"].update(replicas=9))
    assert [str(one) for one in cluster.judge(git).classes] == ["manual"]
