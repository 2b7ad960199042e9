"""The text of a downloaded log, of any size, as a JSON value of bounded size."""

from __future__ import annotations

import os
from typing import IO, Annotated, Any

from pydantic import Field

MOST_LOG = 256 * 1024 * 1024
LogLimit = Annotated[int, Field(ge=4096, le=MOST_LOG)]
DEFAULT_LOG = 16 * 1024 * 1024
_BLOCK = 1024 * 1024


def log_of(file: IO[bytes], limit: int) -> dict[str, Any]:
    """What `get_job_logs` operations return about a log that is there.

    Args:
        file: The log; it is read from the beginning.
        limit: Bytes to keep. From a longer log the first sixteenth and the end are kept,
            cut between lines: failures stand near the end, set-up at the beginning.

    Returns:
        `available: true, reason: null, log, bytes, omitted`; `omitted` is null or
        `{after_line, lines, bytes}`: so many lines are missing after that line (1-based).
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size <= limit:
        return _found(file.read(), size, None)
    head = _up_to_newline(file.read(limit // 16))
    resume = size - (limit - len(head))
    missing = 0
    file.seek(len(head))
    while file.tell() < resume:
        missing += file.read(min(_BLOCK, resume - file.tell())).count(b"\n")
    tail = file.read()
    newline = tail.find(b"\n", 0, limit // 4)
    if newline >= 0:
        tail = tail[newline + 1 :]
        missing += 1
    omitted = {
        "after_line": head.count(b"\n"),
        "lines": missing,
        "bytes": size - len(head) - len(tail),
    }
    return _found(head + tail, size, omitted)


def no_log(reason: str, **facts: Any) -> dict[str, Any]:
    """What `get_job_logs` operations return when there is no log to be had."""
    return {
        "available": False, "reason": reason, "log": "", "bytes": 0, "omitted": None, **facts
    }  # fmt: skip


def _found(content: bytes, size: int, omitted: dict[str, int] | None) -> dict[str, Any]:
    return {
        "available": True,
        "reason": None,
        "log": content.decode("utf-8", "replace"),
        "bytes": size,
        "omitted": omitted,
    }


def _up_to_newline(block: bytes) -> bytes:
    newline = block.rfind(b"\n")
    return block[: newline + 1] if newline >= 0 else block
