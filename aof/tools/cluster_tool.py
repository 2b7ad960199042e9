"""What the tools that speak to the Kubernetes API share: settings, arguments, finding objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import Field

from aof.clock import Clock
from aof.errors import Unreachable, UsageFault
from aof.messages import ToolOutput
from aof.tools import kubernetes_objects as objects
from aof.tools.base import Setting, Tool
from aof.transport.kubernetes import Cluster, Denied
from aof.transport.kubernetes_config import kubeconfig_paths
from aof.transport.kubernetes_resources import Resource
from aof.transport.kubernetes_watch import changes

Type = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9.,:/-]*$", max_length=500)]
"""A kind as kubectl takes it (`pods`, `deploy`, `ingresses.networking.k8s.io`), or TYPE/NAME."""

Name = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9.:-]*)?$", max_length=253)]
"""Name of an object; '' for all of them, or when the type is given as TYPE/NAME."""

Namespace = Annotated[str, Field(pattern=r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$", max_length=63)]
"""A namespace; '' for the one of the context."""

_POLL_S = 2.0
_WATCH_S = 30.0
"""Shorter than what proxies and load balancers allow a silent connection."""

Manifests = Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1000)]


class ClusterTool(Tool):
    """Base of the tools of one cluster; it has no operations of its own."""

    settings_read: ClassVar[tuple[Setting, ...]] = (
        Setting("KUBECONFIG", "file that describes the cluster (usual: ~/.kube/config)"),
        Setting("KUBE_CONTEXT", "context of the kubeconfig (usual: its current one)"),
        Setting("KUBE_NAMESPACE", "namespace where none is given (usual: the context's)"),
    )
    needs_module: ClassVar[str] = "kubernetes"
    extra: ClassVar[str] = "kubernetes"

    def __init__(self, settings: Mapping[str, str], *, clock: Clock | None = None) -> None:
        super().__init__(settings, clock=clock)
        self.cluster = Cluster(
            settings.get("KUBECONFIG", ""),
            settings.get("KUBE_CONTEXT", ""),
            settings.get("KUBE_NAMESPACE", ""),
        )

    @classmethod
    def bind(cls, settings: Mapping[str, str], *, clock: Clock | None = None) -> Tool:
        """As `Tool.bind`; also refuses when no kubeconfig can be found or read."""
        bound = super().bind(settings, clock=clock)
        kubeconfig_paths(settings.get("KUBECONFIG", ""))
        return bound

    def probe(self) -> str:
        """Ask for the server's version; says that, the context and the namespace."""
        version = self.cluster.get("/version").get("gitVersion", "")
        connection = self.cluster.connection
        return f"Kubernetes {version}, {connection.context}, namespace {connection.namespace}"

    def invoke(self, name: str, arguments: Mapping[str, Any]) -> ToolOutput:
        """As `Tool.invoke`; carries along what the API server warned of."""
        self.cluster.warnings.clear()
        output = super().invoke(name, arguments)
        said = tuple(dict.fromkeys(self.cluster.warnings))
        return replace(output, warnings=(*output.warnings, *said)) if said else output

    def _object(self, resource: str, name: str, namespace: str) -> tuple[Resource, dict[str, Any]]:
        """One object and its kind; the object always has apiVersion and kind."""
        types, name = type_and_name(resource, name)
        if len(types) != 1 or not name:
            raise UsageFault(f"'{resource}' names no object", fix="give one kind and a name")
        kind = self.cluster.resource(types[0])
        found = self.cluster.get(self.cluster.path(kind, namespace, name))
        return kind, typed(found, kind)

    def _await_change(self, kind: Resource, found: Mapping[str, Any], most_s: float) -> None:
        """Wait until an object may have changed: by watch, else for one pause."""
        if not changes(self.cluster, kind, found, min(most_s, _WATCH_S)):
            self.clock.sleep(min(most_s, _POLL_S))

    def _place(self, manifest: Mapping[str, Any], namespace: str) -> tuple[Resource, str, str]:
        """Kind, path and namespace of a manifest."""
        kind = self.cluster.resources.of(manifest)
        about = objects.metadata(manifest)
        name = about.get("name")
        if not isinstance(name, str) or not name:
            raise UsageFault(f"a {kind.kind} has no metadata.name", fix="add one")
        where = str(about.get("namespace") or namespace or self.cluster.namespace)
        where = where if kind.namespaced else ""
        return kind, kind.path(where, name), where

    def _live(self, path: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.cluster.get(path)
        except Denied as error:
            if error.status == 404:
                return None
            raise
        return found


def type_and_name(resource: str, name: str) -> tuple[list[str], str]:
    """`deployment/shop` or `deploy,svc` taken apart; the kinds and the name."""
    if "/" in resource:
        resource, _, given = resource.partition("/")
        if name and name != given:
            raise UsageFault(f"two names are given: {given} and {name}", fix="give one")
        name = given
    types = [one for one in resource.split(",") if one]
    if not types:
        raise UsageFault("no kind is given", fix="give one, e.g. deployment")
    return types, name


def typed(found: Mapping[str, Any], kind: Resource) -> dict[str, Any]:
    """Items of lists come without apiVersion and kind; everybody after us needs them."""
    if not isinstance(found, Mapping):
        raise Unreachable(f"the API server sent no object for {kind.full_name}")
    return {**found, "apiVersion": kind.api_version, "kind": kind.kind}
