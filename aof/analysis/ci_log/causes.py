"""Cause classes read from the words of a message, for failures whose frame does not tell."""

from __future__ import annotations

import re

from aof.analysis.ci_log.records import Category

C = Category

# First match wins: resources and infrastructure before what they look like to the program.
_CAUSES: tuple[tuple[Category, re.Pattern[str]], ...] = (
    (
        C.OOM_RESOURCE,
        re.compile(
            r"MemoryError|OutOfMemory|[Oo]ut of memory|OOMKilled|heap space|Cannot allocate memory"
            r"|[Nn]o space left on device|ENOSPC|[Dd]isk quota exceeded|heap out of memory|oom-kill"
            r"|Too many open files|EMFILE|GC overhead limit|std::bad_alloc|Resource exhausted"
        ),
    ),
    (
        C.DEPENDENCY,
        re.compile(
            r"ModuleNotFoundError|No module named|Cannot find module|Cannot find package"
            r"|ImportError|ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND|ClassNotFoundException"
            r"|NoClassDefFoundError|NoSuchMethodError|Could not resolve dependenc"
            r"|DistributionNotFound|VersionConflict|ResolutionImpossible|LoadError"
            r"|cannot load such file|package .{1,200} does not exist|unable to resolve dependency"
            r"|Failed to resolve import|Module not found|[Dd]ependency \S{1,80} not found"
            r"|Could NOT find \S+|there is no package called"
        ),
    ),
    (
        C.NETWORK_INFRA,
        re.compile(
            r"ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|getaddrinfo|Name or service not known"
            r"|Temporary failure in name resolution|Could not resolve host|UnknownHostException"
            r"|TLS handshake timeout|SSLError|SSL_ERROR|CERTIFICATE_VERIFY_FAILED"
            r"|rate limit|429 Too Many|50[234] (?:Bad Gateway|Service|Gateway)"
            r"|Network is unreachable"
            r"|Connection reset by peer|Max retries exceeded|RemoteDisconnected"
        ),
    ),
    (
        C.ENVIRONMENT,
        re.compile(
            r"command not found|EACCES|PermissionError|Permission denied"
            r"|not recognized as an internal"
            r"|No such file or directory: '(?:/usr)?/s?bin|GLIBC|cannot open shared object file"
            r"|spawn \S+ ENOENT|executable file not found"
        ),
    ),
    (C.COMPILE, re.compile(r"SyntaxError|IndentationError|TabError|ParseError|unexpected token")),
    (
        C.TIMEOUT,
        re.compile(r"TimeoutError|TimeoutException|timed? ?out after|[Tt]imeout .{0,40}exceeded"),
    ),
    (
        C.CONFIG,
        re.compile(
            r"KeyError: '[A-Z_]{3,}'|environment variable|ImproperlyConfigured|TOMLDecodeError"
            r"|[Ii]nvalid (?:config|pyproject\.toml)|[Cc]onfiguration (?:error|is invalid)"
            r"|yaml\.(?:scanner|parser)\."
            r"|mapping values are not allowed|AnsibleUndefined|\"msg\": .{0,200}'\w+' is undefined"
        ),
    ),
)
_ASSERTION = re.compile(
    r"^(?:assert |(?:[\w.$]{1,80}\.)?(?:Assertion(?:Failed)?Error|ComparisonFailure)\b)"
)

# What a step, stage or command is for, from its name; the last resort.
_PURPOSES: tuple[tuple[Category, re.Pattern[str]], ...] = (
    (C.LINT, re.compile(r"\b(?:lint|format|fmt|style|prettier|eslint|ruff|flake8|mypy|clippy"
                        r"|pre-commit|checkstyle)\b", re.I)),
    (C.DEPLOY, re.compile(r"\b(?:deploy|release|publish|helm|kubectl|terraform|apply|upload"
                          r"|push)\b", re.I)),
    (C.INTEGRATION_TEST, re.compile(r"\b(?:e2e|integration|acceptance|playwright|cypress)", re.I)),
    (C.UNIT_TEST, re.compile(r"\b(?:tests?|pytest|jest|vitest|mocha|tox|nox|rspec|phpunit|ctest"
                             r"|spec|verify|coverage|make check)\b", re.I)),
    (C.DEPENDENCY, re.compile(r"\b(?:install|dependenc\w{1,10}|deps|restore|npm ci|bundle|composer"
                              r"|poetry|pip)\b", re.I)),
    (C.COMPILE, re.compile(r"\b(?:build|compile|make|cmake|assemble|package|tsc|docker)\b", re.I)),
    (C.ENVIRONMENT, re.compile(r"\bset ?up\b|\bsetup-\w+|\bprepare", re.I)),
)  # fmt: skip
_EXIT_CODES = {
    124: C.TIMEOUT,
    126: C.ENVIRONMENT,
    127: C.ENVIRONMENT,
    134: C.UNIT_TEST,
    137: C.OOM_RESOURCE,
    139: C.UNIT_TEST,
    143: C.TIMEOUT,
}

_INTEGRATION = re.compile(
    r"integration|(?:^|[\W_])(?:e2e|it|acceptance|functional|system|smoke)(?:[\W_]|$)|end.to.end"
    r"|playwright|cypress|selenium|puppeteer|testcontainers|chainsaw|kuttl|uptest|molecule",
    re.IGNORECASE,
)


def cause_of(message: str, fallback: Category) -> Category:
    """The cause class the words of `message` name, or `fallback`.

    What a failed assertion quotes is data of the test, not what went wrong.
    """
    if _ASSERTION.match(message):
        return fallback
    for category, pattern in _CAUSES:
        if pattern.search(message):
            return category
    return fallback


def cause_of_step(name: str | None, exit_code: int | None) -> Category:
    """The cause class an exit code or the purpose of a step suggests, else `unknown`."""
    if exit_code in _EXIT_CODES:
        return _EXIT_CODES[exit_code]
    for category, pattern in _PURPOSES:
        if name and pattern.search(name):
            return category
    return Category.UNKNOWN


def is_integration(*names: str | None) -> bool:
    """True when a path, a step or a test name says that more than one unit was under test."""
    return any(name and _INTEGRATION.search(name) for name in names)
