import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from aof.clock import FrozenClock
from aof.errors import NotBound, PlanRefused, Unreachable, UsageFault
from aof.redaction import Redactor
from aof.tools.kubectl import Kubectl
from tests.servers.kubernetes import TOKEN, KubernetesServer, failure
from tests.servers.loopback import Reply
from tests.servers.tls import serve_tls
from tests.tools.kubernetes_samples import (
    deployment,
    event,
    named,
    pod,
    pod_template,
    replica_set,
    secret,
)

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[KubernetesServer]:
    cluster = KubernetesServer(deployment())
    with cluster.running():
        yield cluster


@pytest.fixture
def call(server: KubernetesServer, tmp_path: Path) -> Any:
    tool = Kubectl.bind({"KUBECONFIG": str(server.kubeconfig(tmp_path))}, clock=FrozenClock(NOW))
    return lambda operation, /, **arguments: tool.invoke(operation, arguments)


def refused(call: Any, operation: str, /, **arguments: Any) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        call(operation, **arguments)
    return caught.value


# -- get ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "resource", ["deployment/shop", "deploy/shop", "deployments.apps/shop", "Deployment/shop"]
)
def test_get_finds_an_object_by_any_name_of_its_kind(call: Any, resource: str) -> None:
    found = call("get", resource=resource).data
    assert (found["kind"], found["metadata"]["name"]) == ("Deployment", "shop")
    assert "managedFields" not in found["metadata"]


def test_get_shows_who_set_fields_when_asked(call: Any) -> None:
    found = call("get", resource="deployment", name="shop", show_managed_fields=True).data
    assert found["metadata"]["managedFields"][0]["manager"] == "kubectl-create"


def test_get_lists_page_by_page_and_types_every_item(server: KubernetesServer, call: Any) -> None:
    for number in range(7):
        server.add(named("ConfigMap", f"c{number}"))
    server.page = 3
    items = call("get", resource="cm").data["items"]
    assert [item["metadata"]["name"] for item in items] == [f"c{number}" for number in range(7)]
    assert {item["kind"] for item in items} == {"ConfigMap"}
    assert len(server.requests("GET", "/configmaps")) == 3


def test_an_expired_continue_token_starts_the_list_anew(
    server: KubernetesServer, call: Any
) -> None:
    for number in range(4):
        server.add(named("ConfigMap", f"c{number}"))
    server.page = 2
    gone = failure(410, "Expired", "The provided continue parameter is too old")
    first = server.answer
    server.answer = lambda asked: gone if asked.query.get("continue") else first(asked)  # type: ignore[method-assign]
    assert len(call("get", resource="configmaps").data["items"]) == 4


def test_get_selects_by_labels_fields_and_namespace(server: KubernetesServer, call: Any) -> None:
    server.add(named("Pod", "a", metadata={"labels": {"app": "x"}}))
    server.add(named("Pod", "b", metadata={"labels": {"app": "y"}, "namespace": "team"}))
    assert len(call("get", resource="pods", all_namespaces=True).data["items"]) == 2
    assert call("get", resource="pods", selector="app=y").data["items"] == []
    assert len(call("get", resource="pods", namespace="team", selector="app=y").data["items"]) == 1
    named_a = call("get", resource="pods", field_selector="metadata.name=a").data
    assert len(named_a["items"]) == 1


def test_a_forbidden_kind_among_several_is_named_as_not_checked(
    server: KubernetesServer, call: Any
) -> None:
    server.forbidden.add(("list", "secrets", "*"))
    output = call("get", resource="deployments,secrets")
    assert len(output.data["items"]) == 1
    assert output.data["not_checked"][0]["resource"] == "secrets"
    assert 'cannot list resource "secrets"' in output.data["not_checked"][0]["reason"]
    assert "secrets was not checked" in output.warnings[0]


def test_a_forbidden_kind_alone_is_an_error_with_the_servers_words(
    server: KubernetesServer, call: Any
) -> None:
    server.forbidden.add(("list", "secrets", "default"))
    error = refused(call, "get", resource="secrets")
    assert error.what.endswith("/api/v1/namespaces/default/secrets?limit=500: 403")
    assert 'secrets is forbidden: User "tester" cannot list' in error.why


def test_what_does_not_exist_is_an_error_unless_said_otherwise(call: Any) -> None:
    assert refused(call, "get", resource="deploy/none").why == 'deployments.apps "none" not found'
    assert call("get", resource="deploy/none", ignore_not_found=True).data is None


def test_kinds_unknown_to_us_are_found_by_discovery(server: KubernetesServer, call: Any) -> None:
    server.add(named("Widget", "w", "example.com/v1", spec={"x": 1}))
    assert call("get", resource="widget.example.com/w").data["spec"] == {"x": 1}
    server.aggregated = False
    assert len(call("get", resource="widgets").data["items"]) == 1


def test_servers_without_aggregated_discovery_are_asked_group_by_group(
    server: KubernetesServer, call: Any
) -> None:
    server.aggregated = False
    server.down_groups.add("example.com")
    assert call("get", resource="deploy/shop").data["kind"] == "Deployment"
    with pytest.raises(UsageFault, match="'widgets'") as caught:
        call("get", resource="widgets")
    assert "did not answer: example.com/v1" in caught.value.why


def test_an_unknown_kind_suggests_a_known_one(call: Any) -> None:
    with pytest.raises(UsageFault, match="'deploymnet'") as caught:
        call("get", resource="deploymnet")
    assert "deployments" in caught.value.fix


