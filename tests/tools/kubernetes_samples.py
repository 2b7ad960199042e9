"""Objects the Kubernetes tests share."""

from __future__ import annotations

import copy
from typing import Any

LABELS = {"app": "shop"}


def named(kind: str, name: str, api_version: str = "v1", **body: Any) -> dict[str, Any]:
    about = {"name": name, **body.pop("metadata", {})}
    return copy.deepcopy({"apiVersion": api_version, "kind": kind, "metadata": about, **body})


def pod_template(image: str, **labels: str) -> dict[str, Any]:
    return {
        "metadata": {"labels": {**LABELS, **labels}},
        "spec": {"containers": [{"name": "shop", "image": image}]},
    }


def deployment(name: str = "shop", image: str = "shop:2", **status: Any) -> dict[str, Any]:
    done = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    return named(
        "Deployment",
        name,
        "apps/v1",
        metadata={
            "uid": f"uid-{name}",
            "generation": 1,
            "annotations": {"deployment.kubernetes.io/revision": "2"},
        },
        spec={"replicas": 2, "selector": {"matchLabels": LABELS}, "template": pod_template(image)},
        status={**done, "readyReplicas": 2, **status},
    )


def replica_set(name: str, revision: int, image: str, owner: str = "shop") -> dict[str, Any]:
    return named(
        "ReplicaSet",
        name,
        "apps/v1",
        metadata={
            "labels": LABELS,
            "ownerReferences": [
                {"kind": "Deployment", "name": owner, "uid": f"uid-{owner}", "controller": True}
            ],
            "annotations": {"deployment.kubernetes.io/revision": str(revision)},
        },
        spec={"replicas": 0, "template": pod_template(image, **{"pod-template-hash": name})},
    )


def pod(
    name: str, *, ready: bool = True, containers: tuple[str, ...] = ("shop",)
) -> dict[str, Any]:
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    states = [
        {
            "name": one,
            "ready": ready,
            "restartCount": 0 if ready else 5,
            "state": {} if ready else waiting,
        }
        for one in containers
    ]
    return named(
        "Pod",
        name,
        metadata={"labels": LABELS},
        spec={
            "nodeName": "n1",
            "containers": [{"name": one, "image": "shop:2"} for one in containers],
        },
        status={"phase": "Running", "containerStatuses": states},
    )


def event(name: str, about: str, *, minute: int = 0, kind: str = "Warning") -> dict[str, Any]:
    return named(
        "Event",
        name,
        involvedObject={
            "kind": "Deployment",
            "name": about,
            "uid": f"uid-{about}",
            "namespace": "default",
        },
        type=kind,
        reason="FailedScheduling",
        message="0/3 nodes are available",
        lastTimestamp=f"2026-11-20T10:{minute:02}:00Z",
        count=3,
    )


def secret() -> dict[str, Any]:
    applied = '{"kind":"Secret","data":{"password":"aHVudGVyMg=="},"stringData":{"pin":"4711"}}'
    return named(
        "Secret",
        "login",
        metadata={"annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied}},
        data={"password": "aHVudGVyMg=="},
    )
