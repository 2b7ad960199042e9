"""Running other programs: argv lists only, scrubbed environment, always with a time limit."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aof.errors import NotBound, Unreachable

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
_MOST_OUTPUT = 64 * 1024 * 1024
_BLOCK = 256 * 1024
_PAUSE_S = 0.01


@dataclass(frozen=True, slots=True)
class Completed:
    """A finished program. `truncated` is True when its output exceeded the limit."""

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes
    truncated: bool = False

    def text(self) -> str:
        """Standard output as UTF-8; undecodable bytes are replaced."""
        return self.stdout.decode("utf-8", "replace")

    def require(self) -> bytes:
        """Standard output, or `Unreachable` with the program's own words."""
        if self.returncode == 0:
            return self.stdout
        words = self.stderr.decode("utf-8", "replace").strip() or "no message"
        raise Unreachable(
            f"{_shown(self.argv)} failed with exit code {self.returncode}", why=words[-2000:]
        )


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    input_bytes: bytes = b"",
    timeout_s: float = 30.0,
    max_output: int = _MOST_OUTPUT,
) -> Completed:
    """Run a program to its end and return what it printed.

    Args:
        argv: Program and arguments; never a shell line.
        cwd: Working directory.
        env: Added to the scrubbed environment.
        input_bytes: Given on standard input.
        timeout_s: The whole process group is killed after this.
        max_output: Bytes kept of each stream; the rest is dropped and `truncated` set.

    Raises:
        NotBound: The program is not installed.
        Unreachable: It did not end in time.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = _start(argv, cwd=cwd, env=env, stdout=out.fileno(), stderr=err.fileno())
        try:
            process.communicate(input_bytes, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            _kill_group(process)
            raise Unreachable(
                f"{_shown(argv)} did not end within {timeout_s:g} s",
                why="the process group was killed",
            ) from None
        except BaseException:
            _kill_group(process)
            raise
        sizes = [os.fstat(stream.fileno()).st_size for stream in (out, err)]
        out.seek(0)
        err.seek(0)
        return Completed(
            tuple(argv),
            process.returncode,
            out.read(max_output),
            err.read(max_output),
            truncated=max(sizes) > max_output,
        )


def stream(
    argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[bytes]:
    """Yield a program's standard output in blocks; raises like `run` when it fails.

    It goes through a file: by a pipe, programs that write little at a time, as git does, cost
    both sides a third more.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = _start(argv, cwd=cwd, env=env, stdout=out.fileno(), stderr=err.fileno())
        try:
            if process.stdin is not None:
                process.stdin.close()
            position = 0
            while True:
                ended = process.poll() is not None  # asked before reading, so nothing is missed
                block = os.pread(out.fileno(), _BLOCK, position)
                position += len(block)
                if block:
                    yield block
                elif ended:
                    break
                else:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(timeout=_PAUSE_S)
        finally:
            if process.poll() is None:
                _kill_group(process)
        err.seek(0)
        Completed(tuple(argv), process.returncode, b"", err.read(64 * 1024)).require()


def _shown(argv: Sequence[str]) -> str:
    """The beginning of a command as people know it: without settings given by `-c`."""
    words = [
        word for index, word in enumerate(argv) if word != "-c" and argv[max(index - 1, 0)] != "-c"
    ]
    return " ".join(words[:4])


def _start(
    argv: Sequence[str],
    *,
    cwd: Path | None,
    env: Mapping[str, str] | None,
    stdout: int,
    stderr: int,
) -> subprocess.Popen[bytes]:
    if shutil.which(argv[0]) is None:
        raise NotBound(
            f"{argv[0]} is not installed", why="it is not on PATH", fix=f"install {argv[0]}"
        )
    return subprocess.Popen(
        list(argv),
        cwd=cwd,
        env=scrubbed_environment(env),
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )


def scrubbed_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a child process gets: where programs and certificates are, plus `extra`."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**kept, **(extra or {})}


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
