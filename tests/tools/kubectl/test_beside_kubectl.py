"""Each change beside the real `kubectl`, run with the very command that people approve."""

import copy
import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aof.tools.kubectl import Kubectl
from aof.transport.process import Completed, run
from tests.servers.kubernetes import KubernetesServer
from tests.servers.tls import serve_tls
from tests.tools.kubernetes_samples import deployment, named, pod, pod_template, replica_set

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")

SHOP = {"resource": "deployment/shop"}
CONTAINER = {"name": "shop", "image": "shop:9"}
STEPS = [{"op": "replace", "path": "/spec/replicas", "value": 6}]
CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("scale", {**SHOP, "replicas": 5, "current_replicas": 2}),
    ("rollout_undo", SHOP),
    ("rollout_undo", {**SHOP, "to_revision": 1, "namespace": "default"}),
    ("rollout_restart", SHOP),
    ("patch", {**SHOP, "patch": {"spec": {"replicas": 7}}, "patch_type": "merge"}),
    ("patch", {**SHOP, "patch": {"spec": {"template": {"spec": {"containers": [CONTAINER]}}}}}),
    ("patch", {**SHOP, "patch": STEPS, "patch_type": "json"}),
    ("delete", {**SHOP, "cascade": "foreground", "grace_period_s": 3}),
    ("apply", {"manifests": [named("ConfigMap", "it's", data={"x": "1"})]}),
    (
        "apply",
        {
            "manifests": [
                named("Deployment", "shop", "apps/v1", spec={"template": pod_template("shop:3")})
            ],
            "force_conflicts": True,
        },
    ),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[KubernetesServer]:
    cluster = KubernetesServer(
        deployment(),
        pod("shop-1"),
        replica_set("shop-a", 1, "shop:1"),
        replica_set("shop-b", 2, "shop:2"),
    )
    authority = serve_tls(cluster, tmp_path)
    with cluster.running():
        cluster.kubeconfig(tmp_path, **{"certificate-authority": str(authority)})
        yield cluster


def kubectl(folder: Path, command: str, content: str = "") -> Completed:
    settings = {"KUBECONFIG": str(folder / "kubeconfig"), "KUBECACHEDIR": str(folder / "cache")}
    argv = [*shlex.split(command, comments=True), "--request-timeout=10s"]
    return run(argv, env=settings, input_bytes=content.encode())


def specs(server: KubernetesServer) -> dict[Any, Any]:
    """What was declared, by object; the moment of a restart and empty values do not count."""
    bodies = {key: copy.deepcopy(stored.body) for key, stored in server.stored.items()}
    for body in bodies.values():
        about = body.get("spec", {}).get("template", {}).get("metadata", {})
        for name in about.get("annotations", {}):
            about["annotations"][name] = "now"
    return {key: filled((body.get("spec"), body.get("data"))) for key, body in bodies.items()}


def filled(value: Any) -> Any:
    """Without null and empty fields: kubectl writes some when it sends a whole template."""
    if isinstance(value, dict):
        kept = {key: filled(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in (None, {})}
    return [filled(item) for item in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize(("operation", "arguments"), CHANGES)
def test_the_approved_command_does_what_the_operation_does(
    server: KubernetesServer, tmp_path: Path, operation: str, arguments: dict[str, Any]
) -> None:
    before = copy.deepcopy(server.stored)
    tool = Kubectl.bind({"KUBECONFIG": str(tmp_path / "kubeconfig")})
    tool.invoke(operation, arguments)
    ours = specs(server)
    server.stored = before
    command = Kubectl.operations()[operation].command(arguments)
    manifests = {"kind": "List", "apiVersion": "v1", "items": arguments.get("manifests", [])}
    flags = {"apply": " --validate=false", "delete": " --wait=false"}.get(operation, "")
    head, hash_sign, tail = command.partition(" # ")
    kubectl(tmp_path, f"{head}{flags}{hash_sign}{tail}", json.dumps(manifests)).require()
    assert specs(server) == ours


def test_kubectl_reads_what_we_read(server: KubernetesServer, tmp_path: Path) -> None:
    server.logs["shop-1", "shop"] = b"one\ntwo\n"
    tool = Kubectl.bind({"KUBECONFIG": str(tmp_path / "kubeconfig")})
    whole = json.loads(kubectl(tmp_path, "kubectl get deployment shop -o json").require())
    assert tool.invoke("get", SHOP).data == whole
    text = kubectl(tmp_path, "kubectl logs shop-1 --tail=1").text()
    assert tool.invoke("logs", {"resource": "shop-1", "tail": 1}).data["text"] == text
    said = kubectl(tmp_path, "kubectl rollout status deployment/shop").text()
    assert "successfully rolled out" in said
    assert tool.invoke("rollout_status", SHOP).data["complete"] is True
