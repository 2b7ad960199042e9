"""Shells and loaders: commands, files and libraries that are not there, permissions, syntax."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "command-missing",
        Category.ENVIRONMENT,
        84,
        ("command not found", ": not found", "is not recognized as", "command not installed"),
        r"(?<![^\s:])(?P<message>[^\s:]{1,100}: command not found)|^(?:\S{0,120}sh"
        r"|\S{0,200}): (?:line )?\d+: (?P<posix>[^\s:]{1,200}: not found)$"
        r"|^(?:/bin/)?(?:ba|z|da|a)?sh: (?P<alpine>[^\s:]{1,200}: not found)$"
        r"|'?(?P<windows>[^\s']{1,100})'? is not recognized as (?:an internal|the name of"
        r"|a name of)|^\S{0,80}: command not found: (?P<zsh>\S+)",
        trigger=("not found", "not recognized", "not installed"),
        unless=r"shell_session_update|^\+ |(?:which|type|hash): ",
    ),
    Rule(
        "executable-missing",
        Category.ENVIRONMENT,
        85,
        (
            "executable file not found",
            "env: ",
            "spawn ",
            "No such file or directory: '",
            "Cannot run program",
            "Unable to locate executable file",
        ),
        r"executable file not found in \$?PATH"
        r"|^(?:/usr/bin/)?env: ['‘\"`]?[^:]{1,100}['’\"]?: No such file|spawn \S{1,100} ENOENT"
        r"|FileNotFoundError: \[Errno 2\] No such file or directory: '[\w.+-]{1,60}'$"
        r"|Cannot run program \"[^\"]{1,200}\"|Unable to locate executable file: .*",
        trigger=("executable", "No such file", "ENOENT", "Cannot run program"),
        fix="command-missing",
    ),
    Rule(
        "interpreter-missing",
        Category.ENVIRONMENT,
        85,
        ("bad interpreter", "required file not found"),
        r"bad interpreter: .*|cannot execute: required file not found",
    ),
    Rule(
        "exec-format",
        Category.ENVIRONMENT,
        87,
        ("Exec format error", "exec format error", "cannot execute binary file"),
        r"[Ee]xec format error|cannot execute binary file",
    ),
    Rule(
        "library-missing",
        Category.ENVIRONMENT,
        86,
        (
            "error while loading shared libraries",
            "GLIBC_",
            "GLIBCXX_",
            "cannot open shared object file",
            "Library not loaded:",
            "undefined symbol:",
            "DLL load failed",
        ),
        r"error while loading shared libraries: .*|version `(?:GLIBC|GLIBCXX)_\S+' not found"
        r"|cannot open shared object file|Library not loaded: .*"
        r"|DLL load failed",
    ),
    Rule(
        "permission",
        Category.ENVIRONMENT,
        82,
        (
            "ermission denied",
            "EACCES",
            "Operation not permitted",
            "EPERM",
            "Access is denied",
            "no tty present",
            "a password is required",
            "a terminal is required",
            "Read-only file system",
        ),
        r"(?:^|: )[Pp]ermission denied\b|\bEACCES\b|: Operation not permitted|\bEPERM\b"
        r"|Access is denied|no tty present|sudo: a (?:password|terminal) is required"
        r"|Read-only file system",
        unless=r"\(publickey|^find: ",
    ),
    Rule(
        "file-missing",
        Category.ENVIRONMENT,
        74,
        (
            "No such file or directory",
            "cannot stat",
            "cannot access",
            "Could not find file",
            "no such file or directory",
            "The system cannot find",
            "cannot find the path",
            "ENOENT",
            "Cannot open:",
            "Could not open",
            "does not exist",
        ),
        r"^(?:\S{0,200}: )?(?:line \d+: )?[^\n]{1,300}: No such file or directory|cannot (?:stat"
        r"|access) .{0,300}: No such|Could not find file '|open \S+: no such file"
        r"|The system cannot find the|ENOENT: no such file or directory|^tar: .*: Cannot open",
        unless=r"fatal error: |^find: |^rm: ",
    ),
    Rule(
        "shell-syntax",
        Category.CONFIG,
        82,
        (
            "syntax error near",
            "syntax error: unexpected",
            "unexpected end of file",
            "unterminated quoted",
            "unexpected EOF while looking",
            "bad substitution",
            "unbound variable",
            "parameter not set",
            "parameter null or not set",
            "invalid option",
            "integer expression expected",
            "unary operator expected",
            "ambiguous redirect",
        ),
        r"syntax error near unexpected token|syntax error: unexpected|: unexpected end of file"
        r"|[Uu]nterminated quoted string|unexpected EOF while looking"
        r"|[Bb]ad substitution|: unbound variable|: parameter (?:null or )?not set"
        r"|: ambiguous redirect",
    ),
    Rule(
        "shell-variable",
        Category.CONFIG,
        82,
        (": line ", "sh: "),
        r"^\S{1,200}: (?:line )?\d{1,6}: (?P<message>[A-Z][A-Z0-9_]{2,60}: \S.*)$",
        unless=r": unbound variable$|not found$|No such file",
        fix="environment-variable",
    ),
    Rule(
        "environment-variable",
        Category.CONFIG,
        70,
        ("environment variable", "env var", "Environment variable"),
        r"\b[Ss]et the [A-Z][A-Z0-9_]{2,60} environment variable"
        r"|(?:[Mm]issing|[Rr]equired|[Uu]ndefined|[Pp]lease set|must (?:set"
        r"|provide)).{0,60}(?:environment variable|env var)"
        r"|(?:[Ee]nvironment variable|env var)s? .{0,80}(?:(?:is|are|was|were) (?:not set"
        r"|missing|required|undefined|not defined|empty)|not set|must be set|not found)",
        unless=r"JAVA_HOME",
    ),
    Rule(
        "archive",
        Category.NETWORK_INFRA,
        58,
        (
            "not in gzip format",
            "Error is not recoverable",
            "End-of-central-directory",
            "unexpected end of file",
            "This does not look like a tar",
        ),
        r"not in gzip format|tar: Error is not recoverable"
        r"|End-of-central-directory signature not found|This does not look like a tar archive",
    ),
    Rule(
        "checksum",
        Category.DEPENDENCY,
        80,
        ("hecksum", "did NOT match", "sha256"),
        r"[Cc]hecksum(?:s)? (?:mismatch|did not match|does not match|failed|verification failed)"
        r"|computed checksums? did NOT match|FAILED open or read",
    ),
)
