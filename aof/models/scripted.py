"""A model that says what it was told to say: tests run the real loop with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aof.errors import UsageFault
from aof.messages import Message, Usage
from aof.models.base import ModelFailed, ModelReply, ModelRequest, parse_call, with_unique_ids

Call = tuple[str, Mapping[str, Any] | str]
"""Function name and arguments; a string is sent as it is, to try what is not JSON."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What to answer once: text, calls, or a failure."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    usage: Usage = field(default_factory=Usage)
    failure: ModelFailed | None = None


class Scripted:
    """Answers with its turns, one after another; the last one again and again when `loop`.

    `requests` keeps what it was asked.
    """

    priced = True

    def __init__(
        self, turns: Sequence[Turn | str], *, name: str = "scripted", loop: bool = False
    ) -> None:
        self.name = name
        self.requests: list[ModelRequest] = []
        self._turns = [Turn(turn) if isinstance(turn, str) else turn for turn in turns]
        self._loop = loop

    def close(self) -> None:
        return None

    def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply:
        at = len(self.requests)
        self.requests.append(request)
        if at >= len(self._turns) and not self._loop:
            raise ModelFailed(f"{self.name}: the script has only {len(self._turns)} turns")
        turn = self._turns[min(at, len(self._turns) - 1)]
        if turn.failure is not None:
            raise turn.failure
        if turn.text:
            on_text(turn.text)
        calls = [
            parse_call("", name, given if isinstance(given, str) else json.dumps(given),
                       request.operations)
            for name, given in turn.calls
        ]  # fmt: skip
        message = Message("assistant", turn.text, with_unique_ids(calls, str(at + 1)))
        return ModelReply(message, turn.usage, self.name, "calls" if calls else "stop")


def read_script(path: Path) -> Scripted:
    """A scripted model from a YAML or JSON file: a list of texts or of `{text, calls}`.

    A call is `{function: {argument: value}}`.

    Raises:
        UsageFault: The file cannot be read, is no YAML or has another shape.
    """
    from aof.manifests.yaml_documents import parse_one

    try:
        listed = parse_one(path.read_bytes(), str(path)).data
        if not isinstance(listed, list):
            raise TypeError(f"it holds no list but {type(listed).__name__}")
        turns = [_turn(item) for item in listed]
    except (OSError, TypeError, AttributeError) as error:
        raise UsageFault(
            f"{path}: not a script of turns",
            why=str(error),
            fix="write a list; each item is a text, or has `text` and `calls`",
        ) from error
    return Scripted(turns, name=f"scripted:{path}")


def _turn(item: Any) -> Turn:
    if isinstance(item, str):
        return Turn(item)
    calls = tuple((name, given) for call in item.get("calls", ()) for name, given in call.items())
    failure = item.get("failure")
    return Turn(item.get("text", ""), calls, failure=ModelFailed(failure) if failure else None)
