"""Words any tool may use. They only count when no tool's own form was recognised."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

_WORD = r"(?<![\w./=-])"

RULES = (
    Rule(
        "annotation",
        Category.UNKNOWN,
        57,
        ("",),
        r"^(?P<message>\S.*)",
        unless=r"^(?:Process completed with exit code|The operation was cancel"
        r"|Error: Process completed|The process '.*' failed with"
        r"|Error: The process '.*failed"
        r"|Bash exited|.*exited with code|Command failed|Final attempt failed)",
        annotation=True,
        refine=True,
        trigger=("##[error]",),
        pick="each",
    ),
    Rule(
        "error-prefix",
        Category.UNKNOWN,
        52,
        ("rror", "ERR"),
        r"^[^\w\s]{0,3}\s{0,8}\[?(?:ERROR|Error|error|ERR)\]?!?(?:\[[^\]]{1,40}\])?(?::|\]| -| "
        r"\|) ?(?P<message>\S.*)",
        unless=r"exit(?:ed)? (?:with )?(?:code|status)|Process completed",
        refine=True,
        trigger=("rror", "ERR"),
    ),
    Rule(
        "fatal-prefix",
        Category.UNKNOWN,
        56,
        ("FATAL", "Fatal", "fatal", "CRITICAL", "panic", "PANIC"),
        r"^[^\w\s]{0,3}\s{0,8}\[?(?:FATAL|Fatal|fatal|CRITICAL|PANIC)(?: (?:ERROR"
        r"|[Ee]rror))?\]?(?::|\]| -) ?(?P<message>\S.*)",
        refine=True,
    ),
    Rule(
        "error-level",
        Category.UNKNOWN,
        46,
        ("error", "ERROR", "fatal", "FATAL"),
        r"level=(?:error|fatal|panic)\b.*|\"level\":\s?\"(?:error|fatal|panic)\".*"
        r"|^\S{1,40}:? (?:ERROR|FATAL)\b.*|^[EF]\d{4} \d\d:\d\d:\d\d.*",
        refine=True,
    ),
    Rule(
        "named-error",
        Category.UNKNOWN,
        48,
        ("rror: ", "xception: "),
        r"^\s{0,4}(?:\S{1,60}: )?(?P<message>(?:[\w.$]{1,120})(?:Error|Exception|error): \S.*)",
        refine=True,
        trigger=("rror", "xception"),
    ),
    Rule(
        "tool-error",
        Category.UNKNOWN,
        50,
        (": error: ", ": Error: ", ": ERROR: ", ": fatal: "),
        r"^(?P<tool>[\w./@+-]{1,80}): (?:[Ee]rror|ERROR|fatal): (?P<message>\S.*)",
        refine=True,
    ),
    Rule(
        "failed-line",
        Category.UNKNOWN,
        44,
        ("ailed", "FAILED", "FAILURE"),
        r"^\W{0,6}(?:FAILED|Failed|FAILURE|failed)\b[:! ].{3,}",
        unless=r"\b0\b",
        refine=True,
        trigger=("ailed", "FAILED", "FAILURE"),
    ),
    Rule(
        "cannot",
        Category.UNKNOWN,
        40,
        ("annot ", "ould not ", "nable to ", "n't find", "ailed to "),
        rf"{_WORD}(?:[Cc]annot|[Cc]ould not|[Uu]nable to|[Cc](?:an|ould)n't find|[Ff]ailed to) \w+",
        refine=True,
        trigger=("annot", "ould not", "nable to", "n't find", "ailed to"),
    ),
    Rule(
        "error-word",
        Category.UNKNOWN,
        34,
        ("rror", "ERROR"),
        rf"{_WORD}(?:[Ee]rrors?|ERRORS?)(?![\w./=(-])",
        refine=True,
        trigger=("rror", "ERROR"),
    ),
    Rule(
        "failure-word",
        Category.UNKNOWN,
        33,
        ("ail", "FAIL"),
        rf"{_WORD}(?:[Ff]ail(?:ed|s|ure|ing)?|FAIL(?:ED|URE)?)(?![\w./=-])",
        refine=True,
        trigger=("ail", "FAIL"),
    ),
    Rule(
        "trouble-word",
        Category.UNKNOWN,
        31,
        (
            "nvalid",
            "issing",
            "not found",
            "nexpected",
            "xception",
            "denied",
            "efused",
            "imed out",
            "bort",
            "llegal",
            "ndefined",
            "orbidden",
        ),
        rf"{_WORD}(?:[Ii]nvalid|[Mm]issing|not found|[Uu]nexpected|[Ee]xception|[Dd]enied"
        rf"|[Rr]efused|[Tt]imed out|[Aa]bort(?:ed|ing)|[Ii]llegal|[Uu]ndefined"
        r"|[Ff]orbidden)(?![\w./=-])",
        refine=True,
    ),
    Rule(
        "exit-code",
        Category.UNKNOWN,
        22,
        ("exit code", "exit status", "xited with", "non-zero"),
        r"exit (?:code|status):? ?[1-9]|[Ee]xited with(?: code| status)?:? ?[1-9]|non-zero exit",
        pick="first",
    ),
)
