"""Progress on stderr: live on a terminal, one line per notice elsewhere."""

from __future__ import annotations

import sys

from aof.cli.output import notice, on_terminal, printable
from aof.engine.progress import Progress, Silent


class TerminalProgress:
    """A line per phase and tool call, dimmed."""

    def phase(self, name: str) -> None:
        self._dim(f"{name}")

    def call(self, name: str, *, ok: bool, summary: str, seconds: float) -> None:
        mark = "✓" if ok else "✗"
        self._dim(f"  {mark} {name} {seconds:.1f} s  {summary[:100]}")

    def note(self, text: str) -> None:
        notice(text)

    def said(self, text: str) -> None:
        sys.stderr.write("\033[2m" + printable(text or "\n") + "\033[0m")
        sys.stderr.flush()

    def _dim(self, text: str) -> None:
        sys.stderr.write("\033[2m")
        notice(text)
        sys.stderr.write("\033[0m")
        sys.stderr.flush()


class LogProgress(Silent):
    """Notices only, for CI logs."""

    def note(self, text: str) -> None:
        notice(text)


def progress() -> Progress:
    """The progress that fits where stderr goes."""
    return TerminalProgress() if on_terminal(sys.stderr) else LogProgress()
