"""Problem matchers, GitHub's format for recognising errors in logs, as rules.

A matcher supplies places; that a line is the cause it says only with the optional key
`x-doctor: {category, weight, fix, literal, not, pick}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aof.analysis.ci_log.automaton import Backtracks
from aof.analysis.ci_log.backtracking import steps
from aof.analysis.ci_log.decode import MAX_LINE
from aof.analysis.ci_log.literals import literals
from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Pattern, Rule

_WEIGHT = 64  # below the form of a tool, above a mere word
# Characters of a line an expression sees: the most with which it cannot take too many steps.
_LENGTHS = (MAX_LINE + 5, 1000, 200)
_MOST_STEPS = 10_000_000
_FIELDS = ("file", "line", "column", "severity", "message", "code", "fromPath")
_KINDS = (
    (Category.LINT, re.compile(r"lint|style|format|flake8|ruff|mypy|pyright|check|prettier", re.I)),
    (Category.UNIT_TEST, re.compile(r"test|spec|jest|mocha|phpunit", re.I)),
    (Category.COMPILE, re.compile(r"gcc|clang|tsc|go|javac|csc|msvc|msbuild|rust|kotlin", re.I)),
)


class BadMatcher(ValueError):
    """A problem matcher cannot be used; the message says why."""


def rules_of(document: object) -> tuple[list[Rule], list[str]]:
    """The rules a matcher file holds, and what is wrong with those it does not give.

    Args:
        document: The parsed JSON: `{"problemMatcher": [...]}`. Other documents hold none.
    """
    listed = document.get("problemMatcher") if isinstance(document, Mapping) else None
    rules: dict[str, Rule] = {}
    problems: list[str] = []
    for matcher in listed if isinstance(listed, list) else []:
        owner = str(matcher.get("owner", "?")) if isinstance(matcher, Mapping) else "?"
        try:
            rule = _rule(matcher, owner)
        except (BadMatcher, Backtracks, re.error, TypeError, ValueError) as error:
            problems.append(f"problem matcher '{owner}' is not used: {error}")
            continue
        if rule is not None:
            rules[rule.id] = rule  # a later matcher of the same owner replaces the earlier
    return list(rules.values()), problems


def _rule(matcher: Mapping[str, Any], owner: str) -> Rule | None:
    if str(matcher.get("severity", "error")).lower() != "error":
        return None
    patterns = [_pattern(one) for one in matcher.get("pattern") or ()]
    if not patterns:
        raise BadMatcher("it has no pattern")
    extra = matcher.get("x-doctor") or {}
    last, raw = patterns[-1], matcher["pattern"][-1]
    words = (str(extra["literal"]),) if "literal" in extra else literals(last.regexp)
    if not words:
        raise BadMatcher("no text stands in every match; name one with x-doctor.literal")
    expressions = [pattern.regexp for pattern in patterns]
    expressions += [str(extra["not"])] if "not" in extra else []
    return Rule(
        id=f"matcher-{re.sub(r'[^a-z0-9]+', '-', owner.lower()).strip('-') or 'unnamed'}",
        category=_category(extra, owner),
        weight=int(extra.get("weight", _WEIGHT)),
        needles=words,
        pattern=last.regexp,
        unless=str(extra.get("not", "")),
        numbered=last.numbered,
        before=tuple(patterns[:-1]),
        loop=bool(raw.get("loop")),
        pick="last" if extra.get("pick") == "last" else "each",
        refine="category" not in extra,
        fix=str(extra.get("fix", "")),
        limit=min(_limit(expression) for expression in expressions),
    )


def _pattern(raw: Mapping[str, Any]) -> Pattern:
    regexp = str(raw["regexp"])
    groups = re.compile(regexp).groups
    numbered = tuple((name, int(raw[name])) for name in _FIELDS if name in raw)
    if any(not 0 <= number <= groups for _, number in numbered):
        raise BadMatcher("it names a group the expression does not have")
    return Pattern(regexp, numbered)


def _limit(expression: str) -> int:
    for length in _LENGTHS:
        if steps(expression, length) <= _MOST_STEPS:
            return length
    raise Backtracks("the time of a match may grow with the fourth power of the line, or worse")


def _category(extra: Mapping[str, Any], owner: str) -> Category:
    if "category" in extra:
        return Category(str(extra["category"]))
    return next((kind for kind, words in _KINDS if words.search(owner)), Category.UNKNOWN)
