"""Folders, streams and bytes that are not as one would wish: a verdict all the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.aofctl import aofctl

GUARD = ["run", "agent", "library/cicd/deployment-guardian", "--llm", "off"]
SICK = "Error rate: 9% (baseline: 0.1%)"
MAIN = [sys.executable, "-c", "from aof.cli.main import main; main()"]


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
