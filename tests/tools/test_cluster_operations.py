"""Every operation of argocd, kubectl and flux is called here; a new one without a call fails."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aof.messages import Effect, Operation
from aof.tools.argocd import Argocd
from aof.tools.base import Tool
from aof.tools.flux import Flux
from aof.tools.kubectl import Kubectl
from tests.servers.argocd import READ, SHA2, WRITE, ArgocdServer, application
from tests.servers.flux import FluxServer
from tests.servers.loopback import Asked, Loopback
from tests.tools.kubernetes_samples import deployment, event, named, pod, replica_set
from tests.tools.test_flux import controller, kustomization, repository

SHOP = {"name": "shop"}
DEPLOYMENT = {"resource": "deployment/shop"}
APPS = {"kind": "kustomization", "name": "apps"}

CALLS: dict[type[Tool], dict[str, dict[str, Any]]] = {
    Argocd: {
        "app_list": {},
        "app_get": SHOP,
        "app_history": SHOP,
        "app_manifests": SHOP,
        "app_diff": SHOP,
        "app_wait": {**SHOP, "timeout_s": 0},
        "app_sync": SHOP,
        "app_rollback": {**SHOP, "history_id": 0},
        "app_set": {**SHOP, "revision": "v2"},
    },
    Kubectl: {
        "get": DEPLOYMENT,
        "describe": DEPLOYMENT,
        "logs": {"resource": "shop-1"},
        "events": {},
        "rollout_status": DEPLOYMENT,
        "rollout_history": DEPLOYMENT,
        "diff": {"manifests": [named("ConfigMap", "a")]},
        "auth_can_i": {"verb": "get", "resource": "pods"},
        "apply": {"manifests": [named("ConfigMap", "a")]},
        "scale": {**DEPLOYMENT, "replicas": 3},
        "rollout_undo": DEPLOYMENT,
        "rollout_restart": DEPLOYMENT,
        "rollout_abort": SHOP,
        "patch": {**DEPLOYMENT, "patch": {"spec": {"replicas": 3}}},
        "delete": DEPLOYMENT,
    },
    Flux: {
        "get_kustomizations": {},
        "get_helmreleases": {},
        "get_sources": {},
        "logs": {},
        "reconcile": APPS,
        "suspend": APPS,
        "resume": APPS,
    },
}
OPERATIONS = [
    pytest.param(tool, operation, id=operation.function_name)
    for tool in CALLS
    for operation in tool.operations().values()
]


def argocd() -> ArgocdServer:
    server = ArgocdServer(application())
    server.manifests["shop", SHA2] = []
    return server


def cluster() -> FluxServer:
    asleep = kustomization(suspend=True)
    asleep["metadata"]["name"] = "asleep"
    rollout = {"stableRS": "a", "currentPodHash": "b"}
    server = FluxServer(
        *(kustomization(), asleep, repository(), deployment(), pod("shop-1"), event("e", "shop")),
        *(replica_set("shop-a", 1, "shop:1"), replica_set("shop-b", 2, "shop:2")),
        named("Rollout", "shop", "argoproj.io/v1alpha1", spec={}, status=rollout),
    )
    server.logs["shop-1", "shop"] = b"hello\n"
    controller(server, {"ts": "2026-11-20T10:00:00Z", "level": "info", "msg": "done"})
    return server


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[dict[type[Tool], tuple[Loopback, dict[str, str]]]]:
    apps, kubernetes = argocd(), cluster()
    with apps.running(), kubernetes.running():
        tokens = {"ARGOCD_TOKEN": READ, "ARGOCD_TOKEN_WRITE": WRITE}
        config = {"KUBECONFIG": str(kubernetes.kubeconfig(tmp_path))}
        yield {
            Argocd: (apps, {"ARGOCD_SERVER": apps.url, **tokens}),
            Kubectl: (kubernetes, config),
            Flux: (kubernetes, config),
        }


def changes(asked: Asked) -> bool:
    """Whether a request could change something."""
    asks = asked.path.endswith("/selfsubjectaccessreviews") or asked.query.get("dryRun") == "All"
    return asked.method != "GET" and not asks


def test_no_operation_is_left_out() -> None:
    for tool, calls in CALLS.items():
        assert set(calls) == set(tool.operations())


@pytest.mark.parametrize(("tool", "operation"), OPERATIONS)
def test_operation_does_what_its_effect_says(
    tool: type[Tool], operation: Operation, servers: Any
) -> None:
    server, settings = servers[tool]
    arguments = dict(CALLS[tool][operation.name])
    if operation.name == "resume":
        arguments["name"] = "asleep"
    output = tool.bind(settings).invoke(operation.name, arguments)
    assert json.loads(json.dumps(output.data)) == output.data
    assert output.summary and "\n" not in output.summary
    changed = [asked for asked in server.asked if changes(asked)]
    assert len(changed) == (operation.effect is Effect.WRITE)


@pytest.mark.parametrize(("tool", "operation"), OPERATIONS)
def test_operation_explains_itself_and_each_argument(
    tool: type[Tool], operation: Operation
) -> None:
    text = operation.description
    assert operation.summary.endswith(".")
    assert "Returns:" in text
    arguments = text.partition("Args:")[2].partition("Returns:")[0]
    for name in operation.parameters.get("properties", {}):
        assert f"\n    {name}: " in arguments


@pytest.mark.parametrize(("tool", "operation"), OPERATIONS)
def test_changes_have_a_command_to_approve(tool: type[Tool], operation: Operation) -> None:
    if operation.effect is Effect.WRITE:
        command = operation.command(CALLS[tool][operation.name])
        assert command.startswith(f"{tool.name} ")
        assert "\n" not in command
