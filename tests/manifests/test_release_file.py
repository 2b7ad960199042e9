"""`.aof/release.yaml`: one file for the analysis and the agent, read as strictly as a manifest."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from aof.errors import UsageFault
from aof.manifests.release_file import AGENT_KEYS, PATHS, read_release_file, the_one_file
from aof.playbooks.release_options import ReleaseOptions
from aof.playbooks.release_settings import options_in
from aof.validation.json_schema import release_schema
from tests.cli.aofctl import aofctl

ROOT = Path(__file__).parents[2]


def refused(text: str) -> UsageFault:
    with pytest.raises(UsageFault) as caught:
        options_in(read_release_file(text.encode(), ".aof/release.yaml"))
    return caught.value


def test_the_keys_of_the_agent_are_the_options_of_its_playbook() -> None:
    assert set(AGENT_KEYS) == set(ReleaseOptions.model_fields) - {"release"}


def test_what_the_analysis_reads_and_what_the_agent_reads_are_kept_apart() -> None:
    text = b"tag: release-{version}\napp: shop\nstages: [{name: prod, soak: 1h}]\n"
    found = read_release_file(text, "x")
    assert found.config.tag == "release-{version}"
    assert dict(found.agent) == {"app": "shop", "stages": [{"name": "prod", "soak": "1h"}]}
    assert options_in(found).stages[0].soak == "1h"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_an_empty_file_says_nothing(text: str) -> None:
    found = read_release_file(text.encode(), "x")
    assert (found.release, found.agent) == ({}, {})


@pytest.mark.parametrize(
    ("text", "line", "what", "fix"),
    [
        ("tag: a\nstagse: []\n", 2, "unknown key 'stagse'", "did you mean 'stages'?"),
        ("\nchangelgo: {}\n", 2, "unknown key 'changelgo'", "did you mean 'changelog'?"),
        ("changelog:\n  fil: x\n", 2, "unknown key 'fil' in changelog", "did you mean 'file'?"),
        ("packages:\n- name: a\n  paths: [a]\n  tags: x\n", 4, "unknown key 'tags'", "'tag'?"),
        ("stages:\n- name: dev\n  soaks: 1h\n", 3, "soaks", "did you mean 'soak'?"),
        ("tag: 1\n", 1, "tag: expected text", "quotes"),
        ("app: shop\ntag: a\napp: other\n", 3, "duplicate key 'app'", "keep one"),
        ("changelog:\n  file: a\n  file: b\n", 3, "duplicate key 'file'", "keep one"),
        ("tag: [\n", 2, "not valid YAML", ""),
        ("tag: a\n---\ntag: b\n", 3, "expected one document", "---"),
        ("- tag\n", 1, "expected keys and values", ""),
    ],
)
def test_what_does_not_fit_is_refused_at_its_line(
    text: str, line: int, what: str, fix: str
) -> None:
    error = refused(text)
    assert what in error.what
    assert fix in error.fix
    assert (error.file, error.line) == (".aof/release.yaml", line)


def test_two_files_are_refused_and_both_are_named() -> None:
    with pytest.raises(UsageFault) as caught:
        the_one_file(dict.fromkeys(PATHS, b""))
    assert all(path in str(caught.value) for path in PATHS)


def test_a_file_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(UsageFault, match="not UTF-8"):
        read_release_file(b"tag: \xff\n", "x")


def test_the_example_of_the_manual_holds_and_fits_the_schema() -> None:
    manual = (ROOT / "docs/release-manager.md").read_text()
    (text,) = re.findall(r"```yaml\n(tag: .*?)```", manual, re.DOTALL)
    found = read_release_file(text.encode(), "docs")
    assert found.document is not None
    jsonschema.validate(json.loads(json.dumps(found.document.data)), release_schema())
    assert [one.name for one in found.config.packages] == ["core", "ui"]
    assert options_in(found).app == "shop"


@pytest.mark.parametrize("key", ["tagg", "stagse"])
def test_the_schema_refuses_unknown_keys(key: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({key: "x"}, release_schema())


def test_validate_checks_the_settings_of_a_repository(tmp_path: Path) -> None:
    (tmp_path / ".aof").mkdir()
    file = tmp_path / ".aof" / "release.yaml"
    file.write_text("app: shop\nstages:\n- name: prod\n  soak: soon\n")
    wrong = aofctl("validate", cwd=tmp_path)
    assert wrong.code == 2
    assert ".aof/release.yaml:4: " in wrong.err
    file.write_text("app: shop\n")
    assert aofctl("validate", cwd=tmp_path).out == "ok  release settings  (.aof/release.yaml)\n"
    named = aofctl("validate", ".aof/release.yaml", "-o", "json", cwd=tmp_path)
    assert (named.code, named.json()["release_settings"]) == (0, [".aof/release.yaml"])
    file.with_suffix(".yml").write_text("")
    both = aofctl("validate", cwd=tmp_path)
    assert both.code == 2
    assert both.err.count("two files with release settings") == 1
