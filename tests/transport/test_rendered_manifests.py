"""Manifests of a folder, now and as they were at a revision of a real repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from aof.errors import NotBound, UsageFault
from aof.transport.kubernetes_documents import parse_objects
from aof.transport.rendered_manifests import render_at, render_folder

WEB = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {level: %s}\n"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    (folder / "k8s").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    for level in ("info", "debug"):
        (folder / "k8s/web.yaml").write_text(WEB % level)
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", level)
    return folder


def test_a_revision_is_read_without_touching_the_working_tree(repository: Path) -> None:
    (repository / "k8s/web.yaml").write_text("not yaml: [")
    assert render_at(repository, "HEAD", "k8s")[0]["data"] == {"level": "debug"}
    assert render_at(repository, "HEAD~1", "./k8s/")[0]["data"] == {"level": "info"}
    assert (repository / "k8s/web.yaml").read_text() == "not yaml: ["


@pytest.mark.parametrize(
    ("revision", "path", "what"),
    [
        ("0" * 40, "k8s", "the clone has no revision"),
        ("HEAD", "elsewhere", "elsewhere does not exist at HEAD"),
        ("HEAD", "../..", "leaves the repository"),
    ],
)
def test_what_is_not_there_is_named(repository: Path, revision: str, path: str, what: str) -> None:
    with pytest.raises(UsageFault, match=what):
        render_at(repository, revision, path)


def test_files_that_are_no_manifests_are_passed_over(repository: Path) -> None:
    (repository / "k8s/values.yaml").write_text("replicas: 3\n")
    (repository / "k8s/.hidden.yaml").write_text(WEB % "hidden")
    assert len(render_folder(repository / "k8s")) == 1


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="there are no manifests"):
        render_folder(tmp_path / "none")


YAML = b"""
apiVersion: v1
kind: ConfigMap
metadata: {name: x, creationTimestamp: 2026-11-20T12:00:00Z}
data: {day: 2026-11-20, at: 12:30, size: 1e3, mode: 0644, on: true, plain: =, 5: five}
---
---
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: y}}
"""


def test_yaml_is_read_as_kubernetes_reads_it() -> None:
    config, service = parse_objects(YAML, name="x.yaml")
    assert config["data"] == {
        "day": "2026-11-20",
        "at": "12:30",
        "size": 1000.0,
        "mode": 420,
        "true": True,
        "plain": "=",
        "5": "five",
    }
    assert config["metadata"]["creationTimestamp"] == "2026-11-20T12:00:00Z"
    assert service["metadata"]["name"] == "y"


def test_typed_lists_of_the_api_give_their_items_a_kind() -> None:
    text = b'{"kind":"DeploymentList","apiVersion":"apps/v1","items":[{"metadata":{"name":"a"}}]}'
    assert parse_objects(text, name="x")[0]["kind"] == "Deployment"


def test_hostile_nesting_is_refused_not_fatal() -> None:
    for text in (b"[" * 100_000, b"{a: " * 5_000, b'{"a":' * 100_000):
        with pytest.raises(UsageFault):
            parse_objects(text, name="x")


@pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not installed")
def test_a_chart_is_rendered_with_its_values(tmp_path: Path) -> None:
    chart = tmp_path / "shop"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 1.0.0\n")
    (chart / "values.yaml").write_text("level: info\n")
    (chart / "templates/web.yaml").write_text(WEB % "{{ .Values.level | quote }}")
    assert render_folder(chart)[0]["data"] == {"level": "info"}


def test_a_chart_without_helm_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Chart.yaml").write_text("name: shop\n")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotBound, match="needs helm"):
        render_folder(tmp_path)
