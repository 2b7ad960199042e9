"""One manifest of every kind an API server lets us create, as people write them."""

from __future__ import annotations

from typing import Any

from tests.real_cluster import manifests as m
from tests.real_cluster.manifests import B64, Manifest, named

_RBAC = "rbac.authorization.k8s.io"
_CONTAINER: Manifest = {"name": "main", "image": "busybox"}
_LABELS = {"app": "kinds"}


def wide(api_version: str, kind: str, name: str, **rest: Any) -> Manifest:
    """Cluster-scoped."""
    return named(api_version, kind, name, cluster_wide=True, **rest)


def _definition() -> Manifest:
    made = m.widget_definition()
    made["metadata"]["name"] = "gadgets.shop.example"
    made["spec"]["names"] = {"kind": "Gadget", "plural": "gadgets"}
    return made


def _workload(kind: str, name: str, **spec: Any) -> Manifest:
    template = {"metadata": {"labels": _LABELS}, "spec": {"containers": [_CONTAINER]}}
    body = {"selector": {"matchLabels": _LABELS}, "template": template, **spec}
    return named("apps/v1", kind, name, spec=body)


KINDS: list[Manifest] = [
    named(
        "v1",
        "Pod",
        "pod",
        metadata={"labels": _LABELS},
        spec={
            "containers": [{**_CONTAINER, "resources": {"requests": {"cpu": "0.10"}}}],
            "securityContext": {"runAsNonRoot": True},
            "tolerations": [{"key": "a", "operator": "Exists"}],
            "hostAliases": [{"ip": "127.0.0.1", "hostnames": ["x"]}],
            "dnsConfig": {"options": [{"name": "ndots", "value": "2"}]},
        },
    ),
    named(
        "v1",
        "PodTemplate",
        "template",
        template={"metadata": {"labels": _LABELS}, "spec": {"containers": [_CONTAINER]}},
    ),
    named(
        "v1",
        "ReplicationController",
        "controller",
        spec={
            "selector": _LABELS,
            "template": {"metadata": {"labels": _LABELS}, "spec": {"containers": [_CONTAINER]}},
        },
    ),
    _workload("ReplicaSet", "replicas", replicas=0),
    _workload(
        "Deployment",
        "strategy",
        replicas=0,
        strategy={"type": "Recreate"},
        minReadySeconds=0,
        paused=False,
    ),
    _workload(
        "Deployment",
        "surge",
        replicas=0,
        strategy={"rollingUpdate": {"maxSurge": 1, "maxUnavailable": "50%"}},
    ),
    _workload("DaemonSet", "daemon", updateStrategy={"type": "OnDelete"}),
    m.stateful_set("stateful"),
    named(
        "v1",
        "Endpoints",
        "points",
        subsets=[{"addresses": [{"ip": "10.0.0.2"}, {"ip": "10.0.0.1"}], "ports": [{"port": 80}]}],
    ),
    named("v1", "ConfigMap", "empty"),
    named("v1", "ConfigMap", "locked", data={"a": ""}, immutable=True),
    named("v1", "Secret", "tls", type="kubernetes.io/tls", data={"tls.crt": B64, "tls.key": B64}),
    named(
        "v1",
        "Secret",
        "basic",
        type="kubernetes.io/basic-auth",
        stringData={"username": "u", "password": "p"},
    ),
    named("v1", "Secret", "nothing", data={"none": ""}),
    named("v1", "ServiceAccount", "robot", automountServiceAccountToken=False),
    m.service(
        "external", type="ExternalName", externalName="example.com", ports=None, selector=None
    ),
    m.service("sticky", sessionAffinity="ClientIP"),
    m.service(
        "balanced",
        type="LoadBalancer",
        externalTrafficPolicy="Local",
        loadBalancerSourceRanges=["10.0.0.0/8"],
    ),
    named(
        "v1",
        "Service",
        "named-ports",
        spec={
            "ports": [
                {"name": "a", "port": 1, "targetPort": "a", "protocol": "TCP"},
                {"name": "b", "port": 1, "protocol": "UDP"},
            ]
        },
    ),
    m.quota("quota"),
    named(
        "v1",
        "LimitRange",
        "range",
        spec={"limits": [{"type": "Container", "default": {"cpu": "1000m"}}]},
    ),
    m.claim("claim"),
    wide(
        "v1",
        "PersistentVolume",
        "volume",
        spec={
            "capacity": {"storage": "1024Mi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/tmp/x"},
            "storageClassName": "",
        },
    ),
    wide("v1", "Namespace", "space", metadata={"labels": {"a": "b"}}),
    wide("v1", "Node", "node", spec={"taints": [{"key": "a", "effect": "NoSchedule"}]}),
    named(
        "coordination.k8s.io/v1",
        "Lease",
        "lease",
        spec={"holderIdentity": "x", "leaseDurationSeconds": 15},
    ),
    m.ingress("ingress"),
    named(
        "networking.k8s.io/v1",
        "Ingress",
        "fallback",
        spec={"defaultBackend": {"service": {"name": "x", "port": {"name": "http"}}}},
    ),
    wide(
        "networking.k8s.io/v1", "IngressClass", "nginx", spec={"controller": "k8s.io/ingress-nginx"}
    ),
    m.network_policy("policy"),
    named(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "deny",
        spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    ),
    named(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "egress",
        spec={"podSelector": {"matchLabels": _LABELS}, "egress": [{}]},
    ),
    wide("node.k8s.io/v1", "RuntimeClass", "gvisor", handler="runsc"),
    m.budget("budget"),
    wide(
        f"{_RBAC}/v1",
        "ClusterRole",
        "reader",
        rules=[{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}],
    ),
    wide(f"{_RBAC}/v1", "ClusterRole", "no-rules", rules=[]),
    wide(
        f"{_RBAC}/v1",
        "ClusterRoleBinding",
        "readers",
        roleRef={"apiGroup": _RBAC, "kind": "ClusterRole", "name": "reader"},
        subjects=[{"kind": "Group", "name": "readers"}, {"kind": "User", "name": "ana"}],
    ),
    named(
        f"{_RBAC}/v1",
        "Role",
        "writer",
        rules=[
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], "resourceNames": ["a"]}
        ],
    ),
    m.role_binding("binding"),
    wide("scheduling.k8s.io/v1", "PriorityClass", "high", value=1000, globalDefault=False),
    wide("storage.k8s.io/v1", "CSIDriver", "driver.example", spec={"podInfoOnMount": True}),
    wide("storage.k8s.io/v1", "StorageClass", "fast", provisioner="example.com/fast"),
    wide(
        "storage.k8s.io/v1",
        "StorageClass",
        "slow",
        provisioner="example.com/slow",
        parameters={"type": "hdd"},
        mountOptions=["noatime"],
        allowVolumeExpansion=True,
    ),
    m.webhook("validating"),
    {
        **m.webhook("mutating"),
        "kind": "MutatingWebhookConfiguration",
    },
    _definition(),
    m.job("job"),
    named(
        "batch/v1",
        "Job",
        "indexed",
        spec={
            "completions": 3,
            "parallelism": 0,
            "template": {
                "metadata": {"labels": _LABELS},
                "spec": {"restartPolicy": "OnFailure", "containers": [_CONTAINER]},
            },
        },
    ),
    m.cron_job("cron"),
    m.autoscaler("scaler"),
    named(
        "autoscaling/v1",
        "HorizontalPodAutoscaler",
        "scaler-v1",
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"},
            "maxReplicas": 3,
            "targetCPUUtilizationPercentage": 50,
        },
    ),
    named("apps/v1", "ControllerRevision", "revision", data={"spec": {"a": [1]}}, revision=1),
]
