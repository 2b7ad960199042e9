"""Objects on one side only, and how objects find each other."""

from __future__ import annotations

from typing import Any

import pytest

from aof.analysis.drift import compare, compare_all
from tests.analysis.drift.cluster import Cluster
from tests.analysis.drift.manifests import autoscaler, config_map, deployment, service


def classes(result: Any) -> list[str]:
    return [str(one) for one in result.classes]


def test_new_in_git_and_not_in_the_cluster_is_a_failed_sync() -> None:
    assert classes(compare(desired=deployment(), live=None)) == ["failed-sync", "missing"]


def test_new_in_git_while_the_sync_runs_is_pending() -> None:
    result = compare(desired=deployment(), live=None, sync_status="running")
    assert classes(result) == ["pending-sync", "missing"]


def test_synced_before_and_gone_was_deleted_by_somebody() -> None:
    result = compare(desired=deployment(), live=None, last_synced=deployment())
    assert classes(result) == ["manual", "missing"]
    assert not result.changes[0].certain


@pytest.mark.parametrize("name", ["argocd.argoproj.io/hook", "helm.sh/hook"])
def test_a_hook_that_is_gone_is_no_drift(name: str) -> None:
    git = deployment()
    git["metadata"]["annotations"] = {name: "PreSync"}
    assert classes(compare(desired=git, live=None)) == ["clean"]


@pytest.mark.parametrize(
    ("creator", "expected"),
    [
        ("kubectl-create", "manual"),
        ("kubectl-autoscale", "manual"),
        ("keda-operator", "external-mutation"),
        ("zebra-7", "unknown"),
    ],
)
def test_an_object_git_does_not_know_is_classed_by_its_creator(creator: str, expected: str) -> None:
    cluster = Cluster()
    cluster.live = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"}
    cluster.update(creator, lambda live: live.update(autoscaler()))
    result = compare(desired=None, live=cluster.get())
    assert classes(result) == [expected, "extra"]
    assert result.changes[0].actor == creator


def test_an_object_removed_from_git_but_not_pruned() -> None:
    live = Cluster().apply(service()).get()
    assert classes(compare(desired=None, live=live, last_synced=service())) == [
        "failed-sync",
        "extra",
    ]
    assert classes(compare(desired=None, live=live)) == ["failed-sync", "extra"]


OWNED = {"ownerReferences": [{"kind": "ReplicaSet", "name": "x", "uid": "u"}]}
CLUSTER_MADE: list[dict[str, Any]] = [
    {"kind": "ConfigMap", "metadata": {"name": "kube-root-ca.crt"}},
    {"kind": "ServiceAccount", "metadata": {"name": "default"}},
    {"kind": "EndpointSlice", "metadata": {"name": "web-x"}},
    {"kind": "Event", "metadata": {"name": "e"}},
    {"kind": "ConfigMap", "metadata": {"name": "x", **OWNED}},
    {"kind": "Secret", "metadata": {"name": "sh.helm.release.v1.x"}, "type": "helm.sh/release.v1"},
]


@pytest.mark.parametrize("live", CLUSTER_MADE)
def test_what_the_cluster_makes_is_no_drift(live: dict[str, Any]) -> None:
    result = compare(desired=None, live={"apiVersion": "v1", **live})
    assert classes(result) == ["acceptable"]


def test_all_three_sides_empty_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        compare(desired=None, live=None)


def test_objects_are_paired_and_sorted_by_kind_and_name() -> None:
    git = [service(), deployment(), config_map()]
    live = [Cluster().apply(one).get() for one in reversed(git)]
    report = compare_all(git, live, git)
    assert [one.identity.kind for one in report.resources] == ["ConfigMap", "Deployment", "Service"]
    assert report.drifted == ()


def test_moved_groups_are_the_same_object() -> None:
    git = deployment() | {"apiVersion": "extensions/v1beta1"}
    report = compare_all([git], [Cluster().apply(deployment()).get()], [git])
    assert len(report.resources) == 1
    assert report.drifted == ()


def test_a_manifest_may_leave_the_namespace_to_the_sync() -> None:
    git = deployment()
    del git["metadata"]["namespace"]
    report = compare_all([git], [Cluster().apply(deployment()).get()])
    assert len(report.resources) == 1


def test_a_manifest_may_name_a_namespace_for_a_cluster_scoped_kind() -> None:
    live = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    git = {**live, "metadata": {"name": "shop", "namespace": "shop"}}
    assert len(compare_all([git], [live]).resources) == 1


def test_duplicates_and_nameless_objects_are_noted() -> None:
    nameless = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "x-"}}
    report = compare_all([config_map(), config_map(), nameless], [], [])
    assert len(report.resources) == 1
    assert "ConfigMap/config appears twice in Git: the last one counts" in report.notes
    assert "ConfigMap without a name in Git: not compared" in report.notes


def test_an_autoscaler_in_the_set_explains_replicas_nobody_owns() -> None:
    git = [deployment(), autoscaler()]
    live = [Cluster().apply(one).get() for one in git]
    del live[0]["metadata"]["managedFields"]
    live[0]["spec"]["replicas"] = 8
    report = compare_all(git, live, git)
    assert report.drifted == ()


def test_an_object_absent_from_the_given_last_sync_is_new() -> None:
    live = Cluster().apply(deployment()).get()
    report = compare_all([deployment(replicas=5)], [live], [])
    assert classes(report.resources[0]) == ["failed-sync"]


def test_counts_are_facts() -> None:
    git = [deployment(), config_map(), service()]
    cluster = Cluster().apply(deployment())
    cluster.update("kubectl-edit", lambda live: live["spec"].update(replicas=9))
    facts = compare_all(
        git, [cluster.get(), Cluster().apply(config_map()).get()], git[:2]
    ).as_dict()
    assert facts["decision"] == "DRIFT"
    assert (facts["total"], facts["drift_count"]) == (3, 2)
    assert facts["by_severity"] == {"high": 1, "medium": 1, "low": 0}
    assert facts["by_class"] == {"clean": 1, "manual": 1, "failed-sync": 1, "missing": 1}


def test_a_result_names_the_namespace_the_cluster_knows() -> None:
    git = deployment()
    del git["metadata"]["namespace"]
    cluster = Cluster().apply(deployment())
    cluster.update("kubectl-edit", lambda live: live["spec"].update(replicas=9))
    report = compare_all(
        [git], [cluster.get()], [git], resolved={("Deployment", "shop", "web"): ["/spec/replicas"]}
    )
    assert report.resources[0].identity.namespace == "shop"
    assert report.drifted == ()
