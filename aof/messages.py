"""What passes between models, the engine and tools: operations, calls, results, messages.

Shapes only. No input or output, no policy, no rendering.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from aof.errors import AofError, Unreachable


class Effect(StrEnum):
    """What an operation does to the world. It decides who may let it run.

    `read` changes nothing. `notify` tells people (comments, messages) and runs where a
    manifest declares that output. `write` changes something and needs an approved plan.
    """

    READ = "read"
    NOTIFY = "notify"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing a tool can do, as the catalog, policy and models see it.

    Attributes:
        tool: Name of the tool in manifests, e.g. `argocd`.
        name: Name within the tool, e.g. `app_rollback`.
        effect: See `Effect`.
        summary: First line of the docstring.
        description: The whole docstring; models read it.
        parameters: JSON Schema of the arguments (an object schema).
        command: Renders arguments as what a person would type; approvals match this text.
        timeout_s: Longest the whole call may take, retries included.
        attempts: How often a read may be tried; always 1 for notify and write.
        aliases: Other names that mean this operation, e.g. `argocd_app_get`.
        described: Digest of what a server says this operation is; empty for our own.
    """

    tool: str
    name: str
    effect: Effect
    summary: str
    description: str
    parameters: Mapping[str, Any]
    command: Callable[[Mapping[str, Any]], str]
    timeout_s: float = 30.0
    attempts: int = 1
    aliases: tuple[str, ...] = ()
    described: str = ""

    @property
    def function_name(self) -> str:
        """The name models call it by: `argocd_app_get`."""
        return f"{self.tool}_{self.name}"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A request to run one operation. `id` is unique within a run.

    `problem` says why a model's call cannot be run as asked (no such function, arguments
    that are not JSON); it is empty when it can.
    """

    id: str
    tool: str
    operation: str
    arguments: Mapping[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call. Everything in `data` came from outside and is untrusted.

    Attributes:
        call: The call this answers.
        ok: False when the operation failed; then `error` says what, why, fix.
        summary: One line for people and previews.
        data: JSON value; None when it failed.
        error: `AofError.as_dict()` of the failure.
        warnings: What the server said that should reach the report.
        evidence_id: Set by the engine when the result was recorded, e.g. `e3`.
        digest: `sha256:` of the canonical JSON of `data`.
        payload: Path inside the run folder when `data` was too large to pass on.
    """

    call: ToolCall
    ok: bool
    summary: str
    data: Any = None
    error: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    evidence_id: str = ""
    digest: str = ""
    payload: str | None = None

    def require(self) -> Any:
        """The data, or `Unreachable` with the tool's own words."""
        if self.ok:
            return self.data
        error = self.error or {}
        raise Unreachable(
            str(error.get("what", f"{self.call.tool} {self.call.operation} failed")),
            why=str(error.get("why", "")),
            fix=str(error.get("fix", "")),
        )

    @property
    def failure(self) -> str:
        """What failed and why, on one line; empty when nothing did."""
        error = self.error or {}
        said = [str(error.get("what") or ""), str(error.get("why") or "")]
        return ": ".join(part for part in said if part) or ("" if self.ok else self.summary)

    @classmethod
    def failed(cls, call: ToolCall, error: AofError) -> ToolResult:
        """A result that reports `error`."""
        return cls(call=call, ok=False, summary=error.what, error=error.as_dict())


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation with a model.

    `role` is system, user, assistant or tool. An assistant turn may hold `tool_calls`;
    a tool turn answers one call by `tool_call_id`. `provider` holds fields of an assistant
    turn that its provider wants back unchanged, such as signed reasoning.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    provider: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a model call cost. `cost_usd` is None when the price is unknown."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None

    def __add__(self, other: Usage) -> Usage:
        cost = None
        if self.cost_usd is not None or other.cost_usd is not None:
            cost = (self.cost_usd or 0.0) + (other.cost_usd or 0.0)
        return Usage(
            self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens, cost
        )


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What an operation returns: JSON data, one line about it, and warnings to carry along."""

    data: Any
    summary: str
    warnings: tuple[str, ...] = field(default=())
