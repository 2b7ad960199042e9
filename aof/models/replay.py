"""A model that repeats what another one answered in a recorded run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aof.messages import Message, ToolCall, Usage
from aof.models.base import ModelFailed, ModelReply, ModelRequest
from aof.runlog import Event


class Replay:
    """Answers with the `model.answered` events of a run, in their order.

    A failure is repeated only where it ended the reasoning: after any other one another
    model answered the same turn.
    """

    priced = True

    def __init__(self, events: Iterable[Event]) -> None:
        spoken = [one for one in events if one.kind in {"model.answered", "model.failed"}]
        self._answers = [one for one in spoken if one.kind == "model.answered" or one is spoken[-1]]
        self._next = 0
        named = [one.data["model"] for one in self._answers if one.data.get("model")]
        self.name = f"replay:{named[0]}" if named else "replay"

    @property
    def empty(self) -> bool:
        """No model spoke in that run."""
        return not self._answers

    def close(self) -> None:
        return None

    def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply:
        if self._next >= len(self._answers):
            raise ModelFailed("the recorded run has no further answer of a model")
        event = self._answers[self._next]
        self._next += 1
        if event.kind == "model.failed":
            error = event.data["error"]
            raise ModelFailed(error["what"], why=error["why"], fix=error["fix"])
        return _reply(event.data)


def _reply(data: Mapping[str, Any]) -> ModelReply:
    calls = tuple(
        ToolCall(call["id"], call["tool"], call["operation"], call["arguments"], call["problem"])
        for call in data["calls"]
    )
    usage = Usage(
        data["usage"]["input_tokens"], data["usage"]["output_tokens"], data["usage"]["cost_usd"]
    )
    message = Message("assistant", data["text"], calls)
    return ModelReply(message, usage, data["model"], data["finish"])
