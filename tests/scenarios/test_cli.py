"""`aofctl test` from the outside."""

from __future__ import annotations

import random
from pathlib import Path
from xml.etree import ElementTree

import pytest

from aof.scenarios.discover import find_cases
from aof.scenarios.run import run_case
from tests.cli.aofctl import aofctl

HEAD = """\
apiVersion: aof.dev/v1alpha1
kind: AgentTest
metadata:
  name: t
spec:
  agent:
    ref: library/cicd/deployment-guardian
  scenarios:
"""
PASSES = (
    HEAD
    + """\
    - name: passes
      input: "Error rate: 0.1% (baseline: 0.1%)"
      assertions:
        - decision: PROCEED
"""
)
FAILS = (
    PASSES
    + """\
    - name: fails
      input: "Error rate: 9% (baseline: 0.1%)"
      assertions:
        - verdict: fail
        - decision: PROCEED
"""
)
MEASURED = (
    HEAD
    + """\
    - name: asks prometheus
      input: "Canary deployment: shop"
      env: {PROMETHEUS_URL: "http://prometheus"}
      assertions:
        - decision: HOLD
"""
)


WITH = (
    HEAD
    + """\
    - name: usual
      input: &text "Error rate: 0.13% (baseline: 0.1%)"
      assertions: [{decision: PROCEED}]
    - name: stricter
      input: *text
      with: {limits: {error_rise_abs: 0.0, error_rise_rel: 0.0}}
      assertions: [{not: {decision: PROCEED}}]
"""
)


def test_a_scenario_has_options_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(WITH)
    ran = aofctl("test", cwd=tmp_path)
    assert ran.code == 0, ran.out


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (PASSES, 0),
        (FAILS, 1),
        (PASSES.replace("decision:", "decison:"), 2),
        (PASSES.replace("deployment-guardian", "deployment-gardian"), 2),
        (None, 2),
    ],
)
def test_exit_code(tmp_path: Path, content: str | None, code: int) -> None:
    if content is not None:
        (tmp_path / "a.test.yaml").write_text(content)
    assert aofctl("test", ".", cwd=tmp_path).code == code


def test_a_failure_names_the_assertions_line_and_shows_the_report(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(FAILS)
    ran = aofctl("test", cwd=tmp_path)
    assert 'a.test.yaml:17: {"decision": "PROCEED"}' in ran.out
    assert "decision is 'ROLLBACK', expected 'PROCEED'" in ran.out
    assert "| ## Decision: ROLLBACK" in ran.out
    assert "1 passed, 1 failed" in ran.out


def test_a_call_without_mock_fails_with_the_mock_to_paste(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(MEASURED)
    ran = aofctl("test", cwd=tmp_path)
    assert ran.code == 1
    assert "tool: prometheus_query\n      operation: query\n" in ran.out


def test_variables_of_the_process_do_not_reach_scenarios(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(PASSES)
    assert aofctl("test", cwd=tmp_path, PROMETHEUS_URL="http://127.0.0.1:9").code == 0


def test_keyword_and_last_failed_choose(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(FAILS)
    assert "1 passed in" in aofctl("test", "-k", "PASSES", cwd=tmp_path).out
    aofctl("test", cwd=tmp_path)
    again = aofctl("test", "--last-failed", "-o", "json", cwd=tmp_path).json()
    assert [item["scenario"] for item in again["scenarios"]] == ["fails"]


def test_junit_has_every_scenario(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(FAILS)
    aofctl("test", "--junit", "out/r.xml", cwd=tmp_path)
    suite = ElementTree.parse(tmp_path / "out/r.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")


def test_annotations_mark_the_line_in_github(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(FAILS)
    ran = aofctl("test", cwd=tmp_path, GITHUB_ACTIONS="true")
    assert "::error file=a.test.yaml,line=17,title=fails::decision is" in ran.out


def test_parallel_and_shuffled_runs_give_the_same_answers(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(FAILS)
    (tmp_path / "b.test.yaml").write_text(FAILS)
    one, two = (
        aofctl("test", *more, "-o", "json", cwd=tmp_path).json() for more in ([], ["-j", "2"])
    )
    for run in (one, two):
        del run["duration_s"]
        for scenario in run["scenarios"]:
            del scenario["duration_s"]
    assert one == two


def test_twenty_shuffled_runs_are_identical(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(FAILS)
    cases = find_cases([tmp_path], environment={})
    seen: dict[str, set[str]] = {case.id: set() for case in cases}
    for seed in range(20):
        for case in random.Random(seed).sample(cases, len(cases)):
            outcome = run_case(case).outcome
            assert outcome is not None
            document = {**outcome.document, "duration_s": 0}
            seen[case.id].add(repr(document))
    assert [len(documents) for documents in seen.values()] == [1, 1]


MOCKED = (
    HEAD
    + """\
    - name: {name}
      input: "Canary deployment: shop"
      env: {{PROMETHEUS_URL: "http://prometheus"}}
      mocks:
{mocks}
      assertions:
{assertions}
"""
)


@pytest.mark.parametrize(
    ("mocks", "assertions"),
    [
        (
            "        - {tool: prometheus_query, operation: query, returns: {result: []}}",
            "        - decision: HOLD\n        - tool_called: prometheus_query.query",
        ),
        (
            "        - {tool: prometheus_query, operation: query, error: 503 from the proxy}",
            "        - exit_code: 5\n        - error_contains: 503 from the proxy",
        ),
        (
            "        - tool: prometheus_query\n          operation: query\n"
            "          match: {query: {contains: http_requests_total}}\n"
            "          sequence: [{error: late}, {returns: {result: []}}]",
            "        - exit_code: 5",
        ),
    ],
)
def test_mocks_answer_by_matcher_and_in_sequence(
    tmp_path: Path, mocks: str, assertions: str
) -> None:
    content = MOCKED.format(name="mocked", mocks=mocks, assertions=assertions)
    (tmp_path / "a.test.yaml").write_text(content)
    ran = aofctl("test", cwd=tmp_path)
    assert ran.code == 0, ran.out
