"""Is a run's log whole and unchanged, and how does it read as an audit trail?

Verification trusts nothing in the run folder: every line must be the canonical text of its
event, every hash must fit, and the log must reach the heads written outside of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aof.errors import AofError
from aof.plans import Plan
from aof.runlog import EVENTS_FILE, Event, event_hash, head_path
from aof.transport.ssh_signatures import verify_signature

SIGNATURE_FILE = "log.sig"
NAMESPACE = "aof-audit"
_FIRST = "sha256:" + "0" * 64


@dataclass(frozen=True, slots=True)
class Verified:
    """What verification found. `problems` is empty when nothing was changed."""

    run: str
    events: int
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()
    signed_by: str = ""

    @property
    def ok(self) -> bool:
        """Nothing was changed, as far as the heads and signatures can tell."""
        return not self.problems


@dataclass(slots=True)
class _Check:
    folder: Path
    events: list[Event] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def chain(self) -> None:
        path = self.folder / EVENTS_FILE
        try:
            content = path.read_bytes()
        except OSError as error:
            self.problems.append(f"{EVENTS_FILE} cannot be read: {error.strerror}")
            return
        if not content.endswith(b"\n"):
            self.problems.append("the last line is cut off")
        prev = _FIRST
        for number, line in enumerate(content.split(b"\n")[:-1], start=1):
            problem, prev = self._line(number, line, prev)
            if problem:
                self.problems.append(f"event {number}: {problem}")

    def _line(self, number: int, line: bytes, prev: str) -> tuple[str, str]:
        try:
            event = Event(**json.loads(line))
            expected = event_hash(event.seq, event.at, event.kind, event.data, event.prev)
            canonical = event.line().encode()
        except (ValueError, TypeError, RecursionError):
            return "not an event", prev
        self.events.append(event)
        if event.seq != number:
            return f"it says it is number {event.seq}", event.hash
        if event.prev != prev:
            return "it does not follow the one before", event.hash
        if event.hash != expected or canonical != line:
            return "it was edited", event.hash
        return "", event.hash

    def head(self, source: str, head: Any) -> None:
        """The log must hold at least what `head` names."""
        if not isinstance(head, dict) or not isinstance(head.get("count"), int):
            self.problems.append(f"{source} names no head of the log")
            return
        count = head["count"]
        if count > len(self.events):
            self.problems.append(
                f"{source} knows {count} events, the log has {len(self.events)}: it was cut"
            )
        elif count and self.events[count - 1].hash != head.get("hash"):
            self.problems.append(f"{source} knows event {count} by another hash")
        elif source == "the store" and count < len(self.events):
            self.notes.append(
                f"{len(self.events) - count} events follow the last head: the run goes on, "
                "or its process was ended"
            )

    def files(self) -> None:
        """What lies beside the log: payloads by digest, the plan by its digest."""
        for event in self.events:
            payload = event.data.get("payload")
            if isinstance(payload, str):
                self._payload(event.seq, payload)
            if event.kind == "plan.created":
                self._plan(event)

    def _payload(self, seq: int, relative: str) -> None:
        path = self.folder / relative
        if not path.is_file():
            self.problems.append(f"event {seq}: its payload {relative} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest()[:16] != path.stem:
            self.problems.append(f"event {seq}: its payload {relative} was edited")

    def _plan(self, event: Event) -> None:
        path = self.folder / "plan.json"
        if not path.is_file():
            return
        try:
            plan = Plan.model_validate_json(path.read_bytes())
        except ValueError:
            self.problems.append("plan.json cannot be read")
            return
        if plan.id == event.data.get("plan") and plan.computed_digest() != event.data.get("digest"):
            self.problems.append("plan.json was edited")


def verify_run(folder: Path, *, signers: Path | None = None) -> Verified:
    """Verify one run folder against its heads and, when there is one, its signature.

    Args:
        folder: The run's folder.
        signers: An SSH `allowed_signers` file; needed to accept a signature.
    """
    check = _Check(folder)
    check.chain()
    check.head("the store", _json(head_path(folder)))
    run_file = folder / "run.json"
    if run_file.is_file():
        recorded = _json(run_file)
        if isinstance(recorded, dict) and "log" in recorded:
            check.head("run.json", recorded["log"])
    check.files()
    signed_by = _signed_by(check, signers)
    return Verified(
        folder.name, len(check.events), tuple(check.problems), tuple(check.notes), signed_by
    )


def verify_store(root: Path, *, signers: Path | None = None) -> Iterator[Verified]:
    """Every run of a store, also those of which only the head is left."""
    runs = {path.name for path in root.glob("*") if (path / EVENTS_FILE).is_file()}
    heads = {path.stem for path in (root / ".heads").glob("*.json") if path.name[0] != "."}
    for name in sorted(runs | heads):
        if name in runs:
            yield verify_run(root / name, signers=signers)
        else:
            yield Verified(name, 0, ("the run was removed: only its head is left",))


def signed_statement(folder: Path, events: list[Event]) -> bytes:
    """What a signature covers: the run, and the count and hash of its log."""
    head = {"run": folder.name, "count": len(events), "hash": events[-1].hash if events else _FIRST}
    return json.dumps(head, sort_keys=True).encode()


def _signed_by(check: _Check, signers: Path | None) -> str:
    path = check.folder / SIGNATURE_FILE
    if not path.is_file():
        return ""
    stored = _json(path)
    if not isinstance(stored, dict) or not isinstance(stored.get("count"), int):
        check.problems.append("the signature cannot be read")
        return ""
    if signers is None:
        check.notes.append("signed; give --signers to check by whom")
        return ""
    statement = signed_statement(check.folder, check.events[: stored["count"]])
    try:
        return verify_signature(
            statement, str(stored.get("signature", "")), signers=signers, namespace=NAMESPACE
        )
    except AofError as error:
        check.problems.append(f"the signature does not hold: {error.why or error.what}")
        return ""


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
