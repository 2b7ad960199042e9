"""A recorded run, played again: the same answers in the same order, and no network.

The cassette is the run's own log. Payloads in it are redacted; a verdict that rests on a
secret value would not replay, and none does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aof.clock import FrozenClock
from aof.engine.calls import BoundTool
from aof.engine.run import Runnable
from aof.errors import AofError, ExitCode, Unreachable, UsageFault
from aof.memory.base import InMemory
from aof.messages import ToolOutput
from aof.models.replay import Replay
from aof.playbooks.base import Request
from aof.runlog import EVENTS_FILE, Event, read_events
from aof.runs.store import RunStore
from aof.scenarios.matching import same
from aof.tools.base import Tool


@dataclass(slots=True)
class RecordedCall:
    """One exchange with a tool; `error` is None when it went well."""

    tool: str
    operation: str
    arguments: Mapping[str, Any]
    data: Any = None
    summary: str = ""
    warnings: tuple[str, ...] = ()
    error: Mapping[str, Any] | None = None
    played: bool = False


@dataclass(frozen=True, slots=True)
class Cassette:
    """What a recorded run was asked, saw and remembered."""

    ref: str
    request: str
    settings: Mapping[str, str]
    event: Mapping[str, Any] | None
    environment: Mapping[str, str]
    now: datetime
    tools: Mapping[str, Mapping[str, Any]]
    calls: Sequence[RecordedCall]
    memory: Sequence[Mapping[str, Any]]
    files: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Event] = field(repr=False, default=())

    def remembered(self) -> InMemory:
        """The memory as the run found it."""
        memory = InMemory()
        for entry in self.memory:
            memory.append(entry)
        return memory


def read_cassette(name: str, store: RunStore) -> Cassette:
    """The cassette of a run: its id, or a folder.

    Raises:
        UsageFault: There is no such run, or its log cannot be read.
    """
    folder = Path(name) if Path(name).is_dir() else store.folder(name)
    path = folder / EVENTS_FILE
    if not path.is_file():
        raise UsageFault(f"no recorded run '{name}'", fix="see: aofctl get runs")
    try:
        events = _of_the_run(read_events(path))
        started = next(event for event in events if event.kind == "run.started").data
        remembered = next((event for event in events if event.kind == "memory.read"), None)
        return Cassette(
            ref=started["ref"],
            request=started["request"],
            settings=started["settings"],
            event=started["event"],
            environment=started["environment"],
            now=datetime.fromisoformat(started["now"]),
            tools=started["tools"],
            calls=_calls(events, folder),
            memory=_payload(folder, remembered.data) if remembered else [],
            files=_files(events, folder),
            events=events,
        )
    except (ValueError, KeyError, StopIteration, OSError) as error:
        raise UsageFault(
            f"the recorded run '{name}' cannot be replayed",
            why=str(error) or "its beginning is missing",
            file=str(path),
        ) from None


def _of_the_run(events: Iterable[Event]) -> list[Event]:
    """The events up to the run's end; what approving and applying its plan added is no answer."""
    kept = []
    for event in events:
        kept.append(event)
        if event.kind in {"run.finished", "run.failed"}:
            break
    return kept


def _calls(events: Sequence[Event], folder: Path) -> list[RecordedCall]:
    returned = {event.data["call"]: event.data for event in events if event.kind == "tool.returned"}
    calls = []
    for event in events:
        data = returned.get(event.data["call"]) if event.kind == "tool.called" else None
        if data is None:
            continue
        call = RecordedCall(event.data["tool"], event.data["operation"], event.data["arguments"])
        if data["ok"]:
            call.data = _payload(folder, data)
            call.summary, call.warnings = data["summary"], tuple(data["warnings"])
        else:
            call.error = data["error"]
        calls.append(call)
    return calls


def _files(events: Sequence[Event], folder: Path) -> dict[str, Any]:
    """What the files held that the run was given, by name; too large ones were not kept."""
    return {
        event.data["file"]: _held(event.data, _payload(folder, event.data))
        for event in events
        if event.kind == "file.read" and event.data["payload"]
    }


def _held(data: Mapping[str, Any], payload: Any) -> Any:
    return payload.encode() if data["text"] else payload


def _payload(folder: Path, data: Mapping[str, Any]) -> Any:
    return json.loads((folder / data["payload"]).read_text(encoding="utf-8"))


class ReplayedTool(Tool):
    """Answers from a cassette."""

    name = "replayed"
    about = "A tool that repeats a recorded run."

    def __init__(self, real: str, calls: Sequence[RecordedCall]) -> None:
        super().__init__({})
        self._real = real
        self._calls = calls

    def invoke(self, name: str, arguments: Mapping[str, Any]) -> ToolOutput:
        """The recorded answer to this call, else to the next call of this operation."""
        mine = [
            call
            for call in self._calls
            if (call.tool, call.operation) == (self._real, name) and not call.played
        ]
        exact = [call for call in mine if _same_arguments(call.arguments, arguments)]
        for call in exact or mine:
            call.played = True
            if call.error is not None:
                raise _error(call.error)
            return ToolOutput(call.data, call.summary, call.warnings)
        raise Unreachable(
            f"the recorded run has no further answer of {self._real} {name}",
            why="the agent or its playbook asks for more than it did then",
            fix="record the run anew",
        )


def replayed(tools: Mapping[str, BoundTool], cassette: Cassette) -> dict[str, BoundTool]:
    """The agent's tools, bound as they were then and answering from the cassette."""
    replaced = {}
    for name, bound in tools.items():
        then = cassette.tools.get(name, {"configured": False, "reason": "not recorded"})
        usable = bound.kind is not None and not then["reason"]
        replaced[name] = BoundTool(
            name,
            bound.kind,
            ReplayedTool(name, cassette.calls) if usable else None,
            reason=then["reason"],
            configured=then["configured"],
            required=bound.required,
            allowed=bound.allowed,
        )
    return replaced


def _same_arguments(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Equal but for arguments that were left out or hold an operation's default."""
    return all(same(value, other.get(key)) for key, value in one.items())


def _error(recorded: Mapping[str, Any]) -> AofError:
    kind = UsageFault if recorded.get("exit_code") == ExitCode.USAGE else Unreachable
    return kind(recorded["what"], why=recorded.get("why", ""), fix=recorded.get("fix", ""))


def replay(runnable: Runnable, cassette: Cassette) -> tuple[Runnable, Request, FrozenClock]:
    """The agent as it ran then: its tools, memory, model, request and time."""
    model = Replay(cassette.events)
    again = replace(
        runnable,
        tools=replayed(runnable.tools, cassette),
        memory=cassette.remembered(),
        models=() if model.empty else (model,),
    )
    request = Request(
        text=cassette.request,
        now=cassette.now,
        settings=cassette.settings,
        event=cassette.event,
        environment=cassette.environment,
        recorded_files=cassette.files,
    )
    return again, request, FrozenClock(cassette.now)
