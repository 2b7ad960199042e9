"""TypeScript, bundlers and JavaScript linters: tsc, webpack, Vite, esbuild, Next.js, ESLint."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

_FILE = r"(?P<file>[^\s(:'\"]{1,300})"
_OTHER = r"(?P<other>[^\s(:'\"]{1,300})"

RULES = (
    Rule(
        "tsc",
        Category.COMPILE,
        80,
        ("error TS",),
        rf"(?:^|\s){_FILE}(?:\((?P<line>\d+),(?P<column>\d+)\):"
        rf"|:(?P<row>\d+):(?P<col>\d+) -) error TS\d+: (?P<message>.*)",
        trigger=("TS1", "TS2", "TS3", "TS4", "TS5", "TS6", "TS7", "TS8", "TS9"),
        fix="typescript",
    ),
    Rule(
        "tsc-config",
        Category.CONFIG,
        79,
        ("error TS",),
        r"^error TS\d+: (?P<message>.*)|TS-?\d+ \[ERROR\].*",
        trigger=("TS1", "TS2", "TS5", "TS6"),
        fix="typescript",
    ),
    Rule(
        "ts-node",
        Category.COMPILE,
        79,
        ("Unable to compile TypeScript",),
        r"Unable to compile TypeScript",
        key=r"(?<![^\s(:])(?P<file>[^\s(:]{1,300})[:(](?P<line>\d+)[:,](?P<column>\d+)\)?(?: -"
        r"|:) error TS\d+: (?P<message>.*)",
        key_optional=True,
        reach=3,
        fix="typescript",
    ),
    Rule(
        "next-type-error",
        Category.COMPILE,
        80,
        ("Type error: ",),
        r"^\s*Type error: (?P<message>.*)",
        where=r"^\s*(?:\./)?(?P<file>[^\s:]{1,300}\.[jt]sx?):(?P<line>\d+):(?P<column>\d+)$",
        where_before=True,
        reach=3,
        fix="typescript",
    ),
    Rule(
        "bundler-unresolved",
        Category.DEPENDENCY,
        81,
        (
            "Module not found:",
            "failed to resolve import",
            "Failed to resolve import",
            'Could not resolve "',
            "Could not resolve '",
            "Can't resolve '",
        ),
        r"Module not found: (?P<message>.*)|[Ff]ailed to resolve import .*"
        r"|Could not resolve ['\"][^'\"]+['\"].*"
        r"|Can't resolve '[^']+' in '.*",
        fix="node-module-missing",
    ),
    Rule(
        "bundler-parse",
        Category.COMPILE,
        78,
        (
            "Module parse failed",
            "Module build failed",
            "Transform failed with",
            "✘ [ERROR]",
            "[ERROR]",
            "RollupError",
            "Unexpected token",
            "SassError",
            "Parse error",
            "Parsing error",
            "Expected ';'",
            "Syntax Error",
        ),
        r"Module (?:parse|build) failed|Transform failed with \d+ error"
        r"|✘ \[ERROR\] (?P<message>.*)|RollupError: .*"
        r"|SyntaxError: (?P<file>/\S+): .{0,300}\(\d+:\d+\)|SassError: .*|^\s*(?:x|×|⨯"
        r"|Error:)\s+Expected .*, got .*"
        r"|^Syntax Error: .*",
        where=r"^\s+(?P<file>[^\s:]{1,300}\.\w+):(?P<line>\d+):(?P<column>\d+):",
        reach=4,
        fix="compile",
    ),
    Rule(
        "webpack-error",
        Category.COMPILE,
        74,
        ("ERROR in ",),
        r"^ERROR in (?P<message>\S.*)",
        refine=True,
        fix="compile",
    ),
    Rule(
        "vite-build",
        Category.COMPILE,
        70,
        (
            "error during build",
            "Failed to compile",
            "Build failed with",
            "Build error occurred",
            "Error occurred prerendering",
            "✗ Build failed",
            "✗ build failed",
        ),
        r"^(?:✗ )?(?:[Bb]uild failed|error during build:|.{0,12}Failed to compile\.?"
        r"|Build failed with \d+ error|> Build error occurred"
        r"|Error occurred prerendering page)",
        key=r"^(?P<message>(?!\./)\S.*)",
        key_optional=True,
        reach=4,
        refine=True,
        fix="compile",
    ),
    Rule(
        "eslint",
        Category.LINT,
        78,
        ("  error  ", " error ", "✖"),
        r"^\s+(?P<line>\d+):(?P<column>\d+)\s+(?:error|✖)\s+(?P<message>\S.*)",
        where=r"^(?P<file>(?:[A-Za-z]:)?[^\s:].{0,300}\.\w{1,8})$",
        where_before=True,
        reach=60,
    ),
    Rule(
        "eslint-compact",
        Category.LINT,
        78,
        ("Error - ", "Error/"),
        rf"^{_FILE}: line (?P<line>\d+), col (?P<column>\d+), Error - (?P<message>.*)"
        rf"|^{_OTHER}:\d+:\d+: .*\[Error/",
        fix="eslint",
    ),
    Rule(
        "eslint-config",
        Category.CONFIG,
        80,
        (
            "couldn't find the config",
            "Failed to load plugin",
            "couldn't find an eslint.config",
            "Failed to load config",
            "Cannot read config file",
            "ESLint couldn't find the plugin",
        ),
        r"couldn't find (?:the config|an eslint\.config|the plugin)|Failed to load (?:plugin"
        r"|config) |Cannot read config file",
    ),
    Rule(
        "eslint-summary",
        Category.LINT,
        56,
        (" problem", "too many warnings"),
        r"^✖ \d+ problems? \([1-9]\d* error|ESLint found too many warnings",
        pick="last",
        fix="eslint",
    ),
    Rule(
        "prettier",
        Category.LINT,
        76,
        ("Code style issues", "code style issues", "Forgot to run Prettier"),
        r"[Cc]ode style issues (?:found|fixed)? ?(?:in|the|above)|Forgot to run Prettier",
        where=r"^\[warn\] (?P<file>\S+)$",
        where_before=True,
        reach=3,
    ),
    Rule(
        "biome",
        Category.LINT,
        76,
        (" lint/", " format ━", " organizeImports ━", "assist/"),
        r"^(?P<file>[^\s:]{1,300})(?::(?P<line>\d+):(?P<column>\d+))? (?:lint/\S+|format"
        r"|organizeImports|assist/\S+)\s.*━",
        trigger=("━",),
    ),
)
