"""The conditions of docs/tools-cluster.md: false before a change, true after it took effect."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jmespath
import pytest

from aof.messages import Effect
from aof.tools.argocd import Argocd
from aof.tools.flux import Flux
from aof.tools.kubectl import Kubectl
from tests.servers.argocd import READ, SHA1, SHA3, WRITE, ArgocdServer, application
from tests.servers.flux import FluxServer
from tests.tools.kubernetes_samples import deployment, named, replica_set
from tests.tools.test_flux import kustomization, repository

PAGE = Path(__file__).parents[2] / "docs" / "tools-cluster.md"
SHOP = {"resource": "deployment/shop"}
CONFIG = [named("ConfigMap", "a", data={"x": "1"})]
APPS = {"kind": "kustomization", "name": "apps"}
NAMED = {"name": "apps"}
BEFORE = "2026-11-20T09:00:00Z"
FOR = {"REVISION": SHA1, "REPLICAS": "3", "IMAGE": "shop:1", "BEFORE": BEFORE}
CODE = re.compile(r"(`+) ?(.+?) ?\1(?!`)")

CHANGES: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("argocd app_sync", {"name": "shop"}, "app_wait", {"name": "shop", "revision": SHA3}),
    ("argocd app_rollback", {"name": "shop", "history_id": 0}, "app_get", {"name": "shop"}),
    ("argocd app_set", {"name": "shop", "revision": SHA1}, "app_get", {"name": "shop"}),
    ("kubectl apply", {"manifests": CONFIG}, "diff", {"manifests": CONFIG}),
    ("kubectl scale", {**SHOP, "replicas": 3}, "rollout_status", SHOP),
    ("kubectl rollout_undo", SHOP, "rollout_status", SHOP),
    ("kubectl rollout_restart", SHOP, "rollout_status", SHOP),
    ("kubectl rollout_abort", {"name": "ro"}, "rollout_status", {"resource": "rollout/ro"}),
    ("kubectl patch", {**SHOP, "patch": {"spec": {"replicas": 3}}}, "get", SHOP),
    ("kubectl delete", SHOP, "get", {**SHOP, "ignore_not_found": True}),
    ("flux reconcile", APPS, "get_kustomizations", NAMED),
    ("flux suspend", APPS, "get_kustomizations", NAMED),
    ("flux resume", {**APPS, "name": "asleep"}, "get_kustomizations", {"name": "asleep"}),
]


def conditions() -> dict[str, str]:
    """The last column of the page's table by its first."""
    lines = PAGE.read_text().partition("## How a change is proven")[2].splitlines()
    rows = [CODE.findall(line) for line in lines if line.startswith("| `")]
    return {spans[0][1]: filled(spans[-1][1]) for spans in rows}


def filled(condition: str) -> str:
    for word, value in FOR.items():
        condition = condition.replace(word, value)
    return condition


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[dict[str, Any], Callable[[], None]]]:
    apps = ArgocdServer(application())
    apps.head = SHA3
    asleep = kustomization(suspend=True)
    asleep["metadata"]["name"] = "asleep"
    rollout = {"stableRS": "a", "currentPodHash": "b", "observedGeneration": 1}
    cluster = FluxServer(
        *(kustomization(), asleep, repository(), deployment()),
        *(replica_set("shop-a", 1, "shop:1"), replica_set("shop-b", 2, "shop:2")),
        named("Rollout", "ro", "argoproj.io/v1alpha1", spec={}, status=rollout),
    )

    web = cluster.object("deployments", "shop")["spec"]["template"]["metadata"]
    web["annotations"] = {"kubectl.kubernetes.io/restartedAt": BEFORE}
    kept = cluster.object("kustomizations", "apps", "flux-system")
    kept["metadata"]["annotations"] = {"reconcile.fluxcd.io/requestedAt": BEFORE}
    kept["status"]["lastHandledReconcileAt"] = BEFORE

    def controllers() -> None:
        apps.reconcile("shop")
        if ("deployments", "default", "shop") in cluster.stored:
            shop = cluster.object("deployments", "shop")
            count = shop["spec"]["replicas"]
            names = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
            seen = {"observedGeneration": shop["metadata"]["generation"]}
            shop["status"] = {**seen, **dict.fromkeys(names, count)}

    with apps.running(), cluster.running():
        config = {"KUBECONFIG": str(cluster.kubeconfig(tmp_path))}
        tokens = {"ARGOCD_TOKEN": READ, "ARGOCD_TOKEN_WRITE": WRITE}
        tools = {
            "argocd": Argocd.bind({"ARGOCD_SERVER": apps.url, **tokens}),
            "kubectl": Kubectl.bind(config),
            "flux": Flux.bind(config),
        }
        yield tools, controllers


def test_every_change_has_a_condition() -> None:
    changes = {
        f"{tool.name} {name}"
        for tool in (Argocd, Kubectl, Flux)
        for name, operation in tool.operations().items()
        if operation.effect is Effect.WRITE
    }
    assert set(conditions()) == changes == {change for change, _, _, _ in CHANGES}


@pytest.mark.parametrize(("change", "arguments", "read", "given"), CHANGES)
def test_the_condition_proves_the_change(
    world: Any, change: str, arguments: dict[str, Any], *, read: str, given: dict[str, Any]
) -> None:
    tools, controllers = world
    name, _, operation = change.partition(" ")
    condition = conditions()[change]
    if read == "app_wait":
        given = {**given, "timeout_s": 0}

    def holds() -> Any:
        return jmespath.search(condition, tools[name].invoke(read, given).data)

    assert not holds()
    tools[name].invoke(operation, arguments)
    controllers()
    assert holds() is True
