"""Chat completions as OpenAI streams them (API reference, "Streaming events")."""

from __future__ import annotations

from typing import Any

from tests.servers.llm import Say, pieces, sse


class OpenAi:
    def blocks(self, say: Say, request: dict[str, Any]) -> list[bytes]:
        model = request["model"]
        out = [_chunk(model, {"role": "assistant", "content": ""})]
        out += [_chunk(model, {"content": part}) for part in pieces(say.text)]
        for index, (name, arguments) in enumerate(say.calls):
            head = {"name": name, "arguments": ""}
            first = {"index": index, "id": f"call_{index}_{name}", "type": "function",
                     "function": head}  # fmt: skip
            out.append(_chunk(model, {"tool_calls": [first]}))
            for part in pieces(arguments, 7):
                more = {"index": index, "function": {"arguments": part}}
                out.append(_chunk(model, {"tool_calls": [more]}))
        finish = say.finish or ("tool_calls" if say.calls else "stop")
        out.append(_chunk(model, {}, finish))
        if request.get("stream_options", {}).get("include_usage"):
            out.append(sse({**_base(model), "choices": [], "usage": _usage(say)}))
        return [*out, b"data: [DONE]\n\n"]

    def error(self, status: int, message: str) -> dict[str, Any]:
        code = {401: "invalid_api_key", 429: "rate_limit_exceeded"}.get(status)
        kind = "invalid_request_error" if status < 500 else "server_error"
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _base(model: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1763640000,
        "model": model,
        "system_fingerprint": "fp_1",
    }


def _chunk(model: str, delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return sse({**_base(model), "choices": [choice]})


def _usage(say: Say) -> dict[str, int]:
    into, out = say.usage
    return {"prompt_tokens": into, "completion_tokens": out, "total_tokens": into + out}
