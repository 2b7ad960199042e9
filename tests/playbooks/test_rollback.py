"""The way back is found by asking Argo CD and the cluster, and is what they would accept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jmespath
import pytest

from aof.clock import SystemClock
from aof.engine.calls import BoundTool, RecordedCalls
from aof.engine.progress import Silent
from aof.plans import Action
from aof.playbooks.rollback import Target, rollback_actions
from aof.redaction import Redactor
from aof.runlog import RunLog
from aof.tools.argocd import Argocd
from aof.tools.base import Tool
from aof.tools.kubectl import Kubectl
from tests.servers.argocd import SHA2, WRITE, ArgocdServer, application
from tests.servers.kubernetes import KubernetesServer
from tests.tools.kubernetes_samples import deployment, named, replica_set

SHOP = Target(app="shop", argocd_app="", namespace="default", workload="")


@pytest.fixture
def argocd() -> Iterator[ArgocdServer]:
    server = ArgocdServer(application())
    with server.running():
        yield server


@pytest.fixture
def cluster() -> Iterator[KubernetesServer]:
    server = KubernetesServer(deployment())
    with server.running():
        yield server


def ask(*tools: Tool) -> tuple[RecordedCalls, Action]:
    bound = {tool.name: BoundTool(tool.name, type(tool), tool) for tool in tools}
    clock = SystemClock()
    calls = RecordedCalls(bound, RunLog(None, redactor=Redactor(), clock=clock), clock, Silent())
    return calls, rollback_actions(calls, SHOP, reason="5 % errors", evidence=[], measured=True)[0]


def argocd_tool(server: ArgocdServer) -> Tool:
    return Argocd.bind({"ARGOCD_SERVER": server.url, "ARGOCD_TOKEN": WRITE})


def kubectl_tool(server: KubernetesServer, folder: Path) -> Tool:
    return Kubectl.bind({"KUBECONFIG": str(server.kubeconfig(folder))})


def proven(calls: RecordedCalls, action: Action) -> bool:
    return all(
        jmespath.search(
            check.condition, calls.invoke(check.tool, check.operation, check.arguments).require()
        )
        is True
        for check in action.verify
    )


def test_argocd_goes_back_to_the_deployment_before(argocd: ArgocdServer) -> None:
    tool = argocd_tool(argocd)
    calls, action = ask(tool)
    assert (action.command, action.executable) == ("argocd app rollback shop 0", True)
    assert not proven(calls, action)
    tool.invoke(action.operation, action.arguments)
    assert not proven(calls, action)
    argocd.reconcile("shop")
    assert proven(calls, action)


def test_auto_sync_reverts_in_git(argocd: ArgocdServer) -> None:
    argocd.applications["shop"]["spec"]["syncPolicy"] = {"automated": {}}
    _, action = ask(argocd_tool(argocd))
    assert action.command.startswith(f"git revert --no-edit {SHA2}")


def test_a_deployment_is_undone(cluster: KubernetesServer, tmp_path: Path) -> None:
    cluster.add(replica_set("shop-a", 1, "shop:1"))
    cluster.add(replica_set("shop-b", 2, "shop:2"))
    tool = kubectl_tool(cluster, tmp_path)
    calls, action = ask(tool)
    assert action.command == "kubectl rollout undo deployment/shop --to-revision=1 -n default"
    assert (action.executable, proven(calls, action)) == (True, False)
    tool.invoke(action.operation, action.arguments)
    cluster.object("deployments", "shop")["status"]["observedGeneration"] = 2
    assert proven(calls, action)


def test_a_deployment_nobody_sees_is_a_recommendation(
    cluster: KubernetesServer, tmp_path: Path
) -> None:
    _, action = ask(kubectl_tool(cluster, tmp_path))
    assert (action.operation, action.executable) == ("rollout_undo", False)


def test_a_deployment_kept_by_gitops_is_reverted_in_git(
    cluster: KubernetesServer, tmp_path: Path
) -> None:
    labels = {"kustomize.toolkit.fluxcd.io/name": "apps"}
    cluster.object("deployments", "shop")["metadata"]["labels"] = labels
    _, action = ask(kubectl_tool(cluster, tmp_path))
    assert action.command.startswith("git revert")
    assert "Flux Kustomization" in action.reason


def test_an_argo_rollout_is_aborted(cluster: KubernetesServer, tmp_path: Path) -> None:
    status: dict[str, Any] = {"stableRS": "a", "currentPodHash": "b"}
    cluster.add(named("Rollout", "shop", "argoproj.io/v1alpha1", spec={}, status=status))
    tool = kubectl_tool(cluster, tmp_path)
    calls, action = ask(tool)
    assert action.command == "kubectl argo rollouts abort shop -n default"
    assert not proven(calls, action)
    tool.invoke(action.operation, action.arguments)
    cluster.object("rollouts", "shop")["status"]["observedGeneration"] = 1
    assert proven(calls, action)
