"""What is done to objects on a real API server, and what a drift detector must say of it.

Each case applies a manifest as a GitOps tool does, then lets others change the object. What is
expected was written down before the analysis saw the result. `scripts/record_drift_cases.py`
records them into a fixture; `test_live` runs them where there is a server.
"""

from __future__ import annotations

from dataclasses import replace

from tests.real_cluster import manifests as m
from tests.real_cluster.case import case
from tests.real_cluster.manifests import Manifest, changed, config_map, deployment, named, setting
from tests.real_cluster.more_cases import MORE
from tests.real_cluster.steps import (
    FLUX,
    JSON_PATCH,
    STRATEGIC,
    csa,
    patch,
    request,
    run,
    ssa,
    wait_until,
)


def _revision(live: Manifest) -> str:
    annotations = live["metadata"].get("annotations") or {}
    return str(annotations.get("deployment.kubernetes.io/revision", ""))


WORKLOADS = [
    case(deployment("csa-untouched"), csa(), says="clean"),
    case(deployment("ssa-untouched"), ssa(), says="clean"),
    case(
        deployment("csa-set-image"),
        csa(),
        run("set image deployment/{name} web=nginx:9"),
        says="manual",
        manager="kubectl-set",
        path=m.SHOWN_IMAGE,
    ),
    case(
        deployment("ssa-set-image"),
        ssa(),
        run("set image deployment/{name} web=nginx:9"),
        says="manual",
        manager="kubectl-set",
        path=m.SHOWN_IMAGE,
    ),
    case(
        deployment("csa-set-env"),
        csa(),
        run("set env deployment/{name} DEBUG=1"),
        says="manual",
        manager="kubectl-set",
        path="/spec/template/spec/containers/0/env",
    ),
    case(
        deployment("ssa-set-resources"),
        ssa(),
        run("set resources deployment/{name} --requests=cpu=100m"),
        says="manual",
        manager="kubectl-set",
        path="/spec/template/spec/containers/0/resources",
    ),
    case(
        deployment("ssa-set-serviceaccount"),
        ssa(),
        run("set serviceaccount deployment/{name} builder"),
        says="manual",
        manager="kubectl-set",
        path="/spec/template/spec/serviceAccount",
    ),
    case(
        deployment("csa-restart"),
        csa(),
        run("rollout restart deployment/{name}"),
        says="acceptable",
        manager="kubectl-rollout",
    ),
    case(
        deployment("ssa-pause"),
        ssa(),
        run("rollout pause deployment/{name}"),
        says="manual",
        manager="kubectl-rollout",
        path="/spec/paused",
    ),
    case(
        deployment("csa-undo"),
        lambda cluster, manifest: csa()(cluster, changed(manifest, m.IMAGE, "nginx:1.24")),
        wait_until(lambda live: _revision(live) == "1"),
        csa(),
        wait_until(lambda live: _revision(live) == "2"),
        run("rollout undo deployment/{name}"),
        says="manual",
        manager="kubectl",
        path=m.SHOWN_IMAGE,
    ),
    case(
        deployment("ssa-patch-strategic"),
        ssa(),
        request(
            {"spec": {"template": {"spec": {"containers": [m.SIDECAR]}}}},
            manager="kubectl-patch",
            how=STRATEGIC,
        ),
        says="manual",
        manager="kubectl-patch",
        path="/spec/template/spec/containers",
    ),
    case(
        deployment("csa-node-selector"),
        csa(),
        patch({"spec": {"template": {"spec": {"nodeSelector": {"disk": "ssd"}}}}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/template/spec/nodeSelector",
    ),
    case(
        deployment("ssa-replace"),
        ssa(),
        run("replace -f -", setting(m.IMAGE, "nginx:9")),
        says="manual",
        manager="kubectl-replace",
        path=m.SHOWN_IMAGE,
    ),
    case(
        deployment("ssa-replace-same"), ssa(), run("replace -f -", lambda one: None), says="clean"
    ),
    case(
        deployment("ssa-person-applies"),
        ssa(),
        run("apply -f -", setting("spec.replicas", 7)),
        says="manual",
        manager="kubectl-client-side-apply",
        path="/spec/replicas",
    ),
    case(
        deployment("ssa-person-applies-ssa"),
        ssa(),
        ssa("kubectl", setting("spec.replicas", 7)),
        says="manual",
        manager="kubectl",
        path="/spec/replicas",
    ),
    case(deployment("ssa-shared-value"), ssa(), ssa("kubectl"), says="clean"),
    case(
        deployment("ssa-curl"),
        ssa(),
        request({"spec": {"replicas": 5}}, agent="curl/8.5.0"),
        says="manual",
        manager="curl",
        path="/spec/replicas",
    ),
    case(
        deployment("ssa-operator-resources"),
        ssa(),
        request(
            [
                {
                    "op": "replace",
                    "path": "/spec/template/spec/containers/0/resources/limits/cpu",
                    "value": "2",
                }
            ],
            manager="vpa-updater",
            how=JSON_PATCH,
        ),
        says="external-mutation",
        manager="vpa-updater",
        path="/spec/template/spec/containers/0/resources/limits/cpu",
    ),
    case(
        deployment("flux-label"),
        ssa(FLUX),
        run("label deployment {name} team=shop"),
        says="manual",
        manager="kubectl-label",
        path="/metadata/labels/team",
        syncer=FLUX,
    ),
    case(
        changed(deployment("csa-unannotate"), "metadata.annotations", {"owner": "shop"}),
        csa(),
        run("annotate deployment {name} owner-"),
        says="manual",
        path="/metadata/annotations/owner",
    ),
    case(
        deployment("csa-finalizer-by-hand"),
        csa(),
        patch({"metadata": {"finalizers": ["x.y/z"]}}),
        says="manual",
        manager="kubectl-patch",
        path="/metadata/finalizers",
    ),
    case(
        changed(
            deployment(
                "ssa-empty-everything",
                container={
                    "env": [],
                    "args": [],
                    "volumeMounts": [],
                    "securityContext": {},
                    "resources": {},
                },
            ),
            "metadata.annotations",
            {},
        )
        | {"status": {}},
        ssa(),
        says="clean",
    ),
    case(
        deployment(
            "csa-odd-spellings",
            container={
                "resources": {
                    "limits": {"cpu": 0.5, "memory": "1024Mi", "ephemeral-storage": "1e3"},
                    "requests": {"cpu": "0.1", "memory": "0.5Gi"},
                },
                "env": [{"name": "EMPTY", "value": ""}, {"name": "NONE"}],
                "ports": [{"containerPort": 80, "hostPort": 0}, {"containerPort": 53}],
            },
        ),
        csa(),
        says="clean",
    ),
    case(
        deployment(
            "ssa-probes-and-volumes",
            template={
                "metadata": {"labels": {"app": "ssa-probes-and-volumes"}},
                "spec": {
                    "initContainers": [{"name": "wait", "image": "busybox"}],
                    "containers": [
                        {
                            "name": "web",
                            "image": "registry:5000/web@sha256:" + "0" * 64,
                            "livenessProbe": {"httpGet": {"port": "http"}},
                            "readinessProbe": {"tcpSocket": {"port": 80}},
                            "startupProbe": {"exec": {"command": ["true"]}},
                            "ports": [{"containerPort": 80, "name": "http"}],
                            "env": [
                                {
                                    "name": "IP",
                                    "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}},
                                },
                                {
                                    "name": "CPU",
                                    "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}},
                                },
                            ],
                            "volumeMounts": [{"name": "cfg", "mountPath": "/cfg"}],
                        }
                    ],
                    "volumes": [
                        {"name": "cfg", "configMap": {"name": "cfg"}},
                        {"name": "sec", "secret": {"secretName": "sec"}},
                        {"name": "tmp", "emptyDir": {}},
                        {"name": "host", "hostPath": {"path": "/tmp"}},
                        {
                            "name": "all",
                            "projected": {
                                "sources": [
                                    {"serviceAccountToken": {"path": "token"}},
                                    {
                                        "downwardAPI": {
                                            "items": [
                                                {
                                                    "path": "labels",
                                                    "fieldRef": {"fieldPath": "metadata.labels"},
                                                }
                                            ]
                                        }
                                    },
                                ]
                            },
                        },
                    ],
                },
            },
        ),
        ssa(),
        says="clean",
    ),
    case(
        deployment("csa-deleting"),
        csa(),
        patch({"metadata": {"finalizers": ["x.y/z"]}}),
        run("delete deployment {name} --wait=false"),
        says="manual",
        path="/metadata/deletionTimestamp",
    ),
]

GIT_AHEAD = [
    case(
        deployment("ahead-image", container={"image": "nginx:2"}),
        lambda cluster, manifest: ssa()(cluster, changed(manifest, m.IMAGE, "nginx:1.25")),
        says="failed-sync",
        path=m.SHOWN_IMAGE,
        before=deployment("ahead-image"),
    ),
    case(
        deployment("ahead-csa-removed-label"),
        lambda cluster, manifest: csa()(
            cluster,
            changed(manifest, "metadata.labels", {"app": "ahead-csa-removed-label", "x": "y"}),
        ),
        says="failed-sync",
        path="/metadata/labels/x",
        before=changed(
            deployment("ahead-csa-removed-label"),
            "metadata.labels",
            {"app": "ahead-csa-removed-label", "x": "y"},
        ),
    ),
    case(
        deployment("ahead-and-by-hand", container={"image": "nginx:2"}),
        lambda cluster, manifest: csa()(cluster, changed(manifest, m.IMAGE, "nginx:1.25")),
        run("set image deployment/{name} web=nginx:9"),
        says="manual",
        manager="kubectl-set",
        path=m.SHOWN_IMAGE,
        before=deployment("ahead-and-by-hand"),
    ),
    case(
        changed(deployment("ahead-env", container={"env": []}), m.IMAGE, "nginx:1.25"),
        lambda cluster, manifest: ssa()(cluster, deployment("ahead-env")),
        says="failed-sync",
        path="/spec/template/spec/containers/0/env",
        before=deployment("ahead-env"),
    ),
]

DATA = [
    case(config_map("cm-untouched"), csa(), says="clean"),
    case(
        named("v1", "ConfigMap", "cm-binary", binaryData={"x": m.B64}, data={"a": "b\n"}),
        ssa(),
        says="clean",
    ),
    case(
        config_map("cm-edit"),
        csa(),
        lambda cluster, manifest: cluster.edit("s/prod/dev/", manifest),
        says="manual",
        manager="kubectl-edit",
        path="/data/mode",
    ),
    case(
        config_map("cm-added-key"),
        ssa(),
        patch({"data": {"extra": "1"}}, how="strategic"),
        says="manual",
        manager="kubectl-patch",
        path="/data/extra",
    ),
    case(
        config_map("cm-removed-key"),
        ssa(),
        patch({"data": {"mode": None}}),
        says="manual",
        path="/data/mode",
    ),
    case(
        named("v1", "Secret", "secret-string", stringData={"pin": "4711"}, type="Opaque"),
        ssa(),
        says="clean",
    ),
    case(
        named("v1", "Secret", "secret-string-csa", stringData={"pin": "4711"}), csa(), says="clean"
    ),
    case(
        named("v1", "Secret", "secret-changed", data={"password": m.B64}),
        ssa(),
        patch({"stringData": {"password": "other"}}, how="strategic"),
        says="manual",
        manager="kubectl-patch",
        path="/data/password",
    ),
    case(
        named("v1", "Secret", "secret-added", data={"password": m.B64}),
        csa(),
        patch({"stringData": {"more": "x"}}, how="strategic"),
        says="manual",
        manager="kubectl-patch",
        path="/data/more",
    ),
]

NETWORK = [
    case(m.service("svc-untouched", ports=[{"port": 80}]), csa(), says="clean"),
    case(m.service("svc-nodeport", type="NodePort"), ssa(), says="clean"),
    case(m.service("svc-headless", clusterIP="None"), ssa(), says="clean"),
    case(
        m.service("svc-balancer", type="LoadBalancer"),
        ssa(),
        request(
            {
                "metadata": {
                    "annotations": {"lb.example/id": "lb-1"},
                    "finalizers": ["service.kubernetes.io/load-balancer-cleanup"],
                }
            },
            manager="cloud-controller-manager",
        ),
        request(
            {"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}},
            manager="cloud-controller-manager",
            below="/status",
        ),
        says="acceptable",
    ),
    case(
        m.service("svc-nodeport-by-hand", type="NodePort"),
        ssa(),
        patch({"spec": {"ports": [{"port": 80, "nodePort": 30999}]}}, how="strategic"),
        says="manual",
        manager="kubectl-patch",
        path="/spec/ports",
    ),
    case(
        m.service("svc-selector"),
        csa(),
        run("set selector service {name} app=other"),
        says="manual",
        manager="kubectl-set",
        path="/spec/selector",
    ),
    case(m.ingress("ing-untouched"), csa(), says="clean"),
    case(
        m.ingress("ing-annotated"),
        ssa(),
        request(
            {"metadata": {"annotations": {"field.example/public": "yes"}}},
            manager="ingress-nginx-controller",
        ),
        says="acceptable",
    ),
    case(
        m.ingress("ing-host"),
        csa(),
        request(
            [{"op": "replace", "path": "/spec/rules/0/host", "value": "evil.example"}],
            manager="kubectl-patch",
            how=JSON_PATCH,
        ),
        says="manual",
        manager="kubectl-patch",
        path="/spec/rules",
    ),
    case(m.network_policy("np-untouched"), ssa(), says="clean"),
]

ACCESS = [
    case(named("v1", "ServiceAccount", "sa-untouched"), ssa(), says="clean"),
    case(
        named("v1", "ServiceAccount", "sa-pull-secret"),
        csa(),
        patch({"imagePullSecrets": [{"name": "x"}]}, how="strategic"),
        says="manual",
        manager="kubectl-patch",
        path="/imagePullSecrets",
    ),
    case(
        m.role("role-rule-added"),
        ssa(),
        request(
            [
                {
                    "op": "add",
                    "path": "/rules/-",
                    "value": {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
                }
            ],
            manager="kubectl-edit",
            how=JSON_PATCH,
        ),
        says="manual",
        manager="kubectl-edit",
        path="/rules",
    ),
    case(
        m.aggregated_role("agg-role"),
        ssa(),
        lambda cluster, manifest: ssa()(cluster, m.contributing_role("agg-role-part")),
        wait_until(lambda live: bool(live["rules"])),
        says="acceptable",
    ),
    case(m.role_binding("rb-untouched"), csa(), says="clean"),
    case(
        m.role_binding("rb-subject"),
        ssa(),
        run("set subject rolebinding {name} --user=mallory"),
        says="manual",
        manager="kubectl-set",
        path="/subjects",
    ),
    case(
        m.webhook("hook-ca-injected"),
        ssa(),
        request(
            [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": m.B64}],
            manager="cainjector",
            how=JSON_PATCH,
        ),
        says="acceptable",
        manager="cainjector",
    ),
    case(
        m.webhook("hook-policy-by-hand"),
        csa(),
        request(
            [{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}],
            manager="kubectl-edit",
            how=JSON_PATCH,
        ),
        says="manual",
        manager="kubectl-edit",
        path="/webhooks",
    ),
]

OTHERS = [
    case(m.job("job-untouched"), csa(), says="clean"),
    case(m.job("job-untouched-ssa"), ssa(), says="clean"),
    case(m.cron_job("cron-untouched"), ssa(), says="clean"),
    case(
        m.cron_job("cron-suspended"),
        csa(),
        patch({"spec": {"suspend": True}}, how="strategic"),
        says="manual",
        manager="kubectl-patch",
        path="/spec/suspend",
    ),
    case(m.stateful_set("sts-untouched"), csa(), says="clean"),
    case(m.stateful_set("sts-untouched-ssa"), ssa(), says="clean"),
    case(
        m.stateful_set("sts-partition"),
        ssa(),
        patch({"spec": {"updateStrategy": {"rollingUpdate": {"partition": 2}}}}, how="strategic"),
        says="manual",
        manager="kubectl-patch",
        path="/spec/updateStrategy",
    ),
    case(m.daemon_set("ds-untouched"), csa(), says="clean"),
    case(m.claim("pvc-untouched"), ssa(), says="clean"),
    case(m.budget("pdb-untouched"), csa(), says="clean"),
    case(
        m.budget("pdb-changed"),
        ssa(),
        patch({"spec": {"minAvailable": 0}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/minAvailable",
    ),
    case(m.quota("quota-untouched"), csa(), says="clean"),
    case(m.limits("limits-untouched"), ssa(), says="clean"),
    case(m.autoscaler("hpa-untouched"), csa(), says="clean"),
    case(m.autoscaler("hpa-untouched-ssa"), ssa(), says="clean"),
    case(
        named("v1", "Namespace", "ns-labelled", cluster_wide=True),
        csa(),
        run("label namespace {name} team=x"),
        says="manual",
        manager="kubectl-label",
        path="/metadata/labels",
    ),
    case(named("v1", "Namespace", "ns-untouched", cluster_wide=True), ssa(), says="clean"),
]

CUSTOM = [
    case(m.widget("cr-untouched"), ssa(), says="clean"),
    case(m.widget("cr-untouched-csa"), csa(), says="clean"),
    case(
        m.widget("cr-status"),
        ssa(),
        request({"status": {"ready": True}}, agent="widget-operator/v1", below="/status"),
        says="clean",
    ),
    case(
        m.widget("cr-map-item"),
        ssa(),
        ssa("kubectl", lambda one: one.update(spec={"ports": [{"name": "debug", "number": 1}]})),
        says="manual",
        manager="kubectl",
        path="/spec/ports",
    ),
    case(
        m.widget("cr-set-item"),
        ssa(),
        patch({"spec": {"hosts": ["b.example", "a.example", "c"]}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/hosts",
    ),
    case(
        m.widget("cr-atomic"),
        ssa(),
        patch({"spec": {"args": ["--one"]}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/args",
    ),
    case(
        m.widget("cr-undeclared-default"),
        ssa(),
        patch({"spec": {"mode": "slow"}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/mode",
    ),
    case(
        m.widget("cr-unknown-inside"),
        ssa(),
        request({"spec": {"values": {"deep": {"level": 2}}}}, agent="widget-operator/v1"),
        says="external-mutation",
        manager="widget-operator",
        path="/spec/values",
    ),
    case(
        m.widget("cr-tag"),
        csa(),
        patch({"spec": {"tags": {"a": "b"}}}),
        says="manual",
        manager="kubectl-patch",
        path="/spec/tags",
    ),
    replace(case(m.widget("cr-no-definition"), ssa(), says="clean"), definition=None),
]

PODS = [
    case(m.tolerating_pod("pod-tolerations"), csa(), says="acceptable", path="/spec/tolerations"),
    case(m.tolerating_pod("pod-tolerations-ssa"), ssa(), says="acceptable"),
]

CASES = [*WORKLOADS, *GIT_AHEAD, *DATA, *NETWORK, *ACCESS, *OTHERS, *CUSTOM, *PODS, *MORE]
