"""What a model's calls do: reads run, in parallel; changes become actions of a plan."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aof.engine.calls import RecordedCalls
from aof.engine.conversation import Conversation, as_text
from aof.errors import AofError
from aof.messages import Effect, Operation, ToolCall, ToolResult
from aof.plans import Action, digest

_AT_ONCE = 8
_MOST_PER_TURN = 16
_READ_ON = Operation(
    tool="evidence",
    name="read",
    effect=Effect.READ,
    summary="Read on in a result that was shown in part.",
    description="Read on in a result that was shown in part, or find a text in it.",
    parameters={
        "type": "object",
        "properties": {
            "id": {"type": "string", "description": "Evidence id, such as e3."},
            "offset": {"type": "integer", "description": "First character to show."},
            "find": {"type": "string", "description": "Show the text around this, instead."},
        },
        "required": ["id"],
        "additionalProperties": False,
    },
    command=lambda arguments: f"evidence read {arguments.get('id', '')}",
)


@dataclass(slots=True)
class ModelCalls:
    """Answers the calls of a model's turns.

    `actions` collects the changes it asked for, in order.
    """

    calls: RecordedCalls
    conversation: Conversation
    actions: list[Action] = field(default_factory=list)

    def operations(self) -> tuple[Operation, ...]:
        """Everything the model may call: what the agent's bound tools offer it."""
        offered: list[Operation] = []
        for bound in self.calls.tools.values():
            if bound.tool is None or bound.kind is None:
                continue
            try:
                known = bound.kind.operations().values()
            except AofError as error:
                # A server that names its own operations may be down: it is not consulted.
                self.calls.warnings.append(f"{bound.name}: {error.what} {error.why}".strip())
                continue
            offered += [one for one in known if not bound.allowed or one.name in bound.allowed]
        self.calls.log.append(
            "operations.offered",
            names=[one.function_name for one in offered],
            digest=digest([[one.function_name, one.effect.value, one.description,
                            dict(one.parameters)] for one in offered]),
        )  # fmt: skip
        return (*offered, _READ_ON)

    def run(self, asked: Sequence[ToolCall], *, reason: str) -> None:
        """Run one turn's calls and add their answers to the conversation, in the order asked."""
        reads = [call for call in asked[:_MOST_PER_TURN] if self._is_read(call)]
        results = dict(zip([call.id for call in reads], _parallel(self._read, reads), strict=True))
        for number, call in enumerate(asked):
            if number >= _MOST_PER_TURN:
                words = f"Not run: at most {_MOST_PER_TURN} calls in one turn. Ask again."
                self.conversation.refuse(call.id, words)
            elif call.id in results:
                self.conversation.answer(call.id, results[call.id])
            elif call.problem:
                self.conversation.refuse(call.id, f"Not run: {call.problem}.")
            elif call.tool == _READ_ON.tool:
                self.conversation.refuse(call.id, self._read_on(call.arguments))
            else:
                self.conversation.refuse(call.id, self._propose(call, reason))

    def _is_read(self, call: ToolCall) -> bool:
        if call.problem or call.tool == _READ_ON.tool:
            return False
        bound = self.calls.tools.get(call.tool)
        if bound is None or bound.kind is None:
            return False
        operation = bound.kind.operations().get(call.operation)
        return operation is not None and operation.effect is Effect.READ

    def _read(self, call: ToolCall) -> ToolResult:
        return self.calls.invoke(call.tool, call.operation, call.arguments)

    def _read_on(self, arguments: Mapping[str, Any]) -> str:
        evidence_id = str(arguments.get("id", ""))
        text = self._text_of(evidence_id)
        if text is None:
            return f"Not run: there is no evidence '{evidence_id}'."
        most = self.conversation.most_characters
        offset = arguments.get("offset", 0)
        begin = max(offset, 0) if isinstance(offset, int) else 0
        if find := str(arguments.get("find", "") or ""):
            at = text.lower().find(find.lower())
            if at < 0:
                return f"'{find[:80]}' does not occur in {evidence_id}."
            begin = max(at - most // 2, 0)
        call = ToolCall(evidence_id, "evidence", "read", arguments)
        shown = text[begin : begin + most]
        summary = f"characters {begin} to {begin + len(shown)} of {len(text)}"
        return self.conversation.quoted(ToolResult(call, True, summary, shown))

    def _text_of(self, evidence_id: str) -> str | None:
        """The redacted text of any evidence of the run, the playbook's included."""
        known = self.conversation.texts
        if evidence_id not in known and evidence_id in self.calls.answers:
            clean = self.conversation.redactor.value(self.calls.answers[evidence_id])
            known[evidence_id] = as_text(clean)
        return known.get(evidence_id)

    def _propose(self, call: ToolCall, reason: str) -> str:
        """Turn a call that changes something into an action; nothing is done."""
        try:
            action = self.calls.proposed(call.tool, call.operation, call.arguments, reason=reason)
        except AofError as error:
            return f"Not planned: {error.what}. {error.why}"
        if any(planned.command == action.command for planned in self.actions):
            return "Already in the plan. Nothing was done."
        self.actions.append(action)
        return (
            f"NOT executed. `{action.command}` was added to the plan as {action.id}; a person "
            "decides about it after this run. Do not say that it was done."
        )


def _parallel(
    work: Callable[[ToolCall], ToolResult], calls: Sequence[ToolCall]
) -> list[ToolResult]:
    """Results in the order of `calls`. Threads are daemons: Ctrl-C does not wait for them."""
    outcomes: dict[int, ToolResult | BaseException] = {}
    waiting = iter(enumerate(calls))
    lock = threading.Lock()

    def worker() -> None:
        while True:
            with lock:
                number, call = next(waiting, (-1, None))
            if call is None:
                return
            try:
                outcomes[number] = work(call)
            except BaseException as error:  # noqa: BLE001 - raised again by the caller below
                outcomes[number] = error

    threads = [
        threading.Thread(target=worker, daemon=True) for _ in range(min(len(calls), _AT_ONCE))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results = []
    for number in range(len(calls)):
        outcome = outcomes[number]
        if isinstance(outcome, BaseException):
            raise outcome
        results.append(outcome)
    return results