def test_warnings_of_the_server_reach_the_result(server: KubernetesServer, call: Any) -> None:
    text = '299 - "apps/v0 Deployment is deprecated", 299 - "use \\"v1\\""'
    found = server.object("deployments", "shop")
    server.plan("GET", "/deployments/shop", Reply(200, found, {"Warning": text}))
    output = call("get", resource="deploy/shop")
    assert output.warnings == ("apps/v0 Deployment is deprecated", 'use \\"v1\\"')
    assert call("get", resource="deploy/shop").warnings == ()


def test_a_large_config_map_is_read_whole(server: KubernetesServer, call: Any) -> None:
    server.add(named("ConfigMap", "big", data={"blob": "x" * 10_000_000}))
    output = call("get", resource="cm/big")
    assert len(output.data["data"]["blob"]) == 10_000_000
    assert len(output.summary) < 100


def test_secret_values_reach_no_summary_and_no_annotation(
    server: KubernetesServer, call: Any
) -> None:
    server.add(secret())
    one = call("get", resource="secret/login")
    many = call("get", resource="secrets")
    for output in (one, many):
        assert "aHVudGVyMg==" not in output.summary
        shown = str(Redactor().value(output.data))
        assert "aHVudGVyMg==" not in shown
        assert "4711" not in shown
    applied = one.data["metadata"]["annotations"].popitem()[1]
    assert '"password"' in applied


# -- describe, logs, events ---------------------------------------------------------------


def test_describe_gathers_pods_and_events(server: KubernetesServer, call: Any) -> None:
    server.add(pod("shop-1"))
    server.add(pod("shop-2", ready=False))
    server.add(event("e1", "shop"))
    output = call("describe", resource="deployment/shop")
    assert [one["ready"] for one in output.data["pods"]] == ["1/1", "0/1"]
    assert output.data["pods"][1]["reasons"] == ["shop: CrashLoopBackOff"]
    assert output.data["events"][0]["message"] == "0/3 nodes are available"
    assert "2 pods, 1 warning events; 2 of 2 replicas" in output.summary


def test_describe_warns_of_what_it_may_not_read(server: KubernetesServer, call: Any) -> None:
    server.forbidden |= {("list", "pods", "*"), ("list", "events", "*")}
    output = call("describe", resource="deployment/shop")
    assert output.data["object"]["kind"] == "Deployment"
    assert [text[:28] for text in output.warnings] == [
        "not shown: pods is forbidden",
        "not shown: events is forbidd",
    ]


def test_describe_leaves_secret_values_out(server: KubernetesServer, call: Any) -> None:
    server.add(secret())
    shown = str(call("describe", resource="secret", name="login").data)
    assert "password" in shown
    assert "aHVudGVyMg==" not in shown


def test_describe_tells_who_would_undo_a_change(server: KubernetesServer, call: Any) -> None:
    labels = {"kustomize.toolkit.fluxcd.io/name": "apps"}
    labels["kustomize.toolkit.fluxcd.io/namespace"] = "flux-system"
    server.add(named("Service", "web", metadata={"labels": labels}))
    found = call("describe", resource="svc/web").data
    assert found["gitops_owner"] == "Flux Kustomization flux-system/apps"


def test_logs_of_a_workload_come_from_a_ready_pod(server: KubernetesServer, call: Any) -> None:
    server.add(pod("shop-1", ready=False))
    server.add(pod("shop-2"))
    server.logs["shop-2", "shop"] = b"one\ntwo\nthree\n"
    output = call("logs", resource="deployment/shop", tail=2)
    assert (output.data["pod"], output.data["text"]) == ("shop-2", "two\nthree\n")


def test_logs_choose_a_container_and_the_previous_run(server: KubernetesServer, call: Any) -> None:
    server.add(pod("web", containers=("proxy", "shop")))
    server.logs["web", "proxy"] = b"proxied\n"
    server.logs["web", "shop previous"] = b"panic\n"
    assert call("logs", resource="web").data["text"] == "proxied\n"
    assert call("logs", resource="web", container="shop", previous=True).data["text"] == "panic\n"
    assert (
        "container nope is not valid" in refused(call, "logs", resource="web", container="nope").why
    )


def test_logs_keep_the_newest_mebibyte(server: KubernetesServer, call: Any) -> None:
    server.add(pod("web"))
    server.logs["web", "shop"] = b"".join(b"%07d %s\n" % (n, b"x" * 92) for n in range(20_000))
    found = call("logs", resource="pod/web", tail=100_000).data
    assert found["truncated"] is True
    assert found["text"].startswith("00")
    assert found["text"].splitlines()[-1].startswith("0019999")


def test_logs_of_a_workload_without_pods_say_so(call: Any) -> None:
    with pytest.raises(UsageFault, match="has no pods"):
        call("logs", resource="deployment/shop")


def test_events_are_sorted_recent_and_about_one_object(server: KubernetesServer, call: Any) -> None:
    server.add(event("late", "shop", minute=20))
    server.add(event("early", "shop", minute=10, kind="Normal"))
    server.add(event("other", "cart", minute=15))
    server.add({**event("old", "shop"), "lastTimestamp": "2026-11-19T10:00:00Z"})
    found = call("events", resource="deployment/shop").data["events"]
    assert [one["last"][14:16] for one in found] == ["10", "20"]
    output = call("events", all_namespaces=True, warnings_only=True)
    assert output.summary == "2 events, 2 warnings"


