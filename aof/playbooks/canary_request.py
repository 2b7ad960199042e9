"""Reading a canary request: who is judged, and numbers a person typed.

Pure. Typed numbers are points without counts; the playbook labels them unverified.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_APP = re.compile(
    r"(?:canary\s+deployment|deployment|canary|rollout|app(?:lication)?|service)"
    r"\s*(?:of|for|:|=)\s*(?:the\s+)?([a-z0-9][\w.-]{0,127})(?:\s+(?:version\s+)?(v?\d[\w.+-]*))?",
    re.IGNORECASE,
)
_BEFORE_CANARY = re.compile(
    r"\b([a-z0-9][\w.-]{0,127})(?:\s+(v?\d[\w.+-]*))?\s+canary\b", re.IGNORECASE
)
# fmt: off
_NOT_AN_APP = frozenset({
    "a", "an", "the", "this", "that", "and", "at", "in", "is", "of", "on", "to", "with", "our",
    "my", "app", "application", "canary", "deployment", "version", "tag", "commit", "service",
    "rollout", "baseline", "error", "latency", "p50", "p95", "p99", "cpu", "memory",
})
_BEFORE_CANARY_ONLY = frozenset({
    "new", "current", "health", "healthy", "status", "progressive", "running", "live", "validate",
    "check", "judge", "analyze", "analyse", "deploy", "for",
})
# fmt: on
_METRICS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("error_rate", r"\b(?:5xx\s+)?error[\s_-]*(?:rate|ratio)\b|\b5xx(?:\s+rate)?\b"),
        ("client_error_rate", r"\b4xx(?:\s+(?:error\s+)?rate)?\b"),
        ("latency_p50", r"\bp50(?:[\s_-]*latency)?\b|\bmedian\s+latency\b"),
        ("latency_p95", r"\bp95(?:[\s_-]*latency)?\b|\blatency[\s_-]*p95\b"),
        ("latency_p99", r"\bp99(?:[\s_-]*latency)?\b|\blatency[\s_-]*p99\b"),
        ("cpu", r"\bcpu(?:[\s_-]*usage)?\b"),
        ("memory", r"\bmemory(?:[\s_-]*usage)?\b"),
        ("conversion", r"\bconversion(?:[\s_-]*rate)?\b"),
    )
)
_NUMBER = re.compile(
    r"(?<![\w.])(\d{1,12}(?:\.\d{1,9})?)\s*(%|ms|us|µs|s\b|sec\w*|[KMGT]i?B|pp)?", re.IGNORECASE
)
_TO_SECONDS = {"ms": 1e-3, "us": 1e-6, "µs": 1e-6, "s": 1.0}
_TO_BYTES = {"k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "ki": 2**10, "mi": 2**20,
             "gi": 2**30, "ti": 2**40}  # fmt: skip
_UNITS = {
    "error": ("ratio", ""),
    "client": ("ratio", ""),
    "latency": ("seconds",),
    "cpu": ("ratio",),
    "memory": ("ratio", "bytes"),
    "conversion": ("ratio",),
}
_BASELINE = re.compile(r"\b(?:baseline|stable|vs\.?|versus|against|from|was)\b", re.IGNORECASE)
_LONGEST_LINE = 2000


@dataclass(frozen=True, slots=True)
class TypedNumber:
    """A number from the request. `unit` is `ratio`, `seconds`, `bytes` or empty."""

    name: str
    canary: float
    baseline: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class CanaryRequest:
    """What the text says; empty fields mean it does not say."""

    app: str
    version: str
    baseline_version: str
    numbers: tuple[TypedNumber, ...]


def parse_canary_request(text: str) -> CanaryRequest:
    """Read `Canary deployment: myapp v2.0.0 ... Error rate: 5.2% (baseline: 0.10%)`.

    One metric per line or per clause; the number that follows a word such as `baseline`,
    `vs` or `stable` is the baseline's, the other the canary's.
    """
    app, version = _subject(text)
    _, baseline_version = _subject_after(text, "baseline")
    return CanaryRequest(app, version, baseline_version, _typed_numbers(text))


def _typed_numbers(text: str) -> tuple[TypedNumber, ...]:
    canary: dict[str, tuple[float, str]] = {}
    baseline: dict[str, float] = {}
    for line in text.splitlines():
        for mention in _mentions(line[:_LONGEST_LINE]):
            found, typed = _read(mention)
            if found is not None and found[1] not in _UNITS[mention.name.split("_")[0]]:
                continue
            if found is not None:
                canary.setdefault(mention.name, found)
            if typed is not None:
                baseline.setdefault(mention.name, typed)
    return tuple(
        TypedNumber(name, value, baseline.get(name), unit) for name, (value, unit) in canary.items()
    )


def _subject(text: str) -> tuple[str, str]:
    """App and version; empty when the text names none."""
    excluded = _NOT_AN_APP
    for pattern in (_APP, _BEFORE_CANARY):
        for found in pattern.finditer(text[:20_000]):
            name = found[1].rstrip(".-")
            if name.lower() not in excluded and not re.fullmatch(r"v?\d[\d.]*%?", name):
                return name, (found[2] or "").rstrip(".,")
        excluded = excluded | _BEFORE_CANARY_ONLY
    return "", ""


def _subject_after(text: str, word: str) -> tuple[str, str]:
    pattern = rf"^\s*{word}:\s*([a-z0-9][\w.-]{{0,127}})\s+(v?\d[\w.+-]*)\s*$"
    found = re.search(pattern, text[:20_000], re.IGNORECASE | re.MULTILINE)
    return (found[1], found[2]) if found else ("", "")


@dataclass(frozen=True, slots=True)
class _Mention:
    """A metric's name in a line, the words before it, and what follows up to the next one."""

    name: str
    before: str
    rest: str


