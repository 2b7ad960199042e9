"""Text from outside inside markdown: it may be read, it may not become structure.

`plain` and `code` are for values a program places; `inert` is for longer text; `neutral` is
the last pass over a finished report or anything printed in a CI job.
"""

from __future__ import annotations

import re

_CONTROL = {code: None for code in [*range(0x20), *range(0x7F, 0xA0)] if code not in (9, 10)}
_DIRECTION = dict.fromkeys(
    [
        *range(0x202A, 0x202F),
        *range(0x2066, 0x2070),
        *range(0xE0000, 0xE0080),
        0x200E,
        0x200F,
        0x61C,
    ]
)
# `::set-output`, `::add-mask::`, `##[error]`, `##vso[`: commands CI systems read from output;
# the first kind after any white space of Unicode, the second kind anywhere in a line.
_COLONS = re.compile(r"^[^\S\n]*(?=::)", re.MULTILINE)
_HASHES = re.compile(r"##(?=\[|vso\[|teamcity\[)", re.IGNORECASE)
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_STRUCTURE = re.compile(r"^[ \t]*(#|```|~~~|[-=_*]{3,}[ \t]*$|\||>|::|\d+[.)][ \t]|[-+*][ \t])")
_FENCE = re.compile(r"^[ \t]{0,3}(```+|~~~+)")


def without_controls(text: str) -> str:
    """`text` without control characters and without characters that reverse its direction."""
    return text.translate(_CONTROL).translate(_DIRECTION)


def plain(text: object) -> str:
    """One line in which no markdown and no HTML of the text's own has an effect."""
    line = " ".join(without_controls(str(text)).split())
    escaped = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~#!])", r"\\\1", escaped) if line else ""


def code(text: object) -> str:
    """One line as a code span, whatever backticks it holds."""
    line = " ".join(without_controls(str(text)).split())
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    marks = "`" * (longest + 1)
    gap = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{marks}{gap}{line}{gap}{marks}" if line else "` `"


def one_line(text: str) -> str:
    """Text as one line that begins no heading, list, table, fence or command."""
    line = " ".join(without_controls(text).split())
    return "\\" + line if _STRUCTURE.match(line) else line


def inert(text: str) -> str:
    """Text of several lines in which none begins a heading, list, table, fence or command."""
    lines = without_controls(text).splitlines()
    kept = [lines[0]] if lines else []
    kept += ["\\" + line.lstrip() if _STRUCTURE.match(line) else line for line in lines[1:]]
    return "\n".join(kept)


def neutral(markdown: str) -> str:
    """A report without control characters, CI commands, or HTML outside code."""
    text = without_commands(markdown)
    fence = ""
    lines = []
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and fence and mark[1].startswith(fence) and line.strip() == mark[1]:
            fence = ""
        lines.append(line if fence or mark else _without_tags(line))
    return "\n".join(lines)


def _without_tags(line: str) -> str:
    if "<" not in line:
        return line
    parts = re.split(r"(`+[^`]*`+)", line)
    return "".join(
        part if part.startswith("`") and part.endswith("`") else _TAG.sub(r"\\<", part)
        for part in parts
    )


def without_commands(text: str) -> str:
    """What is printed in a CI job: no control characters and no commands to the CI system."""
    text = without_controls(text)
    if "::" in text:
        text = _COLONS.sub("\\g<0>\u200b", text)
    return _HASHES.sub("##\u200b", text) if "##" in text else text
