"""Every way a run can fail, with its exit code. Nothing here imports anything of ours.

A recommendation to stop or roll back is a result, never an exception.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any, ClassVar


class ExitCode(IntEnum):
    """What the process tells the shell. The one table; `README.md` explains it."""

    OK = 0
    STOP = 1
    USAGE = 2
    INCONCLUSIVE = 3
    PENDING = 4
    UNREACHABLE = 5
    DENIED = 6
    INTERNAL = 70
    INTERRUPTED = 130

    @classmethod
    def strongest(cls, *codes: ExitCode) -> ExitCode:
        """The code that wins when several hold at once; OK when none is given."""
        return min(codes, key=_PRECEDENCE.index, default=cls.OK)


_PRECEDENCE = [
    ExitCode.INTERRUPTED,
    ExitCode.INTERNAL,
    ExitCode.USAGE,
    ExitCode.UNREACHABLE,
    ExitCode.DENIED,
    ExitCode.STOP,
    ExitCode.INCONCLUSIVE,
    ExitCode.PENDING,
    ExitCode.OK,
]


class AofError(Exception):
    """A failure a person can act on: what happened, why, and what to do about it."""

    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        fix: str = "",
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix
        self.file = file
        self.line = line

    def as_dict(self) -> dict[str, Any]:
        """The `error` object of `-o json`."""
        return {
            "what": self.what,
            "why": self.why,
            "fix": self.fix,
            "exit_code": int(self.exit_code),
            "file": self.file,
            "line": self.line,
        }

    def __str__(self) -> str:
        where = self.file or ""
        if self.file and self.line is not None:
            where = f"{self.file}:{self.line}"
        lines = [f"{where}: {self.what}" if where else self.what]
        if self.why:
            lines.append(f"  why: {self.why}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


class UsageFault(AofError):
    """The command line, a request or a file given by the user cannot be used."""

    exit_code = ExitCode.USAGE


class ManifestError(UsageFault):
    """One or more problems in manifests; `problems` holds each with its file and line."""

    def __init__(self, problems: list[AofError]) -> None:
        first = problems[0]
        super().__init__(first.what, why=first.why, fix=first.fix, file=first.file, line=first.line)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class VariableUnset(UsageFault):
    """A variable that a manifest needs has no value: no run, but only a warning of validate."""


class Unreachable(AofError):
    """A tool, server or model could not be reached or refused us."""

    exit_code = ExitCode.UNREACHABLE


class NotBound(Unreachable):
    """A known tool or model cannot be used here: extra missing, variable unset, not built yet."""


class PlanRefused(AofError):
    """A plan waits for approval, or was refused, edited, expired or overtaken by events."""

    exit_code = ExitCode.PENDING


class PolicyDenied(AofError):
    """Policy forbids what was asked."""

    exit_code = ExitCode.DENIED


class Interrupted(AofError):
    """The person at the keyboard stopped the run."""

    exit_code = ExitCode.INTERRUPTED


class InternalFault(AofError):
    """A bug of ours."""

    exit_code = ExitCode.INTERNAL


def did_you_mean(word: str, names: Iterable[str], *, otherwise: str = "") -> str:
    """The advice for a name nobody knows: the nearest of `names`, or `otherwise`."""
    import difflib

    close = difflib.get_close_matches(word, list(names), n=1)
    return f"did you mean '{close[0]}'?" if close else otherwise
