"""Folders, streams and bytes that are not as one would wish: a verdict all the same."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aof.redaction import Redactor
from aof.runlog import RunLog
from tests.cli.aofctl import aofctl

GUARD = ["run", "agent", "library/cicd/deployment-guardian", "--llm", "off"]
SICK = "Error rate: 9% (baseline: 0.1%)"
MAIN = [sys.executable, "-m", "aof"]


def test_the_bare_command_shows_help(tmp_path: Path) -> None:
    ran = aofctl(cwd=tmp_path)
    assert (ran.code, "Commands:" in ran.out) == (0, True)


def test_a_command_half_typed_shows_its_help_as_an_error(tmp_path: Path) -> None:
    ran = aofctl("audit", cwd=tmp_path)
    assert (ran.code, ran.out, "Commands:" in ran.err) == (2, "", True)


def test_a_request_that_is_not_utf8_is_judged(tmp_path: Path) -> None:
    done = subprocess.run(
        [*map(str.encode, MAIN), *map(str.encode, GUARD), b"\xff\xfe " + SICK.encode()],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, b"ROLLBACK" in done.stdout) == (1, True), done.stderr


def test_standard_input_that_is_not_utf8_is_judged(tmp_path: Path) -> None:
    done = subprocess.run(
        [*MAIN, *GUARD, "-"],
        cwd=tmp_path,
        input=b"\xff " + SICK.encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr


def test_a_folder_that_cannot_be_written_costs_the_record_not_the_verdict(tmp_path: Path) -> None:
    (tmp_path / ".aof").write_text("in the way")
    ran = aofctl(*GUARD, SICK, cwd=tmp_path)
    assert (ran.code, "ROLLBACK" in ran.out) == (1, True), ran.err
    assert "nothing of this run is kept" in ran.err


def test_a_memory_that_cannot_be_used_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "deployment-guardian-memory.json").mkdir()
    ran = aofctl(*GUARD, SICK, cwd=tmp_path)
    assert ran.code == 1, ran.err
    assert "deployment-guardian-memory.json could not be" in ran.out


@pytest.mark.parametrize(("request_text", "code"), [(SICK, 1), (SICK.replace("9%", "0.1%"), 0)])
def test_a_reader_that_goes_away_does_not_change_the_verdict(
    tmp_path: Path, request_text: str, code: int
) -> None:
    process = subprocess.Popen([*MAIN, *GUARD, request_text], cwd=tmp_path, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=60) == code


def test_a_full_disk_on_stdout_is_said_plainly(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*MAIN, *GUARD, SICK],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.usefixtures("signals_are_heeded")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_ended_leaves_a_log_that_can_be_verified(
    tmp_path: Path, how: signal.Signals
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes a request, answers none
        process = subprocess.Popen(
            [*MAIN, *GUARD, "Canary of shop"],
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "PROMETHEUS_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
            },
            stderr=subprocess.PIPE,
            text=True,
        )
        logs = tmp_path / ".aof" / "runs"
        until = time.monotonic() + 60
        while not any(b"tool.called" in one.read_bytes() for one in logs.glob("*/events.jsonl")):
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(how)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, "error: interrupted" in said) == (130, True), said
    assert aofctl("audit", "verify", cwd=tmp_path).code == 0


def test_a_run_that_is_killed_leaves_a_log_that_can_be_verified(tmp_path: Path) -> None:
    log = RunLog(tmp_path / ".aof" / "runs" / "r1", redactor=Redactor())
    log.append("run.started", agent="a")
    log.append("tool.called", tool="git")
    ran = aofctl("audit", "verify", cwd=tmp_path)
    assert (ran.code, "its process was ended" in ran.out + ran.err) == (0, True)
    log.close()


def test_a_disk_that_fills_up_costs_the_record_not_the_verdict(tmp_path: Path) -> None:
    """As on a full disk: no file may grow beyond a few hundred bytes."""
    limited = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600)); "
        "from aof.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited, *GUARD, SICK],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, "ROLLBACK" in done.stdout) == (1, True), done.stderr
    assert "nothing more of this run is kept" in done.stderr


@pytest.mark.parametrize(
    "options",
    [("--max-cost", "-1"), ("--max-total-tokens", "0"), ("--replay", "r1", "--set", "a=b")],
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, options: tuple[str, ...]) -> None:
    ran = aofctl(*GUARD, *options, cwd=tmp_path)
    assert ran.code == 2


def test_runs_and_plans_are_found_by_their_id(tmp_path: Path) -> None:
    run_id = aofctl(*GUARD, SICK, "-o", "json", cwd=tmp_path).json()["run_id"]
    (row,) = aofctl("get", "runs", run_id, "-o", "json", cwd=tmp_path).json()
    assert row["decision"] == "ROLLBACK"
    assert aofctl("get", "approvals", "-o", "json", cwd=tmp_path).json() == []
