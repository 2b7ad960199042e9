"""PHP: PHPUnit, Pest, Composer, PHPStan, PHP_CodeSniffer, Psalm, the interpreter."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "phpunit-failure",
        Category.UNIT_TEST,
        76,
        (") ",),
        r"^\d+\) (?P<test>[A-Za-z_]\w*(?:\\\w+)*::\w+.{0,300})$",
        key=r"^(?P<message>\S.*)",
        where=r"^(?P<file>(?:[A-Za-z]:)?[/\\]\S+\.php):(?P<line>\d+)$",
        reach=25,
        refine=True,
        trigger=("::test", "Test::", "::it_", "::should"),
        fix="phpunit",
    ),
    Rule(
        "phpunit-summary",
        Category.UNIT_TEST,
        46,
        ("FAILURES!", "ERRORS!"),
        r"^(?:FAILURES|ERRORS)!$",
        fix="phpunit",
    ),
    Rule(
        "pest-failure",
        Category.UNIT_TEST,
        74,
        ("FAILED  ",),
        r"^\s*FAILED  (?P<test>\S.*)",
        key=r"^\s+(?P<message>\S.*)",
        where=r"^\s*at (?P<file>\S+\.php):(?P<line>\d+)",
        reach=6,
        fix="phpunit",
    ),
    Rule(
        "composer",
        Category.DEPENDENCY,
        85,
        (
            "could not be resolved to an installable",
            "does not contain a compatible set",
            "Could not find package",
            "Could not find a matching version",
            "lock file is not up to date",
            "Required package ",
        ),
        r"could not be resolved to an installable set"
        r"|does not contain a compatible set of packages|Could not find (?:package"
        r"|a matching version)"
        r"|Required package \"[^\"]+\" is not present in the lock file",
        key=r"^\s+- (?P<message>\S.*)",
        key_optional=True,
        reach=4,
    ),
    Rule(
        "composer-platform",
        Category.ENVIRONMENT,
        86,
        (
            "your php version",
            "is missing from your system",
            "Composer detected issues in your platform",
        ),
        r"your php version \(.{0,300}does not satisfy|the requested PHP extension \S+ is missing"
        r"|is missing from your system|Composer detected issues in your platform",
    ),
    Rule(
        "php-parse",
        Category.COMPILE,
        80,
        ("Parse error:", "syntax error, unexpected"),
        r"Parse error: +(?P<message>.{0,300}) in (?P<file>\S+?)(?: on line |:)(?P<line>\d+)",
        fix="compile",
    ),
    Rule(
        "php-fatal",
        Category.UNKNOWN,
        78,
        ("Fatal error:", "Uncaught "),
        r"(?:PHP )?Fatal error: +(?P<message>.{0,300}?) in (?P<file>/\S+?)(?: on line "
        r"|:)(?P<line>\d+)"
        r"|^PHP Fatal error: .*",
        refine=True,
    ),
    Rule(
        "phpcs",
        Category.LINT,
        78,
        ("| ERROR",),
        r"^\s*(?P<line>\d+) \| ERROR\s+\|(?: \[.\])? (?P<message>.*)",
        where=r"^FILE: (?P<file>\S+)",
        where_before=True,
        reach=40,
        fix="lint",
    ),
    Rule(
        "psalm",
        Category.LINT,
        79,
        ("ERROR: ",),
        r"^ERROR: \w+ - (?P<file>[^\s:]+):(?P<line>\d+):(?P<column>\d+) - (?P<message>.*)",
        fix="lint",
    ),
    Rule(
        "phpstan",
        Category.LINT,
        76,
        ("  Line   ", "[ERROR] Found"),
        r"^\s+Line\s+(?P<file>\S+\.php)",
        key=r"^\s+:?(?P<line>\d+)\s+(?P<message>\S.*)",
        key_optional=True,
        reach=3,
        trigger=("Line",),
        fix="lint",
    ),
)
