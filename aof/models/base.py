"""The contract between the engine and models.

A model gets a conversation and the operations it may call, and answers with text, calls or
both. What the calls do, and what the answer means, is the engine's business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aof.errors import Unreachable
from aof.messages import Message, Operation, ToolCall, Usage

EMBEDDED = "embedded"
"""The name of the built-in model, which needs no network and no key."""


class ModelFailed(Unreachable):
    """A model could not be reached, refused us, or answered what nobody can read.

    Attributes:
        transient: Asking again may help.
        retry_after_s: What the provider asked us to wait, if it did.
    """

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        fix: str = "",
        transient: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(what, why=why, fix=fix)
        self.transient = transient
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One turn: the conversation so far and what the model may call.

    Attributes:
        messages: Oldest first; the first is the system message.
        operations: What the model may call, by `function_name`.
        max_tokens: Longest answer.
        temperature: 0 to 2, or None for the provider's own.
        output_schema: JSON Schema the final answer should follow, or None.
        may_call: False asks for a final answer; the operations stay listed, because some
            providers refuse a history with calls of functions they are not told of.
    """

    messages: Sequence[Message]
    operations: Sequence[Operation] = ()
    max_tokens: int = 4096
    temperature: float | None = None
    output_schema: Mapping[str, Any] | None = None
    may_call: bool = True


@dataclass(frozen=True, slots=True)
class ModelReply:
    """What came back. `model` is who answered; `finish` is `stop`, `calls` or `length`."""

    message: Message
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    finish: str = "stop"


class Model(Protocol):
    """Anything that can take a turn.

    `name` is as in manifests, e.g. `google:gemini-2.5-flash`. `priced` says whether
    `Usage.cost_usd` will be known, so that a cost limit can be kept.
    """

    @property
    def name(self) -> str:
        """As in manifests."""

    @property
    def priced(self) -> bool:
        """Whether the cost of a call will be known."""

    def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply:
        """Take one turn; `on_text` gets the pieces of the text as they arrive.

        Raises:
            ModelFailed: After the retries that make sense.
        """

    def close(self) -> None:
        """Let go of connections; the model can still be asked again."""


def parse_call(call_id: str, function: str, arguments: str, known: Sequence[Operation]) -> ToolCall:
    """A provider's function call as a `ToolCall`; what is wrong with it goes into `problem`.

    Args:
        call_id: The provider's id.
        function: Name the model called.
        arguments: JSON text of an object; empty means no arguments.
        known: The operations that were offered.
    """
    operation = next((one for one in known if one.function_name == function), None)
    if operation is None:
        return ToolCall(call_id, "", function, {}, problem=f"there is no function '{function}'")
    tool, name = operation.tool, operation.name
    try:
        value = json.loads(arguments) if arguments.strip() else {}
    except ValueError as error:
        return ToolCall(call_id, tool, name, {}, problem=f"the arguments are not JSON: {error}")
    if not isinstance(value, dict):
        return ToolCall(call_id, tool, name, {}, problem="the arguments are not a JSON object")
    return ToolCall(call_id, tool, name, value)


def function_name(call: ToolCall) -> str:
    """The name a model called this by."""
    return f"{call.tool}_{call.operation}" if call.tool else call.operation


def with_unique_ids(calls: Sequence[ToolCall], turn: str) -> tuple[ToolCall, ...]:
    """`calls` with ids that are present and differ; some servers leave them out or repeat them."""
    seen: set[str] = set()
    unique = []
    for number, call in enumerate(calls, start=1):
        call_id = call.id
        if not call_id or call_id in seen:
            call_id = f"call_{turn}_{number}"
        seen.add(call_id)
        unique.append(ToolCall(call_id, call.tool, call.operation, call.arguments, call.problem))
    return tuple(unique)
