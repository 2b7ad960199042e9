"""The form of advice: why a failure happens, what to do, and commands to run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

_MARK = re.compile(r"\{(?:file|line|tests|subject)\}")


@dataclass(frozen=True, slots=True)
class Advice:
    """`cause` explains, `steps` say what to do, `commands` show or repair it.

    `{file}`, `{line}` in a command stand for the location, `{tests}` for the failed tests,
    `{subject}` for what the failing line names: the first group of `subject` that took part in
    its match. A command with a part that is not known is left out; LAST_GREEN is for the caller
    to fill in. `prevention` is what keeps the failure from coming back.
    """

    cause: str
    steps: tuple[str, ...]
    commands: tuple[str, ...] = ()
    prevention: str = ""
    subject: str = ""

    def runnable(
        self, file: str | None, line: int | None, text: str = "", tests: Sequence[str] = ()
    ) -> tuple[str, ...]:
        """The commands with what is known of the failure filled in, quoted for a shell.

        Args:
            file: Of the location.
            line: Of the location.
            text: The failing line.
            tests: Ids of failed tests.
        """
        known = {
            "{file}": shlex.quote(file) if file else "",
            "{line}": "" if line is None else str(line),
            "{tests}": shlex.join(tests),
            "{subject}": self._subject(text),
        }
        return tuple(
            filled
            for filled in (_filled(command, known) for command in self.commands)
            if filled is not None
        )

    def _subject(self, text: str) -> str:
        match = re.search(self.subject, text) if self.subject else None
        named = next((group for group in match.groups() if group), "") if match else ""
        return shlex.quote(named) if named else ""


def _filled(command: str, known: dict[str, str]) -> str | None:
    if any(mark in command and not value for mark, value in known.items()):
        return None
    # In one pass: what is filled in may hold marks itself, and must not be filled again.
    return _MARK.sub(lambda mark: known[mark[0]], command)


HISTORY = "git log --oneline -5 -- {file}"
BLAME = "git blame -L {line},{line} {file}"
