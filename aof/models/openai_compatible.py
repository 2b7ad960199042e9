"""The chat-completions format that OpenAI began and most servers speak, straight over HTTP.

For Ollama, vLLM, llama.cpp and gateways; needs no extra. Always streams: text reaches the
terminal as it comes, and silence is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aof.clock import Clock, SystemClock
from aof.errors import Unreachable
from aof.messages import Message, Operation, Usage
from aof.models.base import (
    ModelFailed,
    ModelReply,
    ModelRequest,
    function_name,
    parse_call,
    with_unique_ids,
)
from aof.models.retry import with_retries
from aof.transport.http import Http, Refused, asked_pause_s

_LONGEST_ANSWER_S = 600.0
_TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input_usd: float
    output_usd: float

    def of(self, usage: Usage) -> float:
        """What a call of this size costs."""
        return (
            usage.input_tokens * self.input_usd + usage.output_tokens * self.output_usd
        ) / 1_000_000


class OpenAiCompatible:
    """One model of one server.

    Args:
        name: As in manifests.
        model: The server's name of the model.
        base_url: Up to and including `/v1`.
        key: Sent as bearer token when given.
        silence_s: Longest pause between two pieces of an answer, the first one included.
        price: What tokens cost, when known.
        clock: For the pauses between tries.
    """

    def __init__(
        self,
        name: str,
        *,
        model: str,
        base_url: str,
        key: str = "",
        silence_s: float = 120.0,
        price: Price | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self.priced = price is not None
        self._model = model
        self._price = price
        self._clock = clock or SystemClock()
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._http = Http(base_url, headers, timeout_s=silence_s, connect_timeout_s=5.0)

    def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply:
        body = _body(self._model, request)
        turn = str(sum(one.role == "assistant" for one in request.messages) + 1)

        def once() -> ModelReply:
            return self._ask(body, request.operations, on_text, turn)

        return with_retries(once, self._clock)

    def close(self) -> None:
        self._http.close()

    def _ask(
        self,
        body: Mapping[str, Any],
        known: Iterable[Operation],
        on_text: Callable[[str], None],
        turn: str,
    ) -> ModelReply:
        gathered = _Gathered()
        try:
            with self._http.post_lines(
                "chat/completions", body, longest_s=_LONGEST_ANSWER_S
            ) as lines:
                for chunk in _chunks(lines):
                    on_text(gathered.add(chunk))
        except Refused as refused:
            raise _refusal(self.name, refused) from refused
        except ModelFailed:
            raise
        except Unreachable as error:
            raise ModelFailed(error.what, why=error.why, fix=error.fix, transient=True) from error
        if not gathered.finish:
            raise _broken(self.name, "the answer ended before it was complete")
        return self._reply(gathered, tuple(known), turn)

    def _reply(self, gathered: _Gathered, known: tuple[Operation, ...], turn: str) -> ModelReply:
        calls = [
            parse_call(call.id, call.function, call.arguments, known) for call in gathered.calls
        ]
        usage = gathered.usage
        if self._price is not None:
            usage = Usage(usage.input_tokens, usage.output_tokens, self._price.of(usage))
        provider = {"tool_calls": gathered.extras()} if gathered.extras() else {}
        message = Message(
            "assistant", "".join(gathered.text), with_unique_ids(calls, turn), provider=provider
        )
        finish = "calls" if calls else "length" if gathered.finish == "length" else "stop"
        return ModelReply(message, usage, self.name, finish)


def _body(model: str, request: ModelRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": model,
        "messages": [wire_message(message) for message in request.messages],
        "max_tokens": request.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.operations:
        body["tools"] = [wire_tool(operation) for operation in request.operations]
        if not request.may_call:
            body["tool_choice"] = "none"
    if request.output_schema is not None:
        body["response_format"] = wire_schema(request.output_schema)
    return body


def wire_message(message: Message) -> dict[str, Any]:
    """A message as chat completions writes it."""
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.role == "tool":
        wire["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        extras = message.provider.get("tool_calls", {})
        wire["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {
                    "name": function_name(call),
                    "arguments": json.dumps(dict(call.arguments), ensure_ascii=False),
                },
                **extras.get(str(number), {}),
            }
            for number, call in enumerate(message.tool_calls)
        ]
    return wire


def wire_tool(operation: Operation) -> dict[str, Any]:
    """An operation as a function a model may call."""
    return {
        "type": "function",
        "function": {
            "name": operation.function_name,
            "description": operation.description,
            "parameters": dict(operation.parameters),
        },
    }


def wire_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The answer's JSON Schema as `response_format`."""
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(schema)}}


