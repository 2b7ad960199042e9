"""Test reports out of zip archives that strangers made.

Nothing is unpacked to disk. What an archive claims about sizes is not believed: reading
stops at limits of our own, and the directory is measured before it is read into memory.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from typing import IO, Any

from aof.errors import Unreachable
from aof.tools.junit import MOST_BYTES, NotJUnit, parse_junit

_MOST_DIRECTORY = 8 * 1024 * 1024
_MOST_REPORTS = 400
_MOST_TOTAL = 128 * 1024 * 1024
_END = struct.Struct("<4s4H2LH")
_END_MAGIC = b"PK\x05\x06"
_LOCATOR_SIZE = 20
_LOCATOR_MAGIC = b"PK\x06\x07"
_END64 = struct.Struct("<4sQ2H2L4Q")
_END64_MAGIC = b"PK\x06\x06"


def junit_reports(archive: IO[bytes], name: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Every JUnit report in a zip archive, and why other XML files were passed over.

    Raises:
        Unreachable: Not a zip archive, damaged, or one with an absurd number of entries.
    """
    directory = _directory_bytes(archive)
    if directory is None or directory > _MOST_DIRECTORY:
        why = "no directory found" if directory is None else f"a directory of {directory} bytes"
        raise Unreachable("not read as a zip archive", why=why)
    reports: list[dict[str, Any]] = []
    skipped: list[str] = []
    total = 0
    try:
        with zipfile.ZipFile(archive) as opened:
            xml = [entry for entry in opened.infolist() if entry.filename.lower().endswith(".xml")]
            for entry in xml[:_MOST_REPORTS]:
                source = f"{name}/{entry.filename}"
                content = _read(opened, entry)
                total += len(content)
                if total > _MOST_TOTAL:
                    skipped.append(f"{source}: the archive holds more than {_MOST_TOTAL} bytes")
                    break
                try:
                    reports.append(parse_junit(content, source))
                except NotJUnit as error:
                    skipped.append(f"{error.what}{f' ({error.why})' if error.why else ''}")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError,
            NotImplementedError) as error:  # fmt: skip
        raise Unreachable("a damaged zip archive", why=str(error)) from error
    return reports, skipped


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """One byte more than a report may have is enough to refuse it."""
    with archive.open(entry) as file:
        return file.read(MOST_BYTES + 1)


def _directory_bytes(archive: IO[bytes]) -> int | None:
    """Size of the central directory, from the same records `zipfile` will believe."""
    size = archive.seek(0, os.SEEK_END)
    archive.seek(max(size - _END.size - 65_535 - _LOCATOR_SIZE - _END64.size, 0))
    tail = archive.read()
    archive.seek(0)
    at = tail.rfind(_END_MAGIC)
    if at < 0 or len(tail) - at < _END.size:
        return None
    directory = int(_END.unpack_from(tail, at)[5])
    locator = at - _LOCATOR_SIZE
    large = locator - _END64.size
    if large >= 0 and tail[locator : locator + 4] == _LOCATOR_MAGIC:
        record = _END64.unpack_from(tail, large)
        if record[0] == _END64_MAGIC:
            directory = int(record[8])
    return directory
