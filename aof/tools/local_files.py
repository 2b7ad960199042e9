"""Files of the working directory that an operation sends away."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from aof.errors import UsageFault

_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file below the working directory; `sha256` is of its content, in hex."""

    path: Path
    size: int
    sha256: str


def local_file(path: str, sha256: str | None = None) -> LocalFile:
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
    if not resolved.is_file():
        raise UsageFault(f"there is no file {path}", why=f"searched {folder}")
    found = hashlib.sha256()
    with resolved.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    if sha256 is not None and sha256.removeprefix("sha256:").lower() != found.hexdigest():
        raise UsageFault(
            f"{path} is not the file that was planned",
            why=f"its SHA-256 is {found.hexdigest()}, the plan says {sha256}",
            fix="plan again",
        )
    return LocalFile(resolved, resolved.stat().st_size, found.hexdigest())