# -- rollouts -----------------------------------------------------------------------------


def test_rollout_status_of_a_finished_deployment(call: Any) -> None:
    found = call("rollout_status", resource="deployment/shop").data
    assert (found["complete"], found["failed"], found["revision"]) == (True, False, 2)
    assert found["images"] == ["shop:2"]


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ({"updatedReplicas": 1}, "1 of 2 new replicas have been updated"),
        ({"replicas": 3}, "1 old replicas are pending termination"),
        ({"availableReplicas": 1}, "1 of 2 updated replicas are available"),
        ({"observedGeneration": 0}, "waiting for the controller to see the change"),
    ],
)
def test_rollout_status_of_a_deployment_under_way(
    server: KubernetesServer, call: Any, status: dict[str, int], message: str
) -> None:
    server.add(deployment(**status))
    found = call("rollout_status", resource="deployment/shop").data
    assert (found["complete"], found["failed"], found["message"]) == (False, False, message)


def test_rollout_status_past_its_deadline_has_failed(server: KubernetesServer, call: Any) -> None:
    late = {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "timed out"}
    server.add(deployment(updatedReplicas=1, conditions=[late]))
    found = call("rollout_status", resource="deployment/shop").data
    assert found["failed"] is True
    assert "timed out" in found["message"]


def test_rollout_status_waits_as_long_as_asked(server: KubernetesServer, call: Any) -> None:
    server.add(deployment(updatedReplicas=1))
    found = call("rollout_status", resource="deployment/shop", wait_s=10).data
    assert found["complete"] is False
    assert len(server.requests("GET", "/deployments/shop")) == 6


WORKLOADS: list[tuple[str, str, dict[str, Any], dict[str, Any], str]] = [
    ("StatefulSet", "apps/v1", {"replicas": 3}, {"readyReplicas": 2}, "2 of 3 pods are ready"),
    (
        "StatefulSet",
        "apps/v1",
        {"replicas": 1},
        {"readyReplicas": 1, "updateRevision": "b", "currentRevision": "a"},
        "0 of 1 pods at b",
    ),
    (
        "StatefulSet",
        "apps/v1",
        {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 2}}},
        {"readyReplicas": 3, "updatedReplicas": 1},
        "1 of 1 pods below the partition updated",
    ),
    (
        "DaemonSet",
        "apps/v1",
        {"updateStrategy": {"type": "OnDelete"}},
        {"desiredNumberScheduled": 4, "updatedNumberScheduled": 1},
        "1 of 4 pods have been updated (OnDelete: a pod is updated when it is deleted)",
    ),
    (
        "Rollout",
        "argoproj.io/v1alpha1",
        {},
        {"phase": "Healthy", "observedGeneration": "5b4d7c"},
        "healthy",
    ),
    (
        "DaemonSet",
        "apps/v1",
        {},
        {"desiredNumberScheduled": 4, "updatedNumberScheduled": 4, "numberAvailable": 3},
        "3 of 4 updated pods are available",
    ),
    (
        "Rollout",
        "argoproj.io/v1alpha1",
        {"strategy": {"canary": {"steps": [{}, {}]}}},
        {"phase": "Paused", "message": "CanaryPauseStep", "currentStepIndex": 1},
        "Paused at step 1/2: CanaryPauseStep",
    ),
    (
        "Rollout",
        "argoproj.io/v1alpha1",
        {},
        {"abort": True, "phase": "Degraded"},
        "aborted: the stable version serves",
    ),
]


@pytest.mark.parametrize(("kind", "api_version", "spec", "status", "message"), WORKLOADS)
def test_rollout_status_follows_the_rules_of_each_kind(  # noqa: PLR0917
    server: KubernetesServer,
    call: Any,
    kind: str,
    api_version: str,
    spec: dict[str, Any],
    status: dict[str, Any],
    message: str,
) -> None:
    seen = {"observedGeneration": 1, **status}
    server.add(named(kind, "w", api_version, spec=spec, status=seen))
    assert call("rollout_status", resource=kind.lower(), name="w").data["message"] == message


def test_what_has_no_rollouts_says_so(server: KubernetesServer, call: Any) -> None:
    server.add(named("ConfigMap", "a"))
    with pytest.raises(UsageFault, match="configmap/a has no rollouts"):
        call("rollout_status", resource="cm/a")


def test_rollout_history_lists_revisions_of_this_workload_only(
    server: KubernetesServer, call: Any
) -> None:
    server.add(replica_set("shop-a", 1, "shop:1"))
    server.add(replica_set("shop-b", 2, "shop:2"))
    server.add(replica_set("alien", 9, "alien:9", owner="alien"))
    found = call("rollout_history", resource="deployment/shop").data["revisions"]
    assert [(one["revision"], one["images"], one["current"]) for one in found] == [
        (2, ["shop:2"], True),
        (1, ["shop:1"], False),
    ]


# -- diff and permissions -----------------------------------------------------------------


def test_diff_shows_what_applying_would_change_and_changes_nothing(
    server: KubernetesServer, call: Any
) -> None:
    wanted = named(
        "Deployment", "shop", "apps/v1", spec={"replicas": 5, "template": pod_template("shop:2")}
    )
    missing = named("ConfigMap", "new", data={"a": "1"})
    output = call("diff", manifests=[wanted, missing])
    changed, absent = output.data["objects"]
    assert output.summary == "1 changed, 1 missing"
    assert "-  replicas: 2\n+  replicas: 5" in changed["diff"]
    assert (absent["status"], "+data:" in absent["diff"]) == ("missing", True)
    assert server.object("deployments", "shop")["spec"]["replicas"] == 2
    assert ("configmaps", "default", "new") not in server.stored


