"""What other tools do not show: things added by hand that Git does not mention.

The names carry the numbers of the issues in which users of Argo CD asked for them.
"""

from __future__ import annotations

from typing import Any

import pytest

from aof.analysis.drift import ResourceResult
from tests.analysis.drift.cluster import Cluster
from tests.analysis.drift.manifests import deployment, route, service

CRON_JOB: dict[str, Any] = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": "nightly", "namespace": "shop"},
    "spec": {
        "schedule": "0 3 * * *",
        "jobTemplate": {
            "spec": {"template": {"spec": {"containers": [{"name": "c", "image": "i:1"}]}}}
        },
    },
}
DAEMON_SET = deployment() | {"kind": "DaemonSet"}
del DAEMON_SET["spec"]["replicas"]


def pod_of(live: dict[str, Any]) -> dict[str, Any]:
    spec = live["spec"].get("jobTemplate", live)["spec"]
    pod: dict[str, Any] = spec["template"]["spec"]
    return pod


def found(result: ResourceResult) -> set[str]:
    assert [str(one) for one in result.classes] == ["manual"]
    assert {change.change for change in result.changes} == {"added"}
    return {change.path for change in result.changes}


@pytest.fixture(params=["apply", "client_side_apply"])
def synced(request: pytest.FixtureRequest) -> Any:
    def sync(manifest: dict[str, Any]) -> Cluster:
        cluster: Cluster = getattr(Cluster(), request.param)(manifest)
        return cluster

    return sync


def test_fields_git_leaves_room_for_argocd_1613_20452(synced: Any) -> None:
    git = deployment()
    del git["spec"]["replicas"]
    cluster = synced(git)
    cluster.update("kubectl", lambda live: live["spec"].update(replicas=7), "scale")
    assert found(cluster.judge(git)) == {"/spec/replicas"}


def test_an_environment_variable_argocd_4537(synced: Any) -> None:
    git = deployment()

    def write(live: dict[str, Any]) -> None:
        pod_of(live)["containers"][0]["env"].append({"name": "FROM_SET_ENV", "value": "1"})

    result = synced(git).update("kubectl-set", write).judge(git)
    assert found(result) == {"/spec/template/spec/containers/0/env/2"}


def test_a_label_a_volume_and_its_mount_argocd_4661(synced: Any) -> None:
    git = DAEMON_SET

    def write(live: dict[str, Any]) -> None:
        live["metadata"]["labels"]["by-hand"] = "1"
        pod_of(live)["volumes"] = [{"name": "extra", "hostPath": {"path": "/etc"}}]
        mounts = [{"name": "extra", "mountPath": "/extra"}]
        pod_of(live)["containers"][0]["volumeMounts"] = mounts

    result = synced(git).update("kubectl-edit", write).judge(git)
    assert found(result) == {
        "/metadata/labels/by-hand",
        "/spec/template/spec/volumes/0",
        "/spec/template/spec/containers/0/volumeMounts/0",
    }


@pytest.mark.parametrize("where", ["labels", "annotations"])
def test_labels_and_annotations_argocd_14838(synced: Any, where: str) -> None:
    git = service()

    def write(live: dict[str, Any]) -> None:
        live["metadata"].setdefault(where, {})["example.com/by-hand"] = "1"

    result = synced(git).update("kubectl-edit", write).judge(git)
    assert found(result) == {f"/metadata/{where}/example.com~1by-hand"}


def test_edits_in_argo_cds_own_page_argocd_15116(synced: Any) -> None:
    git = deployment()

    def write(live: dict[str, Any]) -> None:
        live["metadata"]["labels"]["from-page"] = "1"

    result = synced(git).update("argocd-server", write).judge(git)
    assert found(result) == {"/metadata/labels/from-page"}


def test_a_suspended_cron_job_with_another_command_argocd_23368(synced: Any) -> None:
    git = CRON_JOB

    def write(live: dict[str, Any]) -> None:
        live["spec"]["suspend"] = True
        pod_of(live)["containers"][0] |= {"command": ["sleep"], "args": ["3600"]}

    place = "/spec/jobTemplate/spec/template/spec/containers/0"
    result = synced(git).update("kubectl-edit", write).judge(git)
    assert found(result) == {"/spec/suspend", f"{place}/command", f"{place}/args"}


def test_a_field_of_a_custom_resource_nobody_described(synced: Any) -> None:
    git = route()
    result = synced(git).update("kubectl-edit", lambda live: live["spec"].update(suspend=True))
    assert found(result.judge(git)) == {"/spec/suspend"}


def test_a_whole_container_and_a_host_port(synced: Any) -> None:
    git = deployment()

    def write(live: dict[str, Any]) -> None:
        pod_of(live)["containers"][0]["ports"][0]["hostPort"] = 8080
        pod_of(live)["containers"].append({"name": "debug", "image": "busybox"})

    result = synced(git).update("kubectl-edit", write).judge(git)
    assert found(result) == {
        "/spec/template/spec/containers/0/ports/0/hostPort",
        "/spec/template/spec/containers/1",
    }
