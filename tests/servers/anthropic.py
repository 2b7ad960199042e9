"""The Messages API as Anthropic streams it (API reference, "Streaming messages")."""

from __future__ import annotations

from typing import Any

from tests.servers.llm import Say, pieces, sse


class Anthropic:
    def blocks(self, say: Say, request: dict[str, Any]) -> list[bytes]:
        out = [_event("message_start", message=_message(request["model"], say))]
        index = 0
        if say.text or not say.calls:
            deltas = [{"type": "text_delta", "text": part} for part in pieces(say.text)]
            out += _block(index, {"type": "text", "text": ""}, deltas)
            index += 1
        for name, arguments in say.calls:
            start = {"type": "tool_use", "id": f"toolu_{index}_{name}", "name": name, "input": {}}
            parts = [
                {"type": "input_json_delta", "partial_json": part} for part in pieces(arguments, 7)
            ]
            out += _block(index, start, parts)
            index += 1
        reason = {"length": "max_tokens"}.get(say.finish, "tool_use" if say.calls else "end_turn")
        out.append(
            _event(
                "message_delta",
                delta={"stop_reason": reason, "stop_sequence": None},
                usage={"output_tokens": say.usage[1]},
            )
        )
        return [*out, _event("message_stop")]

    def error(self, status: int, message: str) -> dict[str, Any]:
        kind = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
        return {
            "type": "error",
            "error": {"type": kind.get(status, "api_error"), "message": message},
        }


def _message(model: str, say: Say) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": say.usage[0], "output_tokens": 1},
    }


def _block(index: int, start: dict[str, Any], deltas: list[dict[str, Any]]) -> list[bytes]:
    return [
        _event("content_block_start", index=index, content_block=start),
        *(_event("content_block_delta", index=index, delta=delta) for delta in deltas),
        _event("content_block_stop", index=index),
    ]


def _event(kind: str, **data: Any) -> bytes:
    return sse({"type": kind, **data}, kind)