def test_diff_of_equal_objects_is_empty(server: KubernetesServer, call: Any) -> None:
    server.add(named("ConfigMap", "same", data={"a": "1"}))
    output = call("diff", manifests=[named("ConfigMap", "same", data={"a": "1"})])
    assert output.data["objects"][0]["status"] == "same"


def test_diff_reports_each_refused_object_with_the_servers_words(
    server: KubernetesServer, call: Any
) -> None:
    server.forbidden.add(("patch", "configmaps", "default"))
    bad = named("Deployment", "shop", "apps/v1", spec={"replicas": -1})
    output = call("diff", manifests=[bad, named("ConfigMap", "new")])
    assert output.summary == "2 refused"
    assert "must be greater than or equal to 0" in output.data["objects"][0]["reason"]
    assert "is forbidden" in output.data["objects"][1]["reason"]


def test_diff_of_a_kind_the_server_lacks_does_not_stop_the_others(call: Any) -> None:
    gadget = named("Gadget", "g", "example.com/v9")
    output = call("diff", manifests=[gadget, named("ConfigMap", "new")])
    assert [one["status"] for one in output.data["objects"]] == ["refused", "missing"]
    assert "Gadget (example.com/v9)" in output.data["objects"][0]["reason"]


def test_diff_hides_secret_values_but_shows_which_changed(
    server: KubernetesServer, call: Any
) -> None:
    server.add(named("Secret", "login", data={"a": "b2xk", "b": "a2VlcA=="}))
    wanted = named("Secret", "login", data={"a": "bmV3", "b": "a2VlcA=="})
    text = call("diff", manifests=[wanted]).data["objects"][0]["diff"]
    assert "'*** (before)'" in text
    assert "'*** (after)'" in text
    assert "b2xk" not in text
    assert "bmV3" not in text


def test_diff_of_a_huge_change_is_counted_quickly(server: KubernetesServer, call: Any) -> None:
    old, new = ("\n".join(f"{word} {n}" for n in range(100_000)) for word in ("old", "new"))
    server.add(named("ConfigMap", "big", data={"text": old}))
    text = call("diff", manifests=[named("ConfigMap", "big", data={"text": new})]).data
    assert "too many to show" in text["objects"][0]["diff"]


def test_auth_can_i_asks_about_the_resource_meant(server: KubernetesServer, call: Any) -> None:
    server.forbidden.add(("patch", "deployments/scale", "prod"))
    assert call("auth_can_i", verb="patch", resource="deploy").data["allowed"] is True
    refusal = call(
        "auth_can_i", verb="patch", resource="deploy", namespace="prod", subresource="scale"
    )
    assert refusal.data == {"allowed": False, "reason": "no RBAC policy matched"}
    assert refusal.summary == "patch deployments.apps/scale: no"


# -- writes -------------------------------------------------------------------------------


def old_and_new(server: KubernetesServer) -> None:
    server.add(replica_set("shop-a", 1, "shop:1"))
    server.add(replica_set("shop-b", 2, "shop:2"))


def test_apply_creates_configures_and_leaves_alone(server: KubernetesServer, call: Any) -> None:
    manifests = [named("ConfigMap", "a", data={"x": "1"}), named("ConfigMap", "b")]
    first = call("apply", manifests=manifests)
    assert first.summary == "configmap/a created, configmap/b created"
    manifests[0]["data"] = {"y": "2"}
    second = call("apply", manifests=manifests)
    assert [one["change"] for one in second.data["objects"]] == ["configured", "unchanged"]
    assert server.object("configmaps", "a")["data"] == {"y": "2"}


def test_apply_is_owned_by_aofctl(server: KubernetesServer, call: Any) -> None:
    call("apply", manifests=[named("ConfigMap", "a", data={"x": "1"})])
    found = call("get", resource="cm/a", show_managed_fields=True).data["metadata"]
    assert (found["managedFields"][0]["manager"], found["managedFields"][0]["operation"]) == (
        "aofctl",
        "Apply",
    )


def test_changes_are_validated_strictly(server: KubernetesServer, call: Any) -> None:
    call("apply", manifests=[named("ConfigMap", "a")])
    call("scale", resource="deploy/shop", replicas=1)
    asked = server.requests("PATCH")
    assert [one.query["fieldValidation"] for one in asked] == ["Strict", "Strict"]


def test_apply_refuses_fields_of_others_unless_forced(server: KubernetesServer, call: Any) -> None:
    server.add(named("ConfigMap", "a", data={"x": "1"}), manager="helm")
    mine = [named("ConfigMap", "a", data={"x": "2"})]
    error = refused(call, "apply", manifests=mine)
    assert 'conflict with "helm": .data.x' in error.why
    assert "force_conflicts" in error.fix
    call("apply", manifests=mine, force_conflicts=True)
    assert server.object("configmaps", "a")["data"] == {"x": "2"}


def test_apply_says_what_was_applied_before_it_stopped(server: KubernetesServer, call: Any) -> None:
    bad = named("Deployment", "shop", "apps/v1", spec={"replicas": -1})
    manifests = [named("ConfigMap", "a"), bad, named("ConfigMap", "b")]
    error = refused(call, "apply", manifests=manifests, force_conflicts=True)
    assert "422" in error.what
    assert "applied before it: configmap/a created" in error.why
    assert ("configmaps", "default", "b") not in server.stored


