"""The ten reasons users see drift that is none. Each must be silent.

The names carry the numbers of the issues in which users of other tools reported them.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from aof.analysis.drift import ResourceResult, compare
from tests.analysis.drift.cluster import Cluster
from tests.analysis.drift.manifests import (
    ROUTE_DEFINITION,
    autoscaler,
    claim,
    cluster_role,
    config_map,
    container,
    deployment,
    route,
    service,
    stateful_set,
    utilisation,
    webhook,
    with_container,
    with_pod,
)


def assert_clean(result: ResourceResult) -> None:
    assert result.changes == ()
    assert [str(one) for one in result.classes] == ["clean"]


def assert_acceptable(result: ResourceResult) -> None:
    assert [str(one) for one in result.classes] == ["acceptable"]
    assert not result.drifted


def test_1_custom_resource_defaults_argocd_22151_11074_external_secrets_6398() -> None:
    cluster = Cluster(ROUTE_DEFINITION).apply(route())
    assert cluster.get()["spec"]["timeout"] == "10s"
    assert_clean(cluster.judge(route()))
    unknown = compare(desired=route(), live=cluster.get(), last_synced=route())
    assert_clean(unknown)


def test_1_custom_resource_defaults_after_client_side_apply() -> None:
    cluster = Cluster(ROUTE_DEFINITION).client_side_apply(route())
    assert_clean(cluster.judge(route()))
    assert_clean(compare(desired=route(), live=cluster.get()))


def test_1_defaults_inside_an_atomic_list_of_a_custom_resource() -> None:
    secret = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret"}
    secret |= {"metadata": {"name": "s", "namespace": "shop"}}
    secret |= {"spec": {"data": [{"secretKey": "k", "remoteRef": {"key": "path"}}]}}

    def defaulting(live: dict[str, Any]) -> None:
        live["spec"]["data"][0]["remoteRef"] |= {"conversionStrategy": "Default"}

    assert_clean(Cluster().apply(secret, webhook=defaulting).judge(secret))


def test_2_volume_claim_templates_argocd_11143_16707_17968() -> None:
    git = stateful_set(claim())
    cluster = Cluster().apply(git)
    template = cluster.get()["spec"]["volumeClaimTemplates"][0]
    assert template["kind"] == "PersistentVolumeClaim"
    assert_clean(cluster.judge(git))


def test_2_claim_templates_with_kind_in_git_only() -> None:
    git = stateful_set(claim(apiVersion="v1", kind="PersistentVolumeClaim", status={}))
    live = Cluster().apply(stateful_set(claim())).get()
    for name in ("apiVersion", "kind", "status"):
        live["spec"]["volumeClaimTemplates"][0].pop(name, None)
    assert_clean(compare(desired=git, live=live, last_synced=git))


EMPTY: list[dict[str, Any]] = [
    with_pod(nodeSelector={}, volumes=[], initContainers=None, securityContext={}),
    with_pod(tolerations=None, hostAliases=[], affinity={}),
    with_container(volumeMounts=[], envFrom=None, command=[]),
    deployment() | {"status": {}},
    with_pod(hostNetwork=False, hostPID=False),
    with_container(stdin=False, tty=False, workingDir=""),
    deployment(paused=False, minReadySeconds=0),
]


@pytest.mark.parametrize("git", EMPTY)
def test_3_null_empty_and_zero_argocd_18213_3150_metrics_server_1689(git: dict[str, Any]) -> None:
    assert_clean(compare(desired=git, live=Cluster().apply(deployment()).get(), last_synced=git))


def test_3_null_annotations_and_labels() -> None:
    git = service()
    git["metadata"] |= {"annotations": None, "labels": {}}
    assert_clean(compare(desired=git, live=Cluster().apply(service()).get(), last_synced=git))


def test_3_empty_environment_value_argocd_18142() -> None:
    git = with_container(env=[{"name": "MODE", "value": ""}])
    live = Cluster().apply(with_container(env=[{"name": "MODE"}])).get()
    assert_clean(compare(desired=git, live=live, last_synced=git))


def test_3_null_in_a_custom_resource_traefik_1019() -> None:
    live = Cluster(ROUTE_DEFINITION).apply(route()).get()
    git = route(free=None, middlewares=[])
    assert_clean(compare(desired=git, live=live, last_synced=git))


def test_4_replicas_of_an_autoscaler_argocd_5105_1603() -> None:
    git = deployment()
    cluster = Cluster().apply(git)
    cluster.update("kube-controller-manager", lambda live: live["spec"].update(replicas=7), "scale")
    assert_acceptable(cluster.judge(git))


def test_4_replicas_left_out_of_git_for_the_autoscaler() -> None:
    git = deployment()
    del git["spec"]["replicas"]
    cluster = Cluster().apply(git)
    cluster.update("kube-controller-manager", lambda live: live["spec"].update(replicas=7), "scale")
    assert_acceptable(cluster.judge(git))


def test_4_replicas_of_keda() -> None:
    git = deployment()
    cluster = Cluster().apply(git)
    cluster.update("keda-operator", lambda live: live["spec"].update(replicas=0), "scale")
    assert_acceptable(cluster.judge(git))


def test_4_metric_order_argocd_1079() -> None:
    git = autoscaler(utilisation("memory", 80), utilisation("cpu", 70))
    live = Cluster().apply(autoscaler(utilisation("cpu", 70), utilisation("memory", 80))).get()
    assert_clean(compare(desired=git, live=live, last_synced=git))


@pytest.mark.parametrize("git", [webhook(), webhook(caBundle="Cg=="), webhook(caBundle="")])
@pytest.mark.parametrize("injector", ["cert-manager-cainjector", "cainjector", "my-operator"])
def test_5_ca_bundle_argocd_1487_4326_9323(git: dict[str, Any], injector: str) -> None:
    cluster = Cluster().apply(git)

    def inject(live: dict[str, Any]) -> None:
        live["webhooks"][0]["clientConfig"]["caBundle"] = "Y2VydA=="

    assert_acceptable(cluster.update(injector, inject).judge(git))


RULE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
AGGREGATION = {"clusterRoleSelectors": [{"matchLabels": {"to-reader": "true"}}]}


@pytest.mark.parametrize("rules", [[], None, [{**RULE, "verbs": ["list"]}]])
def test_6_aggregated_roles_argocd_2382_3602_kyverno_4866(rules: Any) -> None:
    git = cluster_role(aggregationRule=AGGREGATION, rules=rules)
    cluster = Cluster().apply(git)
    cluster.apply({**cluster_role(), "rules": [RULE]}, manager="clusterrole-aggregation-controller")
    assert_acceptable(cluster.judge(git))


def test_6_rules_of_a_plain_role_are_compared_argocd_23352() -> None:
    git = cluster_role(rules=[RULE])
    cluster = Cluster().apply(git)
    cluster.update("kubectl-edit", lambda live: live.update(rules=[{**RULE, "verbs": ["*"]}]))
    assert cluster.judge(git).drifted


SPELLINGS = [
    ({"cpu": "1000m", "memory": "1024Mi"}, {"cpu": "1", "memory": "1Gi"}),
    ({"cpu": 1, "memory": "1000M"}, {"cpu": "1", "memory": "1G"}),
    ({"cpu": 0.5, "memory": 1073741824}, {"cpu": "500m", "memory": "1Gi"}),
    ({"cpu": "0.1", "memory": "1e9"}, {"cpu": "100m", "memory": "1G"}),
    ({"cpu": "1.5", "ephemeral-storage": "2048Mi"}, {"cpu": "1500m", "ephemeral-storage": "2Gi"}),
]


@pytest.mark.parametrize(("git", "cluster"), SPELLINGS)
def test_7_quantities_argocd_21135_operator_1290(git: Any, cluster: Any) -> None:
    desired = with_container(resources={"limits": git, "requests": git})
    live = Cluster().apply(with_container(resources={"limits": cluster, "requests": cluster}))
    assert_clean(live.judge(desired))


def test_7_quantities_in_custom_resources() -> None:
    def argocd(cpu: str) -> dict[str, Any]:
        resources = {"limits": {"cpu": cpu}}
        return route(controller={"resources": resources})

    assert_clean(Cluster().apply(argocd("1")).judge(argocd("1000m")))


def test_7_text_that_looks_like_a_quantity_is_text() -> None:
    live = Cluster().apply(config_map(cpu="1")).get()
    git = config_map(cpu="1000m")
    assert compare(desired=git, live=live, last_synced=git).drifted


def test_8_preserve_unknown_fields_argocd_6401_actions_runner_4137() -> None:
    git = copy.deepcopy(ROUTE_DEFINITION)
    git["spec"]["preserveUnknownFields"] = False
    assert_clean(Cluster().apply(ROUTE_DEFINITION).judge(git))


def test_9_duplicate_list_keys_argocd_20979_18402() -> None:
    git = with_container(env=[{"name": "R", "value": "5"}, {"name": "R", "value": "6"}])
    assert_clean(Cluster().client_side_apply(git).judge(git))


def test_9_protocol_left_out_argocd_24786() -> None:
    ports = [{"port": 53, "name": "tcp"}, {"port": 53, "name": "udp", "protocol": "UDP"}]
    git = service(ports=ports)
    cluster = Cluster().apply(git)
    assert [port["protocol"] for port in cluster.get()["spec"]["ports"]] == ["TCP", "UDP"]
    assert_clean(cluster.judge(git))


def test_9_changed_list_key_argocd_4864_24704_25474() -> None:
    git = with_container(ports=[{"containerPort": 81, "name": "http"}])
    cluster = Cluster().apply(git)

    def change(live: dict[str, Any]) -> None:
        ports = [{"containerPort": 80, "name": "http", "protocol": "TCP"}]
        live["spec"]["template"]["spec"]["containers"][0]["ports"] = ports

    result = cluster.update("kubectl-patch", change).judge(git)
    assert [str(one) for one in result.classes] == ["manual"]
    assert {change.actor for change in result.changes} == {"kubectl-patch"}


def test_9_order_of_keyed_lists_does_not_matter() -> None:
    git = with_container(env=[{"name": "B", "value": "2"}, {"name": "A", "value": "1"}])
    live = with_container(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])
    assert_clean(Cluster().apply(live).judge(git))


def test_10_status_is_never_drift_argocd_18344() -> None:
    git = deployment() | {"status": {"replicas": 1}}
    cluster = Cluster().apply(deployment())
    cluster.update("kube-controller-manager", lambda live: live.update(status={"replicas": 3}))
    assert_clean(cluster.judge(git))


def test_10_older_api_version_in_git_argocd_17795_14666() -> None:
    git = autoscaler()
    git["apiVersion"] = "autoscaling/v1"
    del git["spec"]["metrics"]
    git["spec"]["targetCPUUtilizationPercentage"] = 70
    result = Cluster().apply(autoscaler()).judge(git)
    assert result.changes == ()
    assert "Git says autoscaling/v1" in result.notes[0]


def test_10_moved_api_group_argocd_15898() -> None:
    git = deployment() | {"apiVersion": "apps/v1beta2"}
    assert Cluster().apply(deployment()).judge(git).changes == ()


def test_10_exported_manifest_with_server_metadata() -> None:
    git = deployment()
    git["metadata"] |= {"uid": "old", "resourceVersion": "1", "creationTimestamp": None}
    git["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "1"}
    assert_clean(Cluster().apply(deployment()).judge(git))


def test_gitops_book_keeping_is_no_drift() -> None:
    git = deployment()
    applied = copy.deepcopy(git)
    applied["metadata"]["annotations"] = {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment"}
    applied["metadata"]["labels"] |= {"kustomize.toolkit.fluxcd.io/name": "shop"}
    assert_clean(Cluster().apply(applied).judge(git))


def test_taking_over_an_object_made_with_kubectl_is_no_drift() -> None:
    git = deployment()
    cluster = Cluster().client_side_apply(git, manager="kubectl-client-side-apply").apply(git)
    assert_clean(cluster.judge(git))


def test_a_sidecar_from_a_webhook_is_acceptable() -> None:
    git = deployment()

    def inject(live: dict[str, Any]) -> None:
        live["spec"]["template"]["spec"]["containers"].append({"name": "proxy", "image": "p:1"})
        live["metadata"]["labels"]["injected"] = "true"

    result = Cluster().apply(git, webhook=inject).judge(git)
    assert_acceptable(result)
    assert {change.path for change in result.changes} == {
        "/metadata/labels/injected",
        "/spec/template/spec/containers/1",
    }


def test_restart_annotation_is_acceptable() -> None:
    git = deployment()

    def restart(live: dict[str, Any]) -> None:
        live["spec"]["template"]["metadata"]["annotations"] = {
            "kubectl.kubernetes.io/restartedAt": "2026-11-20T12:00:00Z"
        }

    assert_acceptable(Cluster().apply(git).update("kubectl-rollout", restart).judge(git))


def test_untouched_objects_of_every_starting_kind_are_clean() -> None:
    for git in (deployment(), service(), config_map(), autoscaler(), webhook(), cluster_role()):
        assert_clean(Cluster().apply(git).judge(git))
        assert_clean(Cluster().client_side_apply(git).judge(git))
        assert_clean(Cluster().client_side_apply(git).judge(git, last_synced=None))


def test_the_container_of_the_manifest_is_untouched() -> None:
    git = deployment()
    before = copy.deepcopy(git)
    Cluster().apply(git).judge(git)
    assert git == before
    assert git["spec"]["template"]["spec"]["containers"] == [container()]


def test_what_admission_puts_into_every_pod_is_clean() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}}
    pod |= {"spec": {"containers": [{"name": "c", "image": "i:1"}]}}
    mount = "/var/run/secrets/kubernetes.io/serviceaccount"

    def admit(live: dict[str, Any]) -> None:
        live["spec"] |= {"volumes": [{"name": "kube-api-access-x7", "projected": {}}]}
        live["spec"]["containers"][0]["volumeMounts"] = [
            {"name": "kube-api-access-x7", "mountPath": mount, "readOnly": True}
        ]
        live["spec"]["tolerations"] = [{"key": "node.kubernetes.io/not-ready"}]

    assert_clean(Cluster().apply(pod, webhook=admit).judge(pod))


def test_a_tool_nobody_knows_that_applies_is_the_gitops_tool() -> None:
    git = deployment()
    assert_clean(Cluster().client_side_apply(git, manager="main").judge(git))


def test_generated_labels_of_a_job_are_clean() -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "shop"}}
    template = {"metadata": {"labels": {"app": "j"}}, "spec": {"containers": [{"name": "c"}]}}
    job |= {"spec": {"template": template}}

    def generate(live: dict[str, Any]) -> None:
        uid = {"batch.kubernetes.io/controller-uid": "u", "controller-uid": "u", "job-name": "j"}
        live["spec"]["template"]["metadata"]["labels"] |= uid
        live["spec"]["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}}

    assert_clean(Cluster().apply(job, webhook=generate).judge(job))


def test_9_duplicates_a_merge_has_collapsed_argocd_18402() -> None:
    git = with_container(env=[{"name": "R", "value": "5"}, {"name": "R", "value": "6"}])
    live = Cluster().apply(with_container(env=[{"name": "R", "value": "6"}])).get()
    assert_clean(compare(desired=git, live=live, last_synced=git))
    live = Cluster().apply(with_container(env=[{"name": "R", "value": "5"}])).get()
    assert compare(desired=git, live=live, last_synced=git).drifted


@pytest.mark.parametrize("takes_over", ["apply", "client_side_apply"])
@pytest.mark.parametrize("git", [stateful_set(claim()), route(), service(type="NodePort")])
def test_defaults_owned_by_a_first_kubectl_apply_are_clean(git: Any, takes_over: str) -> None:
    cluster = Cluster(ROUTE_DEFINITION)
    cluster.client_side_apply(git, manager="kubectl-client-side-apply")

    def allocate(live: dict[str, Any]) -> None:
        if live["kind"] == "Service":
            live["spec"]["ports"][0]["nodePort"] = 30080
        if live["kind"] == "StatefulSet":
            live["spec"]["volumeClaimTemplates"][0]["status"] = {"phase": "Pending"}

    cluster.update("kubectl-client-side-apply", allocate)
    getattr(cluster, takes_over)(git)
    assert_clean(compare(desired=git, live=cluster.get(), last_synced=git))


def test_what_a_persons_apply_declared_is_still_found() -> None:
    git = deployment()
    theirs = copy.deepcopy(git)
    theirs["metadata"]["labels"]["mine"] = "1"
    cluster = Cluster().apply(git)
    cluster.client_side_apply(theirs, manager="kubectl-client-side-apply")
    result = cluster.judge(git)
    assert [change.path for change in result.changes] == ["/metadata/labels/mine"]


def test_3_empty_secret_value_comes_back_as_null() -> None:
    git = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque"}
    live = {**git, "data": {"smtp": None, "user": "YQ=="}}
    for smtp in ("", None):
        assert_clean(compare(desired={**git, "data": {"smtp": smtp, "user": "YQ=="}}, live=live))


def test_live_values_masked_by_argo_cd_are_compared_as_masks() -> None:
    git = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    masked = {**git, "data": {"password": "++++++++"}}
    other = {**git, "data": {"password": "++++++++++++"}}
    assert_clean(compare(desired=masked, live=masked, last_synced=masked))
    assert compare(desired=masked, live=other, last_synced=masked).drifted


def test_live_fields_that_are_null_are_missing() -> None:
    live = deployment() | {"spec": None}
    assert compare(desired=deployment(), live=live, last_synced=deployment()).drifted
