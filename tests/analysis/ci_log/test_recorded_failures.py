"""Failures as tools print them: `real` was made by running the tools, `forms` follows the
sources and documentation of tools that were not at hand.

The first line of a fixture is the command or the tool. `expected.tsv` holds the line a person
picks (part of it in `forms`), its category and place. To bless a new fixture, add that line.
"""

import csv
from pathlib import Path

import pytest

from aof.analysis.ci_log import Diagnosis, diagnose
from tests.analysis.ci_log import logs

FOLDER = Path(__file__).parents[2] / "fixtures" / "ci_log"


def expected(kind: str) -> dict[str, dict[str, str]]:
    with (FOLDER / kind / "expected.tsv").open(encoding="utf-8", newline="") as table:
        rows = csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["name"]: row for row in rows}


def output_of(kind: str, name: str) -> str:
    text = (FOLDER / kind / f"{name}.log").read_text(encoding="utf-8", errors="replace")
    return text.partition("\n")[2]


def diagnosis_of(kind: str, name: str) -> Diagnosis:
    return diagnose(logs.github(output_of(kind, name), step="./ci.sh"))


REAL, FORMS = expected("real"), expected("forms")


@pytest.mark.parametrize("name", REAL)
def test_the_line_a_person_picks_comes_first(name: str) -> None:
    diagnosis = diagnosis_of("real", name)
    assert diagnosis.primary is not None
    assert diagnosis.primary.text.strip() == REAL[name]["line"]
    assert diagnosis.category == REAL[name]["category"]


@pytest.mark.parametrize("name", FORMS)
def test_the_form_of_a_tool_is_recognised(name: str) -> None:
    diagnosis = diagnosis_of("forms", name)
    assert diagnosis.primary is not None
    assert FORMS[name]["line"] in diagnosis.primary.text
    assert diagnosis.category == FORMS[name]["category"]
    assert FORMS[name]["place"] in (str(diagnosis.primary.location or ""), "")


@pytest.mark.parametrize("name", REAL)
def test_the_excerpt_holds_the_line_within_its_limit(name: str) -> None:
    diagnosis = diagnosis_of("real", name)
    shown = [text.strip() for _, text in diagnosis.excerpt]
    assert any(text[:300] in REAL[name]["line"] or REAL[name]["line"] in text for text in shown)
    assert sum(len(text.encode()) + 9 for text in shown) <= 7000


@pytest.mark.parametrize("name", REAL)
def test_output_of_a_failed_tool_is_never_taken_for_passed(name: str) -> None:
    assert diagnose(output_of("real", name).encode()).outcome != "passed"


@pytest.mark.parametrize("kind", ["real", "forms"])
def test_every_fixture_is_expected(kind: str) -> None:
    found = {path.stem for path in (FOLDER / kind).glob("*.log")}
    assert found == set(expected(kind))