def test_apply_of_a_kind_the_server_lacks_is_refused_by_name(call: Any) -> None:
    with pytest.raises(UsageFault, match=r"Gadget \(example.com/v9\)"):
        call("apply", manifests=[named("Gadget", "g", "example.com/v9")])


@pytest.mark.parametrize(
    "manifest", [{}, {"apiVersion": "v1", "kind": "ConfigMap"}, {"apiVersion": 1, "kind": "Pod"}]
)
def test_manifests_without_identity_are_refused(call: Any, manifest: dict[str, Any]) -> None:
    with pytest.raises(UsageFault, match="has no"):
        call("apply", manifests=[manifest])


def test_scale_changes_replicas_and_is_safe_to_repeat(server: KubernetesServer, call: Any) -> None:
    output = call("scale", resource="deployment/shop", replicas=5)
    assert (output.data["before"], output.data["changed"]) == (2, True)
    assert server.object("deployments", "shop")["spec"]["replicas"] == 5
    assert call("scale", resource="deployment/shop", replicas=5).data["changed"] is False
    assert len(server.requests("PATCH")) == 1


def test_scale_refuses_when_the_number_is_not_the_expected(
    server: KubernetesServer, call: Any
) -> None:
    with pytest.raises(PlanRefused, match="has 2 replicas, not 3"):
        call("scale", resource="deployment/shop", replicas=5, current_replicas=3)
    assert server.requests("PATCH") == []


def test_a_lost_race_is_a_refused_plan(server: KubernetesServer, call: Any) -> None:
    conflict = failure(409, "Conflict", "the object has been modified")
    server.plan("PATCH", "/scale", conflict)
    with pytest.raises(PlanRefused, match="changed by somebody else meanwhile"):
        call("scale", resource="deployment/shop", replicas=5)


def test_scale_names_the_version_it_saw(server: KubernetesServer, call: Any) -> None:
    seen = server.object("deployments", "shop")["metadata"]["resourceVersion"]
    call("scale", resource="deployment/shop", replicas=5)
    assert server.requests("PATCH")[0].json()["metadata"] == {"resourceVersion": seen}


def test_kinds_without_scale_say_so(server: KubernetesServer, call: Any) -> None:
    server.add(named("ConfigMap", "a"))
    with pytest.raises(UsageFault, match="configmap/a cannot be scaled"):
        call("scale", resource="cm/a", replicas=1)


def test_undo_brings_back_the_template_before(server: KubernetesServer, call: Any) -> None:
    old_and_new(server)
    output = call("rollout_undo", resource="deployment/shop")
    assert (output.data["to_revision"], output.data["images"]) == (1, ["shop:1"])
    template = server.object("deployments", "shop")["spec"]["template"]
    assert template == pod_template("shop:1")


def test_undo_to_the_current_revision_changes_nothing(server: KubernetesServer, call: Any) -> None:
    old_and_new(server)
    assert call("rollout_undo", resource="deploy/shop", to_revision=2).data["changed"] is False
    assert server.requests("PATCH") == []


def test_undo_to_an_unknown_revision_lists_the_known(server: KubernetesServer, call: Any) -> None:
    old_and_new(server)
    with pytest.raises(PlanRefused, match="no revision 7") as caught:
        call("rollout_undo", resource="deployment/shop", to_revision=7)
    assert caught.value.why == "its revisions are: 2, 1"


def test_undo_without_a_past_is_refused(call: Any) -> None:
    with pytest.raises(PlanRefused, match="no revision before the current one"):
        call("rollout_undo", resource="deployment/shop")


def test_undo_refuses_when_the_workload_changed_meanwhile(
    server: KubernetesServer, call: Any
) -> None:
    old_and_new(server)
    seen = copy.deepcopy(server.object("deployments", "shop"))
    server.plan("GET", "/deployments/shop", Reply(body=seen))
    server.object("deployments", "shop")["metadata"]["generation"] = 2
    with pytest.raises(PlanRefused, match="changed by somebody else"):
        call("rollout_undo", resource="deployment/shop")


def test_undo_of_a_paused_deployment_is_refused(server: KubernetesServer, call: Any) -> None:
    server.object("deployments", "shop")["spec"]["paused"] = True
    with pytest.raises(PlanRefused, match="is paused") as caught:
        call("rollout_undo", resource="deployment/shop")
    assert "kubectl rollout resume deployment/shop" in caught.value.fix


def test_undo_of_a_stateful_set_uses_its_controller_revisions(
    server: KubernetesServer, call: Any
) -> None:
    selector = {"matchLabels": {"app": "db"}}
    spec = {"replicas": 1, "selector": selector, "template": pod_template("db:2")}
    server.add(named("StatefulSet", "db", "apps/v1", metadata={"uid": "u-db"}, spec=spec))
    for number in (1, 2):
        owner = {"uid": "u-db", "controller": True}
        about = {"labels": {"app": "db"}, "ownerReferences": [owner]}
        template = {**pod_template(f"db:{number}"), "$patch": "replace"}
        server.add(
            named(
                "ControllerRevision",
                f"db-{number}",
                "apps/v1",
                metadata=about,
                revision=number,
                data={"spec": {"template": template}},
            )
        )
    call("rollout_undo", resource="statefulset/db")
    assert server.object("statefulsets", "db")["spec"]["template"] == pod_template("db:1")