@dataclass(slots=True)
class _Call:
    id: str = ""
    function: str = ""
    arguments: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Gathered:
    """The pieces of a streamed answer, put together."""

    text: list[str] = field(default_factory=list)
    calls: list[_Call] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    finish: str = ""
    _by_index: dict[int, _Call] = field(default_factory=dict)

    def add(self, chunk: Mapping[str, Any]) -> str:
        """Take a chunk in; returns the text it brought."""
        counted = chunk.get("usage")
        if isinstance(counted, dict):
            self.usage = Usage(
                int(counted.get("prompt_tokens") or 0), int(counted.get("completion_tokens") or 0)
            )
        choices = chunk.get("choices") or []
        if not choices:
            return ""
        choice = choices[0]
        # A server that does not stream sends one `message` in place of the deltas.
        delta = choice.get("delta") or choice.get("message") or {}
        self.finish = choice.get("finish_reason") or self.finish
        for piece in delta.get("tool_calls") or []:
            self._add_call(piece)
        text = delta.get("content") or ""
        self.text.append(text)
        return str(text)

    def _add_call(self, piece: Mapping[str, Any]) -> None:
        index, call_id = piece.get("index"), piece.get("id") or ""
        call = self._by_index.get(index) if isinstance(index, int) else None
        # Some servers send whole calls without an index, or all of them with index 0.
        if call is None or (call_id and call.id and call_id != call.id):
            call = _Call()
            self.calls.append(call)
            if isinstance(index, int):
                self._by_index[index] = call
        function = piece.get("function") or {}
        call.id = call.id or call_id
        call.function += function.get("name") or ""
        given = function.get("arguments")
        call.arguments += json.dumps(given) if isinstance(given, dict) else (given or "")
        if "extra_content" in piece:
            call.extra["extra_content"] = piece["extra_content"]

    def extras(self) -> dict[str, Any]:
        """What the provider wants back with its calls (signed reasoning), by their number."""
        return {str(at): call.extra for at, call in enumerate(self.calls) if call.extra}


def _chunks(lines: Iterator[bytes]) -> Iterator[Mapping[str, Any]]:
    """The JSON objects of a stream of server-sent events, or the one of a plain answer."""
    plain: list[bytes] = []
    for line in map(bytes.strip, lines):
        if line.startswith(b"data:"):
            data = line[5:].strip()
            if data == b"[DONE]":
                return
            yield _object(data)
        elif line and not line.startswith((b":", b"event:", b"id:", b"retry:")):
            plain.append(line)
    if plain:
        yield _object(b"\n".join(plain))


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise _broken("the model", f"not JSON: {data[:80]!r}") from error
    if not isinstance(value, dict):
        raise _broken("the model", f"not a JSON object: {data[:80]!r}")
    if said := value.get("error"):
        words = said.get("message", said) if isinstance(said, dict) else said
        raise ModelFailed("the model broke off with an error", why=str(words), transient=True)
    return value


def _broken(name: str, why: str) -> ModelFailed:
    return ModelFailed(
        f"{name}: the answer cannot be read",
        why=why,
        fix="check that the URL is an OpenAI-compatible API",
        transient=True,
    )


def _refusal(name: str, refused: Refused) -> ModelFailed:
    answer = refused.answer
    return ModelFailed(
        f"{name}: {refused.what}",
        why=refused.why,
        fix=refused.fix,
        transient=answer.status in _TRANSIENT,
        retry_after_s=asked_pause_s(answer),
    )
