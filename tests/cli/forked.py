"""Runs the command line in a child of this process: real signals, no new interpreter."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from tests.cli.aofctl import Ran

_KEPT = ("PATH", "HOME")
_COMMANDS = ("run_agent", "approvals", "apply")
_LATE = ("aof.assembly", "aof.engine.run", "aof.engine.apply", "aof.engine.report", "httpx",
         "jmespath", "jinja2")  # fmt: skip
"""What commands import when they need it: imported once here, not in every child."""


def forked(
    *arguments: str, cwd: Path, begun: Callable[[int], None] = lambda _: None, **environment: str
) -> Ran:
    """`aofctl ARGUMENTS` in `cwd`, with no variables but the given ones.

    Args:
        arguments: Of the command.
        cwd: Where it runs.
        begun: Is told the child's process id.
        environment: Its variables, besides PATH and HOME.

    Returns:
        As `aofctl`; the code is negative where a signal ended the child.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    for name in (*(f"aof.cli.{one}" for one in _COMMANDS), *_LATE):
        importlib.import_module(name)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            _child(arguments, cwd, {**kept, "NO_COLOR": "1", **environment}, out, err)
        begun(pid)
        _, status = os.waitpid(pid, 0)
        out.seek(0)
        err.seek(0)
        return Ran(os.waitstatus_to_exitcode(status), out.read().decode(), err.read().decode())


def _child(
    arguments: tuple[str, ...],
    cwd: Path,
    environment: dict[str, str],
    out: BinaryIO,
    err: BinaryIO,
) -> None:
    """Become the command; nothing of the tests' process is told that it ends."""
    code = 70
    try:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(cwd)
        sys.argv = ["aofctl", *arguments]
        from aof.cli.main import main

        main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - it must not go on as a test
        traceback.print_exc(file=sys.stderr)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
