import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from aof.cli.analyze_log import log
from tests.analysis.ci_log import logs

TSC = "src/cart.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'."


@pytest.fixture
def failed(tmp_path: Path) -> str:
    path = tmp_path / "job.log"
    path.write_bytes(logs.github(TSC, exit_code=2))
    return str(path)


def test_json_holds_the_contract(failed: str) -> None:
    result = CliRunner().invoke(log, [failed, "-o", "json"])
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert document["outcome"] == "failed"
    assert document["category"] == "compile"
    assert document["primary"]["text"] == TSC
    assert document["primary"]["location"] == {"file": "src/cart.ts", "line": 3, "column": 7}
    assert {"line", "text", "step", "location", "rule"} <= set(document["primary"])


def test_text_shows_the_line_and_its_place(failed: str) -> None:
    result = CliRunner().invoke(log, [failed])
    assert TSC in result.stdout
    assert "src/cart.ts:3:7" in result.stdout


def test_standard_input_works(failed: str) -> None:
    result = CliRunner().invoke(log, ["-", "-o", "markdown"], input=Path(failed).read_bytes())
    assert TSC in result.stdout


def test_a_passed_log_exits_0(tmp_path: Path) -> None:
    (tmp_path / "ok.log").write_bytes(logs.github("fine", exit_code=0))
    result = CliRunner().invoke(log, [str(tmp_path / "ok.log")])
    assert result.exit_code == 0
    assert "No failure" in result.stdout


def test_a_log_that_says_nothing_exits_3(tmp_path: Path) -> None:
    (tmp_path / "odd.log").write_bytes(b"hello\nworld\n")
    assert CliRunner().invoke(log, [str(tmp_path / "odd.log")]).exit_code == 3


def test_github_annotations_point_at_the_source(failed: str) -> None:
    result = CliRunner().invoke(log, [failed, "--annotate", "github"])
    assert result.stdout.startswith("::error file=src/cart.ts,line=3,col=7,title=compile%3A tsc::")


def test_gitlab_code_quality_is_a_json_list(failed: str) -> None:
    result = CliRunner().invoke(log, [failed, "--annotate", "gitlab"])
    [entry] = json.loads(result.stdout)
    assert entry["location"] == {"path": "src/cart.ts", "lines": {"begin": 3}}


def test_sarif_has_one_result_with_its_region(failed: str) -> None:
    result = CliRunner().invoke(log, [failed, "--annotate", "sarif"])
    [found] = json.loads(result.stdout)["runs"][0]["results"]
    assert found["locations"][0]["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 7}
