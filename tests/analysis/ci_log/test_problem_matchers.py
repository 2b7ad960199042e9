import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from aof.analysis.ci_log import diagnose
from aof.analysis.ci_log.literals import literals
from aof.analysis.ci_log.matchers import rules_of
from aof.analysis.ci_log.records import Diagnosis
from aof.analysis.ci_log.rules import shipped
from aof.cli.analyze_log import log
from tests.analysis.ci_log import logs

CONFIG = {
    "owner": "shop-config",
    "pattern": [{"regexp": r"^CONFIG (\S+):(\d+) (.+)$", "file": 1, "line": 2, "message": 3}],
}
STYLISH = {
    "owner": "stylish",
    "pattern": [
        {"regexp": r"^FILE (\S+)$", "file": 1},
        {"regexp": r"^ +(\d+):(\d+) bad (.*)$", "line": 1, "column": 2, "message": 3, "loop": True},
    ],
}


def found(output: str, *matchers: dict[str, Any]) -> Diagnosis:
    rules, problems = rules_of({"problemMatcher": list(matchers)})
    assert problems == []
    return diagnose(logs.github(output, step="./ci.sh"), rules=shipped().extended(rules))


def test_a_matcher_gives_the_place() -> None:
    primary = found("CONFIG app.toml:7 port is taken", CONFIG).primary
    assert primary is not None
    assert (primary.rule, str(primary.location)) == ("matcher-shop-config", "app.toml:7")


def test_the_extra_key_makes_it_a_rule() -> None:
    extra = {"category": "config", "weight": 90, "literal": "CONFIG "}
    diagnosis = found("CONFIG a.toml:7 bad\nFAILED x.py::t - no", {**CONFIG, "x-doctor": extra})
    assert diagnosis.category == "config"
    assert diagnosis.primary is not None
    assert diagnosis.primary.rule == "matcher-shop-config"


def test_a_matcher_of_several_lines_takes_the_file_from_the_first() -> None:
    diagnosis = found("FILE a.js\n  1:2 bad thing\n  3:4 bad other", STYLISH)
    failures = [diagnosis.primary, *diagnosis.candidates]
    places = [str(f.location) for f in failures if f and f.rule == "matcher-stylish"]
    assert places == ["a.js:1:2", "a.js:3:4"]


def test_lines_in_between_break_a_matcher_of_several_lines() -> None:
    primary = found("FILE a.js\nsomething else\n  1:2 bad thing", STYLISH).primary
    assert primary is None or primary.rule != "matcher-stylish"


def test_warnings_are_no_failures() -> None:
    matcher = {**CONFIG, "severity": "warning"}
    assert rules_of({"problemMatcher": [matcher]}) == ([], [])


@pytest.mark.parametrize(
    ("regexp", "why"),
    [
        (r"^CONFIG (a+)+$", "double with every repetition"),
        (r"CONFIG .*x.*y.*z$", "fourth power"),
        (r"^CONFIG (a)\1$", "refers back"),
        (r"^(", "missing"),
    ],
)
def test_expressions_that_may_hang_are_refused(regexp: str, why: str) -> None:
    rules, problems = rules_of(
        {"problemMatcher": [{"owner": "x", "pattern": [{"regexp": regexp}]}]}
    )
    assert rules == []
    assert why in problems[0]


@pytest.mark.parametrize(
    ("regexp", "characters"),
    [
        (r"^CONFIG (.*)$", 4005),
        (r"^(.+) CONFIG (.+) (.+)\)$", 200),
        (r"^\s+(\d+):(\d+)\s+(error|warning|info)\s+(.*)\s\s+(.*)$", 1000),  # ESLint's own
    ],
)
def test_a_slower_expression_sees_less_of_a_line(regexp: str, characters: int) -> None:
    rules, problems = rules_of(
        {"problemMatcher": [{"owner": "x", "pattern": [{"regexp": regexp}]}]}
    )
    assert problems == []
    assert rules[0].limit == characters


def test_the_longest_text_of_every_match_is_found() -> None:
    assert literals(r"^(\S+): CONFIG broken (.*)$") == (": CONFIG broken ",)
    assert literals(r"^\s+\d+\s+(error|warning)\s+") == ("error", "warning")
    assert literals(r"^\d+:\d+$") == ()


def test_matchers_are_read_from_the_repository(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m/a.json").write_text(json.dumps({"problemMatcher": [CONFIG]}))
    (tmp_path / "m/b.json").write_text('{"problemMatcher": [{"owner": "bad"}]}')
    (tmp_path / "job.log").write_bytes(logs.github("CONFIG app.toml:7 port is taken"))
    result = CliRunner().invoke(
        log, [str(tmp_path / "job.log"), "--matchers", str(tmp_path / "m"), "-o", "json"]
    )
    assert json.loads(result.stdout)["primary"]["rule"] == "matcher-shop-config"
    assert "'bad' is not used: it has no pattern" in result.stderr
