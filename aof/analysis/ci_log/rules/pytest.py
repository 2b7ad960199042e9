"""pytest: failure sections, the short summary, collection and usage errors."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

_HEAD = r"^_{3,} (?P<test>\S.{0,300}?) _{3,}$"
_END = r"^_{3,} \S.* _{3,}$|^=+ \S.* =+$|^={20,}$"
_PLACE = r"^(?:E +)?(?:File \")?(?P<file>[^\s:\"]{1,300}\.pyx?)(?:\", line |:)(?P<line>\d+)(?:: |$)"

RULES = (
    Rule(
        "pytest-error",
        Category.UNIT_TEST,
        76,
        ("___ ",),
        _HEAD,
        key=r"^E\s{2,}(?P<message>(?:[A-Za-z_][\w.]*(?:Error|Exception|Failure|Failed|Exit"
        r"|Timeout|Warning|Interrupt"
        r"|DoesNotExist|NotFound|Refused)\b(?::|$|\()|assert |Failed: |fixture '"
        r"|recursive dependency).*)",
        stop=_END,
        where=_PLACE,
        where_last=True,
        reach=600,
        refine=True,
        trigger=("___",),
        fix="pytest",
    ),
    Rule(
        "pytest-assertion",
        Category.UNIT_TEST,
        73,
        ("___ ",),
        _HEAD,
        key=r"^E\s{2,}(?P<message>\S.*)",
        stop=_END,
        where=_PLACE,
        where_last=True,
        reach=600,
        refine=True,
        trigger=("___",),
        fix="pytest",
    ),
    Rule(
        "pytest-summary",
        Category.UNIT_TEST,
        72,
        ("FAILED ", "ERROR "),
        r"^(?:\[gw\d+\] .{0,20})?(?:FAILED|ERROR)(?: \[[\d.]+s\])? (?P<file>[^\s:]{1,300}\.py)"
        r"(?:::(?P<test>\S+))?(?: - (?P<message>.*))?$",
        refine=True,
        fix="pytest",
    ),
    Rule(
        "pytest-doctest",
        Category.UNIT_TEST,
        73,
        ("[doctest]",),
        r"^_{3,} \[doctest\] (?P<test>\S.{0,300}?) _{3,}$",
        key=r"^(?P<message>Expected:|UNEXPECTED EXCEPTION.*|Differences .*)",
        key_optional=True,
        stop=_END,
        where=_PLACE,
        where_last=True,
        reach=60,
        fix="pytest",
    ),
    Rule(
        "pytest-consistent",
        Category.UNIT_TEST,
        70,
        ("FAILED CONSISTENTLY", "failed consistently"),
        r"FAILED CONSISTENTLY: (?P<message>\S.*)|tests failed consistently: (?P<tests>.*)",
        fix="pytest",
    ),
    Rule(
        "pytest-progress",
        Category.UNIT_TEST,
        64,
        (" FAILED", " ERROR"),
        r"^(?:\[gw\d+\]\s)?(?P<file>[^\s:]{1,300}\.py)::(?P<test>\S+) (?:FAILED|ERROR)\b",
        pick="first",
        fix="pytest",
    ),
    Rule(
        "pytest-options",
        Category.CONFIG,
        84,
        ("ERROR: usage:",),
        r"^ERROR: usage: ",
        key=r"^[\w ./-]{0,80}: error: (?P<message>\S.*)",
        reach=4,
        fix="pytest-usage",
    ),
    Rule(
        "pytest-usage",
        Category.CONFIG,
        82,
        (
            "ERROR: usage:",
            "ERROR: not found:",
            "file or directory not found",
            "unrecognized arguments",
            "ERROR: Missing or extraneous",
            "ERROR: while parsing the following",
            "Unknown pytest.mark",
            "not found in `markers`",
        ),
        r"^ERROR: (?:usage: .*|not found: (?P<file>[^:\s]+).*|file or directory not found: .*"
        r"|while parsing .*)"
        r"|error: unrecognized arguments: .*|not found in `markers` configuration option",
        fix="pytest-usage",
    ),
    Rule(
        "pytest-conftest",
        Category.DEPENDENCY,
        82,
        ("ImportError while loading conftest",),
        r"ImportError while loading conftest '(?P<file>[^']+)'",
        key=r"^E\s{2,}(?P<message>[A-Za-z_][\w.]*(?:Error|Exception)\b.*)",
        key_optional=True,
        reach=60,
        refine=True,
        fix="python-module-missing",
    ),
    Rule(
        "pytest-internal",
        Category.CONFIG,
        80,
        ("INTERNALERROR> ",),
        r"^INTERNALERROR> (?P<message>[A-Za-z_][\w.]*(?:Error|Exception|Warning|Exit|Failed)\b.*)",
        pick="last",
        refine=True,
    ),
    Rule(
        "pytest-worker-crash",
        Category.UNIT_TEST,
        77,
        (
            "crashed while running",
            "Fatal Python error",
            "Timeout +++",
            "node down: Not properly terminated",
        ),
        r"worker '\w+' crashed while running '(?P<file>[^':]+)(?:::(?P<test>[^']+))?'"
        r"|^Fatal Python error: .*|\+{3} Timeout \+{3}|node down: Not properly terminated",
        fix="python-crash",
    ),
    Rule(
        "pytest-no-tests",
        Category.CONFIG,
        60,
        ("no tests ran in", "collected 0 items"),
        r"^=+ no tests ran in|collected 0 items$",
        pick="last",
    ),
)
