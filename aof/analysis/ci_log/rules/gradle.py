"""Gradle: scripts, dependencies, tests, Kotlin, Android."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "kotlinc",
        Category.COMPILE,
        80,
        ("e: ",),
        r"^(?:> Task \S+ )?e: (?:file://)?(?P<file>[^\s:]{1,400}\.kts?)(?::(?P<line>\d+):(?P<colu"
        r"mn>\d+)|: \(\d+, \d+\)):? (?P<message>.*)",
        trigger=(".kt",),
        fix="compile",
    ),
    Rule(
        "gradle-cause",
        Category.UNKNOWN,
        70,
        ("* What went wrong:",),
        r"^\* What went wrong:",
        key=r"^\s*> (?P<message>\S.*)|^(?P<head>(?!Execution failed for task|A problem occurred"
        r"|Could not determine|Could not resolve all)\S.*)",
        stop=r"^\* Try:|^$",
        reach=12,
        refine=True,
        key_last=True,
        where=r"^Build file '(?P<file>[^']+)' line: (?P<line>\d+)",
        where_before=True,
        fix="gradle",
    ),
    Rule(
        "gradle-task",
        Category.CONFIG,
        84,
        ("not found in root project", "not found in project", "is ambiguous in root project"),
        r"^(?:> )?(?P<message>(?:Task|Project) '.{1,200}' (?:not found|is ambiguous) in (?:root )?"
        r"project .*)",
    ),
    Rule(
        "gradle-script",
        Category.CONFIG,
        76,
        ("A problem occurred evaluating", "A problem occurred configuring", "Could not compile "),
        r"^A problem occurred (?:evaluating|configuring)|^Could not compile (?:build"
        r"|settings) file",
        key=r"^\s*> (?P<message>\S.*)|^(?P<other>/\S+\.gradle(?:\.kts)?): (?P<row>\d+): .*",
        key_last=True,
        key_optional=True,
        stop=r"^\* Try:|^$",
        where=r"^(?:Build|Settings) file '(?P<file>[^']+)' line: (?P<line>\d+)",
        where_before=True,
        reach=8,
        refine=True,
    ),
    Rule(
        "gradle-dependency",
        Category.DEPENDENCY,
        84,
        (
            "> Could not find ",
            "> Could not resolve ",
            "was not found in any of the following sources",
            "Could not find method",
            "Could not GET",
            "Could not HEAD",
            "No matching variant of",
            "Cannot find a version of",
        ),
        r"^\s*> Could not (?:find|resolve) (?!all |method"
        r"|com\.android\.tools\.build:aapt)(?P<message>[\w.-]+:\S+)"
        r"|Plugin \[id: .{0,300}was not found in any|> No matching variant of"
        r"|> Cannot find a version of",
        fix="gradle-dependency",
    ),
    Rule(
        "gradle-network",
        Category.NETWORK_INFRA,
        85,
        ("Could not GET", "Could not HEAD", "Received status code"),
        r"> Could not (?:GET|HEAD) '.*|Received status code (?:5\d\d|429)",
    ),
    Rule(
        "gradle-test",
        Category.UNIT_TEST,
        76,
        (" FAILED",),
        r"^(?P<test>[\w.$]+ > .{1,300}?) FAILED$",
        key=r"^\s+(?P<message>(?:[\w$]+\.){1,12}[\w$]+(?:Exception|Error|Failure|Throwable"
        r"|Failed): .*)",
        key_optional=True,
        where=r" at (?P<file>[\w$]+\.(?:java|kt|groovy|scala)):(?P<line>\d+)",
        reach=3,
    ),
    Rule(
        "android-sdk",
        Category.ENVIRONMENT,
        86,
        (
            "SDK location not found",
            "licences have not been accepted",
            "licenses have not been accepted",
            "Failed to find Build Tools",
            "Failed to find target with hash string",
            "NDK not configured",
            "failed to find target",
            "Failed to install the following",
        ),
        r"SDK location not found|licen[cs]es have not been accepted"
        r"|[Ff]ailed to find (?:Build Tools|target)"
        r"|NDK not configured|Failed to install the following",
    ),
    Rule(
        "android-lint",
        Category.LINT,
        79,
        ("Lint found", "Lint error >", "ktlint", "detekt", "weighted issues"),
        r"Lint found (?:fatal )?errors|Lint error > .*|(?:KtLint"
        r"|ktlint) found code style violations|Analysis failed with \d+ weighted issues",
        fix="lint",
    ),
    Rule(
        "aapt",
        Category.COMPILE,
        79,
        ("AAPT: error", "Android resource linking failed", "Manifest merger failed"),
        r"AAPT: error: (?P<message>.*)|Manifest merger failed",
    ),
)
