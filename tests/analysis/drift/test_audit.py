"""The audit log names the person, and the tool behind a deletion."""

from __future__ import annotations

from typing import Any

import pytest

from aof.analysis.drift import compare
from tests.analysis.drift.cluster import Cluster
from tests.analysis.drift.manifests import deployment


def event(
    verb: str = "patch", *, at: str = "12:02:00", manager: str = "kubectl-edit", **more: Any
) -> dict[str, Any]:
    """One event about the Deployment `web`, as kube-apiserver writes it."""
    base = "/apis/apps/v1/namespaces/shop/deployments/web"
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "stage": "ResponseComplete",
        "verb": verb,
        "user": {"username": "alice"},
        "userAgent": "kubectl/v1.32.3 (linux/amd64) kubernetes/32cc146",
        "requestURI": f"{base}?fieldManager={manager}" if manager else base,
        "objectRef": {
            "resource": "deployments",
            "apiGroup": "apps",
            "namespace": "shop",
            "name": "web",
        },
        "responseStatus": {"code": 200},
        "stageTimestamp": f"2026-11-20T{at}.123456Z",
        **more,
    }


def scaled() -> Cluster:
    cluster = Cluster().apply(deployment())
    return cluster.update("kubectl-edit", lambda live: live["spec"].update(replicas=9))


def unlabelled() -> Cluster:
    cluster = Cluster().apply(deployment())
    return cluster.update("kubectl-label", lambda live: live["metadata"]["labels"].pop("tier"))


def test_the_person_behind_a_tool_is_named() -> None:
    change = scaled().judge(deployment(), audit=[event(), event(at="11:00:00", user={})]).changes[0]
    assert (change.actor, change.person) == ("kubectl-edit", "alice")
    assert change.actor_source == "managedFields, person from the audit log"


@pytest.mark.parametrize(
    "other",
    [
        event(manager="kubectl-patch"),
        event(at="13:00:00"),
        event("get"),
        event(responseStatus={"code": 409}),
        event(stage="RequestReceived"),
        event(requestURI="/apis/x?fieldManager=kubectl-edit&dryRun=All"),
        event(objectRef={"resource": "deployments", "apiGroup": "apps", "name": "api"}),
    ],
)
def test_other_requests_name_nobody(other: dict[str, Any]) -> None:
    assert scaled().judge(deployment(), audit=[other]).changes[0].person is None


def test_a_deletion_gets_its_actor_and_becomes_certain() -> None:
    result = unlabelled().judge(deployment(), audit=[event(manager="kubectl-label")])
    change = result.changes[0]
    assert (change.actor, change.person, change.actor_source) == (
        "kubectl-label",
        "alice",
        "audit log",
    )
    assert change.certain


def test_a_controller_that_removed_something_is_an_external_mutation() -> None:
    robot = {"username": "system:serviceaccount:ops:cleaner"}
    seen = event(manager="", userAgent="cleaner/v1", user=robot)
    result = unlabelled().judge(deployment(), audit=[seen])
    assert [str(one) for one in result.classes] == ["external-mutation"]


def test_the_gitops_tools_own_writes_are_not_the_culprit() -> None:
    seen = event(manager="argocd-controller", user={"username": "system:serviceaccount:argocd:c"})
    result = unlabelled().judge(deployment(), audit=[seen])
    assert [change.actor for change in result.changes] == [None]


def test_who_deleted_an_object_is_named() -> None:
    seen = [event("delete", manager=""), event("delete", at="11:00:00", user={"username": "bob"})]
    result = compare(desired=deployment(), live=None, last_synced=deployment(), audit=seen)
    assert (result.changes[0].person, result.changes[0].actor) == ("alice", "kubectl")
    assert [str(one) for one in result.classes] == ["manual", "missing"]


def test_impersonation_names_both() -> None:
    seen = event(impersonatedUser={"username": "admin"})
    assert scaled().judge(deployment(), audit=[seen]).changes[0].person == "alice as admin"


def test_entries_of_strange_shape_are_passed_over() -> None:
    strange: list[Any] = [None, 3, {}, {"verb": "patch", "objectRef": 3, "user": "x"}]
    assert scaled().judge(deployment(), audit=strange).changes[0].person is None
