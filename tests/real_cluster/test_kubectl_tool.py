"""Every operation of `kubectl` on a real API server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from aof.errors import PlanRefused, Unreachable, UsageFault
from aof.tools.kubectl import Kubectl
from tests.real_cluster.manifests import NAMESPACE, config_map, deployment, widget
from tests.servers.real_kubernetes import READER, RealCluster, program

Call = Any


@pytest.fixture
def call(real: RealCluster) -> Call:
    settings = {"KUBECONFIG": str(real.kubeconfig), "KUBE_NAMESPACE": NAMESPACE}
    tool = Kubectl.bind(settings)
    return lambda operation, /, **arguments: tool.invoke(operation, arguments)


@pytest.fixture
def reader(real: RealCluster) -> Call:
    """Somebody who may do nothing."""
    file = real.write_kubeconfig("reader", READER)
    tool = Kubectl.bind({"KUBECONFIG": str(file), "KUBE_NAMESPACE": NAMESPACE})
    return lambda operation, /, **arguments: tool.invoke(operation, arguments)


@pytest.fixture
def shop(real: RealCluster) -> Iterator[str]:
    """A Deployment of its own for each test."""
    name = f"tool-{time.monotonic_ns()}"
    real.kubectl("apply", "--server-side", "-f", "-", stdin=deployment(name))
    yield f"deployment/{name}"
    real.kubectl(
        "delete", "deployment", name, "-n", NAMESPACE, "--ignore-not-found", "--wait=false"
    )


def test_get_one_with_its_owners(call: Call, shop: str) -> None:
    found = call("get", resource=shop, show_managed_fields=True).data
    assert (found["kind"], found["apiVersion"]) == ("Deployment", "apps/v1")
    assert found["metadata"]["managedFields"]


def test_lists_come_in_pages(call: Call, real: RealCluster) -> None:
    manifests = [config_map(f"page-{number}") for number in range(520)]
    call("apply", manifests=manifests)
    listed = call("get", resource="configmaps").data["items"]
    names = {one["metadata"]["name"] for one in listed}
    assert {one["metadata"]["name"] for one in manifests} <= names
    real.kubectl("delete", "configmaps", "--all", "-n", NAMESPACE, "--wait=false")


def test_a_kind_in_another_version_and_by_short_name(call: Call) -> None:
    for name in ("deploy", "deployments.apps", "Deployment.v1.apps"):
        assert "items" in call("get", resource=name).data
    with pytest.raises(UsageFault, match="does not have a resource type 'deploymant'"):
        call("get", resource="deploymant")


def test_apply_creates_changes_and_leaves_alone(call: Call) -> None:
    first = config_map("tool-apply")
    second = config_map("tool-apply", mode="dev", cpu="1")
    changes = [
        call("apply", manifests=[one]).data["objects"][0]["change"]
        for one in (first, second, second)
    ]
    assert changes == ["created", "configured", "unchanged"]


def test_apply_does_not_take_what_somebody_else_owns(call: Call, real: RealCluster) -> None:
    words = ("apply", "--server-side", "--field-manager=argocd-controller", "-f", "-")
    real.kubectl(*words, stdin=config_map("tool-owned"))
    other = config_map("tool-owned", mode="dev")
    with pytest.raises(Unreachable, match="was not applied"):
        call("apply", manifests=[other])
    taken = call("apply", manifests=[other], force_conflicts=True)
    assert taken.data["objects"][0]["change"] == "configured"


def test_diff_tells_what_an_apply_would_do(call: Call, shop: str) -> None:
    name = shop.partition("/")[2]
    wanted = deployment(name, replicas=5)
    bad = deployment(name, selector={"matchLabels": {"app": "other"}})
    new = config_map("tool-never-there")
    found = call("diff", manifests=[deployment(name), wanted, bad, new]).data["objects"]
    assert [one["status"] for one in found] == ["same", "changed", "refused", "missing"]
    assert "replicas" in found[1]["diff"]
    assert call("get", resource=shop).data["spec"]["replicas"] == 2


def test_scale_and_its_precondition(call: Call, shop: str) -> None:
    assert call("scale", resource=shop, replicas=3, current_replicas=2).data["changed"] is True
    assert call("get", resource=shop).data["spec"]["replicas"] == 3
    with pytest.raises(PlanRefused, match="has 3 replicas, not 2"):
        call("scale", resource=shop, replicas=4, current_replicas=2)


def test_patches_of_every_type(call: Call, shop: str) -> None:
    call("patch", resource=shop, patch={"spec": {"replicas": 1}}, patch_type="merge")
    container = {"name": "web", "image": "nginx:3"}
    call(
        "patch", resource=shop, patch={"spec": {"template": {"spec": {"containers": [container]}}}}
    )
    step = {"op": "add", "path": "/metadata/labels/tier", "value": "gold"}
    call("patch", resource=shop, patch=[step], patch_type="json")
    found = call("get", resource=shop).data
    assert found["spec"]["replicas"] == 1
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:3"
    assert found["spec"]["template"]["spec"]["containers"][0]["env"]
    assert found["metadata"]["labels"]["tier"] == "gold"


def test_a_custom_resource_takes_merge_patches(call: Call) -> None:
    name = f"tool-{time.monotonic_ns()}"
    call("apply", manifests=[widget(name, size=1)])
    done = call("patch", resource=f"widget/{name}", patch={"spec": {"size": 7}}, patch_type="merge")
    assert done.data["changed"] is True
    with pytest.raises(Unreachable, match="415"):
        call("patch", resource=f"widget/{name}", patch={"spec": {"size": 8}})


def test_restart_sets_the_annotation(call: Call, shop: str) -> None:
    at = call("rollout_restart", resource=shop).data["restarted_at"]
    assert call("rollout_status", resource=shop).data["restarted_at"] == at


def test_describe_and_events(call: Call, shop: str, real: RealCluster) -> None:
    about = call("get", resource=shop).data["metadata"]
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": about["name"], "namespace": NAMESPACE},
        "involvedObject": {
            "kind": "Deployment",
            "name": about["name"],
            "namespace": NAMESPACE,
            "uid": about["uid"],
        },
        "type": "Warning",
        "reason": "Testing",
        "message": "as asked",
        "lastTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "count": 1,
    }
    real.kubectl("create", "-f", "-", stdin=event)
    events = call("describe", resource=shop).data["events"]
    assert "as asked" in [one["message"] for one in events]
    warned = call("events", resource=shop, warnings_only=True).data["events"]
    assert [one["reason"] for one in warned] == ["Testing"]


def test_delete_once_and_again(call: Call, shop: str) -> None:
    assert call("delete", resource=shop).data["existed"] is True
    assert call("delete", resource=shop).data["existed"] is False


def test_who_may_what(call: Call, reader: Call) -> None:
    assert call("auth_can_i", verb="patch", resource="deployments").data["allowed"] is True
    assert reader("auth_can_i", verb="patch", resource="deployments").data["allowed"] is False


def test_a_reader_is_told_what_is_missing(reader: Call) -> None:
    with pytest.raises(Unreachable) as caught:
        reader("get", resource="deployments")
    assert 'User "reader" cannot list resource "deployments"' in caught.value.why
    found = reader("diff", manifests=[config_map("tool-reader")])
    assert found.data["objects"][0]["status"] == "forbidden"


def test_wait_hears_of_the_end_from_a_watch(call: Call, real: RealCluster, shop: str) -> None:
    name = shop.partition("/")[2]
    real.kubectl("scale", "deployment", name, "-n", NAMESPACE, "--replicas=0")
    if program("kube-controller-manager") is None:
        path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}/status"
        generation = call("get", resource=shop).data["metadata"]["generation"]
        status = {"status": {"observedGeneration": generation}}
        how = "application/merge-patch+json"
        threading.Timer(1.0, real.send, ["PATCH", path, status, how, "controller"]).start()
    assert call("rollout_status", resource=shop, wait_s=60).data["complete"] is True


@pytest.mark.skipif(program("kube-controller-manager") is None, reason="needs controllers")
def test_undo_brings_the_earlier_template_back(call: Call, real: RealCluster, shop: str) -> None:
    for count in (1, 2):
        for _ in range(200):
            if len(call("rollout_history", resource=shop).data["revisions"]) == count:
                break
            time.sleep(0.3)
        if count == 1:
            name = shop.partition("/")[2]
            real.kubectl("set", "image", f"deployment/{name}", "web=nginx:2", "-n", NAMESPACE)
    assert call("rollout_undo", resource=shop).data["to_revision"] == 1
    found = call("get", resource=shop).data
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:1.25"
