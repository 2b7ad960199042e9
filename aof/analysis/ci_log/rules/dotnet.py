""".NET: the compilers, NuGet, MSBuild, the SDK, test runners."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

_PLACE = r"(?P<file>[^\s()][^()]{0,300})\((?P<line>\d+),(?P<column>\d+)\)"

RULES = (
    Rule(
        "nuget",
        Category.DEPENDENCY,
        85,
        (
            "error NU",
            "Unable to load the service index",
            "Unable to find package",
            "Unable to resolve dependency",
        ),
        r"error NU\d{4}: (?P<message>.*)|Unable to (?:load the service index|find package"
        r"|resolve dependency) .*",
    ),
    Rule(
        "dotnet-sdk",
        Category.ENVIRONMENT,
        86,
        (
            "error NETSDK",
            "compatible .NET SDK was not found",
            "any compatible framework version",
            "must install or update .NET",
            "The framework 'Microsoft.",
        ),
        r"error NETSDK\d+: (?P<message>.*)|compatible \.NET SDK was not found"
        r"|any compatible framework version|must install or update \.NET",
        trigger=("NETSDK", "compatible", "must install"),
    ),
    Rule(
        "dotnet-analyzer",
        Category.LINT,
        79,
        (
            "error CA",
            "error SA",
            "error IDE",
            "error RCS",
            "error S1",
            "error WHITESPACE",
            "error FORMAT",
        ),
        rf"^\s*{_PLACE}: error (?:CA|SA|IDE|RCS|S\d|WHITESPACE|FORMAT)\w*: (?P<message>.*)",
        trigger=("error",),
        fix="lint",
    ),
    Rule(
        "dotnet-compile",
        Category.COMPILE,
        79,
        (
            "error CS",
            "error FS",
            "error BC",
            "error MC",
            "error RZ",
            "error BL",
            "error XA",
            "error XC",
            "error AD",
        ),
        rf"^(?:\d+>)?\s*{_PLACE}: error [A-Z]{{2,4}}\d{{2,5}}: (?P<message>.*)",
        trigger=("error",),
        fix="compile",
    ),
    Rule(
        "msbuild",
        Category.CONFIG,
        76,
        ("error MSB", "error APT", "MSBUILD : error"),
        r"error (?:MSB|APT)\d+: (?P<message>.*)|^MSBUILD : error .*",
        trigger=("error",),
        refine=True,
    ),
    Rule(
        "dotnet-test",
        Category.UNIT_TEST,
        76,
        ("Failed ", "X "),
        r"^\s+(?:Failed|X) (?P<test>\S.{0,300}?) \[[<\d].{0,20}s\]$",
        key=r"^\s+(?P<message>(?!Error Message:|Stack Trace:)\S.*)",
        key_optional=True,
        where=r" in (?P<file>\S.{0,300}?):line (?P<line>\d+)",
        reach=12,
        trigger=("Failed", "  X "),
    ),
    Rule(
        "xunit-test",
        Category.UNIT_TEST,
        70,
        ("[FAIL]",),
        r"^\s*(?:\[xUnit\.net [\d:.]+\]\s+)?(?P<test>\S.*) \[FAIL\]$",
        pick="first",
        fix="dotnet-test",
    ),
    Rule(
        "nunit-test",
        Category.UNIT_TEST,
        74,
        (") Failed : ", ") Error : "),
        r"^\d+\) (?:Failed|Error) : (?P<test>.*)",
        key=r"^\s*(?P<message>\S.*)",
        reach=2,
        fix="dotnet-test",
    ),
    Rule(
        "dotnet-exception",
        Category.UNKNOWN,
        72,
        ("Unhandled exception",),
        r"^Unhandled [Ee]xception[.:] (?P<message>.*)",
        where=r" in (?P<file>\S.{0,300}?):line (?P<line>\d+)",
        refine=True,
    ),
)
