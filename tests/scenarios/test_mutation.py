"""`aofctl test --mutate`: whether the tests would notice a broken agent."""

from __future__ import annotations

from pathlib import Path

import pytest

from aof.scenarios.mutate import _moved_thresholds
from tests.cli.aofctl import aofctl
from tests.scenarios.test_cli import FAILS, PASSES

ROOT = Path(__file__).parents[2]


def test_weak_tests_let_mutants_live(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(PASSES)
    ran = aofctl("test", "--mutate", "-o", "json", cwd=tmp_path)
    report = ran.json()
    alive = [mutant["change"] for mutant in report["mutants"] if not mutant["killed_by"]]
    assert "tool argocd removed" in alive
    assert "playbook removed" not in alive
    assert (ran.code, report["killed"]) == (0, len(report["mutants"]) - len(alive))


def test_a_scenario_that_fails_already_kills_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(FAILS)
    ran = aofctl("test", "--mutate", cwd=tmp_path)
    assert ran.code == 2
    assert "fails already" in ran.err
    assert "mutants killed" not in ran.out


def test_durations_inside_lists_are_moved_too() -> None:
    moved = dict(_moved_thresholds({"name": "release"}))
    assert [stage["soak"] for stage in moved["threshold stages.1.soak set to 0s"]["stages"]] == [
        *("0s", "0s", "24h"),
    ]
    assert moved["threshold stages.2.soak set to 3650d"]["stages"][2]["soak"] == "3650d"


@pytest.mark.parametrize(
    "file", sorted((ROOT / "library").rglob("*.test.yaml")), ids=lambda file: file.name
)
def test_the_shipped_tests_kill_nine_mutants_in_ten(file: Path, tmp_path: Path) -> None:
    report = aofctl("test", str(file), "--mutate", "-o", "json", cwd=tmp_path).json()
    alive = [mutant["change"] for mutant in report["mutants"] if not mutant["killed_by"]]
    assert report["killed"] >= 0.9 * len(report["mutants"]), alive
