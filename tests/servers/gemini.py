"""`streamGenerateContent` of the Gemini API (API reference, "GenerateContentResponse")."""

from __future__ import annotations

import json
from typing import Any

from tests.servers.llm import Say, pieces, sse


class Gemini:
    def blocks(self, say: Say, request: dict[str, Any]) -> list[bytes]:
        parts: list[dict[str, Any]] = [{"text": part} for part in pieces(say.text)]
        parts += [
            {"functionCall": {"name": name, "args": _object(arguments)}}
            for name, arguments in say.calls
        ]
        finish = {"length": "MAX_TOKENS"}.get(say.finish, "STOP")
        chunks = [_chunk(part, say) for part in parts[:-1]]
        return [*chunks, _chunk(parts[-1] if parts else {"text": ""}, say, finish)]

    def error(self, status: int, message: str) -> dict[str, Any]:
        names = {401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
        return {
            "error": {
                "code": status,
                "message": message,
                "status": names.get(status, "INTERNAL"),
            }
        }


def _object(arguments: str) -> Any:
    # Gemini sends arguments as an object; what is not JSON cannot come from it.
    try:
        return json.loads(arguments)
    except ValueError:
        return {}


def _chunk(part: dict[str, Any], say: Say, finish: str = "") -> bytes:
    into, out = say.usage
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": [part]}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return sse(
        {
            "candidates": [candidate],
            "usageMetadata": {
                "promptTokenCount": into,
                "candidatesTokenCount": out,
                "totalTokenCount": into + out,
            },
            "modelVersion": "gemini-2.5-flash",
            "responseId": "r1",
        }
    )
