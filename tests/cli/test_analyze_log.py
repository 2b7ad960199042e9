import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from aof.cli.analyze_log import log
from aof.errors import UsageFault
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


HOSTILE = logs.github(
    "src/a%0A::error::b c.py:3:1: error: \x1b]0;title\x07::stop-commands::t ##[error]x\n"
    "src/a b.py:4:1: error: \x1b[2J::set-output name=a::b"
)


def test_nothing_in_a_log_becomes_a_command_or_steers_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "job.log").write_bytes(HOSTILE)
    path = str(tmp_path / "job.log")
    for arguments in ([], ["-o", "markdown"], ["-o", "json"], ["--annotate", "github"]):
        shown = CliRunner().invoke(log, [path, *arguments]).stdout
        assert "\x1b" not in shown
        assert "\x07" not in shown
        commands = [line for line in shown.splitlines() if line.lstrip().startswith(("::", "##["))]
        assert all(line.startswith("::error ") for line in commands)
        assert bool(commands) == (arguments == ["--annotate", "github"])


def test_code_quality_entries_hold_what_gitlab_requires_and_differ(tmp_path: Path) -> None:
    (tmp_path / "job.log").write_bytes(logs.github("a.c:3:1: error: no x1\na.c:4:1: error: no x2"))
    result = CliRunner().invoke(log, [str(tmp_path / "job.log"), "--annotate", "gitlab"])
    entries = json.loads(result.stdout)
    required = {"description", "check_name", "fingerprint", "severity", "location"}
    assert all(required <= set(entry) for entry in entries)
    assert len({entry["fingerprint"] for entry in entries}) == len(entries) == 2


def test_sarif_names_files_by_uri(tmp_path: Path) -> None:
    (tmp_path / "job.log").write_bytes(logs.github(r"C:\my src\a.c(3): error C2065: 'x': no"))
    result = CliRunner().invoke(log, [str(tmp_path / "job.log"), "--annotate", "sarif"])
    document = json.loads(result.stdout)
    assert document["version"] == "2.1.0"
    [found] = document["runs"][0]["results"]
    assert found["message"]["text"]
    place = found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == "C%3A/my%20src/a.c"


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 9000, b"PK\x03\x04 no zip", b"\x1f\x8b\x08", bytes(range(256)) * 40, b"\xff"],
)
def test_what_is_no_log_is_unknown_or_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.log").write_bytes(content)
    result = CliRunner().invoke(log, [str(tmp_path / "odd.log"), "-o", "json"])
    assert result.exit_code == 3 or isinstance(result.exception, UsageFault)
