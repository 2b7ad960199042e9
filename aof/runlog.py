"""The record of a run: an append-only log in which every event names the hash of the last.

Audit trail, replay, evidence list and the intents of apply are views of this one file.
Everything is redacted before it is written. Large payloads lie beside it, by digest.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from aof.clock import Clock, SystemClock, isoformat
from aof.plans import canonical_json
from aof.redaction import Redactor

EVENTS_FILE = "events.jsonl"
_FIRST = "sha256:" + "0" * 64


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log. `hash` covers all other fields; `prev` is the hash before."""

    seq: int
    at: str
    kind: str
    data: dict[str, Any]
    prev: str
    hash: str

    def line(self) -> str:
        """The canonical JSON of this event, without a newline."""
        return canonical_json({**_body(self.seq, self.at, self.kind, self.data, self.prev),
                               "hash": self.hash})  # fmt: skip


def _body(seq: int, at: str, kind: str, data: dict[str, Any], prev: str) -> dict[str, Any]:
    return {"seq": seq, "at": at, "kind": kind, "data": data, "prev": prev}


def event_hash(seq: int, at: str, kind: str, data: dict[str, Any], prev: str) -> str:
    """What an event's `hash` must be."""
    body = canonical_json(_body(seq, at, kind, data, prev))
    return "sha256:" + hashlib.sha256(body.encode()).hexdigest()


class RunLog:
    """Appends events; safe to use from several threads of one process.

    Args:
        folder: The run's folder, or None to keep the events in memory only.
        redactor: Takes secrets out of everything that is appended or stored.
        clock: Where timestamps come from.
    """

    def __init__(
        self, folder: Path | None, *, redactor: Redactor, clock: Clock | None = None
    ) -> None:
        self.folder = folder
        self.redactor = redactor
        self.events: list[Event] = []
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._file: IO[str] | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / EVENTS_FILE
            if path.exists():
                self.events = list(read_events(path))
            self._file = path.open("a", encoding="utf-8")

    def append(self, kind: str, /, *, durable: bool = False, **data: Any) -> Event:
        """Record an event, e.g. `append("tool.called", tool="git", ...)`.

        Args:
            kind: Dotted name, subject first.
            durable: Do not return before the disk has it (intents and approvals).
            **data: JSON values.
        """
        clean = self.redactor.value(data)
        with self._lock:
            seq = len(self.events) + 1
            prev = self.events[-1].hash if self.events else _FIRST
            at = isoformat(self._clock.now())
            event = Event(seq, at, kind, clean, prev, event_hash(seq, at, kind, clean, prev))
            self.events.append(event)
            if self._file is not None:
                self._file.write(event.line() + "\n")
                self._file.flush()
                if durable:
                    os.fsync(self._file.fileno())
        return event

    def store(self, value: Any) -> str:
        """Write a redacted payload beside the log; returns its path relative to the folder."""
        text = json.dumps(self.redactor.value(value), indent=1, sort_keys=True, ensure_ascii=False)
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        relative = Path("evidence") / f"{name}.json"
        if self.folder is not None:
            path = self.folder / relative
            path.parent.mkdir(exist_ok=True)
            if not path.exists():
                path.write_text(text, encoding="utf-8")
        return str(relative)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the log can be opened again and continued."""
        if self._file is not None:
            self._file.close()
            self._file = None


def read_events(path: Path) -> Iterator[Event]:
    """The events of a log, as they stand; `ValueError` names the first unreadable line."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                raw = json.loads(line)
                yield Event(**raw)
            except (ValueError, TypeError) as error:
                raise ValueError(f"{path}:{number}: not an event") from error
