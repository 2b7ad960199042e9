"""Manifests for a real API server."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable
from typing import Any

NAMESPACE = "drift"
Manifest = dict[str, Any]


def named(
    api_version: str, kind: str, name: str, *, cluster_wide: bool = False, **rest: Any
) -> Any:
    """A manifest."""
    about: dict[str, Any] = {"name": name}
    if not cluster_wide:
        about["namespace"] = NAMESPACE
    about.update(rest.pop("metadata", {}))
    return {"apiVersion": api_version, "kind": kind, "metadata": about, **rest}


def deployment(name: str, *, container: dict[str, Any] | None = None, **spec: Any) -> Manifest:
    """Two replicas of one container with a variable, a port and resources."""
    web = {
        "name": "web",
        "image": "nginx:1.25",
        "ports": [{"containerPort": 80}],
        "env": [{"name": "MODE", "value": "prod"}],
        "resources": {"limits": {"cpu": "500m", "memory": "512Mi"}},
        **(container or {}),
    }
    pod = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [web]}}
    body = {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": pod, **spec}
    return named("apps/v1", "Deployment", name, metadata={"labels": {"app": name}}, spec=body)


def config_map(name: str, **data: str) -> Manifest:
    """Plain data."""
    return named("v1", "ConfigMap", name, data=data or {"mode": "prod", "cpu": "1000m"})


def service(name: str, **spec: Any) -> Manifest:
    """One port; old servers want its protocol in a server-side apply."""
    port = {"port": 80, "targetPort": 8080, "protocol": "TCP"}
    body = {"selector": {"app": name}, "ports": [port], **spec}
    return named("v1", "Service", name, spec=body)


def changed(manifest: Manifest, path: str, value: Any) -> Manifest:
    """A copy with one value replaced (None: removed); `path` is dotted."""
    copied = copy.deepcopy(manifest)
    *steps, last = path.split(".")
    spot: Any = copied
    for step in steps:
        spot = spot[int(step)] if isinstance(spot, list) else spot.setdefault(step, {})
    if value is None:
        del spot[last]
    elif isinstance(spot, list):
        spot[int(last)] = value
    else:
        spot[last] = value
    return copied


def setting(path: str, value: Any) -> Callable[[Manifest], None]:
    """The same in place."""

    def act(manifest: Manifest) -> None:
        manifest.update(changed(manifest, path, value))

    return act


IMAGE = "spec.template.spec.containers.0.image"
SHOWN_IMAGE = "/spec/template/spec/containers/0/image"
B64 = base64.b64encode(b"hunter2").decode()


def widget_definition() -> Manifest:
    """A custom resource with every kind of list, defaults, and a status subresource."""
    text, whole = {"type": "string"}, {"type": "integer"}
    port = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": text,
            "number": {**whole, "default": 80},
            "protocol": {**text, "default": "TCP"},
        },
    }
    spec = {
        "type": "object",
        "properties": {
            "size": {**whole, "default": 1},
            "mode": {**text, "default": "fast"},
            "ports": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": port,
            },
            "hosts": {"type": "array", "x-kubernetes-list-type": "set", "items": text},
            "args": {"type": "array", "x-kubernetes-list-type": "atomic", "items": text},
            "steps": {"type": "array", "items": {"type": "object", "properties": {"do": text}}},
            "limit": {"x-kubernetes-int-or-string": True},
            "values": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "tags": {"type": "object", "additionalProperties": text},
        },
    }
    status = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": spec, "status": status}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }
    names = {"kind": "Widget", "plural": "widgets", "singular": "widget"}
    body = {"group": "shop.example", "scope": "Namespaced", "names": names, "versions": [version]}
    return named(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "widgets.shop.example",
        cluster_wide=True,
        spec=body,
    )


def widget(name: str, **spec: Any) -> Manifest:
    """One of them."""
    body = {
        "ports": [{"name": "web"}, {"name": "admin", "number": 9000}],
        "hosts": ["a.example", "b.example"],
        "args": ["--one", "--two"],
        "steps": [{"do": "build"}, {"do": "ship"}],
        "values": {"deep": {"level": 1}},
        **spec,
    }
    return named("shop.example/v1", "Widget", name, spec=body)


SIDECAR = {"name": "debug", "image": "busybox:1"}


def ingress(name: str) -> Manifest:
    """One host with one path."""
    backend = {"service": {"name": name, "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    spec = {
        "rules": [{"host": f"{name}.example", "http": {"paths": [path]}}],
        "tls": [{"hosts": [f"{name}.example"], "secretName": "tls"}],
    }
    return named("networking.k8s.io/v1", "Ingress", name, spec=spec)


def network_policy(name: str) -> Manifest:
    """Lets one port in."""
    port = {"port": 53, "protocol": "UDP"}
    spec = {
        "podSelector": {},
        "ingress": [{"from": [{"podSelector": {}}], "ports": [port, {"port": 80}]}],
    }
    return named("networking.k8s.io/v1", "NetworkPolicy", name, spec=spec)


_RBAC = "rbac.authorization.k8s.io"


def role(name: str) -> Manifest:
    """Reads pods."""
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
    return named(f"{_RBAC}/v1", "ClusterRole", name, cluster_wide=True, rules=[rule])


def aggregated_role(name: str) -> Manifest:
    """Filled by the controller from roles with its label."""
    chosen = {"clusterRoleSelectors": [{"matchLabels": {"part-of": name}}]}
    return named(
        f"{_RBAC}/v1", "ClusterRole", name, cluster_wide=True, aggregationRule=chosen, rules=[]
    )


def contributing_role(name: str) -> Manifest:
    """A part of the aggregated one."""
    made = role(name)
    made["metadata"]["labels"] = {"part-of": name.removesuffix("-part")}
    return made


def role_binding(name: str) -> Manifest:
    """Binds a service account, in the namespace Git leaves to the default API group."""
    subjects = [{"kind": "ServiceAccount", "name": "shop", "namespace": NAMESPACE}]
    reference = {"kind": "ClusterRole", "name": "view", "apiGroup": _RBAC}
    return named(f"{_RBAC}/v1", "RoleBinding", name, subjects=subjects, roleRef=reference)


def webhook(name: str) -> Manifest:
    """Validates widgets nobody makes."""
    rule = {
        "apiGroups": ["none.example"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["nothings"],
    }
    hook = {
        "name": f"{name}.shop.example",
        "clientConfig": {"service": {"name": "hook", "namespace": NAMESPACE}},
        "rules": [rule],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "failurePolicy": "Fail",
    }
    return named(
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
        name,
        cluster_wide=True,
        webhooks=[hook],
    )


def _pod(name: str, **spec: Any) -> Manifest:
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "main", "image": "busybox"}], **spec},
    }


def job(name: str) -> Manifest:
    """Runs once; the server makes its selector."""
    template = {"spec": _pod(name, restartPolicy="Never")["spec"]}
    return named("batch/v1", "Job", name, spec={"template": template})


def cron_job(name: str) -> Manifest:
    """Runs at night."""
    inner = {"spec": {"template": {"spec": _pod(name, restartPolicy="OnFailure")["spec"]}}}
    spec = {"schedule": "0 3 1 1 *", "jobTemplate": inner}
    return named("batch/v1", "CronJob", name, spec=spec)


def stateful_set(name: str) -> Manifest:
    """With a claim template."""
    wanted = {"requests": {"storage": "1Gi"}}
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": wanted},
    }
    spec = {
        "serviceName": name,
        "replicas": 3,
        "selector": {"matchLabels": {"app": name}},
        "template": _pod(name),
        "volumeClaimTemplates": [claim],
    }
    return named("apps/v1", "StatefulSet", name, spec=spec)


def daemon_set(name: str) -> Manifest:
    """On every node there is not."""
    spec = {"selector": {"matchLabels": {"app": name}}, "template": _pod(name)}
    return named("apps/v1", "DaemonSet", name, spec=spec)


def claim(name: str) -> Manifest:
    """Waits for a volume."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}}
    return named("v1", "PersistentVolumeClaim", name, spec=spec)


