"""The rules, one module per tool family, and the index that finds them by word.

Adding a family is one module with a `RULES` tuple, its name in `FAMILIES` and its tests.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module

from aof.analysis.ci_log import segment
from aof.analysis.ci_log.prefilter import Prefilter
from aof.analysis.ci_log.rules.rule import Rule
from aof.words import Words

# Order decides which of two rules of equal score names a line: the special before the general.
FAMILIES = (
    "runner",
    "resources",
    "pytest",
    "unittest",
    "javascript_tests",
    "golang",
    "cargo",
    "maven",
    "gradle",
    "jvm",
    "c_family",
    "typescript",
    "npm",
    "pip",
    "docker",
    "kubernetes",
    "terraform",
    "ansible",
    "git",
    "dotnet",
    "ruby",
    "php",
    "swift",
    "scala",
    "functional",
    "test_protocols",
    "browsers",
    "mozilla",
    "linters",
    "bazel",
    "coverage",
    "migrations",
    "traces",
    "network",
    "shell",
    "generic",
)


class RuleSet:
    """Rules, the prefilter that finds lines for them, and the index from a line to its rules."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        triggers = {word for rule in self.rules for word in rule.triggers}
        self.prefilter = Prefilter(triggers, segment.WORDS)
        by_needle: dict[str, list[int]] = {}
        for number, rule in enumerate(self.rules):
            for needle in rule.needles:
                by_needle.setdefault(needle, []).append(number)
        self._always = tuple(by_needle.pop("", ()))
        self._index = Words(tuple(by_needle))
        self._by_needle = tuple(by_needle.values())

    def for_text(self, text: str) -> list[Rule]:
        """Rules that a cleaned line could match, in order."""
        numbers = set(self._always)
        for needle, _ in self._index.places(text):
            numbers.update(self._by_needle[needle])
        return [self.rules[number] for number in sorted(numbers)]

    def extended(self, rules: Iterable[Rule]) -> RuleSet:
        """These rules and more; the added ones come first."""
        return RuleSet((*rules, *self.rules))


@lru_cache(maxsize=1)
def shipped() -> RuleSet:
    """The rules that come with the product."""
    modules = (import_module(f"{__name__}.{family}") for family in FAMILIES)
    return RuleSet(rule for module in modules for rule in module.RULES)
