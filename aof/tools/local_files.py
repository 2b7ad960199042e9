"""Files of the working directory that an operation sends away."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aof.errors import UsageFault

_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file below the working directory, as it was when it was checked.

    Attributes:
        path: Where it is.
        content: A copy of it: what is sent is what was checked, whatever comes to be at `path`.
        size: In bytes.
        sha256: Of the content, in hex.
    """

    path: Path
    content: IO[bytes]
    size: int
    sha256: str


@contextmanager
def local_file(path: str, sha256: str | None = None) -> Iterator[LocalFile]:
    """The file at `path`, checked.

    Args:
        path: Relative to the working directory, and inside it: a plan that was approved to
            send `dist/app.tar.gz` must not send anything else of this machine.
        sha256: What its content must be, when the plan was made for that content.

    Raises:
        UsageFault: There is no such file, it is elsewhere, or its content has changed.
    """
    folder = Path.cwd().resolve()
    resolved = (folder / path).resolve()
    if not resolved.is_relative_to(folder):
        raise UsageFault(f"{path} is not below the working directory {folder}")
    if ".git" in {part.lower() for part in resolved.relative_to(folder).parts}:
        raise UsageFault(f"{path} is Git's own and may hold credentials: it is never sent")
    if not resolved.is_file():
        raise UsageFault(f"there is no file {path}", why=f"searched {folder}")
    found = hashlib.sha256()
    with tempfile.TemporaryFile() as content:
        with resolved.open("rb") as file:
            while block := file.read(_BLOCK):
                found.update(block)
                content.write(block)
        if sha256 is not None and sha256.removeprefix("sha256:").lower() != found.hexdigest():
            raise UsageFault(
                f"{path} is not the file that was planned",
                why=f"its SHA-256 is {found.hexdigest()}, the plan says {sha256}",
                fix="plan again",
            )
        yield LocalFile(resolved, content, content.tell(), found.hexdigest())
