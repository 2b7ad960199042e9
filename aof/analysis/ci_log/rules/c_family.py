"""C, C++ and their builds: gcc, clang, MSVC, linkers, CMake, Autotools, Meson, Make, Ninja."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

_SOURCE = r"(?P<file>(?:[A-Za-z]:)?[^\s:(),'\"]{1,300})"

RULES = (
    Rule(
        "gcc-error",
        Category.COMPILE,
        79,
        ("error: ",),
        rf"^\s{{0,12}}(?:In file included from"
        rf" .{{0,200}})?{_SOURCE}:(?P<line>\d+):(?:(?P<column>\d+):)?"
        rf" (?:fatal )?error: (?P<message>.*)",
        fix="compile",
    ),
    Rule(
        "msvc-error",
        Category.COMPILE,
        79,
        ("error ",),
        r"^(?:\d+>)?\s*(?P<file>(?:[A-Za-z]:)?[^:()]{1,300})\((?P<line>\d+)(?:,(?P<column>\d+))?"
        r"\)\s?: (?:fatal )?error C\d{4}: (?P<message>.*)"
        r"|(?:LINK|\.obj|\.lib|\.exe) : (?:fatal )?error LNK\d{4}: .*",
        fix="compile",
    ),
    Rule(
        "paren-error",
        Category.COMPILE,
        77,
        ("rror: ",),
        r"^(?P<file>(?:[A-Za-z]:)?[^:()\s]{1,300})\((?P<line>\d+)(?:, ?(?P<column>\d+))?\)\s?:?"
        r" (?:[Ff]atal )?[Ee]rror: (?P<message>.*)",
        trigger=("rror",),
        fix="compile",
    ),
    Rule(
        "verilog",
        Category.COMPILE,
        78,
        ("%Error",),
        r"^%Error(?:-\w+)?: (?P<file>[^\s:]{1,300}):(?P<line>\d+):(?P<column>\d+): (?P<message>.*)",
        fix="compile",
    ),
    Rule(
        "linker",
        Category.COMPILE,
        79,
        (
            "undefined reference to",
            "multiple definition of",
            "ld: cannot find",
            "library not found for",
            "Undefined symbols for",
            "undefined symbol",
            "duplicate symbol",
            "unresolved external symbol",
            "relocation truncated",
            "unable to find library",
            "cannot find -l",
        ),
        r"undefined reference to .*|multiple definition of .*|ld(?:\.\w+)?: cannot find .*"
        r"|library not found for -l\S+"
        r"|Undefined symbols for architecture|(?:ld\.lld|ld"
        r"|wasm-ld)\S{0,100}: (?:error: )?(?:undefined|duplicate) symbol.*"
        r"|unresolved external symbol|relocation truncated to fit|unable to find library -l",
        fix="link",
    ),
    Rule(
        "compiler-crash",
        Category.COMPILE,
        84,
        (
            "internal compiler error",
            "PLEASE submit a bug report",
            "the compiler unexpectedly panicked",
            "LLVM ERROR",
        ),
        r"internal compiler error: .*|PLEASE submit a bug report"
        r"|the compiler unexpectedly panicked|^LLVM ERROR: .*",
    ),
    Rule(
        "compiler-wrapper",
        Category.COMPILE,
        38,
        (
            "ld returned",
            "linker command failed",
            "all warnings being treated as errors",
            "compilation terminated",
            "errors generated",
            "error generated",
        ),
        r"collect2: (?:fatal )?error: ld returned|linker command failed with exit code"
        r"|all warnings being treated as errors"
        r"|compilation terminated\.|(?<!\d)\d{1,6} errors? generated",
        fix="compile",
    ),
    Rule(
        "cmake-find",
        Category.DEPENDENCY,
        83,
        ("CMake Error at ",),
        r"^CMake Error at (?P<file>[^:\s]+)(?::(?P<line>\d+))? \(find_package\)",
        key=r"^\s+(?P<message>(?:By not providing|Could not find) .*)",
        reach=3,
        fix="cmake-package",
    ),
    Rule(
        "cmake-error",
        Category.CONFIG,
        81,
        ("CMake Error at ", "CMake Error in "),
        r"^CMake Error (?:at|in) (?P<file>[^:\s]+)(?::(?P<line>\d+))?",
        key=r"^\s+(?P<message>\S.*)",
        key_optional=True,
        reach=4,
        fix="cmake",
    ),
    Rule(
        "cmake-package",
        Category.DEPENDENCY,
        82,
        (
            "Could NOT find",
            "Could not find a package configuration",
            "could not be found",
            "CMake was unable to find",
        ),
        r"^\s+(?:CMake Error.*)?Could NOT find \S+ \(missing.*"
        r"|Could not find a package configuration file provided by.*"
        r"|CMake was unable to find a build program",
    ),
    Rule(
        "cmake-plain",
        Category.CONFIG,
        81,
        ("CMake Error: ",),
        r"^CMake Error: (?P<message>.*)",
        fix="cmake",
    ),
    Rule(
        "cmake-version",
        Category.ENVIRONMENT,
        85,
        ("or higher is required.",),
        r"CMake \S+ or higher is required\. +You are running version",
    ),
    Rule(
        "configure-error",
        Category.ENVIRONMENT,
        83,
        ("configure: error: ", "possibly undefined macro"),
        r"^configure: error: (?P<message>.*)|error: possibly undefined macro: .*",
    ),
    Rule(
        "meson-error",
        Category.CONFIG,
        83,
        ("ERROR: ",),
        rf"^{_SOURCE}:(?P<line>\d+):(?P<column>\d+): ERROR: (?P<message>.*)",
        unless=r"\.(?:py|java|rst)$",
        refine=True,
    ),
    Rule(
        "pkg-config",
        Category.DEPENDENCY,
        80,
        ("required by 'virtual:world'", "No package '", "was not found in the pkg-config"),
        r"Package '?[^' ]+'?,? required by 'virtual:world', not found|No package '[^']+' found"
        r"|Package \S+ was not found in the pkg-config search path",
    ),
    Rule(
        "make-missing-rule",
        Category.CONFIG,
        82,
        (
            "No rule to make target",
            "missing separator",
            "No targets specified",
            "*** commands commence before",
        ),
        r"\*\*\* No rule to make target [`'](?P<target>[^']{1,300})'"
        r"|^(?P<file>[^\s:]{1,200}):(?P<line>\d+): \*\*\* .*"
        r"|\*\*\* No targets specified",
    ),
    Rule(
        "make-stop",
        Category.CONFIG,
        76,
        (".  Stop.",),
        r"^(?P<file>[^\s:]{1,200}):(?P<line>\d+): \*\*\* (?P<message>.*)\.  Stop\.",
        trigger=("Stop",),
    ),
    Rule(
        "make-command",
        Category.ENVIRONMENT,
        84,
        ("Command not found", "No such file or directory", "Permission denied"),
        r"^make(?:\[\d+\])?: (?P<message>[^\s:*]+: (?:Command not found"
        r"|No such file or directory|Permission denied))",
        fix="command-missing",
    ),
    Rule(
        "make-wrapper",
        Category.UNKNOWN,
        24,
        ("*** [",),
        r"^(?:\S*[\\/])?(?:g?make|mingw32-make)(?:\[\d+\])?: \*\*\* \[(?P<message>.*)\] (?:Segm"
        r"|Kill|Abort|Term)",
        trigger=("***",),
        pick="first",
    ),
    Rule(
        "ninja-error",
        Category.CONFIG,
        80,
        ("ninja: error: ", "ninja: fatal: "),
        r"^ninja: (?:error|fatal): (?P<message>.*)",
    ),
    Rule(
        "ninja-failed",
        Category.COMPILE,
        46,
        ("FAILED: ",),
        r"^(?:\[\d+/\d+\] )?FAILED: (?:\[code=-?\d+\] )?(?P<file>[^\s./]*[./]\S*)"
        r"(?: [^\s./]*[./]\S*)*$",
        pick="first",
        fix="compile",
    ),
    Rule(
        "fortran-error",
        Category.COMPILE,
        74,
        ("Error: ",),
        r"^(?:Fatal )?Error: (?P<message>.*)",
        where=r"^(?P<file>[^\s:]+\.[fF]\d*):(?P<line>\d+):(?P<column>\d+):$",
        where_before=True,
        must_locate=True,
        reach=6,
        fix="compile",
    ),
)
