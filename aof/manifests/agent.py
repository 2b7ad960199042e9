"""Kind `Agent`: a model, a prompt, tools, and the playbook that judges."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from aof.manifests.base import Approval, JsonObject, Manifest, Scalar, Strict


class PlaybookUse(Strict):
    """Which playbook assesses, and its settings."""

    name: str
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")


class ToolUse(Strict):
    """A tool the agent may use.

    `operations` limits what may be called; `required` makes a tool that cannot be bound
    an error (exit 5) instead of a line in the report.
    """

    name: str
    required: bool = False
    operations: tuple[str, ...] = ()
    with_: dict[str, Scalar] = Field(default_factory=dict, alias="with")


class McpServer(Strict):
    """A server whose tools the model may call. `read` lists the tools that change nothing."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    command: tuple[str, ...] = ()
    url: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    env: dict[str, str] = Field(default_factory=dict)
    read: tuple[str, ...] = ()
    timeout_s: float = Field(default=30.0, gt=0)

    @model_validator(mode="after")
    def _is_reached_one_way(self) -> McpServer:
        if bool(self.command) == bool(self.url):
            raise ValueError("give either `command` or `url`")
        return self


class AgentSpec(Strict):
    """What an agent is and may do."""

    description: str = ""
    model: str = Field(default="embedded", description="`provider:model`, or `embedded`.")
    fallback_models: tuple[str, ...] = ()
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_iterations: int = Field(default=12, ge=1, le=200)
    max_context_messages: int = Field(default=40, ge=2)
    system_prompt: str = ""
    tools: tuple[ToolUse, ...] = ()
    playbook: PlaybookUse | None = None
    approval: Approval | None = None
    memory: str = Field(default="", description="`File:PATH:ENTRIES`, `InMemory`, or empty.")
    env: dict[str, str] = Field(default_factory=dict)
    output_schema: JsonObject | None = None
    mcp_servers: tuple[McpServer, ...] = ()
    report_template: str = Field(
        default="", description="Path of a template, relative to this file."
    )

    @field_validator("tools", mode="before")
    @classmethod
    def _names_are_tools(cls, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return [{"name": item} if isinstance(item, str) else item for item in value]


class Agent(Manifest):
    """An agent."""

    kind: Literal["Agent"]
    spec: AgentSpec
