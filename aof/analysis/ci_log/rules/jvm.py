"""Java, Kotlin and their builds: javac, Maven, Surefire, Gradle, Ant, Android."""

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
        "javac",
        Category.COMPILE,
        80,
        (": error: ",),
        r"^\s*(?P<file>(?:[A-Za-z]:)?[^\s:]{1,400}\.(?:java"
        r"|groovy)):(?P<line>\d+): error: (?P<message>.*)",
        fix="compile",
    ),
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
        "surefire-result",
        Category.UNIT_TEST,
        76,
        ("[ERROR] ", "Error:  "),
        r"^(?:\[ERROR\]|Error: )\s{2,}(?P<test>[A-Za-z_$][\w.$]*(?:\[.{0,80}\])?(?:\(.{0,80}\))?)"
        r"(?:->[\w.$]+)*:(?P<line>\d+)(?:->[\w.$]+:\d+)*(?: (?P<message>.*))?$"
        r"|^(?:\[ERROR\]|Error: )\s{2,}(?P<name>[A-Za-z_$][\w.$]*\.\w+)"
        r" (?:»|expected|Expected)(?P<rest>.*)",
        fix="test-failure",
    ),
    Rule(
        "surefire-old",
        Category.UNIT_TEST,
        75,
        ("Failed tests:", "Tests in error:"),
        r"^(?:\[ERROR\] )?(?:Failed tests|Tests in error):\s*$",
        key=r"^(?:\[ERROR\] )?\s+(?P<message>\S.*)",
        reach=4,
        fix="test-failure",
    ),
    Rule(
        "surefire-old-inline",
        Category.UNIT_TEST,
        75,
        ("Failed tests: ", "Tests in error: "),
        r"^(?:Failed tests|Tests in error):\s+(?P<message>\S.*)",
        fix="test-failure",
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
        fix="test-failure",
    ),
    Rule(
        "surefire-class",
        Category.UNIT_TEST,
        58,
        ("<<< FAILURE!", "<<< ERROR!"),
        r"Tests run: \d+, .*<<< (?:FAILURE|ERROR)!",
        pick="first",
        fix="test-failure",
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
        r"|'dependencies\.dependency\.version' .* is missing"
        r"|No plugin found for prefix|requires a project to execute but there is no POM"
        r"|Could not find the selected project",
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
        r"|Run 'mvn spotless:apply'|Run '.*spotlessApply'",
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
        r"|Plugin \[id: .*was not found in any|> No matching variant of|> Cannot find a version of",
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
        r"|Failed)\b.*)",
        key_optional=True,
        where=r" at (?P<file>[\w$]+\.(?:java|kt|groovy|scala)):(?P<line>\d+)",
        reach=3,
        fix="test-failure",
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
        r"^\s*(?:\[junit\] )?(?:Test \S+ FAILED|Testcase: .*FAILED|\s*(?:FAILED|Caused an ERROR))$",
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
