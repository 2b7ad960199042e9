"""Python's unittest and what prints like it: Django's runner, nose, stestr, absl."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "unittest-failure",
        Category.UNIT_TEST,
        75,
        ("FAIL: ", "ERROR: ", "FAIL [", "ERROR ["),
        r"^(?:FAIL|ERROR)(?: \[[\d.]+s\])?: (?P<test>Failure: \w+ \(.{0,200}"
        r"|[\w.]+ \([\w.]+\)?.{0,200}|(?=\w+\.)[\w.]+.{0,100})$",
        key=r"^(?!Traceback|ImportError: Failed to import test module|[-=]{3}|During handling"
        r"|The above)"
        r"(?P<message>[A-Za-z_][\w.]*(?:: .*|$))",
        stop=r"^={30,}$|^Ran \d+ tests? in",
        where=r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)',
        where_last=True,
        reach=150,
        refine=True,
        fix="unittest",
    ),
    Rule(
        "unittest-progress",
        Category.UNIT_TEST,
        60,
        (" ... FAIL", " ... ERROR"),
        r"^(?P<test>\w+ \([\w.]+\)).{0,300} \.\.\. (?:FAIL|ERROR)$",
        pick="first",
        fix="unittest",
    ),
    Rule(
        "unittest-summary",
        Category.UNIT_TEST,
        40,
        ("FAILED (",),
        r"^FAILED \((?:SKIP=\d+, )?(?:failures|errors)=",
        pick="last",
        fix="unittest",
    ),
)
