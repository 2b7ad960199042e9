from typing import Any

from tests.servers.kubernetes import KubernetesServer
from tests.tools.kubernetes_samples import (
    named,
    pod_template,
)


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
    assert output.summary == "1 refused, 1 forbidden"
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
