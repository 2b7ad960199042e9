"""The run log as an audit trail: who did what to what, with which result, and why.

Fields are those of the platform specification's AUDIT_EVENT. Pure functions of events.
"""

from __future__ import annotations

import difflib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from aof.plans import canonical_json
from aof.runlog import Event

_NAMESPACE = uuid.UUID("6f1e0e0a-52a3-5a52-9a5e-0a0f7c1d9b11")
_ENDS = {
    "tool.called": "tool.returned",
    "model.called": "model.answered",
    "action.intended": "action.done",
}
_WHO = {"tool": "agent", "model": "model", "policy": "policy", "approval": "person"}


def audit_trail(run: str, events: Sequence[Event]) -> Iterator[dict[str, Any]]:
    """One AUDIT_EVENT per event of the log.

    A call and its answer are two events; the answer carries `duration_ms` and `success`.
    """
    began: dict[tuple[str, str], Event] = {}
    agent = next((str(e.data.get("agent", "")) for e in events if e.kind == "run.started"), "")
    for event in events:
        if event.kind in _ENDS:
            began[_ENDS[event.kind], _subject(event.data)] = event
        start = began.pop((event.kind, _subject(event.data)), None)
        yield _audit_event(run, agent, event, start)


def _subject(data: Mapping[str, Any]) -> str:
    return str(data.get("call") or data.get("action") or "")


def _audit_event(run: str, agent: str, event: Event, start: Event | None) -> dict[str, Any]:
    subject, _, verb = event.kind.partition(".")
    data = event.data
    about = {**(start.data if start else {}), **data}
    error = data.get("error")
    actor_type = _WHO.get(subject, "agent")
    return {
        "event_id": str(uuid.uuid5(_NAMESPACE, event.hash)),
        "event_type": event.kind,
        "timestamp": event.at,
        "session_id": str(uuid.uuid5(_NAMESPACE, run)),
        "run_id": run,
        "actor_type": actor_type,
        "actor_id": str(data.get("approver") or data.get("rule") or data.get("model") or agent),
        "target_type": str(about.get("tool") or subject),
        "target_id": str(about.get("target") or about.get("plan") or _subject(about)),
        "action": str(about.get("operation") or verb or subject),
        "input_data": about.get("arguments"),
        "output_data": {k: v for k, v in data.items() if k not in {"arguments", "error"}},
        "success": error is None and data.get("ok", True) is not False,
        "error_message": str(error.get("what", "")) if isinstance(error, dict) else "",
        "duration_ms": _between_ms(start, event) if start else None,
        "reason": str(about.get("reason", "")),
        "hash": event.hash,
    }


def _between_ms(start: Event, end: Event) -> int:
    times = [datetime.fromisoformat(event.at) for event in (start, end)]
    return round((times[1] - times[0]).total_seconds() * 1000)


def timeline(events: Sequence[Event]) -> list[list[str]]:
    """Rows of time, event and what it was about, for people."""
    return [[event.at[11:23], event.kind, _line(event.data)] for event in events]


def _line(data: Mapping[str, Any]) -> str:
    named = ("tool", "operation", "action", "plan", "approver", "rule", "verdict", "decision")
    words = [str(data[key]) for key in named if data.get(key)]
    error = data.get("error")
    if isinstance(error, dict):
        words.append(str(error.get("what", "")))
    words += [str(data[key]) for key in ("summary", "reason") if data.get(key)]
    return " ".join(" ".join(words).split())[:160]


def differences(one: Sequence[Event], other: Sequence[Event]) -> list[str]:
    """What two runs did differently, as a unified diff without times, ids and hashes."""
    lines = difflib.unified_diff(
        [_comparable(event) for event in one],
        [_comparable(event) for event in other],
        lineterm="",
        n=1,
    )
    return list(lines)


def _comparable(event: Event) -> str:
    varying = {"run", "plan", "call", "evidence", "payload", "duration_s", "seconds"}
    data = {key: value for key, value in event.data.items() if key not in varying}
    return f"{event.kind} {canonical_json(data)}"
