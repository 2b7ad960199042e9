"""Git has moved on: failed sync, pending sync, both a person and the sync, invalid manifests."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from aof.analysis.drift import ResourceResult, compare
from tests.analysis.drift.cluster import Cluster
from tests.analysis.drift.manifests import (
    config_map,
    container,
    deployment,
    secret,
    with_container,
    with_pod,
)


def classes(result: ResourceResult) -> list[str]:
    return [str(one) for one in result.classes]


def edited(live: dict[str, Any]) -> None:
    live["spec"]["replicas"] = 9


def test_a_change_of_git_that_never_arrived_is_a_failed_sync() -> None:
    result = Cluster().apply(deployment()).judge(deployment(replicas=5), deployment())
    assert classes(result) == ["failed-sync"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Failed", "message": "boom"}, "failed-sync"),
        ({"phase": "Running"}, "pending-sync"),
        ({"status": {"operationState": {"phase": "Error", "message": "boom"}}}, "failed-sync"),
        ({"status": {"operationState": {"phase": "Running"}}}, "pending-sync"),
        (
            {
                "status": {
                    "operationState": {"phase": "Succeeded"},
                    "health": {"status": "Degraded", "message": "boom"},
                }
            },
            "failed-sync",
        ),
        ({"status": {"operationState": {"phase": "Succeeded"}}}, "pending-sync"),
        (
            {
                "status": {
                    "conditions": [
                        {"type": "Ready", "status": "False", "reason": "X", "message": "boom"}
                    ]
                }
            },
            "failed-sync",
        ),
        (
            {
                "spec": {"suspend": True},
                "status": {"conditions": [{"type": "Ready", "status": "True"}]},
            },
            "pending-sync",
        ),
    ],
)
def test_the_sync_status_decides_between_failed_and_pending(
    status: dict[str, Any], expected: str
) -> None:
    cluster = Cluster().apply(deployment())
    result = cluster.judge(deployment(replicas=5), deployment(), sync_status=status)
    assert classes(result) == [expected]
    assert result.cause == ("boom" if expected == "failed-sync" else "")


def test_a_person_and_the_sync_can_both_be_behind() -> None:
    cluster = Cluster().apply(deployment()).update("kubectl-edit", edited)
    result = cluster.judge(deployment(replicas=5), deployment())
    assert classes(result) == ["manual", "failed-sync"]


def test_a_third_value_from_an_autoscaler_stays_acceptable() -> None:
    cluster = Cluster().apply(deployment()).update("kube-controller-manager", edited, "scale")
    assert classes(cluster.judge(deployment(replicas=5), deployment())) == ["acceptable"]


def test_a_field_removed_from_git_is_reported_until_it_is_gone() -> None:
    before = with_container(args=["--old"])
    result = Cluster().apply(before).judge(deployment(), before)
    assert classes(result) == ["failed-sync"]
    assert [(one.path, one.change) for one in result.changes] == [
        ("/spec/template/spec/containers/0/args", "added")
    ]
    assert classes(Cluster().apply(before).apply(deployment()).judge(deployment(), before)) == [
        "clean"
    ]


@pytest.mark.parametrize("known", ["last-applied annotation", "server-side apply"])
def test_a_field_removed_from_git_is_found_without_the_last_manifest(known: str) -> None:
    before = deployment()
    git = copy.deepcopy(before)
    del git["metadata"]["labels"]["tier"]
    cluster = Cluster()
    cluster.apply(before) if known == "server-side apply" else cluster.client_side_apply(before)
    result = compare(desired=git, live=cluster.get())
    assert classes(result) == ["failed-sync"]
    assert [change.path for change in result.changes] == ["/metadata/labels/tier"]


def test_a_list_item_removed_from_git_is_found() -> None:
    git = with_container(env=[{"name": "MODE", "value": "prod"}])
    result = Cluster().apply(deployment()).judge(git, deployment())
    assert [change.path for change in result.changes] == ["/spec/template/spec/containers/0/env/1"]
    assert classes(result) == ["failed-sync"]


def test_a_field_new_in_git_whose_default_is_in_place_is_a_sync_matter() -> None:
    git = with_container(imagePullPolicy="Always")
    assert classes(Cluster().apply(deployment()).judge(git, deployment())) == ["failed-sync"]


def test_a_container_added_in_git_is_one_change() -> None:
    git = deployment()
    git["spec"]["template"]["spec"]["containers"].append({"name": "log", "image": "log:1"})
    result = Cluster().apply(deployment()).judge(git, deployment())
    assert [(one.field, one.change) for one in result.changes] == [
        ("spec.template.spec.containers[log]", "removed")
    ]


def test_the_annotation_of_a_persons_apply_is_no_baseline() -> None:
    git = deployment()
    cluster = Cluster().apply(git)
    cluster.client_side_apply(deployment(replicas=9), manager="kubectl-client-side-apply")
    result = compare(desired=git, live=cluster.get())
    assert classes(result) == ["manual"]


INVALID = [
    (with_container(imagePullPolcy="Always"), "imagePullPolcy is no field of Container"),
    (with_pod(volums=[]) | {}, ""),
    (deployment(replica=5), "spec.replica is no field of DeploymentSpec"),
    (with_container(env=[{"name": "MODE", "value": 5}]), "value must be a string"),
    (deployment(replicas="5"), "spec.replicas must be a whole number"),
    (with_pod(hostNetwork="yes"), "hostNetwork must be true or false"),
]


@pytest.mark.parametrize(("git", "reason"), INVALID)
def test_a_manifest_the_server_refuses_is_invalid(git: dict[str, Any], reason: str) -> None:
    result = Cluster().apply(deployment()).judge(git, git)
    if not reason:  # an unknown field that declares nothing
        assert classes(result) == ["clean"]
        return
    assert classes(result)[:2] == ["failed-sync", "invalid-manifest"]
    assert any(reason in change.reason for change in result.changes)


def test_secret_data_that_is_not_base64_is_invalid() -> None:
    git = secret(data={"password": "not base64!"})
    live = Cluster().apply(secret(data={"password": "b2xk"})).get()
    result = compare(desired=git, live=live, last_synced=secret(data={"password": "b2xk"}))
    assert classes(result) == ["failed-sync", "invalid-manifest"]
    assert "not base64" in result.changes[0].reason


def test_a_rejection_by_the_server_is_the_cause() -> None:
    words = 'Deployment.apps "web" is invalid: spec.selector: Invalid value: field is immutable'
    git = deployment(selector={"matchLabels": {"app": "other"}})
    result = Cluster().apply(deployment()).judge(git, deployment(), rejection=words)
    assert classes(result) == ["failed-sync", "invalid-manifest"]
    assert result.cause == words


def test_argo_cd_names_the_object_that_failed() -> None:
    failure = {"kind": "Deployment", "namespace": "shop", "name": "web"}
    failure |= {"status": "SyncFailed", "message": "unknown field spec.foo"}
    status = {"operationState": {"phase": "Failed", "syncResult": {"resources": [failure]}}}
    result = (
        Cluster()
        .apply(deployment())
        .judge(deployment(replicas=5), deployment(), sync_status={"status": status})
    )
    assert classes(result) == ["failed-sync", "invalid-manifest"]
    assert result.cause == "unknown field spec.foo"


def test_a_refused_dry_run_of_an_unchanged_object_is_only_a_note() -> None:
    result = Cluster().apply(deployment()).judge(deployment(), rejection="duplicate entries")
    assert classes(result) == ["clean"]
    assert "duplicate entries" in result.notes[0]


def test_the_refusal_of_an_object_changed_by_hand_is_told_beside_the_change() -> None:
    cluster = Cluster().apply(deployment())
    cluster.update("kubectl-edit", lambda live: live["spec"].update(replicas=9))
    result = cluster.judge(deployment(), rejection="duplicate entries")
    assert classes(result) == ["manual"]
    assert "duplicate entries" in result.notes[0]


def test_without_any_trace_of_the_last_sync_nobody_is_accused() -> None:
    result = compare(
        desired=deployment(minReadySeconds=7), live=Cluster().apply(deployment()).get()
    )
    assert classes(result) == ["unknown"]
    assert result.drifted


def test_encrypted_secrets_are_compared_by_key_only() -> None:
    git = secret(stringData={"password": "ENC[AES256_GCM,data:x]"}, sops={"version": "3.9"})
    live = Cluster().apply(secret(stringData={"password": "s3cr3t"})).get()
    result = compare(desired=git, live=live, last_synced=git)
    assert classes(result) == ["clean"]
    assert "only keys count" in result.notes[0]


def test_secrets_argo_cd_masked_are_compared_by_key_only() -> None:
    git = secret(data={"password": "++++++++"})
    live = Cluster().apply(secret(stringData={"password": "s3cr3t"})).get()
    assert classes(compare(desired=git, live=live, last_synced=git)) == ["clean"]
    del live["data"]["password"]
    assert compare(desired=git, live=live, last_synced=git).drifted


def test_objects_of_strange_shape_do_not_crash() -> None:
    strange: list[Any] = [None, [], {}, "text", 7, [1, {"a": None}], {"containers": [None, 1]}]
    for one in strange:
        for other in strange:
            git, live = deployment() | {"spec": one}, deployment() | {"spec": other}
            live["metadata"]["managedFields"] = [{"fieldsV1": {"f:spec": {"k:{": {}, "i:x": {}}}}]
            compare(desired=git, live=live, last_synced=deployment())


def test_missing_managed_fields_are_said_to_be_missing() -> None:
    live = Cluster().apply(config_map()).get()
    del live["metadata"]["managedFields"]
    live["data"]["level"] = "debug"
    result = compare(desired=config_map(), live=live, last_synced=config_map())
    assert classes(result) == ["manual"]
    assert not result.changes[0].certain
    assert not result.additions_checked
    assert "additions not checkable" in result.notes[0]


def test_what_cannot_be_attributed_is_at_least_named() -> None:
    live = Cluster().apply(deployment()).get()
    del live["metadata"]["managedFields"]
    live["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "DEBUG"})
    result = compare(desired=deployment(), live=live, last_synced=deployment())
    assert classes(result) == ["clean"]
    assert "spec.template.spec.containers[web].env[DEBUG]" in result.notes[0]


def test_the_fixture_container_is_valid() -> None:
    assert container()["name"] == "web"
