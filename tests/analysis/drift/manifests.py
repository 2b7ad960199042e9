"""Manifests the tests start from. Every function returns a fresh copy."""

from __future__ import annotations

from typing import Any


def deployment(**spec: Any) -> dict[str, Any]:
    """A Deployment with one container; `spec` is put on top."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web", "tier": "gold"}},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [container()]},
            },
            **spec,
        },
    }


def container(**more: Any) -> dict[str, Any]:
    """The container `web`."""
    return {
        "name": "web",
        "image": "nginx:1.25",
        "env": [{"name": "MODE", "value": "prod"}, {"name": "LEVEL", "value": "info"}],
        "ports": [{"containerPort": 80, "name": "http"}],
        "resources": {"limits": {"cpu": "500m", "memory": "512Mi"}},
        **more,
    }


def with_container(**more: Any) -> dict[str, Any]:
    """The Deployment, its container changed."""
    made = deployment()
    made["spec"]["template"]["spec"]["containers"] = [container(**more)]
    return made


def with_pod(**more: Any) -> dict[str, Any]:
    """The Deployment, its pod spec extended."""
    made = deployment()
    made["spec"]["template"]["spec"] |= more
    return made


def service(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}], **spec},
    }


def config_map(**data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "config", "namespace": "shop"},
        "data": data or {"cpu": "1000m", "level": "info"},
    }


def secret(**more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login", "namespace": "shop"},
        "type": "Opaque",
        **more,
    }


def webhook(**client: Any) -> dict[str, Any]:
    """A ValidatingWebhookConfiguration with one webhook."""
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "checks"},
        "webhooks": [
            {
                "name": "checks.example.com",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "clientConfig": {"service": {"name": "checks", "namespace": "shop"}, **client},
                "rules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["pods"],
                    }
                ],
            }
        ],
    }


def cluster_role(**more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "reader"},
        **more,
    }


def autoscaler(*metrics: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "maxReplicas": 10,
            "metrics": list(metrics) or [utilisation("cpu", 70)],
        },
    }


def utilisation(name: str, percent: int) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": name, "target": target}}


def stateful_set(claim: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {
            "serviceName": "db",
            "replicas": 1,
            "selector": {"matchLabels": {"app": "db"}},
            "template": {
                "metadata": {"labels": {"app": "db"}},
                "spec": {"containers": [{"name": "db", "image": "postgres:16"}]},
            },
            "volumeClaimTemplates": [claim],
        },
    }


def claim(**more: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1024Mi"}},
        },
        **more,
    }


def route(**spec: Any) -> dict[str, Any]:
    """A custom resource of `ROUTE_DEFINITION`."""
    return {
        "apiVersion": "example.io/v1",
        "kind": "Route",
        "metadata": {"name": "r", "namespace": "shop"},
        "spec": {"backendRefs": [{"name": "a"}, {"name": "b", "weight": 2}], **spec},
    }


ROUTE_DEFINITION: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "routes.example.io"},
    "spec": {
        "group": "example.io",
        "names": {"kind": "Route", "plural": "routes"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "properties": {
                                    "timeout": {"type": "string", "default": "10s"},
                                    "free": {
                                        "type": "object",
                                        "x-kubernetes-preserve-unknown-fields": True,
                                    },
                                    "backendRefs": {
                                        "type": "array",
                                        "x-kubernetes-list-type": "map",
                                        "x-kubernetes-list-map-keys": ["name"],
                                        "items": {
                                            "type": "object",
                                            "properties": {
                                                "name": {"type": "string"},
                                                "kind": {"type": "string", "default": "Service"},
                                                "weight": {"type": "integer", "default": 1},
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    }
                },
            }
        ],
    },
}
