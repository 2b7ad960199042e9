"""Mozilla's test harnesses and web-platform-tests."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "moz-unexpected",
        Category.UNIT_TEST,
        78,
        ("TEST-UNEXPECTED-", "UNEXPECTED-FAIL"),
        r"TEST-UNEXPECTED-\w+ \| (?P<file>[^|]{1,300}?) \| (?P<message>.*)|TEST-UNEXPECTED-\w+ "
        r"\|.*",
        unless=r"^\s*\d+:\d+\.\d+ INFO",
        fix="test-failure",
    ),
    Rule(
        "moz-crash",
        Category.UNIT_TEST,
        85,
        ("MOZ_CRASH(", "Assertion failure: ", "MOZ_ASSERT"),
        r"Hit MOZ_CRASH\((?P<message>.{0,300}?)\) at (?P<file>[^\s:]+):(?P<line>\d+)"
        r"|Hit MOZ_CRASH\(.*"
        r"|Assertion failure: .{0,300}, at (?P<other>[^\s:]+):\d+",
        fix="crash",
    ),
    Rule(
        "moz-process-crash",
        Category.UNIT_TEST,
        76,
        ("PROCESS-CRASH", "application crashed [@"),
        r"PROCESS-CRASH \| (?P<message>.*)|application crashed \[@ .*",
        fix="crash",
    ),
    Rule(
        "moz-leak",
        Category.UNIT_TEST,
        74,
        ("LeakSanitizer", "leakcheck"),
        r"leakcheck \| .{0,300}(?:bytes leaked|missing output line)",
        fix="test-failure",
    ),
    Rule(
        "wpt-unexpected",
        Category.UNIT_TEST,
        76,
        ("Unexpected Results", "UNEXPECTED", "unexpected results"),
        r"^(?:TIMEOUT|FAIL|CRASH|ERROR|▶ Unexpected subtest result in|▶ \w+ \[expected) .*",
        unless=r"TEST-UNEXPECTED",
        fix="test-failure",
    ),
)
