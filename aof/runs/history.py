"""Changes that were made before, from the logs of their runs: what rates count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aof.runlog import EVENTS_FILE, read_events


@dataclass(frozen=True, slots=True)
class Change:
    """An operation that was applied."""

    at: datetime
    tool: str
    operation: str


def applied_changes(root: Path, *, since: datetime) -> Iterator[Change]:
    """Changes applied after `since`, from every readable log below `root`."""
    for path in sorted(root.glob(f"*/{EVENTS_FILE}")):
        if path.stat().st_mtime >= since.timestamp():
            yield from (change for change in _of_log(path) if change.at >= since)


def _of_log(path: Path) -> Iterator[Change]:
    intended: dict[str, tuple[str, str]] = {}
    try:
        for event in read_events(path):
            name = str(event.data.get("action"))
            if event.kind == "action.intended":
                intended[name] = (str(event.data.get("tool")), str(event.data.get("operation")))
            elif event.kind == "action.applied" and name in intended:
                yield Change(datetime.fromisoformat(event.at), *intended[name])
    except ValueError:
        return
