"""From manifests to something that runs. The only place that looks names up in catalogs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aof.clock import Clock
from aof.errors import ManifestError, NotBound, UsageFault
from aof.manifests.agent import Agent, AgentSpec, McpServer, ToolUse
from aof.manifests.loader import Loaded, load_one
from aof.manifests.references import resolve_reference
from aof.memory.file import open_memory
from aof.models import catalog as models
from aof.models.providers import key_variables
from aof.redaction import Redactor
from aof.templates.variables import Expanded, Origin, expand
from aof.tools import catalog as tool_catalog
from aof.validation import check, playbook_of

if TYPE_CHECKING:
    from aof.engine.calls import BoundTool
    from aof.engine.run import Runnable
    from aof.tools.base import Tool


@dataclass(frozen=True, slots=True)
class Assembled:
    """An agent ready to run, and the redactor that knows its secrets.

    `notice` says why a model is not used that somebody counts on: named on the command line or
    in `AOF_MODEL`, or the model of an agent without a playbook. Empty otherwise: agents with a
    playbook give their full answer without one.
    """

    runnable: Runnable
    redactor: Redactor
    loaded: Loaded
    notice: str = ""


def assemble_agent(
    ref: str,
    *,
    environment: Mapping[str, str],
    folder: Path,
    clock: Clock,
    llm: models.Llm = "off",
    model: str = "",
    base: Path | None = None,
    writing: bool = False,
) -> Assembled:
    """Load the agent `ref` and bind everything it names.

    Args:
        ref: A reference, see `manifests.references`.
        environment: The process's variables.
        folder: What relative memory paths are relative to.
        clock: For tools that wait.
        llm: Use the models when they are available, never, or fail without one.
        model: Instead of the manifest's model and its fallbacks.
        base: The folder of the manifest that refers to it, if one does.
        writing: Load the credentials for changes too; only for applying a plan.

    Raises:
        NotBound: A model is required and none can be used.
        ManifestError: The manifest or a name in it is wrong.
        UsageFault: There is no such manifest.
    """
    from aof.engine.run import Runnable

    loaded = load_one(resolve_reference(ref, base=base, environment=environment), "Agent")
    problems = check(loaded, environment)
    if problems:
        raise ManifestError(problems)
    assert isinstance(loaded.manifest, Agent)
    spec = loaded.manifest.spec
    settings = {name: expand(text, environment) for name, text in spec.env.items()}
    redactor = Redactor()
    for name in key_variables():
        redactor.add(name, environment.get(name, ""))
    tools = {
        use.name: _bind(use, settings, environment, redactor=redactor, clock=clock, writing=writing)
        for use in spec.tools
    }
    for server in spec.mcp_servers:
        bound = _bind_mcp(server, environment, redactor)
        tools[bound.name] = bound
    used, options = playbook_of(spec)
    template, template_name = _template_of(loaded, spec)
    memory = open_memory(expand(spec.memory, environment).text, folder=folder)
    choice = models.choose(_model_names(spec, model, environment), llm=llm, environment=environment)
    runnable = Runnable(
        name=loaded.name,
        spec=spec,
        playbook=used,
        options=options,
        tools=tools,
        memory=memory,
        template=template,
        template_name=template_name,
        ref=_found_again(ref, loaded.path, base, environment),
        models=choice.models,
        context_tokens=models.context_tokens(environment),
    )
    counted_on = bool(model or environment.get("AOF_MODEL")) or spec.playbook is None
    return Assembled(runnable, redactor, loaded, choice.notice if counted_on else "")


def _found_again(ref: str, path: Path, base: Path | None, environment: Mapping[str, str]) -> str:
    """The reference by which a later command finds the same file, without its `base`."""
    if base is None:
        return ref
    try:
        same = resolve_reference(ref, environment=environment).samefile(path)
    except UsageFault:
        same = False
    return ref if same else str(path)


def _model_names(spec: AgentSpec, override: str, environment: Mapping[str, str]) -> list[str]:
    """Model strings, best first: the command line's, `AOF_MODEL`, or the manifest's."""
    chosen = override or environment.get("AOF_MODEL", "")
    if chosen:
        return [chosen]
    return [expand(text, environment).text for text in (spec.model, *spec.fallback_models)]


def _template_of(loaded: Loaded, spec: AgentSpec) -> tuple[str, str]:
    if not spec.report_template:
        from aof.engine.report import default_template

        return default_template(), "report.md.j2"
    path = loaded.path.parent / spec.report_template
    return path.read_text(encoding="utf-8"), str(path)


def _bind(
    use: ToolUse,
    settings: Mapping[str, Expanded],
    environment: Mapping[str, str],
    *,
    redactor: Redactor,
    clock: Clock,
    writing: bool,
) -> BoundTool:
    from aof.engine.calls import BoundTool

    try:
        kind = tool_catalog.tool_class(use.name)
    except NotBound as error:
        return BoundTool(use.name, None, None, reason=error.why, required=use.required)
    values, configured = _settings_of(kind, use, settings, environment)
    for setting in kind.settings_read:
        if setting.secret and values.get(setting.name):
            redactor.add(setting.name, values[setting.name])
    if not writing:
        hidden = {setting.name for setting in kind.settings_read if setting.write_only}
        values = {name: value for name, value in values.items() if name not in hidden}
    try:
        tool = kind.bind(values, clock=clock)
    except NotBound as error:
        reason = f"{error.what}: {error.why}" if error.why else error.what
        return BoundTool(
            use.name,
            kind,
            None,
            reason=reason,
            configured=False,
            required=use.required,
            allowed=use.operations,
        )
    return BoundTool(
        use.name,
        kind,
        tool,
        configured=configured,
        required=use.required,
        allowed=use.operations,
    )


def _bind_mcp(server: McpServer, environment: Mapping[str, str], redactor: Redactor) -> BoundTool:
    """An MCP server as a tool; it is connected when somebody asks what it can do."""
    from aof.engine.calls import BoundTool
    from aof.tools.mcp import mcp_tool
    from aof.transport.mcp_session import McpSession

    def filled(texts: Mapping[str, str]) -> dict[str, str]:
        values = {name: expand(text, environment).text for name, text in texts.items()}
        for name, value in values.items():
            if value != texts[name]:
                redactor.add(name, value)
        return values

    session = McpSession(
        server.name,
        command=[expand(word, environment).text for word in server.command],
        url=expand(server.url, environment).text,
        headers=filled(server.headers),
        env=filled(server.env),
        timeout_s=server.timeout_s,
    )
    kind = mcp_tool(session, read=frozenset(server.read))
    return BoundTool(kind.name, kind, kind({}))


def _settings_of(
    kind: type[Tool],
    use: ToolUse,
    settings: Mapping[str, Expanded],
    environment: Mapping[str, str],
) -> tuple[dict[str, str], bool]:
    """Values of a tool's settings, and whether somebody chose the required ones.

    `with:` wins over the manifest's `env`, and that over the process's environment.
    """
    values: dict[str, str] = {}
    defaulted = False
    for setting in kind.settings_read:
        if setting.name in use.with_:
            values[setting.name] = str(use.with_[setting.name])
        elif setting.name in settings:
            expanded = settings[setting.name]
            values[setting.name] = expanded.text
            defaulted |= setting.required and expanded.origin is Origin.DEFAULT
        elif environment.get(setting.name):
            values[setting.name] = environment[setting.name]
    return {name: value for name, value in values.items() if value}, not defaulted
