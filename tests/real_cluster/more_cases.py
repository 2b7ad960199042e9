"""More of what people and controllers do: each part of each kind once.

Written after the cases of `cases` were right, and judged before anything was changed for them.
"""

from __future__ import annotations

from tests.real_cluster import manifests as m
from tests.real_cluster.case import case
from tests.real_cluster.steps import JSON_PATCH, csa, patch, request, run, ssa

MORE = [
    case(
        m.deployment(
            "sidecar-removed",
            template={
                "metadata": {"labels": {"app": "sidecar-removed"}},
                "spec": {
                    "containers": [{"name": "web", "image": "a:1"}, {"name": "log", "image": "b:1"}]
                },
            },
        ),
        ssa(),
        request(
            [{"op": "remove", "path": "/spec/template/spec/containers/1"}],
            manager="kubectl-edit",
            how=JSON_PATCH,
        ),
        says="manual",
        path="/spec/template/spec/containers",
    ),
    case(
        m.deployment(
            "env-reordered",
            container={"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
        ),
        csa(),
        request(
            [
                {
                    "op": "replace",
                    "path": "/spec/template/spec/containers/0/env",
                    "value": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
                }
            ],
            manager="kubectl-edit",
            how=JSON_PATCH,
        ),
        says="clean",
    ),
    case(
        m.deployment("env-value"),
        csa(),
        run("set env deployment/{name} MODE=dev"),
        says="manual",
        manager="kubectl-set",
        path="/spec/template/spec/containers/0/env/0/value",
    ),
    case(
        m.deployment("env-removed"),
        ssa(),
        run("set env deployment/{name} MODE-"),
        says="manual",
        path="/spec/template/spec/containers/0/env",
    ),
    case(
        m.deployment("port-added"),
        ssa(),
        request(
            [
                {
                    "op": "add",
                    "path": "/spec/template/spec/containers/0/ports/-",
                    "value": {"containerPort": 9090, "name": "dbg"},
                }
            ],
            manager="kubectl-edit",
            how=JSON_PATCH,
        ),
        says="manual",
        manager="kubectl-edit",
        path="/spec/template/spec/containers/0/ports",
    ),
    case(
        m.deployment("strategy"),
        csa(),
        patch({"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/strategy",
    ),
    case(
        m.deployment("hostnetwork"),
        csa(),
        patch({"spec": {"template": {"spec": {"hostNetwork": True}}}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/template/spec/hostNetwork",
    ),
    case(
        m.deployment("affinity"),
        ssa(),
        patch(
            {
                "spec": {
                    "template": {
                        "spec": {
                            "affinity": {
                                "podAntiAffinity": {
                                    "preferredDuringSchedulingIgnoredDuringExecution": [
                                        {"weight": 1, "podAffinityTerm": {"topologyKey": "x"}}
                                    ]
                                }
                            }
                        }
                    }
                }
            }
        ),
        says="manual",
        manager="kubectl-patch",
        path="/spec/template/spec/affinity",
    ),
    case(
        m.deployment("toleration"),
        csa(),
        patch(
            {
                "spec": {
                    "template": {"spec": {"tolerations": [{"key": "gpu", "operator": "Exists"}]}}
                }
            }
        ),
        says="manual",
        manager="kubectl-patch",
        path="/spec/template/spec/tolerations",
    ),
    case(
        m.deployment("pull-secret"),
        ssa(),
        patch({"spec": {"template": {"spec": {"imagePullSecrets": [{"name": "reg"}]}}}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/template/spec/imagePullSecrets",
    ),
    case(
        m.deployment("two-tools"),
        ssa(),
        run("set image deployment/{name} web=x:2"),
        run("label deployment {name} a=b"),
        says="manual",
        manager="kubectl-label",
        path="/metadata/labels/a",
    ),
    case(
        m.deployment("reverted"),
        ssa(),
        run("set image deployment/{name} web=x:2"),
        run("set image deployment/{name} web=nginx:1.25"),
        says="clean",
    ),
    case(
        m.deployment("lens"),
        ssa(),
        request({"spec": {"replicas": 9}}, agent="node-fetch"),
        says="manual",
        manager="node-fetch",
        path="/spec/replicas",
    ),
    case(
        m.deployment("python"),
        csa(),
        request({"metadata": {"annotations": {"x": "y"}}}, agent="OpenAPI-Generator/31.0.0/python"),
        says="manual",
        manager="OpenAPI-Generator",
        path="/metadata/annotations/x",
    ),
    case(
        m.deployment("unknown-writer"),
        ssa(),
        request({"spec": {"replicas": 9}}, manager="frobnicator"),
        says="unknown",
        manager="frobnicator",
        path="/spec/replicas",
    ),
    case(
        m.deployment("keda"),
        ssa(),
        request({"spec": {"replicas": 9}}, manager="keda-operator"),
        says="acceptable",
        manager="keda-operator",
    ),
    case(
        m.deployment("argocd-ui"),
        ssa(),
        request({"spec": {"replicas": 9}}, agent="argocd-server/v3.1.0"),
        says="manual",
        manager="argocd-server",
        path="/spec/replicas",
    ),
    case(
        m.deployment("istio-injector"),
        ssa(),
        request({"metadata": {"labels": {"istio.io/rev": "x"}}}, manager="pilot-discovery"),
        says="acceptable",
        manager="pilot-discovery",
    ),
    case(
        m.deployment("reloader"),
        ssa(),
        request(
            {
                "spec": {
                    "template": {
                        "metadata": {
                            "annotations": {"reloader.stakater.com/last-reloaded-from": "{}"}
                        }
                    }
                }
            },
            manager="Reloader",
        ),
        says="acceptable",
    ),
    case(
        m.deployment(
            "ahead-new-container",
            template={
                "metadata": {"labels": {"app": "ahead-new-container"}},
                "spec": {
                    "containers": [
                        {"name": "web", "image": "nginx:1.25"},
                        {"name": "log", "image": "b:1"},
                    ]
                },
            },
        ),
        lambda cluster, _: csa()(cluster, m.deployment("ahead-new-container")),
        says="failed-sync",
        before=m.deployment("ahead-new-container"),
        path="/spec/template/spec/containers",
    ),
    case(
        m.deployment("ahead-removed-field", replicas=2),
        lambda cluster, _: ssa()(cluster, m.deployment("ahead-removed-field", minReadySeconds=30)),
        says="failed-sync",
        before=m.deployment("ahead-removed-field", minReadySeconds=30),
        path="/spec/minReadySeconds",
    ),
    case(
        m.deployment("ahead-removed-container"),
        lambda cluster, _: csa()(
            cluster,
            m.deployment(
                "ahead-removed-container",
                template={
                    "metadata": {"labels": {"app": "ahead-removed-container"}},
                    "spec": {
                        "containers": [
                            {"name": "web", "image": "nginx:1.25"},
                            {"name": "log", "image": "b:1"},
                        ]
                    },
                },
            ),
        ),
        says="failed-sync",
        before=m.deployment(
            "ahead-removed-container",
            template={
                "metadata": {"labels": {"app": "ahead-removed-container"}},
                "spec": {
                    "containers": [
                        {"name": "web", "image": "nginx:1.25"},
                        {"name": "log", "image": "b:1"},
                    ]
                },
            },
        ),
        path="/spec/template/spec/containers",
    ),
    case(
        m.config_map("ahead-key", a="1", b="2"),
        lambda cluster, _: csa()(cluster, m.config_map("ahead-key", a="1")),
        says="failed-sync",
        before=m.config_map("ahead-key", a="1"),
        path="/data/b",
    ),
    case(
        m.config_map("ahead-key-gone", a="1"),
        lambda cluster, _: ssa()(cluster, m.config_map("ahead-key-gone", a="1", b="2")),
        says="failed-sync",
        before=m.config_map("ahead-key-gone", a="1", b="2"),
        path="/data/b",
    ),
    case(
        m.config_map("ahead-other-field", a="2", b="2"),
        lambda cluster, _: ssa()(cluster, m.config_map("ahead-other-field", a="1", b="2")),
        patch({"data": {"b": "9"}}),
        says="manual",
        manager="kubectl-patch",
        before=m.config_map("ahead-other-field", a="1", b="2"),
        path="/data/b",
    ),
    case(
        m.config_map("hand-did-it-first", a="2"),
        lambda cluster, _: ssa()(cluster, m.config_map("hand-did-it-first", a="1")),
        patch({"data": {"a": "2"}}),
        says="clean",
        before=m.config_map("hand-did-it-first", a="1"),
    ),
    case(
        m.named(
            "v1", "ConfigMap", "cm-annot", data={"a": "b"}, metadata={"annotations": {"x": "y"}}
        ),
        csa(),
        run("annotate configmap {name} --overwrite x=z"),
        says="manual",
        manager="kubectl-annotate",
        path="/metadata/annotations/x",
    ),
    case(
        m.config_map("cm-replaced", a="1"),
        ssa(),
        run("replace -f -", lambda one: one.update(data={"b": "2"})),
        says="manual",
        path="/data",
    ),
    case(
        m.config_map("cm-all-cleared", a="1"),
        csa(),
        request([{"op": "remove", "path": "/data"}], manager="kubectl-edit", how=JSON_PATCH),
        says="manual",
        path="/data",
    ),
    case(
        m.config_map("cm-big-edit", text="a\n" * 2000),
        ssa(),
        patch({"data": {"text": "a\n" * 1999 + "b\n"}}),
        says="manual",
        manager="kubectl-patch",
        path="/data/text",
    ),
    case(
        m.named("v1", "Secret", "secret-type-default", stringData={"a": "b"}, data={"c": m.B64}),
        csa(),
        says="clean",
    ),
    case(
        m.named("v1", "Secret", "secret-removed", data={"a": m.B64, "b": m.B64}),
        ssa(),
        patch({"data": {"a": None}}),
        says="manual",
        path="/data/a",
    ),
    case(
        m.named("v1", "Secret", "secret-same", data={"a": m.B64}),
        ssa(),
        patch({"stringData": {"a": "hunter2"}}),
        says="clean",
    ),
    case(
        m.service("svc-type"),
        ssa(),
        patch({"spec": {"type": "NodePort"}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/type",
    ),
    case(
        m.service("svc-port-added"),
        csa(),
        request(
            [
                {"op": "add", "path": "/spec/ports/0/name", "value": "a"},
                {"op": "add", "path": "/spec/ports/-", "value": {"port": 81, "name": "b"}},
            ],
            manager="kubectl-edit",
            how=JSON_PATCH,
        ),
        says="manual",
        manager="kubectl-edit",
        path="/spec/ports",
    ),
    case(
        m.service("svc-external-ip"),
        ssa(),
        patch({"spec": {"externalIPs": ["203.0.113.9"]}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/externalIPs",
    ),
    case(
        m.service("svc-affinity"),
        csa(),
        patch({"spec": {"sessionAffinity": "ClientIP"}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/sessionAffinity",
    ),
    case(
        m.service("svc-expose-lb"),
        ssa(),
        patch({"spec": {"type": "LoadBalancer", "loadBalancerSourceRanges": ["0.0.0.0/0"]}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec",
    ),
    case(
        m.ingress("ing-path"),
        ssa(),
        request(
            [
                {
                    "op": "add",
                    "path": "/spec/rules/0/http/paths/-",
                    "value": {
                        "path": "/admin",
                        "pathType": "Prefix",
                        "backend": {"service": {"name": "x", "port": {"number": 1}}},
                    },
                }
            ],
            manager="kubectl-edit",
            how=JSON_PATCH,
        ),
        says="manual",
        manager="kubectl-edit",
        path="/spec/rules",
    ),
    case(
        m.ingress("ing-tls-removed"),
        csa(),
        request([{"op": "remove", "path": "/spec/tls"}], manager="kubectl-edit", how=JSON_PATCH),
        says="manual",
        path="/spec/tls",
    ),
    case(
        m.network_policy("np-opened"),
        ssa(),
        patch({"spec": {"ingress": [{}]}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/ingress",
    ),
    case(
        m.network_policy("np-selector"),
        csa(),
        patch({"spec": {"podSelector": {"matchLabels": {"x": "y"}}}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/podSelector",
    ),
    case(
        m.role("role-verbs"),
        csa(),
        request(
            [{"op": "add", "path": "/rules/0/verbs/-", "value": "delete"}],
            manager="kubectl-edit",
            how=JSON_PATCH,
        ),
        says="manual",
        manager="kubectl-edit",
        path="/rules",
    ),
    case(m.role_binding("rb-ssa-untouched"), ssa(), says="clean"),
    case(
        m.named(
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            "rb-no-group",
            subjects=[{"kind": "User", "name": "ana"}],
            roleRef={
                "kind": "ClusterRole",
                "name": "view",
                "apiGroup": "rbac.authorization.k8s.io",
            },
        ),
        csa(),
        says="clean",
    ),
    case(
        m.cron_job("cron-schedule"),
        ssa(),
        patch({"spec": {"schedule": "* * * * *"}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/schedule",
    ),
    case(
        m.cron_job("cron-status"),
        ssa(),
        request(
            {"status": {"lastScheduleTime": "2026-11-20T00:00:00Z"}},
            agent="kube-controller-manager/v1",
            below="/status",
        ),
        says="clean",
    ),
    case(
        m.job("job-parallelism"),
        ssa(),
        patch({"spec": {"parallelism": 3}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/parallelism",
    ),
    case(
        m.stateful_set("sts-image"),
        ssa(),
        run("set image statefulset/{name} main=busybox:9"),
        says="manual",
        manager="kubectl-set",
        path="/spec/template",
    ),
    case(
        m.daemon_set("ds-selector"),
        ssa(),
        patch({"spec": {"template": {"spec": {"nodeSelector": {"off": "yes"}}}}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/template/spec/nodeSelector",
    ),
    case(
        m.autoscaler("hpa-max"),
        ssa(),
        patch({"spec": {"maxReplicas": 50}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/maxReplicas",
    ),
    case(
        m.autoscaler("hpa-status"),
        csa(),
        request(
            {"metadata": {"annotations": {"autoscaling.alpha.kubernetes.io/conditions": "[]"}}},
            manager="kube-controller-manager",
        ),
        says="clean",
    ),
    case(
        m.claim("pvc-bound"),
        ssa(),
        request(
            {"metadata": {"annotations": {"volume.beta.kubernetes.io/storage-provisioner": "x"}}},
            manager="kube-controller-manager",
        ),
        says="clean",
    ),
    case(
        m.quota("quota-raised"),
        csa(),
        patch({"spec": {"hard": {"pods": "20k"}}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/hard/pods",
    ),
    case(
        m.webhook("hook-ca-declared"),
        ssa(),
        request(
            [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": m.B64}],
            manager="kube-webhook-certgen",
            how=JSON_PATCH,
        ),
        says="acceptable",
    ),
    case(
        m.widget("cr-ports-number"),
        ssa(),
        request(
            [{"op": "replace", "path": "/spec/ports/1/number", "value": 1}],
            manager="kubectl-edit",
            how=JSON_PATCH,
        ),
        says="manual",
        manager="kubectl-edit",
        path="/spec/ports",
    ),
    case(
        m.widget("cr-steps"),
        csa(),
        request(
            [{"op": "replace", "path": "/spec/steps/1/do", "value": "sleep"}],
            manager="kubectl-edit",
            how=JSON_PATCH,
        ),
        says="manual",
        manager="kubectl-edit",
        path="/spec/steps",
    ),
    case(
        m.widget("cr-reordered-set"),
        ssa(),
        patch({"spec": {"hosts": ["b.example", "a.example"]}}),
        says="clean",
    ),
    case(
        m.widget("cr-limit", limit="50%"),
        ssa(),
        patch({"spec": {"limit": 3}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/limit",
    ),
    case(
        m.widget("cr-operator-default"),
        ssa(),
        request({"spec": {"size": 3}}, agent="widget-operator/v1"),
        says="external-mutation",
        manager="widget-operator",
        path="/spec/size",
    ),
    case(
        m.widget("cr-finalizer"),
        ssa(),
        request({"metadata": {"finalizers": ["shop.example/f"]}}, agent="widget-operator/v1"),
        says="acceptable",
    ),
    case(
        m.widget("cr-values-added"),
        ssa(),
        patch({"spec": {"values": {"deep": {"more": 1}}}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/values/deep/more",
    ),
]