def test_undo_warns_when_gitops_will_undo_it(server: KubernetesServer, call: Any) -> None:
    old_and_new(server)
    annotations = server.object("deployments", "shop")["metadata"]["annotations"]
    annotations["argocd.argoproj.io/tracking-id"] = "shop:apps/Deployment:default/shop"
    output = call("rollout_undo", resource="deployment/shop")
    assert "kept by Argo CD application shop" in output.warnings[0]


def test_restart_stamps_the_template(server: KubernetesServer, call: Any) -> None:
    output = call("rollout_restart", resource="deployment/shop")
    assert output.data["restarted_at"] == "2026-11-20T10:30:00Z"
    status = call("rollout_status", resource="deployment/shop").data
    assert (status["restarted_at"], status["complete"]) == ("2026-11-20T10:30:00Z", False)


def argo_rollout(**status: Any) -> dict[str, Any]:
    spec = {"replicas": 2, "template": pod_template("shop:2")}
    return named("Rollout", "shop", "argoproj.io/v1alpha1", spec=spec, status=status)


def test_restart_of_an_argo_rollout_uses_its_own_field(server: KubernetesServer, call: Any) -> None:
    server.add(argo_rollout())
    call("rollout_restart", resource="rollout/shop")
    assert server.object("rollouts", "shop")["spec"]["restartAt"] == "2026-11-20T10:30:00Z"


def test_restart_of_what_has_no_pods_is_refused(server: KubernetesServer, call: Any) -> None:
    server.add(named("ConfigMap", "a"))
    with pytest.raises(UsageFault, match="cannot be restarted"):
        call("rollout_restart", resource="cm/a")


def test_abort_goes_back_to_the_stable_version(server: KubernetesServer, call: Any) -> None:
    server.add(argo_rollout(stableRS="old", currentPodHash="new", phase="Paused"))
    output = call("rollout_abort", name="shop")
    assert output.data == {"resource": "rollout/shop", "changed": True, "stable": "old"}
    assert server.requests("PATCH")[0].path.endswith("/rollouts/shop/status")
    assert call("rollout_status", resource="rollout/shop").data["aborted"] is True
    assert call("rollout_abort", name="shop").data["changed"] is False


def test_abort_without_an_update_is_refused(server: KubernetesServer, call: Any) -> None:
    server.add(argo_rollout(stableRS="new", currentPodHash="new", phase="Healthy"))
    with pytest.raises(PlanRefused, match="no update to abort"):
        call("rollout_abort", name="shop")


def test_patch_of_each_type(server: KubernetesServer, call: Any) -> None:
    def images() -> list[str]:
        pod_spec = server.object("deployments", "shop")["spec"]["template"]["spec"]
        return [one["image"] for one in pod_spec["containers"]]

    container = {"name": "shop", "image": "shop:3"}
    strategic = {"spec": {"template": {"spec": {"containers": [container]}}}}
    assert call("patch", resource="deploy/shop", patch=strategic).data["generation"] == 2
    assert images() == ["shop:3"]
    path = "/spec/template/spec/containers/0/image"
    steps = [{"op": "replace", "path": path, "value": "shop:4"}]
    call("patch", resource="deploy/shop", patch=steps, patch_type="json")
    assert images() == ["shop:4"]
    merge = {"spec": {"replicas": 7, "paused": None}}
    output = call("patch", resource="deploy/shop", patch=merge, patch_type="merge")
    assert output.summary == "deployment/shop: patched"
    again = call("patch", resource="deploy/shop", patch=merge, patch_type="merge")
    assert again.data["changed"] is False


def test_strategic_patches_of_custom_resources_are_refused_by_the_server(
    server: KubernetesServer, call: Any
) -> None:
    server.add(named("Widget", "w", "example.com/v1"))
    assert "415" in refused(call, "patch", resource="widget/w", patch={"spec": {"x": 1}}).what
    call("patch", resource="widget/w", patch={"spec": {"x": 1}}, patch_type="merge")
    assert server.object("widgets", "w")["spec"] == {"x": 1}


def test_a_patch_of_the_wrong_form_is_not_sent(server: KubernetesServer, call: Any) -> None:
    with pytest.raises(UsageFault, match="a json patch cannot be an object"):
        call("patch", resource="deploy/shop", patch={"a": 1}, patch_type="json")
    assert server.asked == []


def test_delete_removes_the_object_that_was_seen(server: KubernetesServer, call: Any) -> None:
    server.add(named("ConfigMap", "a", metadata={"finalizers": ["x/y"]}))
    uid = server.object("configmaps", "a")["metadata"]["uid"]
    output = call("delete", resource="cm/a", cascade="foreground", grace_period_s=5)
    assert output.data == {"resource": "configmap/a", "existed": True, "finalizers": ["x/y"]}
    sent = server.requests("DELETE")[0].json()
    assert (sent["preconditions"], sent["propagationPolicy"]) == ({"uid": uid}, "Foreground")
    assert call("get", resource="cm/a", ignore_not_found=True).data is None
    assert call("delete", resource="cm", name="a").data["existed"] is False


def test_delete_of_a_namesake_that_came_later_is_refused(
    server: KubernetesServer, call: Any
) -> None:
    old = server.add(named("ConfigMap", "a", metadata={"uid": "old"}))
    server.plan("GET", "/configmaps/a", Reply(body=dict(old, metadata=dict(old["metadata"]))))
    old["metadata"]["uid"] = "new"
    with pytest.raises(PlanRefused, match="changed by somebody else"):
        call("delete", resource="cm/a")


