"""Every provider litellm speaks to. The package is imported by the first call: it takes seconds.

Its own retries, fallbacks, callbacks and price download are off: there is one layer for
each, and it is not this one.
"""

from __future__ import annotations

import os
import queue
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from aof.clock import Clock, SystemClock
from aof.errors import NotBound
from aof.messages import Message, Operation, Usage
from aof.models.base import ModelFailed, ModelReply, ModelRequest, parse_call, with_unique_ids
from aof.models.openai_compatible import wire_message, wire_schema, wire_tool
from aof.models.providers import ModelName
from aof.models.retry import with_retries

_TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_SAY_WHEN_COMPLETE = frozenset({"anthropic", "openai"})
"""Providers for which litellm keeps whether the end of an answer was received."""


class LitellmGateway:
    """One model, asked through litellm.

    Args:
        name: The model string, taken apart.
        silence_s: Longest pause between two pieces of an answer.
        clock: For the pauses between tries.
    """

    def __init__(
        self, name: ModelName, *, silence_s: float = 120.0, clock: Clock | None = None
    ) -> None:
        self.name = name.text
        self._model = name
        self._silence_s = silence_s
        self._clock = clock or SystemClock()

    @property
    def priced(self) -> bool:
        """Whether litellm's price list has the model."""
        try:
            found = _litellm().get_model_info(self._model.litellm)
        except (NotBound, ValueError, KeyError):
            return False
        return bool(found.get("input_cost_per_token") or found.get("output_cost_per_token"))

    def close(self) -> None:
        return None

    def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply:
        litellm = _litellm()
        turn = str(sum(one.role == "assistant" for one in request.messages) + 1)

        def once() -> ModelReply:
            return self._ask(litellm, request, on_text, turn)

        return with_retries(once, self._clock)

    def _ask(
        self, litellm: Any, request: ModelRequest, on_text: Callable[[str], None], turn: str
    ) -> ModelReply:
        pieces: list[Any] = []
        arguments = self._arguments(request)
        pieces_coming = _Pieces(lambda: litellm.completion(**arguments))
        try:
            for piece in pieces_coming.within(self._silence_s):
                pieces.append(piece)
                on_text(_text_of(piece))
            whole = litellm.stream_chunk_builder(pieces, messages=arguments["messages"])
        except queue.Empty:
            raise ModelFailed(
                f"{self.name}: no answer within {self._silence_s:g} s",
                why="the provider fell silent",
                fix="try again, or allow more with AOF_MODEL_TIMEOUT",
                transient=True,
            ) from None
        except Exception as error:
            raise self._failure(error) from error
        if whole is None or not self._complete(pieces_coming.stream, whole):
            raise ModelFailed(
                f"{self.name}: the answer ended before it was complete", transient=True
            )
        return self._reply(litellm, whole, request.operations, turn)

    def _complete(self, stream: Any, whole: Any) -> bool:
        """Whether the provider itself ended the answer; litellm puts an end to any stream."""
        message = whole.choices[0].message
        if not message.content and not message.tool_calls:
            return False
        ended = getattr(stream, "received_finish_reason", "") is not None
        return ended or self._model.provider not in _SAY_WHEN_COMPLETE

    def _arguments(self, request: ModelRequest) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "model": self._model.litellm,
            "messages": [self._message(message) for message in request.messages],
            "max_tokens": request.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
            "timeout": self._silence_s,
            "num_retries": 0,
            "max_retries": 0,
            "drop_params": True,
        }
        if request.temperature is not None:
            arguments["temperature"] = request.temperature
        if request.operations:
            arguments["tools"] = [wire_tool(operation) for operation in request.operations]
            if not request.may_call:
                arguments["tool_choice"] = "none"
        if request.output_schema is not None:
            arguments["response_format"] = wire_schema(request.output_schema)
        if self._model.url:
            arguments["api_base"] = self._model.url
        return arguments

    def _message(self, message: Message) -> dict[str, Any]:
        return {**wire_message(message), **message.provider.get("litellm", {})}

    def _reply(self, litellm: Any, whole: Any, known: Sequence[Operation], turn: str) -> ModelReply:
        message = whole.choices[0].message
        calls = [
            parse_call(
                call.id or "", call.function.name or "", call.function.arguments or "", known
            )
            for call in message.tool_calls or []
        ]
        counted = getattr(whole, "usage", None)
        usage = Usage(
            int(getattr(counted, "prompt_tokens", 0) or 0),
            int(getattr(counted, "completion_tokens", 0) or 0),
            _cost(litellm, whole, self._model.litellm),
        )
        said = Message(
            "assistant",
            message.content or "",
            with_unique_ids(calls, turn),
            provider=_kept(message),
        )
        finish = whole.choices[0].finish_reason
        return ModelReply(
            said, usage, self.name, "calls" if calls else "length" if finish == "length" else "stop"
        )

    def _failure(self, error: Exception) -> ModelFailed:
        cause = getattr(error, "original_exception", None) or error
        status = getattr(cause, "status_code", None)
        words = str(cause).strip().splitlines() or [type(cause).__name__]
        headers = getattr(cause, "litellm_response_headers", None) or {}
        after = str(headers.get("retry-after", ""))
        return ModelFailed(
            f"{self.name}: {type(cause).__name__}" + (f" ({status})" if status else ""),
            why=words[0].removeprefix("litellm.")[:400],
            fix=_advice(status),
            transient=status in _TRANSIENT or isinstance(cause, TimeoutError | ConnectionError),
            retry_after_s=float(after) if after.replace(".", "", 1).isdigit() else None,
        )


class _Pieces:
    """The pieces of a stream, read in a thread: not every provider's client keeps a timeout."""

    def __init__(self, begin: Callable[[], Any]) -> None:
        self.stream: Any = None
        self._begin = begin
        self._queue: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True, name="model").start()

    def _read(self) -> None:
        try:
            self.stream = self._begin()
            for piece in self.stream:
                self._queue.put(("piece", piece))
        except BaseException as error:  # noqa: BLE001 - raised again by `within`
            self._queue.put(("error", error))
        else:
            self._queue.put(("end", None))

    def within(self, silence_s: float) -> Iterator[Any]:
        """The pieces as they come; `queue.Empty` after a silence."""
        while True:
            kind, value = self._queue.get(timeout=silence_s)
            if kind == "error":
                raise value
            if kind == "end":
                return
            yield value


def _litellm() -> Any:
    # The flag keeps the import from fetching a price list over the network.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import litellm
        except ImportError as error:
            raise NotBound(
                "this model needs the extra 'llm'", why=str(error), fix="pip install 'aof[llm]'"
            ) from error
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    return litellm


def _text_of(piece: Any) -> str:
    choices = getattr(piece, "choices", None) or []
    return (choices[0].delta.content or "") if choices else ""


def _cost(litellm: Any, whole: Any, model: str) -> float | None:
    try:
        return float(litellm.completion_cost(completion_response=whole, model=model))
    except Exception:  # noqa: BLE001  an unknown price is no failure
        return None


def _kept(message: Any) -> dict[str, Any]:
    """Signed reasoning and the like, which some providers refuse to go on without."""
    names = ("thinking_blocks", "reasoning_content", "provider_specific_fields")
    kept = {name: value for name in names if (value := getattr(message, name, None))}
    return {"litellm": kept} if kept else {}


def _advice(status: int | None) -> str:
    if status in {401, 403}:
        return "check the key and what it is allowed to do"
    if status == 404:
        return "check the model's name"
    if status == 429:
        return "wait, or ask the provider for a higher limit"
    return "choose another model with --model, or use --llm off"
