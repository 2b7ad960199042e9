"""`aofctl test --live`: real servers, real variables; rubrics are graded by a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from aof.models.scripted import Scripted
from aof.scenarios.rubric import grade
from tests.cli.aofctl import aofctl
from tests.scenarios.test_cli import HEAD, PASSES
from tests.servers.loopback import Loopback, Reply

ASKS = (
    HEAD
    + """\
    - name: asks prometheus
      input: "Canary deployment: shop"
      assertions:
        - decision: HOLD
"""
)


def test_live_scenarios_ask_the_real_server(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(ASKS)
    server = Loopback()
    empty = {"status": "success", "data": {"resultType": "vector", "result": []}}
    with server.running():
        server.route("POST", "/api/v1/query", lambda asked: Reply(200, empty))
        ran = aofctl("test", "--live", cwd=tmp_path, PROMETHEUS_URL=server.url)
    assert ran.code == 0, ran.out
    assert server.asked


def test_a_server_that_is_not_there_is_exit_5(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(ASKS)
    ran = aofctl("test", "--live", cwd=tmp_path, PROMETHEUS_URL="http://127.0.0.1:9")
    assert ran.code == 5, ran.out


def test_a_rubric_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(PASSES.replace("decision: PROCEED", "rubric: polite"))
    ran = aofctl("test", cwd=tmp_path)
    assert (ran.code, "graded by a model" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("PASS: it is polite", ""),
        ("FAIL: it is rude", "scripted: it is rude"),
        ("Well, who knows", "gave no grade"),
    ],
)
def test_a_rubric_is_what_the_model_says_first(reply: str, reason: str) -> None:
    said = grade(Scripted([reply]), "be polite", "a report")
    assert reason in said
    assert bool(said) == bool(reason)


def test_a_model_that_fails_grades_nothing() -> None:
    assert "could not grade" in grade(Scripted([]), "be polite", "a report")