def test_a_change_is_never_repeated(server: KubernetesServer, call: Any) -> None:
    server.plan("PATCH", "/shop", failure(503, "ServiceUnavailable", "try again"))
    assert "503" in refused(call, "rollout_restart", resource="deployment/shop").what
    assert len(server.requests("PATCH")) == 1


def test_a_change_that_is_forbidden_names_verb_and_object(
    server: KubernetesServer, call: Any
) -> None:
    server.forbidden.add(("patch", "deployments/scale", "*"))
    error = refused(call, "scale", resource="deployment/shop", replicas=3)
    assert 'User "tester" cannot patch resource "deployments/scale"' in error.why


COMMANDS: list[tuple[str, dict[str, Any], str]] = [
    (
        "apply",
        {"manifests": [named("ConfigMap", "a"), named("Service", "b")], "namespace": "t"},
        "kubectl apply --server-side --field-manager=aofctl -n t -f - # configmap/a, service/b",
    ),
    (
        "apply",
        {"manifests": "<manifests>", "force_conflicts": True},
        "kubectl apply --server-side --field-manager=aofctl --force-conflicts -f - # <manifests>",
    ),
    (
        "scale",
        {"resource": "deployment", "name": "shop", "replicas": 3, "current_replicas": 0},
        "kubectl scale deployment/shop --replicas=3 --current-replicas=0",
    ),
    ("rollout_undo", {"resource": "deployment/shop"}, "kubectl rollout undo deployment/shop"),
    (
        "rollout_undo",
        {"resource": "rollout", "name": "shop", "to_revision": 2},
        "kubectl argo rollouts undo shop --to-revision=2",
    ),
    (
        "rollout_undo",
        {"resource": "deployment", "name": "<name>"},
        "kubectl rollout undo deployment/<name>",
    ),
    (
        "rollout_restart",
        {"resource": "deploy/shop", "namespace": "t"},
        "kubectl rollout restart deploy/shop -n t",
    ),
    ("rollout_restart", {"resource": "rollout/shop"}, "kubectl argo rollouts restart shop"),
    ("rollout_abort", {"name": "shop"}, "kubectl argo rollouts abort shop"),
    (
        "patch",
        {"resource": "cm/a", "patch": {"data": {"x": "it's"}}, "patch_type": "merge"},
        """kubectl patch cm/a --type=merge -p '{"data":{"x":"it'"'"'s"}}'""",
    ),
    (
        "delete",
        {"resource": "cm", "name": "a", "cascade": "orphan", "grace_period_s": 0},
        "kubectl delete cm/a --cascade=orphan --grace-period=0",
    ),
]


@pytest.mark.parametrize(("operation", "arguments", "command"), COMMANDS)
def test_commands_read_as_a_person_would_type_them(
    operation: str, arguments: dict[str, Any], command: str
) -> None:
    assert Kubectl.operations()[operation].command(arguments) == command


def test_a_name_with_a_line_break_cannot_leave_its_line() -> None:
    sly = [named("ConfigMap", "a\nkubectl delete ns --all")]
    assert "\n" not in Kubectl.operations()["apply"].command({"manifests": sly})


# -- the connection -----------------------------------------------------------------------


def test_reads_are_repeated_when_the_server_is_busy(server: KubernetesServer, call: Any) -> None:
    busy = failure(429, "TooManyRequests", "too many requests")
    busy.headers["retry-after"] = "0"
    server.plan("GET", "/deployments/shop", busy, failure(504, "Timeout", "etcd is slow"))
    assert call("get", resource="deploy/shop").data["kind"] == "Deployment"
    assert len(server.requests("GET", "/deployments/shop")) == 3


def test_a_server_that_stays_overloaded_is_reported(server: KubernetesServer, call: Any) -> None:
    slow = failure(504, "Timeout", "request did not complete within requested timeout")
    server.plan("GET", "/deployments/shop", slow, slow, slow)
    error = refused(call, "get", resource="deploy/shop")
    assert "504" in error.what
    assert "did not complete" in error.why


def test_an_expired_token_says_log_in_again(server: KubernetesServer, tmp_path: Path) -> None:
    config = server.kubeconfig(tmp_path, token="expired")
    with pytest.raises(Unreachable, match="401") as caught:
        Kubectl.bind({"KUBECONFIG": str(config)}).invoke("get", {"resource": "pods"})
    assert "log in again" in caught.value.fix


def test_answers_that_are_no_api_are_reported(server: KubernetesServer, call: Any) -> None:
    server.plan("GET", "/deployments/shop", Reply(200, b"<html>login</html>"))
    assert "<html>login" in refused(call, "get", resource="deploy/shop").why


@pytest.mark.parametrize("trust", ["nothing", "certificate-authority", "insecure-skip-tls-verify"])
def test_self_signed_tls_is_refused_unless_the_kubeconfig_trusts_it(
    tmp_path: Path, trust: str
) -> None:
    server = KubernetesServer(deployment())
    ca_file = serve_tls(server, tmp_path)
    settings = {
        "nothing": {},
        "certificate-authority": {"certificate-authority": str(ca_file)},
        "insecure-skip-tls-verify": {"insecure-skip-tls-verify": True},
    }[trust]
    tool = Kubectl.bind({"KUBECONFIG": str(server.kubeconfig(tmp_path, **settings))})
    with server.running():
        if trust != "nothing":
            assert tool.invoke("get", {"resource": "deploy/shop"}).data["kind"] == "Deployment"
            return
        with pytest.raises(Unreachable) as caught:
            tool.invoke("get", {"resource": "deploy/shop"})
        assert "certificate verify failed" in caught.value.why.lower()


