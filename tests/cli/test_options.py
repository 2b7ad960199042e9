"""Options that cannot be right are refused before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from aof.playbooks.base import unknown_settings
from aof.playbooks.canary import Canary
from tests.cli.aofctl import aofctl

GUARD = ("run", "agent", "library/cicd/deployment-guardian")
SICK = "Error rate: 9% (baseline: 0.1%)"


@pytest.mark.parametrize(
    "command",
    [
        (*GUARD, SICK, "--output-file"),
        ("approve", "plan-1a2b3c4d", "--output-file"),
    ],
)
def test_a_result_file_in_a_missing_folder_is_refused_before_the_run(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    ran = aofctl(*command, "missing/result.md", cwd=tmp_path)
    assert ran.code == 2
    assert "there is no folder 'missing'" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("file", ["here", "/dev/null", "/dev/stdout"])
def test_a_result_file_that_is_none_is_refused(tmp_path: Path, file: str) -> None:
    (tmp_path / "here").mkdir()
    ran = aofctl(*GUARD, SICK, "--output-file", file, cwd=tmp_path)
    assert ran.code == 2
    assert f"'{file}' is no regular file" in ran.err


def test_an_unknown_setting_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    ran = aofctl(*GUARD, SICK, "--set", "evidense=canary.json", cwd=tmp_path)
    assert ran.code == 2
    assert "unknown setting 'evidense'" in ran.err
    assert "there are: app, duration, end, environment, evidence" in ran.err
    assert "did you mean 'evidence'?" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_the_settings_of_an_agent_are_described(tmp_path: Path) -> None:
    agent = aofctl("describe", "agent", GUARD[2], "-o", "json", cwd=tmp_path).json()
    assert agent["set"] == ["app", "duration", "end", "environment", "evidence"]
    playbook = aofctl("describe", "playbook", "canary", "-o", "json", cwd=tmp_path).json()
    assert list(playbook["set"]) == ["app", "evidence", "end", "duration", "environment"]


def test_without_a_playbook_the_model_is_told_every_setting() -> None:
    assert unknown_settings(["anything"], [None]) == []
    assert [one.what for one in unknown_settings(["anything", "app"], [Canary()])] == [
        "unknown setting 'anything'"
    ]
