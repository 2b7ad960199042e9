"""Kustomizations of repositories nobody vouches for: built from local files, or refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from aof.errors import NotBound, Unreachable, UsageFault
from aof.transport.kustomize import overlay
from aof.transport.rendered_manifests import render_folder

PROGRAMS = [name for name in ("kustomize", "kubectl") if shutil.which(name)]
needs_kustomize = pytest.mark.skipif(not PROGRAMS, reason="neither kustomize nor kubectl here")
MAP = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {on: 'on', n: '010', e: '1e3'}\n"
)
DATA = {"on": "on", "n": "010", "e": "1e3"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "base").mkdir()
    (tmp_path / "base/web.yaml").write_text(MAP)
    (tmp_path / "base/kustomization.yaml").write_text("resources: [web.yaml]\n")
    (tmp_path / "over").mkdir()
    (tmp_path / "over/kustomization.yaml").write_text("resources: [../base]\nnamePrefix: p-\n")
    return tmp_path


@needs_kustomize
def test_an_overlay_over_a_base_is_built(folder: Path) -> None:
    built = render_folder(folder / "over", root=folder)
    assert [one["metadata"]["name"] for one in built] == ["p-web"]
    assert built[0]["data"] == DATA


@needs_kustomize
@pytest.mark.parametrize(
    "line",
    [
        "resources: ['https://github.com/example/repo//deploy?ref=main']",
        "resources: ['git@github.com:example/repo.git']",
        "resources: [github.com/example/repo]",
        "bases: ['ssh://git@example.com/repo']",
        "components: ['https://example.com/component']",
        "resources: [../../elsewhere]",
        "resources: [/etc]",
        "resources: [missing.yaml]",
        "generators: ['https://example.com/plugin.yaml']",
        "transformers: [nothing.yaml]",
        "crds: ['https://example.com/crd.json']",
        "patchesStrategicMerge: ['https://example.com/patch.yaml']",
        "patches: [{path: 'https://example.com/patch.yaml'}]",
        "replacements: [{path: ../../outside.yaml}]",
        "openapi: {path: 'https://example.com/schema.json'}",
        "configMapGenerator: [{name: a, files: ['key=https://example.com/file']}]",
        "secretGenerator: [{name: a, envs: ['/proc/self/environ']}]",
        "helmCharts: [{name: a, repo: 'https://example.com'}]",
    ],
)
def test_what_is_not_in_the_repository_is_refused_before_anything_runs(
    folder: Path, line: str
) -> None:
    (folder / "base/kustomization.yaml").write_text(
        f"resources: [web.yaml]\n{line}\n".replace("resources: [web.yaml]\nresources", "resources")
    )
    with pytest.raises(UsageFault, match="which is not in the repository") as caught:
        render_folder(folder / "over", root=folder)
    assert str(caught.value.file).endswith("base/kustomization.yaml")


@needs_kustomize
def test_a_folder_named_like_an_address_is_no_way_around(folder: Path) -> None:
    (folder / "over/https:/example.com/repo").mkdir(parents=True)
    line = "resources: ['https://example.com/repo']\n"
    (folder / "over/kustomization.yaml").write_text(line)
    with pytest.raises(UsageFault, match="which is not in the repository"):
        render_folder(folder / "over", root=folder)


@needs_kustomize
def test_folders_that_name_each_other_end(folder: Path) -> None:
    (folder / "base/kustomization.yaml").write_text("resources: [../over]\n")
    with pytest.raises(Unreachable, match="failed with exit code"):
        render_folder(folder / "over", root=folder)


@needs_kustomize
def test_an_exec_plugin_is_not_run(folder: Path) -> None:
    made = folder / "ran"
    plugin = {
        "apiVersion": "v1",
        "kind": "Anything",
        "metadata": {
            "name": "a",
            "annotations": {"config.kubernetes.io/function": "exec: {path: ./run.sh}"},
        },
    }
    (folder / "base/plugin.yaml").write_text(json.dumps(plugin))
    script = folder / "base/run.sh"
    script.write_text(f"#!/bin/sh\ntouch {made}\n")
    script.chmod(0o755)
    line = "resources: [web.yaml]\ntransformers: [plugin.yaml]\n"
    (folder / "base/kustomization.yaml").write_text(line)
    with pytest.raises(Unreachable):
        render_folder(folder / "over", root=folder)
    assert not made.exists()


@needs_kustomize
def test_changes_are_laid_over_objects_without_changing_their_scalars() -> None:
    web = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": DATA}
    patch = {"patch": '[{"op": "add", "path": "/data/more", "value": "x"}]'}
    changes = {"nameSuffix": "-s", "patches": [{**patch, "target": {"kind": "ConfigMap"}}]}
    (built,) = overlay([web], changes)
    assert built["metadata"]["name"] == "web-s"
    assert built["data"] == {**DATA, "more": "x"}


def test_without_a_program_the_message_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotBound, match="needs kustomize"):
        render_folder(folder / "over")