def _mentions(line: str) -> list[_Mention]:
    spans = sorted(
        (found.start(), -found.end(), name)
        for name, pattern in _METRICS
        for found in pattern.finditer(line)
    )
    kept: list[tuple[int, int, str]] = []
    for start, negative_end, name in spans:
        if not kept or start >= kept[-1][1]:
            kept.append((start, -negative_end, name))
    if not kept:
        return []
    ends = [start for start, _, _ in kept[1:]] + [len(line)]
    begins = [0] + [end for _, end, _ in kept[:-1]]
    return [
        _Mention(name, line[begin:start], line[end:until])
        for (start, end, name), begin, until in zip(kept, begins, ends, strict=True)
    ]


def _read(mention: _Mention) -> tuple[tuple[float, str] | None, float | None]:
    """The canary's value with its unit, and the baseline's."""
    numbers = [
        (found.start(), value)
        for found in _NUMBER.finditer(mention.rest)
        if (value := _value(found)) is not None
    ]
    if not numbers:
        return None, None
    if re.search(r"\b(?:baseline|stable)\W*$", mention.before, re.IGNORECASE):
        return None, numbers[0][1][0]
    marker = _BASELINE.search(mention.rest, 0, numbers[-1][0])
    if marker is None:
        return numbers[0][1], None
    after = [value for start, value in numbers if start > marker.start()]
    before = [value for start, value in numbers if start < marker.start()]
    if before:
        return before[0], after[0][0] if after else None
    return (after[1] if len(after) > 1 else None), after[0][0]


def _value(found: re.Match[str]) -> tuple[float, str] | None:
    number, unit = float(found[1]), (found[2] or "").lower()
    if unit in {"%", "pp"}:
        return round(number / 100, 12), "ratio"
    if unit in _TO_SECONDS or unit.startswith("sec"):
        return number * _TO_SECONDS.get(unit, 1.0), "seconds"
    if unit.endswith("b"):
        return number * _TO_BYTES[unit[:-1]], "bytes"
    return number, ""