def budget(name: str) -> Manifest:
    """Keeps one pod."""
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": name}}}
    return named("policy/v1", "PodDisruptionBudget", name, spec=spec)


def quota(name: str) -> Manifest:
    """Quantities the server spells anew; none that pods would have to declare."""
    hard = {"pods": "1e4", "requests.storage": "1000G", "services.loadbalancers": "10000m"}
    return named("v1", "ResourceQuota", name, spec={"hard": hard})


def limits(name: str) -> Manifest:
    """Defaults of containers nobody starts here."""
    one = {"type": "PersistentVolumeClaim", "max": {"storage": "1000Gi"}, "min": {"storage": "1Mi"}}
    return named("v1", "LimitRange", name, spec={"limits": [one]})


def autoscaler(name: str) -> Manifest:
    """By two metrics, memory named first."""

    def metric(resource: str) -> Manifest:
        target = {"type": "Utilization", "averageUtilization": 70}
        return {"type": "Resource", "resource": {"name": resource, "target": target}}

    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"},
        "minReplicas": 1,
        "maxReplicas": 5,
        "metrics": [metric("memory"), metric("cpu")],
    }
    return named("autoscaling/v2", "HorizontalPodAutoscaler", name, spec=spec)


def tolerating_pod(name: str) -> Manifest:
    """Admission adds two more tolerations."""
    return named(
        "v1",
        "Pod",
        name,
        spec={
            "containers": [{"name": "main", "image": "busybox"}],
            "tolerations": [{"key": "a", "operator": "Exists"}],
        },
    )
