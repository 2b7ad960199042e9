"""Who changed it: every kubectl verb, other tools, autoscalers, operators, and deletions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aof.analysis.drift import compare
from tests.analysis.drift.cluster import ARGO, Cluster
from tests.analysis.drift.manifests import (
    ROUTE_DEFINITION,
    config_map,
    deployment,
    route,
    secret,
    service,
    with_pod,
)

Write = Callable[[dict[str, Any]], None]


def pod_of(live: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = live["spec"]["template"]["spec"]
    return pod


def web_of(live: dict[str, Any]) -> dict[str, Any]:
    container: dict[str, Any] = pod_of(live)["containers"][0]
    return container


def scale(live: dict[str, Any]) -> None:
    live["spec"]["replicas"] = 9


def set_image(live: dict[str, Any]) -> None:
    web_of(live)["image"] = "nginx:9"


def add_variable(live: dict[str, Any]) -> None:
    web_of(live)["env"].append({"name": "DEBUG", "value": "1"})


def add_label(live: dict[str, Any]) -> None:
    live["metadata"]["labels"]["hotfix"] = "yes"


def add_annotation(live: dict[str, Any]) -> None:
    live["metadata"]["annotations"] = {"example.com/owner": "ops"}


def pause(live: dict[str, Any]) -> None:
    live["spec"]["paused"] = True


def recreate(live: dict[str, Any]) -> None:
    live["spec"]["strategy"] = {"type": "Recreate"}


def add_container(live: dict[str, Any]) -> None:
    pod_of(live)["containers"].append({"name": "debug", "image": "busybox"})


def add_node_selector(live: dict[str, Any]) -> None:
    pod_of(live)["nodeSelector"] = {"disk": "ssd"}


def add_toleration(live: dict[str, Any]) -> None:
    pod_of(live)["tolerations"] = [{"key": "spot", "operator": "Exists"}]


def change_port(live: dict[str, Any]) -> None:
    web_of(live)["ports"][0]["containerPort"] = 81


def add_limit(live: dict[str, Any]) -> None:
    web_of(live)["resources"]["requests"] = {"cpu": "2"}


def always_pull(live: dict[str, Any]) -> None:
    web_of(live)["imagePullPolicy"] = "Always"


def run_as_root(live: dict[str, Any]) -> None:
    web_of(live)["securityContext"] = {"privileged": True}


BY_HAND: list[tuple[str, Write, str]] = [
    ("kubectl-edit", scale, "/spec/replicas"),
    ("kubectl-patch", add_limit, "/spec/template/spec/containers/0/resources/requests/cpu"),
    ("kubectl-set", set_image, "/spec/template/spec/containers/0/image"),
    ("kubectl-set", add_variable, "/spec/template/spec/containers/0/env/2"),
    ("kubectl-label", add_label, "/metadata/labels/hotfix"),
    ("kubectl-annotate", add_annotation, "/metadata/annotations/example.com~1owner"),
    ("kubectl-replace", set_image, "/spec/template/spec/containers/0/image"),
    ("kubectl-rollout", pause, "/spec/paused"),
    ("kubectl-rollout", set_image, "/spec/template/spec/containers/0/image"),
    ("kubectl-patch", recreate, "/spec/strategy/type"),
    ("kubectl-edit", add_container, "/spec/template/spec/containers/1"),
    ("kubectl-edit", add_node_selector, "/spec/template/spec/nodeSelector"),
    ("kubectl-edit", add_toleration, "/spec/template/spec/tolerations"),
    ("kubectl-edit", change_port, "/spec/template/spec/containers/0/ports/0"),
    ("kubectl-edit", always_pull, "/spec/template/spec/containers/0/imagePullPolicy"),
    ("kubectl-edit", run_as_root, "/spec/template/spec/containers/0/securityContext/privileged"),
    ("kubectl-client-side-apply", set_image, "/spec/template/spec/containers/0/image"),
    ("argocd-server", scale, "/spec/replicas"),
    ("k9s", scale, "/spec/replicas"),
    ("Lens", scale, "/spec/replicas"),
    ("node-fetch", scale, "/spec/replicas"),
    ("Mozilla", scale, "/spec/replicas"),
    ("curl", scale, "/spec/replicas"),
    ("OpenAPI-Generator", scale, "/spec/replicas"),
    ("Go-http-client", scale, "/spec/replicas"),
    ("helm", set_image, "/spec/template/spec/containers/0/image"),
]


@pytest.mark.parametrize("synced_by", ["apply", "client-side"])
@pytest.mark.parametrize(("manager", "write", "path"), BY_HAND)
def test_a_change_by_hand_is_manual_and_names_the_tool(
    manager: str, write: Write, path: str, synced_by: str
) -> None:
    git = deployment()
    cluster = Cluster()
    cluster.apply(git) if synced_by == "apply" else cluster.client_side_apply(git)
    result = cluster.update(manager, write).judge(git)
    assert [str(one) for one in result.classes] == ["manual"]
    actors = {change.actor for change in result.changes if change.path == path}
    assert manager in actors
    assert {change.at for change in result.changes} == {"2026-11-20T12:02:00Z"}


@pytest.mark.parametrize(("manager", "write", "path"), BY_HAND)
def test_without_the_last_sync_a_change_by_hand_still_is_manual(
    manager: str, write: Write, path: str
) -> None:
    git = deployment()
    live = Cluster().apply(git).update(manager, write).get()
    result = compare(desired=git, live=live)
    assert "manual" in result.classes
    assert path in [change.path for change in result.changes]


def test_kubectl_scale_is_manual_though_it_writes_the_scale_subresource() -> None:
    git = deployment()
    result = Cluster().apply(git).update("kubectl", scale, "scale").judge(git)
    assert [str(one) for one in result.classes] == ["manual"]


def test_server_side_apply_by_a_person_is_manual() -> None:
    git = deployment()
    result = Cluster().apply(git).apply(deployment(replicas=9), manager="kubectl").judge(git)
    assert [(one.path, one.actor) for one in result.changes] == [("/spec/replicas", "kubectl")]
    assert [str(one) for one in result.classes] == ["manual"]


def test_kubectl_apply_of_the_same_manifest_is_clean() -> None:
    git = deployment()
    cluster = Cluster().apply(git).client_side_apply(git, manager="kubectl-client-side-apply")
    assert [str(one) for one in cluster.judge(git).classes] == ["clean"]


@pytest.mark.parametrize(
    "manager", ["vpa-updater", "my-operator", "policy-controller", "kyverno", "crossplane"]
)
def test_a_controller_that_overrides_git_is_an_external_mutation(manager: str) -> None:
    git = deployment()
    result = Cluster().apply(git).update(manager, set_image).judge(git)
    assert [str(one) for one in result.classes] == ["external-mutation"]
    assert result.drifted


def test_a_writer_in_no_table_is_unknown_not_manual() -> None:
    git = deployment()
    result = Cluster().apply(git).update("zebra-7", set_image).judge(git)
    assert [str(one) for one in result.classes] == ["unknown"]
    assert result.drifted


def test_a_controller_that_keeps_metadata_is_acceptable() -> None:
    git = service(type="LoadBalancer")

    def balance(live: dict[str, Any]) -> None:
        live["metadata"]["annotations"] = {"cloud.example.com/lb": "1"}
        live["metadata"]["finalizers"] = ["service.kubernetes.io/load-balancer-cleanup"]

    result = Cluster().apply(git).update("cloud-controller-manager", balance).judge(git)
    assert [str(one) for one in result.classes] == ["acceptable"]


def test_progressive_delivery_moves_a_selector_acceptably() -> None:
    git = service()

    def select(live: dict[str, Any]) -> None:
        live["spec"]["selector"] = {"app": "web", "rollouts-pod-template-hash": "5f"}

    result = Cluster().apply(git).update("rollouts-controller", select).judge(git)
    assert [str(one) for one in result.classes] == ["acceptable"]


def test_an_argo_rollout_image_set_by_hand_is_manual() -> None:
    git = deployment() | {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}
    result = Cluster().apply(git).update("kubectl-argo-rollouts", set_image).judge(git)
    assert [str(one) for one in result.classes] == ["manual"]


def test_a_webhook_that_overrides_a_declared_value_is_an_external_mutation() -> None:
    git = deployment()
    result = Cluster().apply(git, webhook=set_image).judge(git)
    assert [str(one) for one in result.classes] == ["external-mutation"]
    assert not result.changes[0].certain


def remove_label(live: dict[str, Any]) -> None:
    del live["metadata"]["labels"]["tier"]


def remove_variable(live: dict[str, Any]) -> None:
    web_of(live)["env"].pop()


def remove_limit(live: dict[str, Any]) -> None:
    del web_of(live)["resources"]["limits"]["memory"]


@pytest.mark.parametrize("write", [remove_label, remove_variable, remove_limit])
def test_a_deletion_is_manual_but_not_certain(write: Write) -> None:
    git = deployment()
    result = Cluster().apply(git).update("kubectl-edit", write).judge(git)
    assert [str(one) for one in result.classes] == ["manual"]
    assert [(one.actor, one.certain) for one in result.changes] == [(None, False)]


def test_a_deletion_names_the_tool_that_wrote_last_as_likely() -> None:
    git = deployment()

    def write(live: dict[str, Any]) -> None:
        remove_label(live)
        scale(live)

    result = Cluster().apply(git).update("kubectl-edit", write).judge(git)
    sources = {change.path: change.actor_source for change in result.changes}
    assert sources["/metadata/labels/tier"] == "managedFields, likely"
    assert sources["/spec/replicas"] == "managedFields"


def test_a_removed_key_of_an_atomic_map_names_its_owner() -> None:
    git = with_pod(nodeSelector={"disk": "ssd", "zone": "a"})

    def drop(live: dict[str, Any]) -> None:
        pod_of(live)["nodeSelector"] = {"disk": "ssd"}

    result = Cluster().apply(git).update("kubectl-edit", drop).judge(git)
    assert [(one.path, one.actor) for one in result.changes] == [
        ("/spec/template/spec/nodeSelector/zone", "kubectl-edit")
    ]


def test_a_default_that_came_back_after_a_removal_is_manual() -> None:
    git = deployment()
    git["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] = "Always"
    cluster = Cluster().apply(git)

    def remove(live: dict[str, Any]) -> None:
        del web_of(live)["imagePullPolicy"]

    cluster.update("kubectl-edit", remove)
    cluster.owned["kubectl-edit", "Update", ""] = set()
    result = cluster.judge(git)
    assert [str(one) for one in result.classes] == ["manual"]


def test_an_edited_and_extended_config_map_names_both_keys() -> None:
    git = config_map()

    def write(live: dict[str, Any]) -> None:
        live["data"] |= {"level": "debug", "new": "1"}

    result = Cluster().apply(git).update("kubectl-edit", write).judge(git)
    assert {change.path: change.change for change in result.changes} == {
        "/data/level": "changed",
        "/data/new": "added",
    }


def test_a_secret_changed_by_hand_is_found_and_hidden() -> None:
    git = secret(stringData={"password": "s3cr3t"})

    def write(live: dict[str, Any]) -> None:
        live["data"]["password"] = "b3RoZXI="

    result = Cluster().apply(git).update("kubectl-patch", write).judge(git)
    assert [(one.path, one.desired, one.live) for one in result.changes] == [
        ("/data/password", "(hidden)", "(hidden)")
    ]


def test_a_custom_resource_edited_by_hand() -> None:
    git = route(free={"x": {"y": 1}})

    def write(live: dict[str, Any]) -> None:
        live["spec"] |= {"timeout": "30s", "free": {"x": {"y": 2}}}
        live["spec"]["backendRefs"][0]["weight"] = 5

    result = Cluster(ROUTE_DEFINITION).apply(git).update("kubectl-edit", write).judge(git)
    assert [str(one) for one in result.classes] == ["manual"]
    assert {change.path for change in result.changes} == {
        "/spec/timeout",
        "/spec/free/x/y",
        "/spec/backendRefs/0/weight",
    }


def test_a_service_opened_as_node_port_by_hand() -> None:
    git = service()

    def write(live: dict[str, Any]) -> None:
        live["spec"]["type"] = "NodePort"
        live["spec"]["ports"][0]["nodePort"] = 30080

    result = Cluster().apply(git).update("kubectl-patch", write).judge(git)
    assert {change.path for change in result.changes} == {
        "/spec/type",
        "/spec/ports/0/nodePort",
    }


def test_a_gitops_tool_of_another_name_can_be_told() -> None:
    git = deployment()
    cluster = Cluster().apply(git, manager="deploy-bot")
    assert [str(one) for one in cluster.judge(git, manager="deploy-bot").classes] == ["clean"]


def test_an_object_held_back_while_being_deleted_is_reported() -> None:
    git = deployment()
    live = Cluster().apply(git).get()
    live["metadata"]["deletionTimestamp"] = "2026-11-20T13:00:00Z"
    result = compare(desired=git, live=live, last_synced=git)
    assert [str(one) for one in result.classes] == ["manual"]
    assert result.changes[0].path == "/metadata/deletionTimestamp"


def test_the_writer_of_the_newest_value_is_named() -> None:
    git = deployment()
    cluster = Cluster().apply(git).update("kubectl-edit", scale)
    cluster.update("k9s", lambda live: live["spec"].update(replicas=4))
    result = cluster.judge(git)
    assert [change.actor for change in result.changes] == ["k9s"]


def test_a_sync_that_took_the_field_back_leaves_nothing() -> None:
    git = deployment()
    cluster = Cluster().apply(git).update("kubectl-edit", scale).apply(git)
    assert [str(one) for one in cluster.judge(git).classes] == ["clean"]
    assert cluster.get()["metadata"]["managedFields"][0]["manager"] == ARGO
