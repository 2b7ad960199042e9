"""`aofctl analyze drift` on files, as a person would run it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.aofctl import aofctl

CASES = {
    case["id"]: case
    for case in json.loads(
        (Path(__file__).parents[1] / "fixtures/drift/recorded.json").read_text()
    )["cases"]
}


def files_of(case: dict[str, Any], folder: Path) -> list[str]:
    (folder / "desired.yaml").write_text(yaml.safe_dump(case["config"]))
    (folder / "live.yaml").write_text(yaml.safe_dump(case["live"]))
    (folder / "base.yaml").write_text(yaml.safe_dump(case["base"]))
    return ["--desired", "desired.yaml", "--live", "live.yaml", "--last-synced", "base.yaml"]


def test_a_manual_change_exits_1_and_names_field_and_tool(tmp_path: Path) -> None:
    ran = aofctl("analyze", "drift", *files_of(CASES["m-kubectl-edit"], tmp_path), cwd=tmp_path)
    assert ran.code == 1
    assert "spec.replicas: Git 3, cluster 5 by kubectl-edit (managedFields): manual" in ran.out


def test_json_holds_one_document_with_counts(tmp_path: Path) -> None:
    arguments = files_of(CASES["m-kubectl-edit"], tmp_path)
    ran = aofctl("analyze", "drift", *arguments, "-o", "json", cwd=tmp_path)
    facts = ran.json()
    assert facts["decision"] == "DRIFT"
    assert facts["drift_count"] == facts["by_severity"]["high"] == 1
    assert facts["resources"][0]["changes"][0]["class"] == "manual"


def test_a_clean_object_exits_0(tmp_path: Path) -> None:
    ran = aofctl("analyze", "drift", *files_of(CASES["m-quantities"], tmp_path), cwd=tmp_path)
    assert (ran.code, ran.out.strip()) == (0, "CLEAN: 1 resource compared, nothing drifted.")


def test_kubectl_lists_and_several_documents_are_taken_apart(tmp_path: Path) -> None:
    chosen = [CASES[name] for name in ("m-kubectl-edit", "m-quantities", "m-kubectl-patch")]
    desired = "---\n".join(yaml.safe_dump(case["config"]) for case in chosen)
    (tmp_path / "desired.yaml").write_text(desired)
    listed = {"apiVersion": "v1", "kind": "List", "items": [case["live"] for case in chosen]}
    (tmp_path / "live.json").write_text(json.dumps(listed))
    ran = aofctl(
        *("analyze", "drift", "--desired", "desired.yaml", "--live", "live.json", "-o", "json"),
        cwd=tmp_path,
    )
    assert ran.json()["total"] == 3
    assert [one["drifted"] for one in ran.json()["resources"]].count(False) == 1
    assert ran.json()["drift_count"] == 2


def test_a_folder_stands_for_the_manifests_below_it(tmp_path: Path) -> None:
    case = CASES["m-kubectl-edit"]
    (tmp_path / "k8s/app").mkdir(parents=True)
    (tmp_path / "k8s/app/web.yaml").write_text(yaml.safe_dump(case["config"]))
    (tmp_path / "k8s/values.yaml").write_text("replicas: 3\n")
    ran = aofctl(
        *("analyze", "drift", "--desired", "k8s", "--live", "-"),
        cwd=tmp_path,
        stdin=json.dumps(case["live"]),
    )
    assert ran.code == 1


def test_the_sync_status_tells_failed_from_pending(tmp_path: Path) -> None:
    arguments = files_of(CASES["m-git-ahead"], tmp_path)
    (tmp_path / "status.yaml").write_text("phase: Failed\nmessage: ImagePullBackOff\n")
    failed = aofctl(
        "analyze", "drift", *arguments, "--sync-status", "status.yaml", "-o", "json", cwd=tmp_path
    ).json()["resources"][0]
    assert (failed["classes"], failed["cause"]) == (["failed-sync"], "ImagePullBackOff")
    pending = aofctl(
        "analyze", "drift", *arguments, "--sync-status", "running", "-o", "json", cwd=tmp_path
    ).json()["resources"][0]
    assert pending["classes"] == ["pending-sync"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("a: [1", "the file is not valid YAML"),
        ("just words", "the file holds something that is no Kubernetes object"),
        ("spec: {}", "the file holds an object without a kind"),
    ],
)
def test_unusable_files_exit_2_and_say_which(tmp_path: Path, content: str, what: str) -> None:
    (tmp_path / "live.yaml").write_text(content)
    (tmp_path / "desired.yaml").write_text(yaml.safe_dump(CASES["m-kubectl-edit"]["config"]))
    ran = aofctl(
        *("analyze", "drift", "--desired", "desired.yaml", "--live", "live.yaml"), cwd=tmp_path
    )
    assert ran.code == 2
    assert what in ran.err
    assert "live.yaml" in ran.err


def test_secrets_are_never_printed(tmp_path: Path) -> None:
    case = json.loads(json.dumps(CASES["m-secret-stringdata"]))
    case["live"]["data"]["password"] = "b3RoZXItdmFsdWU="
    for output in ("text", "json", "markdown"):
        ran = aofctl("analyze", "drift", *files_of(case, tmp_path), "-o", output, cwd=tmp_path)
        assert ran.code == 1
        for secret in ("s3cr3t-A", "czNjcjN0LUE=", "other-value", "b3RoZXItdmFsdWU="):
            assert secret not in ran.out + ran.err


def test_argo_cds_jq_expressions_are_honoured(tmp_path: Path) -> None:
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    arguments = files_of(CASES["m-kubectl-patch"], tmp_path)
    rule = {"group": "apps", "kind": "Deployment"}
    path = '.spec.template.spec.containers[] | select(.name == "web") | .resources.limits'
    rules = [{**rule, "jqPathExpressions": [path, "def f: f; f"]}]
    (tmp_path / "ignore.yaml").write_text(yaml.safe_dump(rules))
    ran = aofctl("analyze", "drift", *arguments, "--ignore", "ignore.yaml", cwd=tmp_path)
    assert ran.code == 0, ran.out
    assert "def f: f; f" in ran.err


def test_a_folder_with_a_kustomization_is_built(tmp_path: Path) -> None:
    if shutil.which("kustomize") is None and shutil.which("kubectl") is None:
        pytest.skip("neither kustomize nor kubectl is installed")
    case = CASES["m-kubectl-edit"]
    (tmp_path / "app").mkdir()
    (tmp_path / "app/web.yaml").write_text(yaml.safe_dump(case["config"]))
    replicas = {"name": case["config"]["metadata"]["name"], "count": 5}
    kustomization = {"resources": ["web.yaml"], "replicas": [replicas]}
    (tmp_path / "app/kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    (tmp_path / "live.json").write_text(json.dumps(case["live"]))
    ran = aofctl("analyze", "drift", "--desired", "app", "--live", "live.json", cwd=tmp_path)
    assert (ran.code, ran.out.strip()) == (0, "CLEAN: 1 resource compared, nothing drifted.")


def test_a_chart_without_helm_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart/Chart.yaml").write_text("name: x\n")
    (tmp_path / "live.json").write_text("{}")
    empty = tmp_path / "bin"
    empty.mkdir()
    ran = aofctl(
        *("analyze", "drift", "--desired", "chart", "--live", "live.json"),
        cwd=tmp_path,
        PATH=str(empty),
    )
    assert ran.code == 5
    assert "helm is not on PATH" in ran.err


def with_sidecar(folder: Path, *, managed_fields: bool = False) -> list[str]:
    """The recorded injected sidecar, read as kubectl shows it when nobody asks for owners."""
    case = json.loads(json.dumps(CASES["m-webhook-inject"]))
    if not managed_fields:
        case["live"]["metadata"].pop("managedFields")
    return files_of(case, folder)


def test_an_undeclared_container_nobody_can_be_named_for_is_not_clean(tmp_path: Path) -> None:
    ran = aofctl("analyze", "drift", *with_sidecar(tmp_path), cwd=tmp_path)
    assert ran.code == 3
    assert "UNKNOWN: 1 resource compared, every declared field is in place" in ran.out
    assert "not declared in Git: spec.template.spec.containers[sidecar-injected]" in ran.out
    assert "--show-managed-fields" in ran.out
    facts = aofctl("analyze", "drift", *with_sidecar(tmp_path), "-o", "json", cwd=tmp_path).json()
    assert (facts["decision"], facts["drifted"]) == ("UNKNOWN", False)
    assert facts["resources"][0]["classes"] == ["clean"]


def test_the_same_container_with_its_owners_is_judged(tmp_path: Path) -> None:
    arguments = with_sidecar(tmp_path, managed_fields=True)
    assert aofctl("analyze", "drift", *arguments, cwd=tmp_path).code == 0


def test_objects_on_one_side_are_said_to_be_so(tmp_path: Path) -> None:
    case = CASES["m-kubectl-edit"]
    extra = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "b"}}
    (tmp_path / "d.yaml").write_text(yaml.safe_dump(case["config"]))
    (tmp_path / "l.yaml").write_text(yaml.safe_dump(extra))
    ran = aofctl("analyze", "drift", "--desired", "d.yaml", "--live", "l.yaml", cwd=tmp_path)
    assert "[medium] in Git, not in the cluster: failed-sync" in ran.out
    assert "[medium] in the cluster, not in Git: unknown" in ran.out
    assert "null" not in ran.out


@pytest.mark.parametrize("empty", ["--desired", "--live"])
@pytest.mark.parametrize("content", ["", "---\n# nothing\n"])
def test_a_side_that_says_nothing_is_no_drift_but_exit_2(
    tmp_path: Path, empty: str, content: str
) -> None:
    full = "--live" if empty == "--desired" else "--desired"
    (tmp_path / "empty.yaml").write_text(content)
    (tmp_path / "full.yaml").write_text(yaml.safe_dump(CASES["m-kubectl-edit"]["live"]))
    ran = aofctl("analyze", "drift", empty, "empty.yaml", full, "full.yaml", cwd=tmp_path)
    assert ran.code == 2
    assert "empty.yaml holds none, so nothing can be compared" in ran.err


def test_a_folder_without_manifests_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "k8s").mkdir()
    (tmp_path / "live.yaml").write_text(yaml.safe_dump(CASES["m-kubectl-edit"]["live"]))
    ran = aofctl("analyze", "drift", "--desired", "k8s", "--live", "live.yaml", cwd=tmp_path)
    assert (ran.code, "k8s holds none" in ran.err) == (2, True)


def test_a_list_without_items_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / "desired.yaml").write_text(yaml.safe_dump(CASES["m-kubectl-edit"]["config"]))
    (tmp_path / "live.yaml").write_text("{apiVersion: v1, kind: List, items: []}")
    ran = aofctl(
        "analyze", "drift", "--desired", "desired.yaml", "--live", "live.yaml", cwd=tmp_path
    )
    assert (ran.code, "not in the cluster" in ran.out) == (1, True)
