"""Calendar versions: a format like `YYYY.0M.MICRO`, its grammar and the next one.

Tokens as calver.org names them: YYYY YY 0Y MM 0M WW 0W DD 0D, and MICRO, which counts
releases of the same date and must come last.
"""

from __future__ import annotations

import re
from datetime import date

from aof.errors import UsageFault

_TOKENS = ("YYYY", "YY", "0Y", "MM", "0M", "WW", "0W", "DD", "0D", "MICRO")
_SPLIT = re.compile("(" + "|".join(_TOKENS) + ")")


class CalendarFormat:
    """One calendar format, e.g. `YYYY.0M.MICRO`.

    Raises:
        UsageFault: The format has no year, or does not end in MICRO.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts = [part for part in _SPLIT.split(text) if part]
        self._tokens = [part for part in self._parts if part in _TOKENS]
        years = [token for token in self._tokens if token in {"YYYY", "YY", "0Y"}]
        if len(years) != 1 or self._parts[-1] != "MICRO" or self._tokens.count("MICRO") != 1:
            raise UsageFault(
                f"'{text}' is not a calendar version format",
                why="it needs one year, and MICRO at its end",
                fix="for example YYYY.MM.MICRO or YY.0M.MICRO",
            )
        pattern = "".join(
            _pattern(part) if part in _TOKENS else re.escape(part) for part in self._parts
        )
        self._regex = re.compile(pattern, re.ASCII)

    def parse(self, text: str) -> tuple[int, ...] | None:
        """The numbers of a version in this format, for sorting; None when it is not one."""
        match = self._regex.fullmatch(text)
        return tuple(int(group) for group in match.groups()) if match else None

    def next(self, current: tuple[int, ...] | None, today: date) -> str:
        """The version after `current` on `today`; always above `current`."""
        fields = tuple(_field(token, today) for token in self._tokens[:-1])
        micro = 0
        if current is not None and fields <= current[:-1]:
            # Same date, or a clock behind the last release: stay there and count on.
            fields, micro = current[:-1], current[-1] + 1
        return self.render((*fields, micro))

    def render(self, numbers: tuple[int, ...]) -> str:
        """The version with these numbers."""
        left = iter(numbers)
        return "".join(
            _padded(part, next(left)) if part in _TOKENS else part for part in self._parts
        )


def _pattern(token: str) -> str:
    if token == "YYYY":
        return r"(\d{4})"
    return r"(\d{2})" if token.startswith("0") else r"(0|[1-9]\d*)"


def _padded(token: str, number: int) -> str:
    return f"{number:02d}" if token.startswith("0") else str(number)


def _field(token: str, today: date) -> int:
    if token.endswith("Y"):
        return today.year if token == "YYYY" else today.year - 2000
    if token.endswith("W"):
        return today.isocalendar().week
    return today.month if token.endswith("M") else today.day
