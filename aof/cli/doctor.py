"""`aofctl doctor`: what is configured, reachable and missing on this machine."""

from __future__ import annotations

import importlib.util
import os
import platform
from typing import Any

import click

from aof import __version__
from aof.cli.output import emit, emit_json, emit_table
from aof.errors import AofError, ExitCode, NotBound

_EXTRAS = {
    "kubernetes": "kubernetes",
    "llm": "litellm",
    "mcp": "mcp",
    "server": "dbos",
    "otel": "opentelemetry",
    "png": "resvg_py",
}


@click.command()
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text")
def doctor(output: str) -> None:
    """Check settings and servers; exits 5 when something configured cannot be reached."""
    tools = [_tool(name) for name in _tool_names()]
    extras = {
        extra: importlib.util.find_spec(module) is not None for extra, module in _EXTRAS.items()
    }
    report_models = _models()
    report = {
        "version": __version__,
        "python": platform.python_version(),
        "extras": extras,
        "models": report_models,
        "tools": tools,
    }
    if output == "json":
        emit_json(report)
    else:
        emit(f"aofctl {__version__}, Python {platform.python_version()}")
        for extra, there in extras.items():
            emit(f"extra {extra}: " + ("installed" if there else f"pip install 'aof[{extra}]'"))
        keys = [name for name, missing in report_models.items() if not missing]
        emit(f"models with a key: {', '.join(keys) or 'none'}")
        emit("")
        emit_table([["TOOL", "STATE", "DETAIL"], *[list(tool.values()) for tool in tools]])
        emit("")
        emit("An agent's manifest may set or default an address: aofctl describe agent REF")
    broken = any(tool["state"] == "unreachable" for tool in tools)
    raise click.exceptions.Exit(int(ExitCode.UNREACHABLE if broken else ExitCode.OK))


def _models() -> dict[str, str]:
    """Provider to the variables it lacks; empty when it has what it needs."""
    from aof.models.providers import PROVIDERS

    return {name: one.missing(os.environ) for name, one in PROVIDERS.items() if one.keys}


def _tool_names() -> list[str]:
    from aof.tools.catalog import TOOLS

    return list(TOOLS)


def _tool(name: str) -> dict[str, Any]:
    from aof.tools.catalog import tool_class

    try:
        kind = tool_class(name)
        wanted = {setting.name for setting in kind.settings_read}
        bound = kind.bind({key: os.environ[key] for key in wanted if os.environ.get(key)})
    except NotBound as error:
        return {"tool": name, "state": "not configured", "detail": error.why or error.what}
    try:
        said = bound.probe()
    except AofError as error:
        return {"tool": name, "state": "unreachable", "detail": f"{error.what} {error.why}".strip()}
    return {"tool": name, "state": "ok" if said else "configured", "detail": said}
