"""The built-in model: says nothing of its own. The report's template speaks for the run."""

from __future__ import annotations

from collections.abc import Callable

from aof.messages import Message
from aof.models.base import EMBEDDED, ModelReply, ModelRequest


class Embedded:
    """Costs nothing, needs nothing, adds nothing to what code has found."""

    name = EMBEDDED
    priced = True

    def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply:
        return ModelReply(Message("assistant", ""), model=EMBEDDED)

    def close(self) -> None:
        return None
