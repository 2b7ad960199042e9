"""Uncaught exceptions and aborts of programs in any language."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

_PY_EXCEPTION = (
    r"^\s*(?:E +)?(?P<message>(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*"
    r"(?:Error|Exception|Exit|Interrupt|Warning|Failure|Failed|Timeout|Refused|NotFound"
    r"|DoesNotExist|Conflict"
    r"|Impossible|Abort|Fault)\b(?:\s*\[[^\]]*\])?(?::.*)?)$"
    r"|^(?P<named>(?:[a-z_]\w*\.){1,8}[A-Z]\w*(?::.*)?)$"
)
_JS_PLACE = (
    r"^\s+at .{0,300}?\(?(?:file://)?(?P<file>[^\s()]{1,300}\.[cm]?[jt]sx?):(?P<line>\d+)"
    r":(?P<column>\d+)\)?$"
)

RULES = (
    Rule(
        "python-traceback",
        Category.UNKNOWN,
        70,
        ("Traceback (most recent call last)",),
        r"Traceback \(most recent call last\)",
        key=_PY_EXCEPTION,
        stop=r"^Traceback \(most",
        where=r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)',
        where_last=True,
        reach=120,
        refine=True,
        fix="python-exception",
    ),
    Rule(
        "python-exception",
        Category.UNKNOWN,
        61,
        ("Error: ", "Exception: "),
        r"^(?P<message>(?:[A-Za-z_]\w*\.){0,6}[A-Z]\w*(?:Error|Exception): \S.*)$",
        refine=True,
        fix="python-exception",
    ),
    Rule(
        "python-module-missing",
        Category.DEPENDENCY,
        72,
        ("No module named", "cannot import name"),
        r"(?:ModuleNotFoundError|ImportError): (?P<message>.*)"
        r"|^\S{0,200}python\S{0,60}: No module named .*",
    ),
    Rule(
        "syntax-error",
        Category.COMPILE,
        72,
        ("SyntaxError: ", "IndentationError: ", "TabError: "),
        r"^(?P<message>(?:Syntax|Indentation|Tab)Error: .*)",
        where=r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)'
        r"|^(?P<other>/\S+\.[cm]?[jt]sx?):\d+$",
        where_before=True,
        reach=5,
    ),
    Rule(
        "node-exception",
        Category.UNKNOWN,
        63,
        ("Error",),
        r"^(?:Uncaught |Unhandled )?(?P<message>(?:[A-Z]\w*)?Error(?: \[\w+\])?: \S.*)",
        where=_JS_PLACE,
        stop=r"^\S",
        reach=12,
        refine=True,
        fix="node-exception",
    ),
    Rule(
        "node-module-missing",
        Category.DEPENDENCY,
        80,
        ("Cannot find module", "Cannot find package", "ERR_MODULE_NOT_FOUND"),
        r"Error(?: \[ERR_MODULE_NOT_FOUND\])?: (?P<message>Cannot find (?:module|package) ['\"].*)",
    ),
    Rule(
        "node-unhandled-rejection",
        Category.UNKNOWN,
        66,
        (
            "UnhandledPromiseRejection",
            "Unhandled promise rejection",
            "Unhandled Rejection",
            "ERR_UNHANDLED_REJECTION",
        ),
        r"UnhandledPromiseRejection|Unhandled [Pp]romise rejection|Unhandled Rejection"
        r"|ERR_UNHANDLED_REJECTION",
        refine=True,
        fix="node-exception",
    ),
    Rule(
        "java-main-exception",
        Category.UNKNOWN,
        72,
        ("Exception in thread",),
        r"^Exception in thread \"[^\"]{0,100}\" (?P<message>.*)",
        key=r"^Caused by: (?P<message>.*)",
        key_last=True,
        key_optional=True,
        reach=80,
        stop=r"^(?!\s+at |\s+\.\.\. \d|Caused by)\S",
        where=r"^\s+at [\w.$<>/]+\((?P<file>[\w$]+\.(?:java|kt|scala|groovy)):(?P<line>\d+)\)",
        refine=True,
        fix="java-exception",
    ),
    Rule(
        "java-caused-by",
        Category.UNKNOWN,
        60,
        ("Caused by: ",),
        r"^\s*Caused by: (?P<message>\S.*)",
        where=r"^\s+at [\w.$<>/]+\((?P<file>[\w$]+\.(?:java|kt|scala|groovy)):(?P<line>\d+)\)",
        pick="last",
        refine=True,
        fix="java-exception",
    ),
    Rule(
        "java-exception",
        Category.UNKNOWN,
        56,
        ("Exception", "Error"),
        r"^(?:\[ERROR\] )?(?P<message>(?:[a-z][\w$]*\.){1,12}[A-Z][\w$]*(?:Exception"
        r"|Error)\b(?:: .*|$))",
        where=r"^\s+at [\w.$<>/]+\((?P<file>[\w$]+\.(?:java|kt|scala|groovy)):(?P<line>\d+)\)",
        refine=True,
        fix="java-exception",
    ),
    Rule(
        "rust-panic",
        Category.UNIT_TEST,
        75,
        ("panicked at",),
        r"^thread '(?P<test>[^']{0,300})' (?:\(\d+\) )?panicked at '(?P<message>.*)',"
        r" (?P<file>[^\s:]+):(?P<line>\d+):(?P<column>\d+)",
        fix="cargo-test",
    ),
    Rule(
        "rust-panic-message",
        Category.UNIT_TEST,
        75,
        ("panicked at",),
        r"^thread '(?P<test>[^']{0,300})' (?:\(\d+\) )?panicked at"
        r" (?P<file>[^\s:']+):(?P<line>\d+):(?P<column>\d+)",
        key=r"^(?P<message>\S.*)",
        key_optional=True,
        stop=r"^(?:note: run with|stack backtrace:|thread '|test \S|\s*$)",
        reach=1,
        fix="cargo-test",
    ),
    Rule(
        "cxx-terminate",
        Category.UNIT_TEST,
        80,
        (
            "terminate called",
            "Assertion `",
            "Assertion failed",
            "pure virtual method called",
            "corrupted size",
            "double free",
            "stack smashing",
            "free(): invalid",
        ),
        r"terminate called (?:after throwing|without an active)"
        r"|(?<![\w./+-])(?P<file>[\w./+-]{1,200}):(?P<line>\d+):.{0,200}?Assertion `[^`]*' failed"
        r"|Assertion failed: .*|pure virtual method called|double free (?:or corruption|detected)"
        r"|corrupted size vs"
        r"|stack smashing detected|free\(\): invalid",
        fix="crash",
    ),
    Rule(
        "sanitizer",
        Category.UNIT_TEST,
        84,
        ("Sanitizer: ", "runtime error: "),
        r"(?:ERROR|WARNING): (?:Address|Leak|Thread|Memory"
        r"|UndefinedBehavior)Sanitizer: (?P<message>.*)"
        r"|^(?P<file>[^\s:]{1,300}):(?P<line>\d+):(?P<column>\d+): runtime error: .*",
        unless=r"SUMMARY: \w+Sanitizer",
        fix="crash",
    ),
    Rule(
        "valgrind",
        Category.UNIT_TEST,
        84,
        ("ERROR SUMMARY: ",),
        r"ERROR SUMMARY: [1-9]",
        key=r"^==\d+== (?P<message>(?:Invalid (?:read|write|free)|Conditional jump|Use of uninit"
        r"|Syscall param|Process terminating|Mismatched free|Source and destination"
        r"|[\d,]+ (?:\([\d, a-z]+\) )?bytes in .* (?:definitely|indirectly) lost).*)",
        key_before=True,
        key_last=True,
        key_optional=True,
        where=r"^==\d+== +(?:at|by) 0x\w+: .*\((?P<file>[^\s:()]{1,300}):(?P<line>\d+)\)",
        where_before=True,
        where_last=True,
        reach=120,
        fix="crash",
    ),
    Rule(
        "wasm-trap",
        Category.UNIT_TEST,
        74,
        ("RuntimeError: unreachable", "wasm trap", "RuntimeError: memory access out of bounds"),
        r"RuntimeError: (?:unreachable|memory access out of bounds)|wasm trap: .*",
    ),
)
