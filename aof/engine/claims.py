"""Checks what a model wrote against what was observed: numbers and names must stand in evidence.

Pure: texts in, marked text out. It finds what was made up; it cannot tell whether a true
number was used for a false conclusion.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable
from dataclasses import dataclass

MARK = "[not in evidence]"
_LARGEST_SCAN = 512 * 1024
_NUMBER = re.compile(
    r"(?<![\w.#/:@])(?<!\w-)"
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"(?=$|[^\w.,:/@-]|[.,:](?:\D|$)|%|(?:ms|s|min|m|h|d|x|pp|[kKMGT]i?B?|B)\b|-(?:\D|$)|/(?:\D|$))"
)
_ANY_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_CODE = re.compile(r"`([^`\s]{2,200})`")
_NAMES = re.compile(
    r"(?<![\w/.-])(?:"
    r"https?://[^\s)>\]\"'`]+"  # addresses
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?|\d{1,2}:\d\d(?::\d\d)?"  # dates and times
    r"|[a-zA-Z][\w.-]*(?:/[\w.@:-]+)+"  # kind/name, image, path
    r"|(?=[\w.-]*\d)[a-z][a-z0-9]*(?:[-.][a-z0-9]+)+"  # pod-7d9f, myapp-v2, api.py3
    r"|(?=[a-f0-9]*\d)(?=[a-f0-9]*[a-f])[a-f0-9]{7,40}"  # commit
    r")(?![\w-])"
)
_LIST_ITEM = re.compile(r"^\s*(?:\d+[.)]\s|#+\s+\d+[.)]\s)")
_EVIDENCE_ID = re.compile(r"\b[ea]\d{1,4}\b")
_UNIT = re.compile(
    r"\s?(?:(?P<percent>%|pp\b|percent\b)|(?P<ms>ms\b)|(?P<min>min(?:utes?)?\b)"
    r"|(?P<s>s\b|sec(?:onds?)?\b)|(?P<h>h\b|hours?\b)|x(?!\w)"
    r"|(?P<bytes>[kKMGT]i?B?\b))"
)
_SCALES = {
    "percent": (0.01,),
    "ms": (0.001,),
    "s": (1000.0, 1 / 60.0),
    "min": (60.0,),
    "h": (60.0, 3600.0),
}
"""What a number with this unit may be in evidence, besides itself: 5.2 % may be 0.052."""
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}


@dataclass(frozen=True, slots=True)
class Checked:
    """A text with marks, what was marked, and which evidence ids it names."""

    text: str
    unsupported: tuple[str, ...]
    cited: frozenset[str]


class Sources:
    """Everything a claim may rest on.

    Args:
        texts: Evidence, request, memory and the assessment as text.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = [text.lower() for text in texts if text]
        numbers: set[float] = set()
        for text in self._texts:
            scanned = text if len(text) <= _LARGEST_SCAN else text[:_LARGEST_SCAN]
            numbers.update(float(found[0]) for found in _ANY_NUMBER.finditer(scanned))
        self._numbers = sorted(numbers)

    def hold_number(self, shown: str, unit: re.Match[str] | None = None) -> bool:
        """Whether a number as shown (`5.2`, `1,200`) is in evidence.

        As it stands, rounded to the digits shown, or in the base of its unit (ratio,
        seconds, bytes).
        """
        plain = shown.replace(",", "")
        pattern = re.compile(rf"(?<![\w.]){re.escape(plain)}(?![\d]|\.\d)")
        if any(plain in text and pattern.search(text) for text in self._texts):
            return True
        value = float(plain)
        decimals = len(plain.partition(".")[2]) if "e" not in plain.lower() else 12
        half = 0.5 * 10.0**-decimals
        return any(self._near(value * scale, half * scale) for scale in _scales(value, unit))

    def hold_name(self, name: str) -> bool:
        """Whether a name occurs in evidence, whatever its case."""
        wanted = name.lower()
        return any(wanted in text for text in self._texts)

    def _near(self, value: float, tolerance: float) -> bool:
        slack = tolerance * (1 + 1e-9) + 1e-12
        at = bisect.bisect_left(self._numbers, value - slack)
        return at < len(self._numbers) and self._numbers[at] <= value + slack


def _scales(value: float, unit: re.Match[str] | None) -> tuple[float, ...]:
    if unit is None:
        return (1.0, 100.0) if value < 1 else (1.0,)
    name = unit.lastgroup or ""
    if name == "bytes":
        power = _POWERS[unit["bytes"][0].lower()]
        return (1.0, 1000.0**power, 1024.0**power)
    return (1.0, *_SCALES.get(name, ()))


def check_claims(text: str, sources: Sources) -> Checked:
    """`text` with a mark behind every number and name that no source holds.

    Left alone: numbers of list items, evidence ids, and what stands in fenced code, where a
    mark would break it; unsupported claims there are listed all the same.
    """
    unsupported: dict[str, None] = {}
    lines = []
    fenced = False
    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            lines.append(line)
            continue
        marked, found = _check_line(line, sources)
        unsupported.update(dict.fromkeys(found))
        lines.append(line if fenced else marked)
    return Checked("\n".join(lines), tuple(unsupported), frozenset(_EVIDENCE_ID.findall(text)))


@dataclass(frozen=True, slots=True)
class _Claim:
    """A number or name in a line; `end` is where a mark goes, behind the unit."""

    begin: int
    end: int
    shown: str
    number: bool
    unit: re.Match[str] | None = None

    def held_by(self, sources: Sources) -> bool:
        if self.number:
            return sources.hold_number(self.shown, self.unit)
        return sources.hold_name(self.shown)


def _check_line(line: str, sources: Sources) -> tuple[str, list[str]]:
    start = found.end() if (found := _LIST_ITEM.match(line)) else 0
    missing = [claim for claim in _claims(line, start) if not claim.held_by(sources)]
    for claim in reversed(missing):
        line = f"{line[: claim.end]} {MARK}{line[claim.end :]}"
    return line, [claim.shown for claim in missing]


def _claims(line: str, start: int) -> list[_Claim]:
    """Every claim of a line from `start`, in order; none inside another."""
    claims: list[_Claim] = []
    taken = [one.span() for one in _EVIDENCE_ID.finditer(line)]
    for pattern, group in ((_CODE, 1), (_NAMES, 0), (_NUMBER, "number")):
        for found in pattern.finditer(line, start):
            begin, end = found.span()
            shown = found[group].rstrip(".,;:")
            if not shown or any(begin < right and end > left for left, right in taken):
                continue
            taken.append((begin, end))
            if pattern is not _CODE:
                end = found.start(group) + len(shown)
            number = _ANY_NUMBER.fullmatch(shown.replace(",", "")) is not None
            unit = _UNIT.match(line, end) if number else None
            claims.append(_Claim(begin, unit.end() if unit else end, shown, number, unit))
    return sorted(claims, key=lambda claim: claim.begin)
