"""drift-detector from end to end: Argo CD or Flux or a clone, and an API server, on loopback."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml

from aof.cli.main import main
from tests.analysis.drift.manifests import autoscaler, config_map, deployment, service
from tests.cli.aofctl import Ran
from tests.servers.argocd import READ, SHA1, SHA2, ArgocdServer, application
from tests.servers.kubernetes import KubernetesServer
from tests.servers.kubernetes_discovery import KINDS, Kind

AUTOSCALER = Kind("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
FLUX_KINDS = [
    Kind("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization"),
    Kind("source.toolkit.fluxcd.io", "v1", "gitrepositories", "GitRepository"),
]
GIT = [deployment(), config_map(), service()]


def scaled(replicas: int) -> dict[str, Any]:
    return deployment(replicas=replicas)


@pytest.fixture
def cluster() -> Iterator[KubernetesServer]:
    server = KubernetesServer(kinds=[*KINDS, *FLUX_KINDS, AUTOSCALER])
    for manifest in GIT:
        server.add(manifest, manager="argocd-controller")
    with server.running():
        yield server


@pytest.fixture
def argocd() -> Iterator[ArgocdServer]:
    server = ArgocdServer(application())
    server.manifests["shop", SHA2] = copy.deepcopy(GIT)
    with server.running():
        yield server


def edit(cluster: KubernetesServer, **spec: Any) -> None:
    """Somebody changes the Deployment with kubectl edit."""
    stored = cluster.stored["deployments", "shop", "web"]
    stored.body["spec"].update(spec)
    for name in spec:
        stored.owners[("spec", name)] = ("kubectl-edit", "Update")


def detect(
    tmp_path: Path,
    cluster: KubernetesServer | None,
    argocd: ArgocdServer | None,
    *arguments: str,
    **environment: str,
) -> Ran:
    """Run the agent in this process: a process of its own costs seconds in every test."""
    if cluster is not None:
        environment = {"KUBECONFIG": str(cluster.kubeconfig(tmp_path)), **environment}
    if argocd is not None:
        environment |= {"ARGOCD_SERVER": argocd.url, "ARGOCD_TOKEN": READ}
    words = [
        "run",
        "agent",
        "library/cicd/drift-detector",
        *arguments,
        "--llm",
        "off",
        "-o",
        "json",
    ]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, {**kept, **environment}, clear=True),
        patch.object(sys, "argv", ["aofctl", *words]),
        contextlib.chdir(tmp_path),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return Ran(int(str(ended.value.code)), out.getvalue(), err.getvalue())


def resources(ran: Ran) -> dict[str, dict[str, Any]]:
    return {f"{one['kind']}/{one['name']}": one for one in ran.json()["facts"]["resources"]}


def test_an_untouched_application_is_clean(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    ran = detect(tmp_path, cluster, argocd, "Scan shop namespace for drift")
    assert (ran.code, ran.json()["decision"]) == (0, "CLEAN"), ran.out + ran.err
    assert ran.json()["facts"]["total"] == 3


def test_an_application_without_manifests_is_not_called_clean(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    argocd.manifests["shop", SHA2] = []
    ran = detect(tmp_path, cluster, argocd, "--set", "argocd_apps=shop")
    assert (ran.code, ran.json()["decision"]) == (3, "UNKNOWN"), ran.out + ran.err
    assert "nothing was compared" in ran.json()["summary"]
    assert "shop renders no manifests" in " ".join(ran.json()["warnings"])


def test_commands_beyond_the_most_urgent_are_counted(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    many = []
    for number in range(25):
        manifest = config_map()
        manifest["metadata"]["name"] = f"settings-{number}"
        cluster.add(manifest, manager="kubectl-edit")
        many.append(manifest)
    argocd.manifests["shop", SHA2] = [{**one, "data": {"LOG_LEVEL": "other"}} for one in many]
    ran = detect(tmp_path, cluster, argocd, "--set", "argocd_apps=shop")
    assert len(ran.json()["actions"]) == 20
    assert "more commands are left out" in " ".join(ran.json()["warnings"])


def test_a_manual_change_is_drift_with_tool_and_command(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    edit(cluster, replicas=9)
    ran = detect(tmp_path, cluster, argocd, "--set", "argocd_apps=shop")
    found = resources(ran)["Deployment/web"]
    assert (ran.code, found["classes"]) == (1, ["manual"])
    assert found["changes"][0]["actor"] == "kubectl-edit"
    commands = [action["command"] for action in ran.json()["actions"]]
    assert commands == ["argocd app sync shop --resource apps:Deployment:web"]
    assert "6 more replicas than Git says" in ran.json()["report"]


def test_counts_are_facts_for_output_conditions(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    edit(cluster, replicas=9)
    facts = detect(tmp_path, cluster, argocd).json()["facts"]
    assert (facts["drift_count"], facts["high"], facts["medium"], facts["low"]) == (1, 1, 0, 0)


def test_git_ahead_of_a_failed_sync_is_told_by_the_last_synced_manifest(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    argocd.head = SHA1
    argocd.manifests["shop", SHA1] = [scaled(7), *copy.deepcopy(GIT[1:])]
    state = argocd.applications["shop"]["status"]["operationState"]
    state |= {"phase": "Failed", "message": "one or more objects failed to apply"}
    ran = detect(tmp_path, cluster, argocd)
    found = resources(ran)["Deployment/web"]
    assert (found["classes"], found["cause"]) == (["failed-sync"], state["message"])
    assert ran.json()["actions"][0]["command"] == "argocd app get shop --show-operation"


def test_ignore_differences_of_the_application_are_honoured(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    edit(cluster, replicas=9)
    rule = {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}
    argocd.applications["shop"]["spec"]["ignoreDifferences"] = [rule]
    assert detect(tmp_path, cluster, argocd).code == 0


def test_an_autoscaler_git_does_not_know_is_found(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    cluster.add(autoscaler(), manager="kubectl-autoscale")
    ran = detect(tmp_path, cluster, argocd)
    assert resources(ran)["HorizontalPodAutoscaler/web"]["classes"] == ["manual", "extra"]


def test_objects_of_others_in_the_namespace_are_left_alone(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    other = config_map()
    labels = {"app.kubernetes.io/instance": "another"}
    other["metadata"] = {"name": "other", "namespace": "shop", "labels": labels}
    cluster.add(other, manager="argocd-controller")
    assert detect(tmp_path, cluster, argocd).code == 0


def test_a_forbidden_kind_is_named_and_the_answer_stays_open(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    cluster.forbidden.add(("list", "configmaps", "shop"))
    ran = detect(tmp_path, cluster, argocd)
    assert (ran.code, ran.json()["decision"]) == (3, "UNKNOWN"), ran.out
    assert "ConfigMap in shop" in ran.json()["facts"]["not_checked"]
    assert "ConfigMap/config" not in resources(ran)


def test_drift_wins_over_what_could_not_be_checked(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    cluster.forbidden.add(("list", "configmaps", "shop"))
    edit(cluster, replicas=9)
    ran = detect(tmp_path, cluster, argocd)
    assert (ran.code, ran.json()["decision"]) == (1, "DRIFT")
    assert "Not checked: ConfigMap in shop" in ran.json()["summary"]


def test_without_a_cluster_the_exit_code_is_5(tmp_path: Path, argocd: ArgocdServer) -> None:
    ran = detect(tmp_path, None, argocd)
    assert ran.code == 5, ran.out + ran.err
    assert ran.json()["error"]["what"] == "nothing says what runs"


def test_a_cluster_that_does_not_answer_is_exit_5(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    (tmp_path / "other").mkdir()
    file = cluster.kubeconfig(tmp_path / "other", token="expired")
    ran = detect(tmp_path, cluster, argocd, KUBECONFIG=str(file))
    assert ran.code == 5, ran.out + ran.err
    assert "Unauthorized" in json.dumps(ran.json()["error"])


def test_with_nothing_to_compare_the_exit_code_is_5(tmp_path: Path) -> None:
    ran = detect(tmp_path, None, None)
    assert ran.code == 5
    assert "nothing says what should run" in ran.json()["error"]["what"]


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"KUBECONFIG": "/nowhere/config"}, "/nowhere/config cannot be read"),
        ({"KUBE_CONTEXT": "nope"}, "the kubeconfig has no context 'nope'"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_exit_5(
    tmp_path: Path, cluster: KubernetesServer, environment: dict[str, str], words: str
) -> None:
    commit(tmp_path, GIT)
    ran = detect(tmp_path, cluster, None, "--set", "path=k8s", **environment)
    assert ran.code == 5, ran.out + ran.err
    error = ran.json()["error"]
    assert words in f"{error['what']} {error['why']}"
    assert error["fix"]


def test_a_config_map_of_ten_megabytes_is_compared_and_cut(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    wanted = config_map(text="a" * 10_000_000)
    argocd.manifests["shop", SHA2] = [wanted]
    cluster.add(config_map(text="a" * 9_999_999 + "b"), manager="kubectl-edit")
    ran = detect(tmp_path, cluster, argocd)
    found = next(one for name, one in resources(ran).items() if name.startswith("ConfigMap/"))
    assert (ran.code, found["classes"]) == (1, ["manual"])
    assert len(ran.out) < 100_000


def test_a_custom_resource_nobody_described_and_objects_without_owners_are_compared(
    tmp_path: Path,
) -> None:
    widget = {"apiVersion": "a.b/v1", "kind": "Widget", "metadata": {"name": "w"}}
    (tmp_path / "d.json").write_text(json.dumps({**widget, "spec": {"size": 1}}))
    (tmp_path / "l.json").write_text(json.dumps({**widget, "spec": {"size": 2}}))
    files = ("--set", "desired=d.json", "--set", "live=l.json", "--set", "last_synced=d.json")
    found = resources(detect(tmp_path, None, None, *files))["Widget/w"]
    assert found["additions_checked"] is False
    assert "additions not checkable" in found["notes"][0]
    assert found["changes"][0]["path"] == "/spec/size"


def test_verify_asks_the_server_and_survives_a_refusal(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    ran = detect(tmp_path, cluster, argocd, "--set", "verify=true")
    assert ran.code == 0, ran.out
    cluster.forbidden |= {("patch", "deployments", "*"), ("patch", "deployments", "shop")}
    ran = detect(tmp_path, cluster, argocd, "--set", "verify=true")
    assert ran.code == 0, ran.out
    assert "Deployment/web (namespace: shop): --verify was not possible" in ran.json()["report"]
    assert resources(ran) == {}


def test_a_second_run_shows_the_first_as_a_trend(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    edit(cluster, replicas=9)
    detect(tmp_path, cluster, argocd)
    ran = detect(tmp_path, cluster, argocd)
    days = ran.json()["facts"]["trends"]["days"]
    assert [(day["drift_count"], day["classes"]) for day in days] == [(1, {"manual": 1})]
    assert "| Date | Drift count | Type |" in ran.json()["report"]


def test_secrets_stay_out_of_results_and_run_folder(
    tmp_path: Path, cluster: KubernetesServer, argocd: ArgocdServer
) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "shop"}}
    cluster.add({**secret, "data": {"password": "aHVudGVyMjI="}}, manager="kubectl-edit")
    argocd.manifests["shop", SHA2].append({**secret, "data": {"password": "b3RoZXItdmFsdWU="}})
    ran = detect(tmp_path, cluster, argocd)
    assert resources(ran)["Secret/s"]["classes"] == ["manual"]
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for value in (b"aHVudGVyMjI=", b"hunter22", b"b3RoZXItdmFsdWU=", b"other-value"):
        assert value not in ran.out.encode() + ran.err.encode() + b"".join(written)


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(folder: Path, manifests: list[dict[str, Any]]) -> str:
    (folder / "k8s").mkdir(parents=True, exist_ok=True)
    (folder / "k8s/all.yaml").write_text("---\n".join(yaml.safe_dump(one) for one in manifests))
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "manifests", "--allow-empty")
    return git(folder, "rev-parse", "HEAD")


def test_a_path_of_a_clone_is_compared_at_head_and_at_the_last_sync(
    tmp_path: Path, cluster: KubernetesServer
) -> None:
    before = commit(tmp_path / "clone", GIT)
    commit(tmp_path / "clone", [scaled(7), *GIT[1:]])
    arguments = ("--set", "repo=clone", "--set", "path=k8s", "--set", "namespace=shop")
    ran = detect(tmp_path, cluster, None, *arguments, "--set", f"last_synced={before}")
    assert resources(ran)["Deployment/web"]["classes"] == ["failed-sync"], ran.out


def test_flux_is_compared_with_the_commit_it_applied(
    tmp_path: Path, cluster: KubernetesServer
) -> None:
    applied = commit(tmp_path, GIT)
    kustomization = {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system"},
        "spec": {"path": "./k8s", "sourceRef": {"kind": "GitRepository", "name": "main"}},
        "status": {
            "lastAppliedRevision": f"main@sha1:{applied}",
            "conditions": [
                {"type": "Ready", "status": "True", "reason": "ReconciliationSucceeded"}
            ],
        },
    }
    cluster.add(kustomization, manager="flux")
    edit(cluster, replicas=9)
    ran = detect(tmp_path, cluster, None, "Scan shop namespace for drift")
    assert ran.code == 1, ran.out + ran.err
    assert resources(ran)["Deployment/web"]["classes"] == ["manual"]
    commands = [action["command"] for action in ran.json()["actions"]]
    assert commands == ["flux reconcile kustomization apps -n flux-system --with-source"]


def test_flux_changes_manifests_before_it_applies_them(
    tmp_path: Path, cluster: KubernetesServer
) -> None:
    written = deployment(replicas=2)
    written["spec"]["replicas"] = "${COUNT}"
    written["metadata"]["labels"]["region"] = "${REGION:=eu}"
    applied = commit(tmp_path, [written, *GIT[1:]])
    variables = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"COUNT": "2", "LEFT": "x"}}
    cluster.add({**variables, "metadata": {"name": "vars", "namespace": "flux-system"}})
    sources = [{"kind": "ConfigMap", "name": "vars"}, {"kind": "Secret", "name": "hidden"}]
    kustomization = {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system"},
        "spec": {
            "path": "./k8s",
            "sourceRef": {"kind": "GitRepository", "name": "main"},
            "postBuild": {"substituteFrom": sources},
        },
        "status": {"lastAppliedRevision": f"main@sha1:{applied}"},
    }
    cluster.add(kustomization, manager="flux")
    live = deployment(replicas=2)
    live["metadata"]["labels"]["region"] = "eu"
    cluster.add(live, manager="kustomize-controller")
    ran = detect(tmp_path, cluster, None, "Scan shop namespace for drift")
    assert resources(ran) == {}, ran.out
    assert "takes variables from Secret/hidden, which is not read" in ran.json()["report"]


def test_files_are_enough(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text(json.dumps(deployment()))
    (tmp_path / "l.json").write_text(json.dumps(scaled(5)))
    files = ("--set", "desired=d.json", "--set", "live=l.json", "--set", "last_synced=d.json")
    ran = detect(tmp_path, None, None, *files)
    assert (ran.code, ran.json()["facts"]["drift_count"]) == (1, 1), ran.out + ran.err


def test_what_files_cannot_tell_gets_no_tick(tmp_path: Path) -> None:
    live = scaled(3)
    live["metadata"].pop("managedFields", None)
    live["spec"]["template"]["spec"]["containers"].append({"name": "miner", "image": "x"})
    (tmp_path / "d.json").write_text(json.dumps(deployment()))
    (tmp_path / "l.json").write_text(json.dumps(live))
    ran = detect(tmp_path, None, None, "--set", "desired=d.json", "--set", "live=l.json")
    found = ran.json()
    assert (ran.code, found["verdict"], found["decision"]) == (3, "inconclusive", "UNKNOWN")
    named = [one["title"] for one in found["findings"]]
    assert any("containers[miner]" in title for title in named)
    assert found["report"].count("✅") == 1
    assert "✅ No manifest is known to be refused" in found["report"]


@pytest.mark.parametrize("empty", ["desired", "live"])
def test_a_file_that_holds_nothing_is_exit_2(tmp_path: Path, empty: str) -> None:
    for name in ("desired", "live"):
        (tmp_path / name).write_text("" if name == empty else json.dumps(deployment()))
    ran = detect(tmp_path, None, None, "--set", "desired=desired", "--set", "live=live")
    assert (ran.code, ran.json()["error"]["what"]) == (2, "there are no Kubernetes objects")


def test_every_drifted_object_of_files_has_a_way_out(tmp_path: Path) -> None:
    def config(name: str) -> dict[str, Any]:
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}

    git = {"apiVersion": "v1", "kind": "List", "items": [deployment(), config("a"), config("b")]}
    live = {**git, "items": [scaled(5), config("stray")]}
    (tmp_path / "d.json").write_text(json.dumps(git))
    (tmp_path / "l.json").write_text(json.dumps(live))
    ran = detect(tmp_path, None, None, "--set", "desired=d.json", "--set", "live=l.json")
    ways = {one["command"]: one["reason"] for one in ran.json()["actions"]}
    assert set(ways) == {
        "kubectl apply --server-side -f d.json",
        "kubectl diff -f d.json",
        "kubectl get ConfigMap stray -o yaml",
    }
    assert "Deployment/web" in ways["kubectl apply --server-side -f d.json"]
    assert ways["kubectl diff -f d.json"].endswith("ConfigMap/a, ConfigMap/b")
