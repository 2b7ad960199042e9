"""Memory in a JSON file: bounded, replaced whole, locked, and never overwritten when corrupt."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aof.memory.base import InMemory, Memory, NoMemory
from aof.transport.files import locked, write_atomically

_SCHEMA = "aof.dev/memory/v1"
_LARGEST = 64 * 1024 * 1024


class FileMemory:
    """The newest `capacity` entries in `path`.

    A file that cannot be read as memory is moved aside to `<name>.corrupt-<n>` and
    reported in `warnings`; the run goes on with an empty memory. So it does when the file or
    its folder cannot be used at all.
    """

    def __init__(self, path: Path, capacity: int) -> None:
        self.warnings: list[str] = []
        self._path = path
        self._capacity = capacity

    def entries(self) -> Sequence[Mapping[str, Any]]:
        if not self._path.exists():
            return ()
        try:
            return _read(self._path)
        except OSError as error:
            self._complain("could not be read", error)
            return ()
        except ValueError as error:
            aside = self._set_aside()
            self.warnings.append(f"memory {self._path} was set aside as {aside.name}: {error}")
            return ()

    def append(self, entry: Mapping[str, Any]) -> None:
        try:
            self._append(entry)
        except OSError as error:
            self._complain("could not be written", error)

    def _complain(self, what: str, error: OSError) -> None:
        warning = f"memory {self._path} {what}: {error.strerror}"
        if warning not in self.warnings:
            self.warnings.append(warning)

    def _append(self, entry: Mapping[str, Any]) -> None:
        with locked(self._path.with_name(self._path.name + ".lock")):
            kept = [*self.entries(), dict(entry)][-self._capacity :]
            text = json.dumps({"schema": _SCHEMA, "entries": kept}, indent=1, ensure_ascii=False)
            write_atomically(self._path, text.encode() + b"\n")

    def _set_aside(self) -> Path:
        number = 1
        while True:
            aside = self._path.with_name(f"{self._path.name}.corrupt-{number}")
            if not aside.exists():
                self._path.rename(aside)
                return aside
            number += 1


def _read(path: Path) -> list[Mapping[str, Any]]:
    if path.stat().st_size > _LARGEST:
        raise ValueError("larger than 64 MiB")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON ({error})") from error
    entries = raw.get("entries") if isinstance(raw, dict) else None
    if not isinstance(entries, list) or not all(isinstance(item, dict) for item in entries):
        raise ValueError("no list of entries in it")
    return entries


def open_memory(text: str, *, folder: Path) -> Memory:
    """The memory a manifest asks for: `File:PATH:ENTRIES`, `InMemory`, or empty for none.

    Raises:
        ValueError: `text` is none of these.
    """
    if not text:
        return NoMemory()
    if text == "InMemory":
        return InMemory()
    kind, _, rest = text.partition(":")
    path, _, capacity = rest.rpartition(":")
    if kind != "File" or not path or not capacity.isdigit() or int(capacity) < 1:
        raise ValueError(f"'{text}' is not File:PATH:ENTRIES, InMemory or empty")
    return FileMemory(folder / path, int(capacity))
