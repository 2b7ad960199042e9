"""Runs the real command line in a process of its own."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ran:
    """What a command printed and returned."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def aofctl(*arguments: str, cwd: Path, stdin: str = "", **environment: str) -> Ran:
    """`aofctl ARGUMENTS` in `cwd`, with no variables but the given ones."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", "from aof.cli.main import main; main()", *arguments],
        cwd=cwd,
        input=stdin,
        env={**kept, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def aofctl_on_a_terminal(*arguments: str, cwd: Path, answers: str) -> Ran:
    """`aofctl ARGUMENTS` where a person sits who types `answers`; `out` holds both streams."""
    person, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from aof.cli.main import main; main()", *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "NO_COLOR": "1", "TERM": "dumb"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    os.write(person, answers.encode())
    seen = b""
    try:
        while chunk := os.read(person, 4096):
            seen += chunk
    except OSError:
        pass  # Linux says so when the last process at the terminal has gone
    os.close(person)
    return Ran(process.wait(timeout=60), seen.decode(), "")
