"""Linters, formatters and gates on quality that are not tied to one build tool."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

_PY = r"(?P<file>[^\s:]{1,300}\.(?:pyi?|ipynb)):(?P<line>\d+)(?::(?P<column>\d+))?"

RULES = (
    Rule(
        "mypy",
        Category.LINT,
        81,
        (": error: ", " - error: "),
        rf"^\s*{_PY}(?::| -) error: (?P<message>.*)",
        fix="types",
    ),
    Rule(
        "ruff",
        Category.LINT,
        78,
        (".py:", ".pyi:"),
        rf"^(?:\./)?{_PY}: (?P<message>[A-Z]{{1,5}}\d{{2,4}}(?: \[\*\])?:? .*)",
        trigger=(".py:", ".pyi:"),
        fix="lint",
    ),
    Rule(
        "ruff-full",
        Category.LINT,
        78,
        ("--> ",),
        r"^\s+--> (?P<file>[^\s:]{1,300}\.(?:pyi?|ipynb)):(?P<line>\d+):(?P<column>\d+)",
        key=r"^(?P<message>[A-Za-z][\w-]+(?:\[\w-]+\])?:? (?:\[\*\] )?\S.*)",
        key_before=True,
        key_optional=True,
        reach=1,
        trigger=(".py:", ".pyi:", ".ipynb:"),
        fix="lint",
    ),
    Rule(
        "lintrunner",
        Category.LINT,
        78,
        ("Error (", "Warning ("),
        r"^\s+(?:Error|Warning) \((?P<linter>[A-Z][A-Z0-9_]+)\)(?P<message>.*)",
        where=r"^>>> Lint for (?P<file>\S+?):$",
        where_before=True,
        reach=6,
        trigger=("rror (", "arning ("),
        fix="lint",
    ),
    Rule(
        "black",
        Category.LINT,
        78,
        (
            "would reformat ",
            "Would reformat: ",
            "would be reformatted",
            "Imports are incorrectly sorted",
        ),
        r"^[Ww]ould reformat:? (?P<file>\S.*)|(?<!\d)[1-9]\d{0,6} files? would be reformatted"
        r"|^ERROR: (?P<other>\S+) Imports are incorrectly sorted",
        fix="format",
    ),
    Rule(
        "pre-commit-hook",
        Category.LINT,
        72,
        ("Failed",),
        r"^(?P<message>\S.{0,200}?)\.{3,}(?:\(.*\))?Failed$",
        fix="pre-commit",
    ),
    Rule(
        "pre-commit-modified",
        Category.LINT,
        66,
        ("files were modified by this hook",),
        r"files were modified by this hook",
        fix="pre-commit",
    ),
    Rule(
        "shellcheck",
        Category.LINT,
        77,
        ("SC1", "SC2", "SC3"),
        r"\bSC[123]\d{3}\b.*",
        where=r"^In (?P<file>\S+) line (?P<line>\d+):",
        where_before=True,
        reach=5,
        fix="lint",
    ),
    Rule(
        "clang-tidy",
        Category.LINT,
        80,
        ("-warnings-as-errors]", "clang-format-violations"),
        r"^(?P<file>[^\s:]{1,300}):(?P<line>\d+):(?P<column>\d+): (?:error"
        r"|warning): (?P<message>.*)\[.*(?:warnings-as-errors|clang-format-violations)",
        fix="lint",
    ),
    Rule(
        "markdownlint",
        Category.LINT,
        77,
        (" MD0",),
        r"^(?P<file>[^\s:]{1,300}):(?P<line>\d+)(?::(?P<column>\d+))? (?:error"
        r" )?(?P<message>MD\d{3}.*)",
        trigger=("MD0",),
        fix="lint",
    ),
    Rule(
        "yamllint",
        Category.LINT,
        77,
        ("[error]", "##[error]"),
        r"^(?:\s+)?(?:(?P<file>[^\s:]{1,300}\.ya?ml):)?(?P<line>\d+):(?P<column>\d+):?"
        r" +\[?error\]? +(?P<message>.*)",
        fix="lint",
    ),
    Rule(
        "hadolint",
        Category.LINT,
        77,
        (" DL3", " DL4"),
        r"^(?P<file>\S{0,200}[Dd]ockerfile[^\s:]{0,60}):(?P<line>\d+)(?::\d+)?"
        r" (?P<message>DL\d{4} .*)",
        trigger=("DL3", "DL4"),
        fix="lint",
    ),
    Rule(
        "commitlint",
        Category.LINT,
        78,
        ("✖",),
        r"^✖\s+(?P<message>\S.* \[[a-z-]+\])$",
        trigger=("✖",),
        fix="lint",
    ),
    Rule(
        "pylint",
        Category.LINT,
        77,
        (".py:",),
        r"^(?P<file>[^\s:]{1,300}\.py):(?P<line>\d+):(?P<column>\d+): (?P<message>[EFWCR]\d{4}:"
        r" .*)",
        trigger=(".py:",),
        fix="lint",
    ),
    Rule(
        "uncommitted-changes",
        Category.LINT,
        64,
        (
            "not up to date",
            "out of date",
            "and commit the",
            "git diff",
            "uncommitted changes",
            "is stale",
            "Uncommitted changes",
            "out-of-date",
        ),
        r"(?:[Gg]enerated|[Cc]heck|[Dd]ocs?|[Ss]chema|[Ff]iles?).{0,80}(?:not up[ -]to[ -]date"
        r"|out[ -]of[ -]date|stale)"
        r"|[Pp]lease (?:re-?)?run .{1,120} and commit|[Uu]ncommitted changes"
        r"|[Rr]un .{1,80} to (?:update|regenerate|fix)",
        fix="generated",
    ),
    Rule(
        "sphinx",
        Category.LINT,
        78,
        ("Warning, treated as error", "warnings in strict mode", "Aborted with"),
        r"Warning, treated as error:|Aborted with \d+ [Ww]arnings in strict mode",
        key=r"^(?P<file>[^\s:]{1,300}):(?P<line>\d+):(?P<message>.*)",
        key_optional=True,
        reach=1,
        fix="lint",
    ),
    Rule(
        "quality-gate",
        Category.LINT,
        80,
        ("QUALITY GATE", "Quality gate", "leaks found:", "vulnerabilities found", "issues found"),
        r"QUALITY GATE STATUS: FAILED|[Qq]uality [Gg]ate.{0,20}(?:failed|FAILED)"
        r"|leaks found: [1-9]",
        fix="lint",
    ),
    Rule(
        "proto",
        Category.COMPILE,
        79,
        (".proto:",),
        r"^(?P<file>[^\s:]{1,300}\.proto):(?P<line>\d+):(?P<column>\d+):\s?(?P<message>.*)",
        trigger=(".proto:",),
        unless=r"[Ww]arning",
        fix="compile",
    ),
    Rule(
        "unix-lint",
        Category.LINT,
        58,
        (":",),
        r"^(?P<file>(?:\./)?[\w@./+-]{1,200}\.[a-z]{1,5}):(?P<line>\d+):(?P<column>\d+):"
        r" (?P<message>.{3,300}) [\[(][\w./:-]{2,60}[\])]$",
        unless=r"\bwarning\b",
        trigger=(
            ".kt:",
            ".sh:",
            ".yml:",
            ".yaml:",
            ".ts:",
            ".js:",
            ".tf:",
            ".md:",
            ".json:",
            ".css:",
            ".swift:",
        ),
        fix="lint",
    ),
)
