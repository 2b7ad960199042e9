from typing import Any

import pytest

from aof.errors import UsageFault
from aof.redaction import Redactor
from tests.servers.kubernetes import KubernetesServer, failure
from tests.servers.loopback import Reply
from tests.tools.kubectl.refusal import refused
from tests.tools.kubernetes_samples import (
    event,
    named,
    pod,
    secret,
)


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
