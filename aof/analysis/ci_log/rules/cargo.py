"""Rust: rustc, Cargo, Clippy, rustfmt, the test harness and nextest."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

_PLACE = r"^\s*(?:-->|:::) (?P<file>[^\s:]+):(?P<line>\d+):(?P<column>\d+)"

RULES = (
    Rule(
        "rustc-error",
        Category.COMPILE,
        80,
        ("error[E",),
        r"^(?:\S+: )?error\[E\d{4}\]: (?P<message>.*)",
        where=_PLACE,
        stop=r"^$",
        reach=8,
        trigger=("error",),
        fix="rust-compile",
    ),
    Rule(
        "clippy",
        Category.LINT,
        81,
        ("error: ",),
        r"^error: (?P<message>\S.*)",
        needs=r"clippy::|rust-clippy|-D warnings|#\[(?:deny|forbid)\(",
        where=_PLACE,
        stop=r"^$",
        reach=25,
    ),
    Rule(
        "rustc-error-plain",
        Category.COMPILE,
        79,
        ("error: ",),
        r"^error: (?P<message>\S.*)",
        needs=_PLACE,
        where=_PLACE,
        stop=r"^$",
        reach=5,
        fix="rust-compile",
    ),
    Rule(
        "cargo-dependency",
        Category.DEPENDENCY,
        84,
        (
            "failed to select a version",
            "no matching package",
            "as a dependency of",
            "needs to be updated but",
            "cannot update the lock file",
            "failed to load source for dependency",
            "failed to parse lock file",
            "cannot be built because it requires rustc",
            "requires rustc",
            "failed to parse manifest",
            "can't find crate for",
            "unresolved import",
        ),
        r"^error: (?:failed to select a version|no matching package|failed to get `"
        r"|the lock file .*needs to be updated"
        r"|cannot update the lock file|failed to parse (?:lock file|manifest)"
        r"|package `.*` cannot be built because"
        r"|.*requires rustc \d).*|failed to load source for dependency"
        r"|cannot be built because it requires rustc",
    ),
    Rule(
        "cargo-manifest",
        Category.CONFIG,
        84,
        (
            "error: manifest path",
            "could not find `Cargo.toml`",
            "error: no bin target",
            "does not contain this feature",
            "no targets",
        ),
        r"^error: (?P<message>manifest path .*|could not find `Cargo\.toml`.*|no bin target .*"
        r"|the package '.{1,100}' does not contain this feature.*)",
    ),
    Rule(
        "cargo-environment",
        Category.ENVIRONMENT,
        85,
        (
            "no such command: `",
            "no such subcommand",
            "is not installed",
            "linker `",
            "rustup could not",
            "may not be installed",
            "is not applicable to the",
        ),
        r"^error: (?:no such (?:sub)?command: `.*|toolchain '.*' is not installed"
        r"|linker `[^`]+` not found"
        r"|'\S+' is not installed for the toolchain.*|.*rustup could not choose.*)"
        r"|the `\S+` target may not be installed",
    ),
    Rule(
        "cargo-build-script",
        Category.ENVIRONMENT,
        74,
        ("failed to run custom build command",),
        r"failed to run custom build command for `(?P<message>[^`]+)`",
        key=r"^\s{0,8}(?P<message>(?:thread '.{0,200}' panicked at '.*|error: .*|Could not find .*"
        r"|.{0,200}pkg-config.{0,200}(?:not found|exited|could not).*"
        r"|fatal error: .*|.{0,200}No such file or directory.*|Unable to find .*"
        r"|.{0,200}is not installed.*))",
        key_optional=True,
        reach=80,
        stop=r"^warning: build failed",
    ),
    Rule(
        "rust-link",
        Category.COMPILE,
        70,
        ("linking with",),
        r"^error: linking with `(?P<message>[^`]+)` failed",
        fix="link",
    ),
    Rule(
        "rust-test-failed",
        Category.UNIT_TEST,
        66,
        (" ... FAILED", " FAIL [", " TIMEOUT ["),
        r"^test (?P<test>\S.{0,300}?) \.\.\. FAILED|^\s*(?:FAIL"
        r"|TIMEOUT) \[ *[\d.]+s\] +(?:\( *\d+/\d+\) )?(?P<name>\S+ \S.*)",
        pick="first",
        fix="cargo-test",
    ),
    Rule(
        "rust-compare",
        Category.UNIT_TEST,
        64,
        ("left == right", "left != right"),
        r"assertion .{0,3}\(?left [!=]= right\)?.{0,3} ?failed",
        fix="cargo-test",
    ),
    Rule(
        "rustfmt",
        Category.LINT,
        77,
        ("Diff in ",),
        r"^Diff in (?P<file>\S+?)(?: at line |:)(?P<line>\d+)",
    ),
    Rule(
        "cargo-audit",
        Category.LINT,
        78,
        (
            "error[vulnerability]",
            "vulnerabilit",
            "error[banned]",
            "error[rejected]",
            "error[unmaintained]",
        ),
        r"^error\[(?!E\d)[a-z-]+\]: (?P<message>.*)|^error: \d+ vulnerabilit\w+ found",
    ),
    Rule(
        "cargo-wrapper",
        Category.COMPILE,
        38,
        ("could not compile", "aborting due to", "test failed, to rerun", "test run failed"),
        r"^error: (?:could not compile|aborting due to|test failed, to rerun|.*test run failed)",
        fix="compile",
    ),
)
