"""From a matched line to a candidate: the line that says why, and the place it points at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from aof.analysis.ci_log.causes import cause_of, is_integration
from aof.analysis.ci_log.lines import Lines
from aof.analysis.ci_log.records import Category, Location
from aof.analysis.ci_log.rules.rule import Pattern, Rule, compiled

_VENDORED = re.compile(
    r"site-packages|dist-packages|node_modules|/lib/python\d|[/\\]rustc[/\\]|\.cargo/registry"
    r"|/usr/(?:lib|include|share)|<frozen|<string>|<stdin>|node:internal|^internal/"
    r"|hostedtoolcache|[/\\]Python\d{2,3}[/\\]Lib[/\\]|/go/pkg/mod|/usr/local/go/src/"
    r"|vendor/|\(native\)"
)


# Where CI systems check a repository out: what follows is the path inside it.
_WORKSPACE = re.compile(
    r"^(?:/home/runner/work/[^/]+/[^/]+/|/Users/runner/work/[^/]+/[^/]+/|/__w/[^/]+/[^/]+/"
    r"|[A-Za-z]:[\\/]a[\\/][^\\/]+[\\/][^\\/]+[\\/]|/github/workspace/|/builds/[^/]+/[^/]+/"
    r"|/home/travis/build/[^/]+/[^/]+/|/home/circleci/project/|\./)"
)


_SEVERE = {"error", "fatal", "fatal error", "err", "e", "critical", "failure"}
_MOST_LOOPED = 200  # lines a looping matcher may go back


@dataclass(slots=True)
class Candidate:
    """A line that may be the cause. Offsets name lines: `head` was matched, `start` says why."""

    rule: Rule
    head: int
    start: int
    text: str
    message: str
    category: Category
    step: int
    location: Location | None = None
    fix: str = ""
    score: float = 0.0


def candidate_at(lines: Lines, start: int, step: int, rule: Rule) -> Candidate | None:
    """The candidate that `rule` sees in the line at `start`, or None."""
    text = lines.text(start)
    match = rule.search(text)
    if match is None or not _holds(lines, start, rule):
        return None
    found = _key_line(lines, start, text, match, rule)
    if found is None:
        return None
    key_start, key_text, key_match = found
    headed = _headed(lines, start, rule)
    if headed is None:
        return None
    groups = {
        **headed,
        **match.groupdict(),
        **Pattern(rule.pattern, rule.numbered).groups(match),
        **{k: v for k, v in key_match.groupdict().items() if v},
    }
    if (groups.get("severity") or "error").lower() not in _SEVERE:
        return None
    message = (groups.get("message") or key_text).strip()
    location = _location(groups) or _placed(_location_around(lines, start, rule), groups)
    if rule.must_locate and location is None:
        return None
    category = cause_of(message, rule.category) if rule.refine else rule.category
    if category is Category.UNIT_TEST and is_integration(
        location.file if location else None, groups.get("test"), text if rule.key else None
    ):
        category = Category.INTEGRATION_TEST
    return Candidate(
        rule=rule,
        head=start,
        start=key_start,
        text=key_text,
        message=message,
        category=category,
        step=step,
        location=location,
        fix=_fix_of(rule, category, message),
    )


# Words that tell more about what helps than the rule that saw them.
_TELLING = (
    (re.compile(r"No module named"), "python-module-missing"),
    (re.compile(r"cannot import name '"), "python-import-name"),
    (re.compile(r"\(from versions: none\)"), "pip-nothing-found"),
    (re.compile(r"Cannot find module|Failed to resolve import"), "node-module-missing"),
    (re.compile(r"Snapshot .{0,300}mismatched|does not match stored snapshot"), "snapshot"),
    (re.compile(r"\.h(?:pp|h|xx)?\W?: No such file|\.h' file not found"), "header-missing"),
    (re.compile(r"error: 40[34]\b|ERROR 404|404 Not Found|HTTP 404"), "url-missing"),
    (re.compile(r"JavaScript heap out of memory"), "node-heap"),
    (re.compile(r"java\.lang\.OutOfMemoryError"), "java-heap"),
    (re.compile(r"^KeyError: '[A-Z_]{3,}'"), "environment-variable"),
    (re.compile(r"ECONNREFUSED|Connection refused"), "service-not-ready"),
    (re.compile(r"CERTIFICATE_VERIFY_FAILED|SSL certificate problem"), "certificate"),
)
_TESTS = (Category.UNIT_TEST, Category.INTEGRATION_TEST)


def _fix_of(rule: Rule, category: Category, message: str) -> str:
    """The advice for the cause, which may be another than what the rule is named for."""
    for words, fix in _TELLING:
        if words.search(message):
            return fix
    if rule.category in _TESTS and category is Category.TIMEOUT:
        return "test-timeout"
    if rule.category is not category and not (rule.category in _TESTS and category in _TESTS):
        return ""
    return rule.fix or rule.id


def _holds(lines: Lines, start: int, rule: Rule) -> bool:
    """True when what the rule asks beside its pattern is there."""
    if rule.annotation and not lines.is_marked(start):
        return False
    if rule.unless_next and any(
        compiled(rule.unless_next).search(lines.text(line)) for line in lines.following(start, 2)
    ):
        return False
    return not rule.needs or any(
        compiled(rule.needs).search(lines.text(line)) for line in _body(lines, start, rule)
    )


def _headed(lines: Lines, start: int, rule: Rule) -> dict[str, str | None] | None:
    """What the lines before name that a matcher of several lines asks for; None without them."""
    groups: dict[str, str | None] = {}
    if not rule.before:
        return groups
    around = lines.preceding(start, _MOST_LOOPED)
    line = next(around, None)
    own = compiled(rule.pattern)
    while rule.loop and line is not None and own.search(lines.text(line)[: rule.limit]):
        line = next(around, None)
    for pattern in reversed(rule.before):
        text = lines.text(line)[: rule.limit] if line is not None else ""
        match = compiled(pattern.regexp).search(text)
        if line is None or match is None:
            return None
        groups = {**pattern.groups(match), **groups}
        line = next(around, None)
    return groups


def _body(lines: Lines, start: int, rule: Rule) -> Iterator[int]:
    """The lines after the headline, up to the one that ends the block."""
    stop = compiled(rule.stop) if rule.stop else None
    for line in lines.following(start, rule.reach):
        if stop is not None and stop.search(lines.text(line)):
            return
        yield line


def _key_line(
    lines: Lines, start: int, text: str, match: re.Match[str], rule: Rule
) -> tuple[int, str, re.Match[str]] | None:
    if not rule.key:
        return start, text, match
    key = compiled(rule.key)
    chosen: tuple[int, str, re.Match[str]] | None = None
    around = lines.preceding(start, rule.reach) if rule.key_before else _body(lines, start, rule)
    for line in around:
        body = lines.text(line)
        found = key.search(body)
        if found is not None:
            chosen = (line, body, found)
            if not rule.key_last:
                break
    if chosen is None and rule.key_optional:
        chosen = (start, text, match)
    return chosen


def _location(groups: dict[str, str | None]) -> Location | None:
    file = groups.get("file") or groups.get("other")
    if not file:
        return None
    line = _number(groups.get("line") or groups.get("row"))
    column = _number(groups.get("column") or groups.get("col"))
    return Location(file=_WORKSPACE.sub("", file.strip()), line=line, column=column)


def _placed(around: Location | None, groups: dict[str, str | None]) -> Location | None:
    """A file named in another line, with the position this line gives."""
    line = _number(groups.get("line"))
    if around is None or around.line is not None or line is None:
        return around
    return Location(file=around.file, line=line, column=_number(groups.get("column")))


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


def _location_around(lines: Lines, start: int, rule: Rule) -> Location | None:
    """The place inside the project that is named around the line; None when there is none."""
    if not rule.where:
        return None
    where = compiled(rule.where)
    before, after = lines.preceding(start, rule.reach), _body(lines, start, rule)
    around = before if rule.where_before else after
    places: list[Location] = []
    for line in around:
        found = where.search(lines.text(line))
        place = _location(found.groupdict()) if found is not None else None
        if place is not None:
            places.append(place)
    own = [place for place in places if not _VENDORED.search(place.file)]
    if not own:
        return None
    return own[-1] if rule.where_last else own[0]
