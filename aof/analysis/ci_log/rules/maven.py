"""Maven: compiler and resolver, Surefire and Failsafe, Checkstyle, Enforcer, the model."""

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
        "maven-compile",
        Category.COMPILE,
        80,
        (".java:[", ".kt:[", ".scala:[", ".groovy:["),
        r"^(?:\[ERROR\] |Error: +)?(?P<file>(?:[A-Za-z]:)?[^\s:]{1,400}\.(?:java|kt|scala"
        r"|groovy)):\[(?P<line>\d+),(?P<column>\d+)\] (?:error: )?(?P<message>.*)",
        fix="compile",
    ),
    Rule(
        "maven-kotlin",
        Category.COMPILE,
        80,
        ("[ERROR] ",),
        r"^\[ERROR\] (?P<file>(?:[A-Za-z]:)?/?[^\s:]{1,400}\.kt): \((?P<line>\d+),"
        r" (?P<column>\d+)\) (?P<message>.*)",
        fix="compile",
    ),
    Rule(
        "surefire-result",
        Category.UNIT_TEST,
        76,
        ("[ERROR] ", "Error:  "),
        r"^(?:\[ERROR\]"
        r"|Error: )\s{2,}(?P<test>[A-Za-z_$][\w.$]*(?:\[.{0,80}\])?(?:\([^)]{0,80}\))?)"
        r"(?:->[\w.$]+)*:(?P<line>\d+)(?:->[\w.$]+:\d+)*(?: (?P<message>.*))?$"
        r"|^(?:\[ERROR\]|Error: )\s{2,}(?P<name>[A-Za-z_$][\w.$]*\.\w+)"
        r" (?:»|expected|Expected)(?P<rest>.*)",
        fix="maven-test",
    ),
    Rule(
        "surefire-old",
        Category.UNIT_TEST,
        75,
        ("Failed tests:", "Tests in error:"),
        r"^(?:\[ERROR\] )?(?:Failed tests|Tests in error):\s*$",
        key=r"^(?:\[ERROR\] )?\s+(?P<message>\S.*)",
        reach=4,
        fix="maven-test",
    ),
    Rule(
        "surefire-old-inline",
        Category.UNIT_TEST,
        75,
        ("Failed tests: ", "Tests in error: "),
        r"^(?:Failed tests|Tests in error):\s+(?P<message>\S.*)",
        fix="maven-test",
    ),
    Rule(
        "surefire-failure",
        Category.UNIT_TEST,
        73,
        ("<<< FAILURE!", "<<< ERROR!"),
        r"^(?:\[ERROR\] )?\s*(?P<test>[\w.$]+(?:\[.{0,80}\])?(?:\([\w.$]+\))?)\s.{0,80}<<<"
        r" (?:FAILURE|ERROR)!$",
        unless=r"Tests run:",
        key=_EXCEPTION,
        key_optional=True,
        where=_AT,
        reach=8,
        fix="maven-test",
    ),
    Rule(
        "surefire-class",
        Category.UNIT_TEST,
        58,
        ("<<< FAILURE!", "<<< ERROR!"),
        r"Tests run: \d+, .{0,300}<<< (?:FAILURE|ERROR)!",
        pick="first",
        fix="maven-test",
    ),
    Rule(
        "surefire-crash",
        Category.UNIT_TEST,
        78,
        (
            "terminated without properly saying goodbye",
            "The forked VM terminated",
            "There was a timeout or other error in the fork",
        ),
        r"forked VM terminated without|There was a timeout or other error in the fork",
        fix="crash",
    ),
    Rule(
        "maven-dependency",
        Category.DEPENDENCY,
        84,
        (
            "Could not resolve dependencies",
            "Could not find artifact",
            "Non-resolvable",
            "Failed to collect dependencies",
            "Could not transfer artifact",
            "was not found in http",
            "Plugin not found",
            "could not be resolved",
            "Failed to read artifact descriptor",
            "resolve dependencies for project",
        ),
        r"Could not resolve dependencies for project|Could not find artifact"
        r"|Non-resolvable (?:parent POM|import POM)"
        r"|Failed to collect dependencies|Could not transfer artifact|was not found in https?://"
        r"|Plugin \S+ (?:or one of its dependencies )?could not be resolved"
        r"|Failed to read artifact descriptor",
        unless=r"^\[WARN|^Downloading|^\[INFO\]",
        fix="maven-dependency",
    ),
    Rule(
        "maven-model",
        Category.CONFIG,
        84,
        (
            "Non-parseable POM",
            "Non-readable POM",
            "Unknown lifecycle phase",
            "Malformed POM",
            "dependencies.dependency.version",
            "No plugin found for prefix",
            "requires a project to execute",
            "problems were encountered while processing the POM",
            "Could not find the selected project",
        ),
        r"Non-(?:parse|read)able POM|Unknown lifecycle phase|Malformed POM"
        r"|'dependencies\.dependency\.version' .{0,300} is missing"
        r"|No plugin found for prefix|requires a project to execute but there is no POM"
        r"|Could not find the selected project",
    ),
    Rule(
        "maven-checkstyle",
        Category.LINT,
        78,
        (
            ".java:",
            "Checkstyle violations",
            "violations of Checkstyle",
            "format violations",
            "PMD violation",
            "SpotBugs",
            "unapproved license",
            "spotless",
        ),
        r"^\[(?:ERROR|WARN)\] (?P<file>[^\s:]{1,400}\.java):\[?(?P<line>\d+)(?:[:,](?P<column>\d+"
        r"))?\]?:? .*\[[A-Z]\w+\](?:\.)?$"
        r"|You have \d+ Checkstyle violation|files had format violations|PMD violation"
        r"|unapproved license"
        r"|Run 'mvn spotless:apply'|Run '.{0,300}spotlessApply'",
        trigger=(".java:", "Checkstyle", "violation", "unapproved", "spotless"),
        fix="lint",
    ),
    Rule(
        "maven-enforcer",
        Category.CONFIG,
        80,
        ("Enforcer", "Rule "),
        r"^\[(?:ERROR|WARNING)\] Rule \d+: \S+ failed with message:",
        key=r"^(?:\[ERROR\] )?\s*(?P<message>\S.*)",
        key_optional=True,
        reach=2,
    ),
    Rule(
        "maven-goal",
        Category.UNKNOWN,
        56,
        ("Failed to execute goal",),
        r"Failed to execute goal (?P<goal>\S+).{0,300}?: (?P<message>.*)",
        unless=r"There are test failures|Compilation failure\s*$",
        refine=True,
    ),
    Rule(
        "maven-compile-header",
        Category.COMPILE,
        44,
        ("COMPILATION ERROR", "Compilation failure"),
        r"COMPILATION ERROR|Compilation failure",
        pick="first",
        fix="compile",
    ),
)
