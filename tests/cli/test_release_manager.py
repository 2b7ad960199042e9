"""release-manager and `aofctl analyze release` from the shell: what both must say alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.aofctl import Ran, aofctl
from tests.git_sandbox import GitSandbox

AGENT = ("run", "agent", "library/cicd/release-manager", "Create release")
ANALYSIS = ("analyze", "release")


def error_of(ran: Ran) -> dict[str, str]:
    found: dict[str, str] = json.loads(ran.out)["error"]
    return found


@pytest.mark.parametrize(
    ("command", "named_by"), [(ANALYSIS, "--repo DIR"), (AGENT, "GIT_CLONE=DIR")]
)
def test_a_folder_that_is_no_clone_is_a_usage_error_with_the_way_to_name_another(
    tmp_path: Path, command: tuple[str, ...], named_by: str
) -> None:
    ran = aofctl(*command, "-o", "json", cwd=tmp_path)
    error = error_of(ran)
    assert (ran.code, error["exit_code"]) == (2, 2)
    assert error["what"] == f"{tmp_path} is not a git repository"
    assert error["fix"] == f"run this in a clone, or name one: {named_by}"


@pytest.mark.parametrize("command", [ANALYSIS, AGENT])
def test_a_clone_of_somebody_else_is_refused_with_gits_own_remedy(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    GitSandbox(tmp_path).commit("feat: first")
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    words = "fatal: detected dubious ownership in repository"
    git.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 128\n")
    git.chmod(0o755)
    ran = aofctl(*command, "-o", "json", cwd=tmp_path, PATH=str(git.parent))
    assert ran.code == 5
    assert error_of(ran)["fix"].startswith("git config --global --add safe.directory")


@pytest.mark.parametrize("command", [ANALYSIS, AGENT])
@pytest.mark.parametrize(
    ("files", "line", "words"),
    [
        ({"yaml": "tag: a\ntag: b\n"}, 2, "duplicate key 'tag'"),
        ({"yml": "chanelog: {}\n"}, 1, "unknown key 'chanelog'"),
        ({"yaml": "", "yml": ""}, None, "two files with release settings"),
    ],
)
def test_both_refuse_the_same_settings(
    tmp_path: Path, command: tuple[str, ...], files: dict[str, str], line: int | None, words: str
) -> None:
    repo = GitSandbox(tmp_path)
    for ending, text in files.items():
        repo.write(f".aof/release.{ending}", text)
    repo.commit("feat: first")
    ran = aofctl(*command, "-o", "json", cwd=tmp_path)
    assert ran.code == 2
    assert words in error_of(ran)["what"]
    assert error_of(ran)["line"] == line
