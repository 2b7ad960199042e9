"""The form of a rule: which line it recognises, what that line means, and where it points."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from aof.analysis.ci_log.records import Category


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression whose groups are named by number: `(("file", 1), ("line", 2))`."""

    regexp: str
    numbered: tuple[tuple[str, int], ...] = ()

    def groups(self, match: re.Match[str]) -> dict[str, str | None]:
        """The named parts of a match."""
        return {name: match.group(number) for name, number in self.numbered}


@dataclass(frozen=True, slots=True)
class Rule:
    """One way a tool says that it failed.

    Attributes:
        id: Family and name, e.g. `pytest-assertion`.
        category: Cause class when nothing in the message says better.
        weight: How likely such a line is the cause: infrastructure and memory 94 to 96,
            dependency, environment, deployment, configuration 80 to 85, compiler 77 to 80,
            failed assertions 71 to 75, generic words 30 to 45, wrappers below 30.
        needles: Text of which at least one must be in the cleaned line.
        pattern: Searched in the cleaned line. Groups `file`, `line`, `column`, `message`, `test`.
        unless: Lines that match this are not meant.
        key: When set, the line sought is the first of the next `reach` that matches; without
            such a line the rule does not apply, or, with `key_optional`, the matched line stays.
        key_last: The last line that matches `key` counts (nested causes), not the first.
        key_before: The line sought stands before the matched one.
        needs: One of the next `reach` lines, up to `stop`, must match this.
        unless_next: When one of the next two lines matches this, the failure was forgiven.
        must_locate: Without a place found by `where` the rule does not apply.
        annotation: Only lines the runner marked as an error are meant.
        stop: A line that ends the search for `key` and `where`.
        where: Location in the lines around: groups `file`, `line`, `column`.
        where_before: Look for `where` in the lines before instead of after.
        where_last: The last match of `where` counts (tracebacks), not the first.
        reach: Lines looked at for `key` and `where`.
        pick: Which match counts when there are several: each, only the first or the last.
        refine: The message may name a better category, as in a traceback.
        numbered: Names for groups by number, as problem matchers have them.
        before: Patterns the lines right before must match, in order.
        loop: Lines that match `pattern` may stand between `before` and this one.
        limit: Characters of a line that are looked at.
        trigger: Words the prefilter looks for in the raw line; by default the needles. A word a
            tool prints in colour must not reach over the colour's end.
        fix: Key of the advice; by default the rule's id.
    """

    id: str
    category: Category
    weight: int
    needles: tuple[str, ...]
    pattern: str
    unless: str = ""
    key: str = ""
    key_optional: bool = False
    key_last: bool = False
    key_before: bool = False
    needs: str = ""
    unless_next: str = ""
    must_locate: bool = False
    stop: str = ""
    where: str = ""
    where_before: bool = False
    where_last: bool = False
    reach: int = 15
    pick: Literal["each", "first", "last"] = "each"
    refine: bool = False
    trigger: tuple[str, ...] = ()
    fix: str = ""
    annotation: bool = False
    numbered: tuple[tuple[str, int], ...] = ()
    before: tuple[Pattern, ...] = ()
    loop: bool = False
    limit: int = 10_000
    context: tuple[int, int] = field(default=(3, 12))

    @property
    def triggers(self) -> tuple[str, ...]:
        """Words without which no line of a log can match this rule."""
        return self.trigger or tuple(needle.strip() for needle in self.needles)

    def search(self, text: str) -> re.Match[str] | None:
        """The match of `pattern` in a cleaned line that holds a needle, or None."""
        text = text[: self.limit]
        match = compiled(self.pattern).search(text)
        if match is not None and self.unless and compiled(self.unless).search(text):
            return None
        return match


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """`pattern`, compiled at first use: most logs need few of the rules."""
    return re.compile(pattern)
