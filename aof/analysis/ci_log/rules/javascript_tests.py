"""JavaScript test runners: Jest, Vitest, Mocha, Jasmine, Karma, node:test, AVA, Bun, Deno."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

_PLACE = (
    r"(?:^\s+at |❯ |^\s*at ).{0,300}?(?<![^\s(])(?:file://)?(?P<file>[^\s()]{1,300}\.(?:[cm]?[jt]sx?"
    r"|vue|svelte)):(?P<line>\d+):(?P<column>\d+)"
)

RULES = (
    Rule(
        "jest-failure",
        Category.UNIT_TEST,
        76,
        ("●",),
        r"^\s*● (?P<test>\S.*)",
        unless=r"● (?:Console|Validation|Deprecation|Cannot log|process\.exit)",
        key=r"^\s{2,}(?P<message>[^\s●].*)",
        stop=r"^\s*● ",
        where=_PLACE,
        reach=40,
        refine=True,
        trigger=("●",),
        fix="jest",
    ),
    Rule(
        "jest-file",
        Category.UNIT_TEST,
        62,
        ("FAIL ",),
        r"^\s*FAIL\s+(?:\S+ )?(?P<file>[^\s:]{1,300}\.(?:[cm]?[jt]sx?|vue))",
        pick="first",
        fix="jest",
    ),
    Rule(
        "vitest-failure",
        Category.UNIT_TEST,
        76,
        ("FAIL ",),
        r"^\s*FAIL\s+(?:\|?[\w./@-]+\|? +)?(?P<file>[^\s:]{1,300}\.[cm]?[jt]sx?)(?: >"
        r" (?P<test>.+)| \[.*)?$",
        key=r"^\s*(?P<message>(?:[A-Z]\w*)?(?:Error|Exception|Rejection)(?: \[\w+\])?: .*"
        r"|Snapshot .* mismatched.*)",
        stop=r"^\s*FAIL\s|^\s*●",
        where=_PLACE,
        reach=14,
        refine=True,
        fix="vitest",
    ),
    Rule(
        "mocha-failure",
        Category.UNIT_TEST,
        76,
        (" failing",),
        r"^\s*\d+ failing\b",
        key=r"^\s{3,}(?:→ )?(?P<message>(?:Uncaught )?(?:[A-Z][\w.]*)?(?:Error|Exception)\b.*"
        r"|expected .*|Timeout of .*"
        r"|AssertionError.*|✖ .*)",
        stop=r"^(?:npm|yarn|error|make|##)",
        where=_PLACE,
        reach=60,
        refine=True,
        fix="mocha",
    ),
    Rule(
        "karma-failure",
        Category.UNIT_TEST,
        75,
        (" FAILED",),
        r"^(?:Headless)?(?:Chrome|Firefox|PhantomJS|Safari|Edge"
        r"|jsdom)[^()]{0,60}\([^()]{0,60}\) (?P<test>.+) FAILED$",
        unless=r"Executed \d+ of",
        key=r"^\s+(?P<message>\S.*)",
        reach=3,
        where=_PLACE,
        fix="test-failure",
    ),
    Rule(
        "karma-disconnected",
        Category.TIMEOUT,
        76,
        ("Disconnected", "have not captured", "No captured browser"),
        r"Disconnected.{0,40}(?:no message in|reconnect failed)|have not captured in \d+ ms"
        r"|No captured browser",
    ),
    Rule(
        "jasmine-failure",
        Category.UNIT_TEST,
        74,
        ("Message:",),
        r"^\s+Message:$",
        key=r"^\s+(?P<message>\S.*)",
        where=_PLACE,
        reach=8,
        fix="test-failure",
    ),
    Rule(
        "node-test-failure",
        Category.UNIT_TEST,
        74,
        ("failing tests:",),
        r"^✖ failing tests:",
        key=r"^\s+(?P<message>(?:[A-Z]\w*)?Error\b.{0,300}|.{0,300}\[ERR_[A-Z_]+\].{0,300}|'.+')",
        key_optional=True,
        reach=30,
        where=r"^test at (?P<file>[^\s:]{1,300}):(?P<line>\d+):(?P<column>\d+)",
        refine=True,
        fix="node-test",
    ),
    Rule(
        "gulp",
        Category.UNKNOWN,
        62,
        ("Error in plugin", "rror: in plugin", "errored after"),
        r"^\s*Error(?: in|: in) plugin ['\"](?P<plugin>[^'\"]+)['\"]",
        key=r"^\s*(?:Message:\s*)?(?P<message>\S.*)",
        key_optional=True,
        reach=2,
        refine=True,
    ),
    Rule(
        "grunt",
        Category.UNKNOWN,
        58,
        ("Use --force to continue", "Aborted due to warnings"),
        r"^(?:Fatal error|Warning): (?P<message>.*Use --force to continue.*)",
        refine=True,
    ),
    Rule(
        "bun-failure",
        Category.UNIT_TEST,
        73,
        ("(fail) ",),
        r"^\(fail\) (?P<test>.+)",
        fix="test-failure",
    ),
    Rule(
        "deno-failure",
        Category.UNIT_TEST,
        73,
        ("... FAILED",),
        r"^(?P<test>\S.{0,300}?) \.\.\. (?:.{0,20} )?FAILED \(",
        fix="test-failure",
    ),
    Rule(
        "ava-failure",
        Category.UNIT_TEST,
        70,
        ("✖ ", "✘ "),
        r"^\s*(?:✖|✘) (?P<test>(?:\[fail\]: )\S.*|\S.*(?:Error thrown in test|Rejected promise"
        r"|Timed out"
        r"|exited with).*)",
        trigger=("✖", "✘"),
        fix="test-failure",
    ),
)
