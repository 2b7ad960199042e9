from typing import Any

import pytest

from aof.errors import UsageFault
from tests.servers.kubernetes import KubernetesServer
from tests.tools.kubernetes_samples import (
    deployment,
    named,
    replica_set,
)


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
