"""What happens to an object on a real API server, one step at a time."""

from __future__ import annotations

import copy
import json
import shlex
import time
from collections.abc import Callable
from typing import Any

from tests.real_cluster.manifests import NAMESPACE, Manifest
from tests.servers.real_kubernetes import RealCluster

ARGO, FLUX = "argocd-controller", "kustomize-controller"
MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
Step = Callable[[RealCluster, Manifest], None]


def csa(manager: str = ARGO) -> Step:
    """Client-side apply, as Argo CD does by default."""

    def act(cluster: RealCluster, manifest: Manifest) -> None:
        cluster.kubectl("apply", f"--field-manager={manager}", "-f", "-", stdin=manifest)

    return act


def ssa(manager: str = ARGO, change: Callable[[Manifest], None] | None = None) -> Step:
    """Server-side apply by force; `change` edits the manifest first."""

    def act(cluster: RealCluster, manifest: Manifest) -> None:
        sent = copy.deepcopy(manifest)
        if change is not None:
            change(sent)
        words = ("apply", "--server-side", "--force-conflicts", f"--field-manager={manager}")
        cluster.kubectl(*words, "-f", "-", stdin=sent)

    return act


def run(line: str, change: Callable[[Manifest], None] | None = None) -> Step:
    """A kubectl command; `{name}` is the object's. With `change`, the manifest goes to stdin."""

    def act(cluster: RealCluster, manifest: Manifest) -> None:
        filled = line.replace("{name}", manifest["metadata"]["name"])
        where = ["-n", NAMESPACE] if manifest["metadata"].get("namespace") else []
        sent = None
        if change is not None:
            sent = copy.deepcopy(manifest)
            change(sent)
        cluster.kubectl(*shlex.split(filled), *where, stdin=sent)

    return act


def patch(body: Any, how: str = "merge") -> Step:
    """`kubectl patch`."""

    def act(cluster: RealCluster, manifest: Manifest) -> None:
        words = ("patch", "-f", "-", f"--type={how}", "-p", json.dumps(body))
        cluster.kubectl(*words, stdin=manifest)

    return act


def request(
    patch: Any, *, agent: str = "", manager: str = "", how: str = MERGE, below: str = ""
) -> Step:
    """A patch by a client of its own, named by its User-Agent or by a field manager."""

    def act(cluster: RealCluster, manifest: Manifest) -> None:
        path = path_of(manifest) + below
        query = f"?fieldManager={manager}" if manager else ""
        cluster.send("PATCH", path + query, patch, how, agent or "curl/8.5.0")

    return act


def wait_until(seen: Callable[[Any], bool]) -> Step:
    """Until the controllers have done something to the live object."""

    def act(cluster: RealCluster, manifest: Manifest) -> None:
        for _ in range(300):
            if seen(cluster.get(manifest)):
                return
            time.sleep(0.3)
        raise AssertionError("the controllers did not do their part")

    return act


def path_of(manifest: Manifest) -> str:
    """Where the object is."""
    group, _, version = manifest["apiVersion"].rpartition("/")
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    namespace = manifest["metadata"].get("namespace")
    kind = manifest["kind"].lower()
    plural = {"networkpolicy": "networkpolicies", "ingress": "ingresses"}.get(kind, f"{kind}s")
    inside = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{inside}/{plural}/{manifest['metadata']['name']}"
