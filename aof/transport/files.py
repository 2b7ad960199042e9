"""Files: replaced whole or not at all, locked between processes, and logs opened for search."""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from aof.errors import UsageFault


def write_atomically(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace `path` so that a reader, or a crash, sees the old or the new content whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_bounded(path: Path, *, most: int) -> bytes:
    """Content of a file, or of a stream that ends.

    Raises:
        OSError: It cannot be read.
        UsageFault: It is larger than `most` bytes.
    """
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise UsageFault("cannot be read", why=f"larger than {most >> 20} MiB", file=str(path))
    return content


def read_inside(root: Path, path: str, *, most: int = 8 << 20) -> bytes | None:
    """Content of a file that the repository at `root` names; None where there is none.

    Whoever may change the repository may not thereby read the machine: links, `..` and
    absolute paths lead to files of the repository only, and never into `.git`, where
    credentials lie.

    Raises:
        UsageFault: It is elsewhere, not a plain file, or larger than `most` bytes.
    """
    folder = root.resolve()
    try:
        real = (folder / path).resolve()
        if not real.exists():
            return None
    except (OSError, RuntimeError, ValueError) as error:  # loops of links, NUL characters
        raise UsageFault(f"{path} cannot be read", why=str(error)) from None
    parts = real.relative_to(folder).parts if real.is_relative_to(folder) else (".git",)
    if ".git" in {part.lower() for part in parts} or not real.is_file():
        raise UsageFault(
            f"{path} is not a file of the repository",
            why="it is elsewhere on this machine, in .git, or not a plain file",
            fix="name a file that is committed",
        )
    try:
        return read_bounded(real, most=most)
    except OSError as error:
        raise UsageFault(f"{path} cannot be read", why=str(error)) from None


@contextlib.contextmanager
def locked(path: Path, *, timeout_s: float = 10.0) -> Iterator[None]:
    """Hold the lock file `path` while the block runs.

    Raises:
        UsageFault: Another process held it for the whole of `timeout_s`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise UsageFault(
                        f"{path} is locked",
                        why=f"another process held it for {timeout_s:g} s",
                        fix="wait for that process, or end it if it hangs",
                    ) from None
                time.sleep(0.02)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


_CHUNK = 1 << 20
_LARGEST_LOG = 8 << 30


def open_log(path: Path) -> mmap.mmap | bytes:
    """A log as a buffer to search, without reading it into memory.

    Args:
        path: A plain file, a gzip file, or the zip of a workflow run, whose job logs are
            joined in order. A gzip file cut off early gives what it holds.

    Raises:
        UsageFault: The file cannot be read, holds no log, or unpacks to more than 8 GiB.
    """
    try:
        with path.open("rb") as file:
            return _log_buffer(file)
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise UsageFault(f"the log {path} cannot be read", why=str(error)) from None


def spool_log(chunks: Iterable[bytes]) -> mmap.mmap | bytes:
    """A log that arrives in pieces, e.g. from standard input, as `open_log` gives one.

    Raises:
        UsageFault: It unpacks to more than 8 GiB, or cannot be unpacked.
    """
    with tempfile.TemporaryFile() as file:
        _copy(chunks, file)
        try:
            return _log_buffer(file)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            raise UsageFault("the log cannot be read", why=str(error)) from None


def _log_buffer(file: IO[bytes]) -> mmap.mmap | bytes:
    file.seek(0)
    magic = file.read(4)
    file.seek(0)
    if magic[:2] == b"\x1f\x8b":
        return _unpacked(_gunzip(file))
    if magic == b"PK\x03\x04":
        return _unpacked(_job_logs(file))
    return _mapped(file)


def _mapped(file: IO[bytes]) -> mmap.mmap | bytes:
    if os.fstat(file.fileno()).st_size == 0:
        return b""
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _unpacked(chunks: Iterable[bytes]) -> mmap.mmap | bytes:
    with tempfile.TemporaryFile() as file:
        _copy(chunks, file)
        return _mapped(file)


def _copy(chunks: Iterable[bytes], file: IO[bytes]) -> None:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > _LARGEST_LOG:
            raise UsageFault("the log is larger than 8 GiB", fix="give the part that failed")
        file.write(chunk)
    file.flush()


def _gunzip(file: IO[bytes]) -> Iterator[bytes]:
    """The content of all members; damage after the first byte of content ends it quietly."""
    unpack = zlib.decompressobj(wbits=31)
    pending, given = b"", False
    while pending := unpack.unconsumed_tail or unpack.unused_data or file.read(_CHUNK):
        if unpack.eof:
            unpack = zlib.decompressobj(wbits=31)
        try:
            content = unpack.decompress(pending, _CHUNK)
        except zlib.error:
            if given:
                return
            raise
        given = given or bool(content)
        yield content


def _order(name: str) -> tuple[str, int, str]:
    """Folder, number and name of `build/10_Run tests.txt`."""
    folder, _, file = name.rpartition("/")
    number = file.partition("_")[0]
    return folder, int(number) if number.isdecimal() and len(number) < 9 else 0, file


def _job_logs(file: IO[bytes]) -> Iterator[bytes]:
    """The logs of jobs, which lie at the top of the zip of a run; else every file in it.

    Files are numbered in their names and joined in that order; nothing is unpacked to disk by name.
    """
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        for name in sorted([name for name in names if "/" not in name] or names, key=_order):
            with archive.open(name) as member:
                while chunk := member.read(_CHUNK):
                    yield chunk
            yield b"\n"
