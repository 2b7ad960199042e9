"""Java tools beside Maven and Gradle: javac, versions of Java, Ant, JUnit in Ant, TestNG."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

_AT = r"^\s+at (?P<method>[\w.$<>/]+)\((?P<file>[\w$]+\.(?:java|kt|scala|groovy)):(?P<line>\d+)\)"
_EXCEPTION = (
    r"^\s*(?P<message>(?:[\w$]+\.){1,12}[\w$]*(?:Exception|Error|Failure|Failed"
    r"|ComparisonFailure|Throwable)\b.*"
    r"|expected:.*|Expected.*)"
)

RULES = (
    Rule(
        "javac",
        Category.COMPILE,
        80,
        (": error: ",),
        r"^\s*(?P<file>(?:[A-Za-z]:)?[^\s:]{1,400}\.(?:java"
        r"|groovy)):(?P<line>\d+): error: (?P<message>.*)",
        fix="compile",
    ),
    Rule(
        "java-version",
        Category.ENVIRONMENT,
        86,
        (
            "invalid target release",
            "release version",
            "invalid source release",
            "No compiler is provided",
            "JAVA_HOME",
            "Unsupported class file major version",
            "UnsupportedClassVersionError",
            "is no longer supported. Use",
            "Could not find or load main class",
            "Unable to access jarfile",
            "compiled by a more recent version",
            "No matching toolchains found",
            "Android Gradle plugin requires Java",
            "requires at least JVM runtime",
        ),
        r"invalid (?:target|source) release|release version \d+ not supported"
        r"|No compiler is provided in this environment"
        r"|JAVA_HOME (?:environment variable )?is (?:not|set to an invalid)"
        r"|Unsupported class file major version"
        r"|UnsupportedClassVersionError|(?:Source|Target) option \S+ is no longer supported"
        r"|Could not find or load main class|Unable to access jarfile"
        r"|compiled by a more recent version"
        r"|No matching toolchains found|Android Gradle plugin requires Java"
        r"|requires at least JVM runtime",
        unless=r"^(?:\[WARN|warning:)",
    ),
    Rule(
        "ant-failure",
        Category.UNKNOWN,
        62,
        ("BUILD FAILED",),
        r"^BUILD FAILED$",
        key=r"^(?P<file>(?:[A-Za-z]:)?[^\s:]{1,400}\.xml):(?P<line>\d+): (?P<message>.*)",
        reach=3,
        refine=True,
    ),
    Rule(
        "ant-junit",
        Category.UNIT_TEST,
        70,
        ("FAILED", "Caused an ERROR"),
        r"^\s*(?:\[junit\]\s+)?(?:Test \S+ FAILED|Testcase: .{0,300}FAILED|FAILED"
        r"|Caused an ERROR)$",
        key=r"^\s*(?:\[junit\] )?(?P<message>\S.*)",
        key_optional=True,
        reach=1,
        pick="first",
        fix="test-failure",
    ),
    Rule(
        "testng",
        Category.UNIT_TEST,
        70,
        ("FAILED: ",),
        r"^FAILED: (?P<test>\w[\w.]*)(?:\(.*\))?$",
        key=_EXCEPTION,
        key_optional=True,
        where=_AT,
        reach=3,
        fix="test-failure",
    ),
)
