"""The pytest plugin that comes with the package, in a pytest of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.scenarios.test_cli import FAILS, PASSES

FIXTURES = """\
from pathlib import Path

from aof.assembly import assemble_agent
from aof.engine.progress import Silent
from aof.engine.run import Run
from aof.playbooks.base import Request
from aof.redaction import Redactor
from aof.runlog import RunLog
from dataclasses import replace

def test_an_agent_with_stand_ins(fake_tools, frozen_clock, scripted_model, tmp_path):
    assembled = assemble_agent(
        "library/cicd/deployment-guardian", environment={}, folder=tmp_path, clock=frozen_clock
    )
    empty = {"tool": "prometheus_query", "operation": "query", "returns": {"result": []}}
    runnable = fake_tools(assembled.runnable, [empty])
    runnable = replace(runnable, models=[scripted_model("Nothing is known.")])
    log = RunLog(None, redactor=Redactor(), clock=frozen_clock)
    request = Request(text="Canary of shop", now=frozen_clock.now())
    run = Run(runnable, request, "r", log, None, frozen_clock, Silent())
    result = run.execute()
    assert result.assessment.decision == "HOLD"
    assert "Nothing is known." in result.report
"""


def pytest_in(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_scenarios_are_collected_and_failures_point_at_the_line(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(FAILS)
    done = pytest_in(tmp_path)
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert 'a.test.yaml:17: {"decision": "PROCEED"}' in done.stdout


def test_a_wrong_test_file_is_an_error_of_collection(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(PASSES.replace("decision:", "decison:"))
    done = pytest_in(tmp_path)
    assert done.returncode == 2
    assert "decison" in done.stdout


def test_the_fixtures_replace_tools_clock_and_model(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(FIXTURES)
    done = pytest_in(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
