"""The record of a run: an append-only log in which every event names the hash of the last.

Audit trail, replay, evidence list and the intents of apply are views of this one file.
Everything is redacted before it is written. Large payloads lie beside it, by digest.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
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
    """Appends events; safe to use from several threads and several processes.

    Beside the run folders, `.heads/<run>.json` names the count and hash of the last event
    whenever the log is closed or a durable event is written: a log cut short is found out.

    Args:
        folder: The run's folder, or None to keep the events in memory only.
        redactor: Takes secrets out of everything that is appended or stored.
        clock: Where timestamps come from.
        lost: Told when the disk refuses a write; the log then goes on in memory only. Without
            it the error is raised: what is applied must stand in the log.

    Raises:
        ValueError: The folder holds a log that cannot be read.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        redactor: Redactor,
        clock: Clock | None = None,
        lost: Callable[[OSError], None] | None = None,
    ) -> None:
        self.folder = folder
        self.redactor = redactor
        self.events: list[Event] = []
        self._clock = clock or SystemClock()
        self._lost = lost
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._read_to = 0
        self._appended = False
        self._whole = True
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / EVENTS_FILE).open("a+b")
            with self._alone():
                torn = self._catch_up()
            self._whole = self._reaches_head()
            if torn:
                self.append("log.recovered", durable=True, **torn)

    def append(self, kind: str, /, *, durable: bool = False, **data: Any) -> Event:
        """Record an event, e.g. `append("tool.called", tool="git", ...)`.

        Args:
            kind: Dotted name, subject first.
            durable: Do not return before the disk has it (intents and approvals).
            **data: JSON values.
        """
        clean = self.redactor.value(data)
        with self._lock, self._alone():
            if self._file is not None:
                self._catch_up()
            seq = len(self.events) + 1
            prev = self.events[-1].hash if self.events else _FIRST
            at = isoformat(self._clock.now())
            event = Event(seq, at, kind, clean, prev, event_hash(seq, at, kind, clean, prev))
            self.events.append(event)
            self._appended = True
            try:
                self._write(event, durable=durable)
            except OSError as error:
                self.events.pop()
                if self._lost is None:
                    raise
                self.events.append(event)
                self.give_up(error)
        return event

    def _write(self, event: Event, *, durable: bool) -> None:
        if self._file is None:
            return
        line = event.line().encode() + b"\n"
        self._file.write(line)
        self._file.flush()
        self._read_to += len(line)
        if durable:
            os.fsync(self._file.fileno())
        # The first head says that there is a log, whatever becomes of the process.
        if durable or event.seq == 1:
            self._write_head()

    def give_up(self, error: OSError) -> None:
        """Go on in memory: the disk takes no more of this run."""
        if self.folder is None:
            return
        self.folder, file, self._file = None, self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()
        if self._lost is not None:
            self._lost(error)

    def refresh(self) -> None:
        """Take in what other processes have appended since."""
        with self._lock, self._alone():
            if self._file is not None:
                self._catch_up()

    def store(self, value: Any) -> str:
        """Write a redacted payload beside the log; returns its path relative to the folder."""
        text = json.dumps(self.redactor.value(value), indent=1, sort_keys=True, ensure_ascii=False)
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        relative = Path("evidence") / f"{name}.json"
        if self.folder is not None:
            path = self.folder / relative
            try:
                path.parent.mkdir(exist_ok=True)
                if not path.exists():
                    path.write_text(text, encoding="utf-8")
            except OSError as error:
                if self._lost is None:
                    raise
                self.give_up(error)
        return str(relative)

    def head(self) -> dict[str, Any]:
        """`{count, hash}` of the last event: what a log must at least reach."""
        return {"count": len(self.events), "hash": self.events[-1].hash if self.events else _FIRST}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the log can be opened again and continued."""
        with self._lock:
            if self._file is None:
                return
            with self._alone():
                if self._appended:
                    self._catch_up()
                self._write_head()
            self._file.close()
            self._file = None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process appends while the block runs."""
        file = self._file
        if file is None:
            yield
            return
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            if not file.closed:
                fcntl.flock(file, fcntl.LOCK_UN)

    def _catch_up(self) -> dict[str, Any]:
        """Read what another process, or an earlier life, has written.

        A last line without its newline was being written when the machine stopped. It is
        no event: it is moved to `events.torn`, and what it was is returned.
        """
        assert self._file is not None
        if os.fstat(self._file.fileno()).st_size == self._read_to:
            return {}
        self._file.seek(self._read_to)
        content = self._file.read()
        whole = content.rfind(b"\n") + 1
        for number, line in enumerate(content[:whole].splitlines(), start=len(self.events) + 1):
            self.events.append(_event(line, f"{self._file.name}:{number}"))
        self._read_to += whole
        torn = content[whole:]
        if not torn:
            return {}
        assert self.folder is not None
        with (self.folder / "events.torn").open("ab") as aside:
            aside.write(torn + b"\n")
        self._file.truncate(self._read_to)
        return {"bytes": len(torn), "digest": "sha256:" + hashlib.sha256(torn).hexdigest()}

    def _reaches_head(self) -> bool:
        """Whether this log is the one its head knows; a cut one must not get a new head."""
        assert self.folder is not None
        try:
            head = json.loads(head_path(self.folder).read_text(encoding="utf-8"))
            count, known = int(head["count"]), str(head["hash"])
        except FileNotFoundError:
            return True
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return 0 < count <= len(self.events) and self.events[count - 1].hash == known

    def _write_head(self) -> None:
        if self.folder is None or not self._appended or not self._whole:
            return
        path = head_path(self.folder)
        path.parent.mkdir(exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        temporary.write_text(json.dumps(self.head()), encoding="utf-8")
        temporary.replace(path)


def head_path(folder: Path) -> Path:
    """Where the last known count and hash of a run's log are kept, outside its folder."""
    return folder.parent / ".heads" / f"{folder.name}.json"


def _event(line: bytes, where: str) -> Event:
    try:
        return Event(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where}: not an event") from error


def read_events(path: Path) -> Iterator[Event]:
    """The events of a log, as they stand; `ValueError` names the first unreadable line."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            yield _event(line, f"{path}:{number}")
