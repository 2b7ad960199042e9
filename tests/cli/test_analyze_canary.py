"""`aofctl analyze canary` on files, as a person would run it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.analysis.canary.rollouts import rollout
from tests.cli.aofctl import Ran, aofctl


def canary(*arguments: str, cwd: Path, **more: str) -> Ran:
    return aofctl("analyze", "canary", *arguments, cwd=cwd, **more)


def written(folder: Path, name: str, data: dict[str, Any]) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))
    return name


@pytest.mark.parametrize(
    ("data", "code", "decision"),
    [
        (rollout(30), 0, "PROCEED"),
        (rollout(10), 3, "HOLD"),
        (rollout(10, canary=0.05), 1, "ROLLBACK"),
        ({"points": [{"name": "error_rate", "baseline": 0.001, "canary": 0.052}]}, 1, "ROLLBACK"),
    ],
)
def test_exit_code_and_decision(
    tmp_path: Path, data: dict[str, Any], code: int, decision: str
) -> None:
    ran = canary(written(tmp_path, "e.json", data), "-o", "json", cwd=tmp_path)
    assert (ran.code, ran.json()["decision"]) == (code, decision)


def test_text_shows_numbers_reasons_and_shapes(tmp_path: Path) -> None:
    ran = canary(written(tmp_path, "e.json", rollout(30)), cwd=tmp_path)
    assert "## Decision: PROCEED" in ran.out
    assert "Error rate within threshold" in ran.out or "| Error rate |" in ran.out
    assert "█" in ran.out


def test_evidence_may_come_from_standard_input(tmp_path: Path) -> None:
    ran = canary("-", cwd=tmp_path, stdin=json.dumps(rollout(30)))
    assert ran.code == 0


def test_plot_is_an_svg_with_the_decision(tmp_path: Path) -> None:
    name = written(tmp_path, "e.json", rollout(12, canary=0.05))
    canary(name, "--plot", "r.svg", cwd=tmp_path)
    root = ElementTree.parse(tmp_path / "r.svg").getroot()
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Error rate", "P95 latency", "ROLLBACK at 7 min", "5%", "25%"} <= set(texts)


def test_the_page_holds_report_and_picture_and_no_markup_from_outside(tmp_path: Path) -> None:
    data = rollout(12, canary=0.05)
    data["warnings"] = ["<script>alert(1)</script>"]
    canary(written(tmp_path, "e.json", data), "--html", "page.html", cwd=tmp_path)
    page = (tmp_path / "page.html").read_text()
    assert "<svg " in page
    assert "<td>Error rate</td>" in page
    assert "<script" not in page


def test_a_picture_is_part_of_the_markdown(tmp_path: Path) -> None:
    name = written(tmp_path, "e.json", rollout(12, canary=0.05))
    ran = canary(name, "--plot", "r.svg", "-o", "markdown", cwd=tmp_path)
    assert "![Canary against baseline](r.svg)" in ran.out


def test_limits_can_be_given(tmp_path: Path) -> None:
    name = written(tmp_path, "e.json", rollout(30, rps=1000, canary=0.0016))
    strict = canary(name, "--limit", "error_rise_abs=0.0001", cwd=tmp_path)
    assert (canary(name, cwd=tmp_path).code, strict.code) == (0, 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[]", "not canary evidence"),
        ('{"windows": [{"start": "x", "seconds": 60}]}', "windows.0.start"),
        ('{"windows": [], "window": []}', "window: there is no such key; did you mean 'windows'?"),
    ],
)
def test_unusable_files_exit_2_and_say_where(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "e.json").write_text(text)
    ran = canary("e.json", cwd=tmp_path)
    assert ran.code == 2
    assert says in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["missing.json"],
        ["e.json", "--limit", "speed=1"],
        ["e.json", "--limit", "alpha"],
        ["e.json", "--app", "shop"],
        ["e.json", "--plot", "r.gif"],
        ["e.json", "--plot", "nowhere/r.svg"],
        ["e.json", "--html", "nowhere/r.html"],
        ["e.json", "--export", "nowhere/e.json"],
    ],
)
def test_misuse_exits_2(tmp_path: Path, arguments: list[str]) -> None:
    written(tmp_path, "e.json", rollout(30))
    assert canary(*arguments, cwd=tmp_path).code == 2


@pytest.mark.parametrize(
    "plan",
    [
        ["--rps", "nan", "--baseline-error", "0.01"],
        ["--rps", "10", "--baseline-error", "1"],
        ["--rps", "10", "--baseline-error", "0.01", "--stages", "100:30m"],
        ["--rps", "10", "--baseline-error", "0.01", "--stages", "5:5m,25"],
    ],
)
def test_a_plan_that_compares_nothing_exits_2(tmp_path: Path, plan: list[str]) -> None:
    assert canary("power", *plan, cwd=tmp_path).code == 2


def test_power_prints_a_table_and_a_chart(tmp_path: Path) -> None:
    asked = ("power", "--rps", "100", "--baseline-error", "0.001", "--plot", "p.svg")
    ran = canary(*asked, "-o", "json", cwd=tmp_path)
    assert ran.code == 0
    assert [stage["number"] for stage in ran.json()["stages"]] == [1, 2, 3]
    assert ElementTree.parse(tmp_path / "p.svg").getroot().tag.endswith("svg")


def test_backtest_prints_rates(tmp_path: Path) -> None:
    written(tmp_path, "runs/healthy/a.json", rollout(30))
    written(tmp_path, "runs/bad/b.json", rollout(30, canary=0.05))
    ran = canary("backtest", "runs", "-o", "json", cwd=tmp_path)
    assert ran.code == 0
    assert ran.json()["false_rollbacks"]["hits"] == ran.json()["misses"]["hits"] == 0
    assert ran.json()["misses"]["tries"] == 1


def test_calibrate_with_too_little_is_inconclusive(tmp_path: Path) -> None:
    ran = canary("calibrate", written(tmp_path, "e.json", rollout(30)), cwd=tmp_path)
    assert ran.code == 3
    assert "Too little to tell" in ran.out


def test_a_worst_window_that_is_no_worse_is_not_listed(tmp_path: Path) -> None:
    name = written(tmp_path, "e.json", rollout(30, rps=1000, canary=0.001))
    report = canary(name, "-o", "markdown", cwd=tmp_path).out
    cells = [row.split("|")[7] for row in report.splitlines() if row.count("|") == 9]
    assert len(cells) > 2
    for cell in cells:
        shown, _, reference = cell.rpartition(": ")[2].strip().partition(" against ")
        assert shown != reference


def test_a_refused_file_says_what_to_do(tmp_path: Path) -> None:
    data = rollout(6)
    data["windows"][3]["canary"]["requests"] = -1
    ran = canary(written(tmp_path, "reset.json", data), cwd=tmp_path)
    assert ran.code == 2
    assert "after a reset give what was counted since it" in ran.err
    data = rollout(6)
    data["windows"].reverse()
    ran = canary(written(tmp_path, "order.json", data), cwd=tmp_path)
    assert ran.code == 2
    assert "sort the windows by `start`" in ran.err
    assert "Value error" not in ran.err
