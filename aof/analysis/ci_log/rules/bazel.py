"""Bazel and build systems like it."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "bazel-load",
        Category.CONFIG,
        82,
        (
            "no such package '",
            "no such target '",
            "not declared in package",
            "name '",
            "is not visible from",
        ),
        r"ERROR: .{0,300}(?:no such (?:package|target) '|not declared in package"
        r"|name '\w+' is not defined|is not visible from).*",
    ),
    Rule(
        "bazel-fetch",
        Category.DEPENDENCY,
        84,
        ("error occurred during the fetch", "Error downloading ["),
        r"An error occurred during the fetch of repository|Error downloading \[",
        refine=True,
    ),
    Rule(
        "bazel-test",
        Category.UNIT_TEST,
        68,
        ("FAIL: //", "TIMEOUT: //", "FAILED in", "TIMEOUT in"),
        r"^(?:FAIL|TIMEOUT): (?P<test>//\S+)|^(?P<name>//\S+)\s+(?:FAILED|TIMEOUT) in ",
        pick="first",
        fix="test-failure",
    ),
    Rule(
        "bazel-action",
        Category.COMPILE,
        50,
        ("ERROR: /",),
        r"^ERROR: (?P<file>/[^\s:]+):(?P<line>\d+):(?P<column>\d+): (?P<message>.*)",
        pick="first",
        fix="compile",
    ),
)
