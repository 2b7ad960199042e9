"""The one door to tools. Playbooks and models go through it; every call is recorded.

Reads run here, under a time limit. Writes never do: they become actions of a plan.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from mmap import mmap
from typing import Any

from aof.clock import Clock, isoformat
from aof.engine.progress import Progress
from aof.errors import AofError, Interrupted, NotBound, Unreachable, UsageFault
from aof.messages import Effect, Operation, ToolCall, ToolOutput, ToolResult
from aof.plans import Action, Assumption, Check, Origin, digest
from aof.runlog import RunLog
from aof.tools.base import Tool, checked_arguments
from aof.verdict import Evidence

_LARGEST_KEPT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BoundTool:
    """A tool of an agent: its class, an instance when it could be bound, and what it may do.

    Attributes:
        kind: The class; None when the tool is not in this version.
        tool: The instance; None when it could not be bound.
        reason: Why it could not be bound; empty when it was.
        configured: False when every setting came from a default nobody chose.
        allowed: Operations the manifest names; empty means all.
    """

    name: str
    kind: type[Tool] | None
    tool: Tool | None
    reason: str = ""
    configured: bool = True
    required: bool = False
    allowed: tuple[str, ...] = ()


@dataclass(slots=True)
class RecordedCalls:
    """Implements the playbooks' `Calls` on bound tools and a run log.

    `recorded` holds files of a run that is played again, by name.

    `answers` keeps the data of every evidence id for the length of the run: what a model
    says is checked against it.
    """

    tools: Mapping[str, BoundTool]
    log: RunLog
    clock: Clock
    progress: Progress
    recorded: Mapping[str, Any] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    _calls: int = 0
    _actions: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, tool: str, operation: str, /, **arguments: Any) -> ToolResult:
        """Run a read operation and record it; see `playbooks.base.Calls`."""
        return self.invoke(tool, operation, arguments)

    def invoke(self, tool: str, operation: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Like `read`, with the arguments as a mapping."""
        with self._lock:
            self._calls += 1
            call = ToolCall(f"c{self._calls}", tool, operation, dict(arguments))
        self.log.append(
            "tool.called", call=call.id, tool=tool, operation=operation, arguments=call.arguments
        )
        began = self.clock.monotonic()
        try:
            bound, description = self._readable(tool, operation)
            checked = checked_arguments(self.tools[tool].kind, description.name, arguments)
            output = within(description.timeout_s, bound, description.name, checked)
            result = self._succeeded(call, output)
        except Interrupted:
            raise
        except AofError as error:
            result = self._failed(call, error)
        seconds = self.clock.monotonic() - began
        self.progress.call(
            f"{tool} {operation}", ok=result.ok, summary=result.summary, seconds=seconds
        )
        return result

    def not_consulted(self, tool: str) -> str | None:
        """Why the tool cannot be used here, or None when it can."""
        bound = self.tools.get(tool)
        if bound is None:
            return "the agent does not name this tool"
        return bound.reason or None

    def configured(self, tool: str) -> bool:
        """Bound, and somebody set it up."""
        bound = self.tools.get(tool)
        return bound is not None and bound.tool is not None and bound.configured

    def given(self, name: str, read: Callable[[], Any]) -> Any:
        """What a file held, recorded; see `playbooks.base.Calls`."""
        found = self.recorded[name] if name in self.recorded else read()
        text = isinstance(found, bytes | mmap)
        size = len(found) if text else len(json.dumps(found))
        payload = None
        if size <= _LARGEST_KEPT:
            payload = self.log.store(found[:].decode("utf-8", "replace") if text else found)
        self.log.append("file.read", file=name, bytes=size, text=text, payload=payload)
        return found

    def record(self, source: str, data: Any, *, about: str = "") -> str:
        """Record evidence that no tool delivered; returns its id."""
        call = ToolCall(source, source, "given", {"about": about} if about else {})
        return self._succeeded(call, ToolOutput(data, about or source)).evidence_id

    def action(
        self,
        tool: str,
        operation: str,
        arguments: Mapping[str, Any],
        *,
        reason: str,
        evidence: Sequence[str] = (),
        executable: bool = True,
        target: str = "",
        assumes: Sequence[Assumption] = (),
        verify: Sequence[Check] = (),
        undo: str = "",
    ) -> Action:
        """Describe a change; see `playbooks.base.Calls`."""
        description = self._described(tool, operation)
        return Action(
            id=self._next_action_id(),
            tool=tool,
            operation=description.name,
            arguments=dict(arguments),
            effect=description.effect,
            command=description.command(arguments),
            reason=reason,
            evidence=tuple(evidence),
            executable=executable and self.not_consulted(tool) is None,
            target=target,
            assumes=tuple(assumes),
            verify=tuple(verify),
            undo=undo,
            origin=Origin.PLAYBOOK,
            described=description.described,
        )

    def recommend(
        self, command: str, *, reason: str, evidence: Sequence[str] = (), target: str = ""
    ) -> Action:
        """A command for a person; see `playbooks.base.Calls`."""
        return Action(
            id=self._next_action_id(),
            tool="person",
            operation="command",
            command=command,
            reason=reason,
            evidence=tuple(evidence),
            executable=False,
            target=target,
        )

    def _next_action_id(self) -> str:
        with self._lock:
            self._actions += 1
            return f"a{self._actions}"

    def proposed(
        self, tool: str, operation: str, arguments: Mapping[str, Any], *, reason: str
    ) -> Action:
        """A change a model asked for, as an action; nothing is done.

        What only tells people is planned like a change: no manifest declared it.

        Raises:
            AofError: The agent may not call it, or the arguments do not fit.
        """
        _, description = self._offered(tool, operation)
        checked_arguments(self.tools[tool].kind, description.name, arguments)
        action = self.action(tool, operation, arguments, reason=reason)
        return action.model_copy(update={"effect": Effect.WRITE, "origin": Origin.MODEL})

    def description_of(self, action: Action) -> Operation | None:
        """The operation an action would run, or None when there is none."""
        try:
            return self._described(action.tool, action.operation)
        except AofError:
            return None

    def note(self, text: str) -> None:
        """Pass a line on to the person watching."""
        self.progress.note(text)

    def _described(self, tool: str, operation: str) -> Operation:
        bound = self.tools.get(tool)
        if bound is None or bound.kind is None:
            raise NotBound(
                f"{tool} is not available to this agent",
                why=bound.reason if bound else "the agent does not name this tool",
            )
        for description in bound.kind.operations().values():
            if operation == description.name or operation in description.aliases:
                return description
        raise UsageFault(f"{tool} has no operation '{operation}'")

    def _offered(self, tool: str, operation: str) -> tuple[Tool, Operation]:
        description = self._described(tool, operation)
        bound = self.tools[tool]
        if bound.tool is None:
            raise NotBound(f"{tool} was not consulted", why=bound.reason)
        if bound.allowed and description.name not in bound.allowed:
            raise UsageFault(
                f"{tool} {description.name} is not among the operations of this agent",
                why=f"the manifest allows: {', '.join(bound.allowed)}",
            )
        return bound.tool, description

    def _readable(self, tool: str, operation: str) -> tuple[Tool, Operation]:
        bound, description = self._offered(tool, operation)
        if description.effect is not Effect.READ:
            raise UsageFault(
                f"{tool} {description.name} changes something and is never run directly",
                why="changes go through a plan",
            )
        return bound, description

    def _succeeded(self, call: ToolCall, output: ToolOutput) -> ToolResult:
        hashed = digest(output.data)
        at = isoformat(self.clock.now())
        with self._lock:
            evidence_id = f"e{len(self.evidence) + 1}"
            self.answers[evidence_id] = output.data
            self.evidence.append(
                Evidence(
                    id=evidence_id,
                    tool=call.tool,
                    operation=call.operation,
                    arguments=dict(call.arguments),
                    digest=hashed,
                    at=at,
                )
            )
        self.warnings.extend(f"{call.tool}: {warning}" for warning in output.warnings)
        self.log.append(
            "tool.returned",
            call=call.id,
            ok=True,
            evidence=evidence_id,
            summary=output.summary,
            warnings=list(output.warnings),
            digest=hashed,
            payload=self.log.store(output.data),
        )
        result = ToolResult(call, True, output.summary, output.data, warnings=output.warnings)
        return replace(result, evidence_id=evidence_id, digest=hashed)

    def _failed(self, call: ToolCall, error: AofError) -> ToolResult:
        self.log.append("tool.returned", call=call.id, ok=False, error=error.as_dict())
        return ToolResult.failed(call, error)


def within(
    timeout_s: float, tool: Tool, operation: str, arguments: Mapping[str, Any]
) -> ToolOutput:
    """Run the operation in a thread of its own, so that a library that hangs cannot hang us."""
    done: list[ToolOutput | BaseException] = []

    def work() -> None:
        try:
            done.append(tool.invoke(operation, arguments))
        except BaseException as error:  # noqa: BLE001 - handed to the calling thread below
            done.append(error)

    thread = threading.Thread(target=work, daemon=True, name=f"{tool.name}.{operation}")
    thread.start()
    thread.join(timeout_s)
    if not done:
        raise Unreachable(
            f"{tool.name} {operation} did not end within {timeout_s:g} s",
            why="the call was given up",
            fix="check that the server answers; ask for less data",
        )
    outcome = done[0]
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome
