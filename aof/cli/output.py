"""The only place that prints. Results go to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, TextIO

from aof.errors import AofError
from aof.templates.markdown import without_commands, without_controls
from aof.transport.files import write_atomically

# Controls JSON may hold as they are, marks that reverse the direction, halves of pairs.
_STEERING = re.compile(
    "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff\U000e0000-\U000e007f]"
)
_COMMAND = re.compile(r"##(?=\[|vso\[|teamcity\[)", re.IGNORECASE)


def survive_odd_streams() -> None:
    """Let closed or ASCII-only streams, and input that is not UTF-8, end no run."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, _nowhere())
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _nowhere() -> TextIO:
    return Path(os.devnull).open("r+")


def _write(text: str) -> None:
    """To stdout; when its reader has gone, the rest of the output goes nowhere."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = _nowhere()


def printable(text: str) -> str:
    """`text` without control characters and commands to a CI system.

    Nothing from outside can steer a terminal or, through `::set-output` and the like, a job.
    """
    return without_commands(text)


def on_terminal(stream: IO[str]) -> bool:
    """Whether a person watches `stream` and has not asked for plain text."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and not os.environ.get("CI")


def emit(text: str) -> None:
    """Print a result to stdout."""
    _write(printable(text.rstrip("\n")) + "\n")


def emit_command(text: str) -> None:
    """Print lines that are commands to the CI system, made and escaped by us: `::error ...`."""
    _write(without_controls(text.rstrip("\n")) + "\n")


def emit_json(document: Any) -> None:
    """Print one JSON document to stdout."""
    _write(_json(document))


def _json(document: Any) -> str:
    """The same values, with escapes for what would steer a terminal or a CI job."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    text = _STEERING.sub(lambda found: json.dumps(found[0])[1:-1], text)
    return _COMMAND.sub(r"#\\u0023", text) + "\n"


def emit_markdown(text: str) -> None:
    """Print markdown: rendered on a terminal, as it is elsewhere."""
    if not on_terminal(sys.stdout):
        emit(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(printable(text)))


def emit_as(document: Mapping[str, Any], output: str, *, markdown: str) -> None:
    """Print a result in the format the user chose: text, markdown, json or yaml."""
    if output == "json":
        emit_json(document)
    elif output == "yaml":
        import yaml

        emit(yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True))
    elif output == "markdown":
        emit(markdown)
    else:
        emit_markdown(markdown)


def emit_table(rows: list[list[str]]) -> None:
    """Print rows as aligned columns; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        emit("  ".join(cells).rstrip())


def notice(text: str) -> None:
    """Print a line for people to stderr."""
    sys.stderr.write(printable(text.rstrip("\n")) + "\n")
    sys.stderr.flush()


def emit_error(error: AofError, output: str) -> None:
    """Report a failure: as JSON on stdout when that was asked for, else to stderr."""
    if output == "json":
        emit_json({"error": error.as_dict()})
    else:
        for one in getattr(error, "problems", [error]):
            notice(f"error: {one}")


def write_output_file(path: Path, document: Mapping[str, Any], output: str, markdown: str) -> None:
    """Write a result to a file in the chosen format."""
    if output == "json":
        content = _json(document)
    elif output == "yaml":
        import yaml

        content = yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True)
    else:
        content = printable(markdown)
    write_atomically(path, content.encode())


def write_step_summary(markdown: str) -> None:
    """Append to the job summary when GitHub Actions offers one."""
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if target:
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(printable(markdown) + "\n")
