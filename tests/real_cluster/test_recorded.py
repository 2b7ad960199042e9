"""Cases recorded here on a real API server: every verdict must be right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aof.analysis.drift import ResourceResult, compare
from tests.real_cluster.cases import CASES

FILE = Path(__file__).parents[1] / "fixtures/drift/recorded_here.json"
RECORDED: list[dict[str, Any]] = json.loads(FILE.read_text())["cases"]


def judged(case: dict[str, Any], **other: Any) -> ResourceResult:
    """What the analysis says of a recorded case."""
    definition = case["schema"]
    given: dict[str, Any] = {
        "desired": case["config"],
        "live": case["live"],
        "last_synced": case["base"],
        "manager": case["options"]["manager"],
        "definitions": [definition] if isinstance(definition, dict) else [],
    }
    return compare(**{**given, **other})


def check(case: dict[str, Any], result: ResourceResult) -> None:
    """The class, the tool and the place that were expected."""
    expected = case["expect"]
    shown = [(change.path, change.actor, str(change.class_)) for change in result.changes]
    assert result.classes[0] == expected["class"], shown
    assert result.drifted == (expected["class"] not in {"clean", "acceptable"})
    assert expected["manager"] in {None, *(actor for _, actor, _ in shown)}
    for wanted in expected["changed_paths"]:
        assert any(path.startswith(wanted) for path, _, _ in shown), shown


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case["id"])
def test_recorded_case_is_judged_as_expected(case: dict[str, Any]) -> None:
    check(case, judged(case))


def test_every_case_is_recorded() -> None:
    assert [case["id"] for case in RECORDED] == [case.id for case in CASES]


@pytest.mark.parametrize(
    "case",
    [case for case in RECORDED if case["expect"]["class"] == "clean"],
    ids=lambda case: case["id"],
)
def test_without_the_last_sync_an_untouched_object_stays_clean(case: dict[str, Any]) -> None:
    assert judged(case, last_synced=None).classes == ("clean",)


@pytest.mark.parametrize(
    "case",
    [case for case in RECORDED if case["expect"]["manager"]],
    ids=lambda case: case["id"],
)
def test_without_the_last_sync_the_tool_is_named_all_the_same(case: dict[str, Any]) -> None:
    result = judged(case, last_synced=None)
    assert case["expect"]["manager"] in {change.actor for change in result.changes}
    assert result.drifted == judged(case).drifted