def with_plugin(server: KubernetesServer, folder: Path, script: str) -> dict[str, str]:
    """Settings whose kubeconfig gets its credentials from an exec plugin."""
    plugin = folder / "plugin"
    plugin.write_text(f"#!/bin/sh\n{script}\n")
    plugin.chmod(0o755)
    config = server.kubeconfig(folder)
    api_version = "client.authentication.k8s.io/v1"
    user = {"exec": {"apiVersion": api_version, "command": str(plugin), "args": []}}
    content = yaml.safe_load(config.read_text())
    content["users"][0]["user"] = user
    config.write_text(yaml.safe_dump(content))
    return {"KUBECONFIG": str(config)}


def test_credentials_can_come_from_an_exec_plugin(server: KubernetesServer, tmp_path: Path) -> None:
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": TOKEN},
    }
    settings = with_plugin(server, tmp_path, f"echo '{json.dumps(credential)}'")
    found = Kubectl.bind(settings).invoke("get", {"resource": "deploy/shop"})
    assert found.data["kind"] == "Deployment"


def test_an_exec_plugin_that_fails_is_quoted(
    server: KubernetesServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = with_plugin(server, tmp_path, "echo 'session expired' >&2; exit 1")
    with pytest.raises(NotBound, match="context test gives no credentials") as caught:
        Kubectl.bind(settings).invoke("get", {"resource": "pods"})
    assert "session expired" in caught.value.why
    assert capfd.readouterr().err == ""


def test_a_pod_uses_its_service_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kubernetes.config import incluster_config

    server = KubernetesServer(deployment(), named("Pod", "a", metadata={"namespace": "team"}))
    ca_file = serve_tls(server, tmp_path)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "namespace").write_text("team")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(ca_file))
    monkeypatch.setattr("aof.transport.kubernetes_config._SERVICE_ACCOUNT", tmp_path)
    host, port = server.url.removeprefix("https://").split(":")
    for name, value in [("HOST", host), ("PORT", port)]:
        monkeypatch.setenv(f"KUBERNETES_SERVICE_{name}", value)
    monkeypatch.setenv("HOME", str(tmp_path))
    with server.running():
        assert len(Kubectl.bind({}).invoke("get", {"resource": "pods"}).data["items"]) == 1


def test_without_any_cluster_the_tool_is_unbound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(NotBound, match="no cluster is configured"):
        Kubectl.bind({})


def test_a_missing_kubeconfig_leaves_the_tool_unbound(tmp_path: Path) -> None:
    with pytest.raises(NotBound, match="cannot be read") as caught:
        Kubectl.bind({"KUBECONFIG": str(tmp_path / "none")})
    assert caught.value.why == "no such file"


def test_a_kubeconfig_that_is_a_folder_leaves_the_tool_unbound(tmp_path: Path) -> None:
    with pytest.raises(NotBound, match="cannot be read") as caught:
        Kubectl.bind({"KUBECONFIG": str(tmp_path)})
    assert caught.value.why == "Is a directory"


@pytest.mark.parametrize(
    "content", ["", "just text", "[1, 2]", "a: [", "contexts: 5", "apiVersion: v1\nkind: Config"]
)
def test_a_broken_kubeconfig_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "config"
    file.write_text(content)
    with pytest.raises(NotBound) as caught:
        Kubectl.bind({"KUBECONFIG": str(file)}).invoke("get", {"resource": "pods"})
    assert str(file) in caught.value.what + caught.value.why


def test_a_wrong_context_lists_the_right_ones(server: KubernetesServer, tmp_path: Path) -> None:
    settings = {"KUBECONFIG": str(server.kubeconfig(tmp_path)), "KUBE_CONTEXT": "prod"}
    with pytest.raises(NotBound, match="no context 'prod'") as caught:
        Kubectl.bind(settings).invoke("get", {"resource": "pods"})
    assert caught.value.why.endswith("has: other, test")


def test_a_token_is_not_sent_unencrypted_to_another_machine(
    server: KubernetesServer, tmp_path: Path
) -> None:
    server.url = "http://cluster.example.com"
    config = server.kubeconfig(tmp_path)
    with pytest.raises(NotBound, match="cannot be used") as caught:
        Kubectl.bind({"KUBECONFIG": str(config)}).invoke("get", {"resource": "pods"})
    assert "unencrypted to http://cluster.example.com" in caught.value.why


def test_context_and_namespace_can_be_chosen(server: KubernetesServer, tmp_path: Path) -> None:
    server.add(named("Pod", "a", metadata={"namespace": "team"}))
    settings = {"KUBECONFIG": str(server.kubeconfig(tmp_path)), "KUBE_CONTEXT": "other"}
    tool = Kubectl.bind({**settings, "KUBE_NAMESPACE": "team"})
    assert len(tool.invoke("get", {"resource": "pods"}).data["items"]) == 1


def test_a_server_that_is_not_there_is_reported(tmp_path: Path) -> None:
    server = KubernetesServer()
    config = server.kubeconfig(tmp_path)
    server._server.server_close()
    with pytest.raises(Unreachable, match="no connection"):
        Kubectl.bind({"KUBECONFIG": str(config)}).invoke("get", {"resource": "pods"})
