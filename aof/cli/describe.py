"""`aofctl describe`: one thing in full."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aof.cli.output import emit, emit_json

if TYPE_CHECKING:
    from aof.engine.calls import BoundTool
    from aof.manifests.agent import AgentSpec


@click.command()
@click.argument("what", type=click.Choice(["agent", "tool", "playbook"]))
@click.argument("ref")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text")
def describe(what: str, ref: str, output: str) -> None:
    """Show what an agent may do, what a tool offers, or what a playbook can be told.

    \b
    Examples:
      aofctl describe agent library/cicd/deployment-guardian
      aofctl describe tool prometheus_query
    """
    described = {"agent": _agent, "tool": _tool, "playbook": _playbook}[what](ref)
    if output == "json":
        emit_json(described)
        return
    import yaml

    emit(yaml.safe_dump(described, sort_keys=False, allow_unicode=True, width=100))


def _agent(ref: str) -> dict[str, Any]:
    from aof.assembly import assemble_agent
    from aof.clock import SystemClock
    from aof.playbooks.base import EVERY_RUN

    assembled = assemble_agent(
        ref, environment=dict(os.environ), folder=Path.cwd(), clock=SystemClock()
    )
    runnable = assembled.runnable
    spec = runnable.spec
    return {
        "name": runnable.name,
        "file": str(assembled.loaded.path),
        "description": spec.description,
        "model": spec.model,
        "playbook": spec.playbook.name if spec.playbook else None,
        "set": sorted({*runnable.playbook.settings, *EVERY_RUN}) if runnable.playbook else "any",
        "memory": spec.memory or None,
        "tools": {name: _bound(bound, spec) for name, bound in runnable.tools.items()},
    }


def _bound(bound: BoundTool, spec: AgentSpec) -> dict[str, Any]:
    """A tool of an agent: whether it can be used here, and its operations by effect."""
    shown: dict[str, Any] = {"state": _state(bound, spec)}
    if bound.kind is None:
        return shown
    if bound.name not in {use.name for use in spec.tools}:  # asking would start the server
        return {**shown, "operations": "those its MCP server offers when the agent runs"}
    for item in bound.kind.operations().values():
        if not bound.allowed or item.name in bound.allowed:
            shown.setdefault(item.effect.value, []).append(item.name)
    return shown


def _state(bound: BoundTool, spec: AgentSpec) -> str:
    from aof.templates.variables import expand

    if bound.tool is None:
        return f"not consulted: {bound.reason}"
    if bound.configured or bound.kind is None:
        return "ready"
    wanted = [one.name for one in bound.kind.settings_read if one.required]
    defaults = [
        f"{name} is not set, the manifest's default is {expand(spec.env[name], os.environ).text}"
        for name in wanted
        if name in spec.env
    ]
    return "not configured: " + "; ".join(defaults)


def _tool(name: str) -> dict[str, Any]:
    from aof.tools.catalog import tool_class

    kind = tool_class(name)
    return {
        "name": kind.name,
        "about": kind.about,
        "extra": kind.extra or None,
        "settings": {
            setting.name: setting.about + (" (required)" if setting.required else "")
            for setting in kind.settings_read
        },
        "operations": {
            item.name: {
                "effect": item.effect.value,
                "about": item.summary,
                "arguments": sorted(item.parameters.get("properties", {})),
            }
            for item in kind.operations().values()
        },
    }


def _playbook(name: str) -> dict[str, Any]:
    from aof.playbooks.base import EVERY_RUN
    from aof.playbooks.catalog import playbook

    used = playbook(name)
    schema = used.options.model_json_schema()
    return {
        "name": used.name,
        "set": {**used.settings, **EVERY_RUN},
        "with": {
            key: f"{field.get('description', '')} (default {field.get('default')!r})".strip()
            for key, field in schema.get("properties", {}).items()
        },
    }
