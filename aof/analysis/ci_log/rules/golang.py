"""Go: the compiler, go test, modules, Ginkgo, golangci-lint."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

_FILE = r"(?P<file>(?:\.{0,2}/)?[\w@+~.-]{1,100}(?:/[\w@+~.-]{1,100}){0,30}\.go)"

RULES = (
    Rule(
        "go-test-failure",
        Category.UNIT_TEST,
        74,
        ("--- FAIL: ",),
        r"^\s*--- FAIL: (?P<test>\S+)",
        key=rf"^\s+{_FILE}:(?P<line>\d+): (?P<message>\S.*)|^\s+Error:\s+(?P<error>\S.*)",
        key_optional=True,
        stop=r"^\s*--- (?:PASS|SKIP)|^FAIL|^ok\s|^=== RUN",
        where=rf"^\s+{_FILE}:(?P<line>\d+): ",
        reach=8,
        fix="go-test",
    ),
    Rule(
        "go-test-detail",
        Category.UNIT_TEST,
        74,
        ("_test.go:",),
        rf"^\s+{_FILE}:(?P<line>\d+): (?P<message>.*(?:[Ff]ail|[Ee]rror|[Ee]xpected"
        rf"|[Uu]nexpected|\bgot\b|\bwant|"
        r"mismatch|timed out|[Nn]ot equal|should).*)",
        needs=r"^\s*--- FAIL",
        stop=r"^--- PASS|^ok\s|^PASS$",
        reach=80,
        fix="go-test",
    ),
    Rule(
        "go-json",
        Category.UNIT_TEST,
        76,
        ('"Action":"fail"',),
        r'^\{"Time":.{0,80}"Action":"fail".{0,300}"Test":"(?P<test>[^"]{1,200})"',
        key=r'"Output":" {4}(?P<file>[^\s:"]{1,200}):(?P<line>\d+): (?P<message>[^"\\]{1,300})',
        key_before=True,
        key_optional=True,
        reach=12,
        fix="go-test",
    ),
    Rule(
        "go-cycle",
        Category.COMPILE,
        82,
        ("import cycle not allowed",),
        r"import cycle not allowed",
        fix="go-compile",
    ),
    Rule(
        "gofmt",
        Category.LINT,
        74,
        ("gofmt",),
        r"(?:not|needs?|run|need to be) .{0,20}\bgo ?fmt\b|\bgo ?fmt(?:-?ed)?\b.{0,40}(?:fail|need"
        r"|differ|not formatted)",
    ),
    Rule(
        "go-testify",
        Category.UNIT_TEST,
        75,
        ("Error Trace:",),
        r"^\s+Error Trace:\s+(?P<file>[^\s:]+):(?P<line>\d+)",
        key=r"^\s+Error:\s+(?P<message>\S.*)",
        reach=8,
        fix="go-test",
    ),
    Rule(
        "go-package-failed",
        Category.UNIT_TEST,
        50,
        ("FAIL\t",),
        r"^FAIL\t\S+\t",
        trigger=("FAIL",),
        pick="first",
        fix="go-test",
    ),
    Rule(
        "go-lint",
        Category.LINT,
        78,
        (".go:",),
        rf"^\s*{_FILE}:(?P<line>\d+):(?:(?P<column>\d+):)? (?P<message>.*) \([a-z][\w-]{{2,30}}\)$",
        trigger=(".go:",),
        fix="golangci-lint",
    ),
    Rule(
        "go-compile",
        Category.COMPILE,
        78,
        (".go:",),
        rf"^(?:vet: |#\d+ )?\s*{_FILE}:(?P<line>\d+):(?P<column>\d+): (?P<message>\S.*)",
        unless=r"\([a-z][\w-]{2,30}\)$|: warning: |\b(?:INFO|DEBUG|info|debug)\b",
        trigger=(".go:",),
    ),
    Rule(
        "go-build-failed",
        Category.COMPILE,
        46,
        ("[build failed]", "[setup failed]"),
        r"^FAIL\s+\S+ \[(?:build|setup) failed\]",
        fix="compile",
    ),
    Rule(
        "go-module",
        Category.DEPENDENCY,
        84,
        (
            "go.mod:",
            "no required module provides",
            "missing go.sum entry",
            "unknown revision",
            "updates to go.mod needed",
            "cannot find module",
            "cannot find package",
            "is not in GOROOT",
            "is not in std",
            "checksum mismatch",
            "inconsistent vendoring",
            "no matching versions for query",
            "does not contain package",
            "invalid version",
            "module declares its path as",
            "ambiguous import",
            "cannot load module",
        ),
        r"^\S{0,200}go\.mod:\d+: \S.*|no required module provides package|missing go\.sum entry"
        r"|unknown revision \S+$"
        r"|updates to go\.mod needed"
        r"|cannot find (?:module|package)|is not in (?:GOROOT|std)\b"
        r"|verifying .{0,300}checksum mismatch"
        r"|inconsistent vendoring|no matching versions for query"
        r"|but does not contain package"
        r"|go: .{0,300}invalid version|module declares its path as|ambiguous import"
        r"|cannot load module",
    ),
    Rule(
        "go-version",
        Category.ENVIRONMENT,
        86,
        (
            "requires go >=",
            "invalid go version",
            "toolchain not available",
            "requires newer Go version",
        ),
        r"requires go >= \S+|invalid go version|toolchain not available|requires newer Go version",
    ),
    Rule(
        "go-panic",
        Category.UNIT_TEST,
        80,
        ("panic: ", "all goroutines are asleep", "concurrent map"),
        r"^(?:\s*)panic: (?P<message>.*)|^fatal error: (?:all goroutines are asleep"
        r"|concurrent map).*",
        unless=r"panic: test timed out",
        where=rf"^\s+{_FILE}:(?P<line>\d+)(?: \+0x[0-9a-f]+)?$",
        reach=30,
        fix="go-test",
    ),
    Rule(
        "go-test-timeout",
        Category.TIMEOUT,
        86,
        ("panic: test timed out",),
        r"^panic: test timed out after (?P<message>\S+)",
    ),
    Rule(
        "go-race",
        Category.UNIT_TEST,
        82,
        ("WARNING: DATA RACE",),
        r"WARNING: DATA RACE",
        where=rf"^\s+{_FILE}:(?P<line>\d+) \+0x",
        reach=20,
        fix="test-failure",
    ),
    Rule(
        "ginkgo-failure",
        Category.UNIT_TEST,
        75,
        ("[FAILED]", "• Failure", "[Fail]", "• [FAILED]"),
        r"^\s*\[FAILED\] (?P<message>.*)|^\s*\[Fail\] (?P<test>.*)|^• (?:Failure|\[FAILED\]) ",
        where=rf"(?<![\w@+~./-]){_FILE}:(?P<line>\d+)",
        fix="test-failure",
    ),
)
