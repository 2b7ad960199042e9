"""Scala: sbt, scalac, ScalaTest, specs2, MUnit."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "scalac",
        Category.COMPILE,
        80,
        ("[error] ",),
        r"^\[error\] (?:-- (?:\[E\d+\] )?.{0,60}: )?(?P<file>[^\s:]{1,300}\.(?:scala|java"
        r"|sbt)):(?P<line>\d+)(?::(?P<column>\d+))?:? ?(?P<message>.*)",
        trigger=(".scala", ".java", ".sbt"),
        fix="compile",
    ),
    Rule(
        "scalatest",
        Category.UNIT_TEST,
        75,
        ("*** FAILED ***",),
        r"\*\*\* FAILED \*\*\*",
        key=r"^(?:\[\w+\])?\s+(?P<message>\S.*\((?P<file>[\w$]+\.scala):(?P<line>\d+)\))",
        key_optional=True,
        reach=4,
        fix="test-failure",
    ),
    Rule(
        "specs2",
        Category.UNIT_TEST,
        73,
        ("[error]",),
        r"^\[error\]\s+(?:x|!) (?P<test>\S.*)",
        key=r"^\[error\]\s+(?P<message>\S.*)",
        reach=2,
        fix="test-failure",
    ),
    Rule(
        "sbt-dependency",
        Category.DEPENDENCY,
        84,
        ("Error downloading", "unresolved dependency", "ResolveException", "not found: http"),
        r"Error downloading (?P<message>\S+)|unresolved dependency: .*"
        r"|sbt\.librarymanagement\.ResolveException.*",
        pick="first",
    ),
    Rule(
        "sbt-wrapper",
        Category.UNKNOWN,
        40,
        ("[error] (",),
        r"^\[error\] \((?P<message>.{0,300})\) .{0,300}(?:failed|unsuccessful|Failed|Exception)",
        trigger=("[error]",),
        pick="first",
    ),
)
