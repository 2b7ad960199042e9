"""From manifests to something that runs. The only place that looks names up in catalogs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from aof.clock import Clock
from aof.errors import AofError, ManifestError, NotBound, UsageFault
from aof.manifests.agent import Agent, AgentSpec, McpServer, ToolUse
from aof.manifests.agent_test import AgentTest
from aof.manifests.fleet import Fleet
from aof.manifests.loader import Loaded, load_file, load_one, manifest_files
from aof.manifests.references import resolve_reference
from aof.manifests.trigger import Trigger
from aof.manifests.workflow import Workflow, all_steps
from aof.memory.file import open_memory
from aof.models import catalog as models
from aof.models.providers import key_variables
from aof.playbooks import catalog as playbook_catalog
from aof.redaction import Redactor
from aof.templates.variables import Expanded, Origin, expand
from aof.tools import catalog as tool_catalog

if TYPE_CHECKING:
    from aof.engine.calls import BoundTool
    from aof.engine.run import Runnable
    from aof.playbooks.base import Options, Playbook
    from aof.tools.base import Tool


@dataclass(frozen=True, slots=True)
class Assembled:
    """An agent ready to run, and the redactor that knows its secrets.

    `notice` says why a model that was named is not used; empty otherwise.
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
    used, options = _playbook_of(spec)
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
        ref=ref,
        models=choice.models,
        context_tokens=models.context_tokens(environment),
    )
    return Assembled(runnable, redactor, loaded, choice.notice)


def _model_names(spec: AgentSpec, override: str, environment: Mapping[str, str]) -> list[str]:
    """Model strings, best first: the command line's, `AOF_MODEL`, or the manifest's."""
    chosen = override or environment.get("AOF_MODEL", "")
    if chosen:
        return [chosen]
    return [expand(text, environment).text for text in (spec.model, *spec.fallback_models)]


def load_checked(
    ref: str, kind: str, environment: Mapping[str, str], *, base: Path | None = None
) -> Loaded:
    """The manifest `ref` of a kind that refers to agents: `Fleet` or `Workflow`, checked.

    Raises:
        ManifestError: The manifest or a reference in it is wrong.
        UsageFault: There is no such manifest.
    """
    loaded = load_one(resolve_reference(ref, base=base, environment=environment), kind)
    problems = check(loaded, environment)
    if problems:
        raise ManifestError(problems)
    return loaded


def validate_paths(
    paths: list[Path], environment: Mapping[str, str]
) -> tuple[list[Loaded], list[AofError]]:
    """Load and check every manifest below `paths`; returns them and all problems."""
    everything: list[Loaded] = []
    problems: list[AofError] = []
    for file in manifest_files(paths):
        loaded, wrong = load_file(file)
        everything.extend(loaded)
        problems.extend(wrong)
        for item in loaded:
            problems.extend(check(item, environment))
    return everything, problems


def check(loaded: Loaded, environment: Mapping[str, str]) -> list[AofError]:
    """Everything a valid shape can still have wrong: names, references, variables, options."""
    manifest = loaded.manifest
    if isinstance(manifest, Agent):
        return _check_agent(loaded, manifest.spec, environment)
    if isinstance(manifest, Trigger):
        return _check_trigger(loaded, manifest, environment)
    if isinstance(manifest, Fleet):
        refs = enumerate(manifest.spec.agents)
        return [
            problem
            for index, agent in refs
            for problem in _check_ref(loaded, agent.ref, ("spec", "agents", index), environment)
        ]
    if isinstance(manifest, AgentTest):
        for subject in ("agent", "fleet", "workflow"):
            reference = getattr(manifest.spec, subject)
            if reference is not None:
                return _check_ref(loaded, reference.ref, ("spec", subject, "ref"), environment)
    if isinstance(manifest, Workflow):
        return [
            problem
            for step in all_steps(manifest.spec.steps)
            if step.agent is not None
            for problem in _check_ref(loaded, step.agent.ref, ("spec", "steps"), environment)
        ]
    return []


def _check_agent(loaded: Loaded, spec: AgentSpec, environment: Mapping[str, str]) -> list[AofError]:
    problems: list[AofError] = []
    for index, use in enumerate(spec.tools):
        problems += _check_tool(loaded, use, ("spec", "tools", index))
    if spec.playbook is not None:
        problems += _check_playbook(loaded, spec)
    for name, text in spec.env.items():
        problems += _check_refused(loaded, expand(text, environment), ("spec", "env", name))
    problems += _check_model(loaded, spec.model, ("spec", "model"), environment)
    for index, name in enumerate(spec.fallback_models):
        problems += _check_model(loaded, name, ("spec", "fallback_models", index), environment)
    problems += _check_expanded(loaded, spec.memory, ("spec", "memory"), environment)
    try:
        open_memory(expand(spec.memory, environment).text, folder=Path())
    except ValueError as error:
        problems.append(
            UsageFault(
                "`spec.memory` cannot be used", why=str(error), **loaded.at("spec", "memory")
            )
        )
    if spec.report_template and not (loaded.path.parent / spec.report_template).is_file():
        problems.append(
            UsageFault(
                f"no report template '{spec.report_template}'",
                why=f"searched {loaded.path.parent}",
                **loaded.at("spec", "report_template"),
            )
        )
    return problems


def _check_trigger(
    loaded: Loaded, trigger: Trigger, environment: Mapping[str, str]
) -> list[AofError]:
    problems: list[AofError] = []
    spec = trigger.spec
    if spec.agent is not None:
        problems += _check_ref(loaded, spec.agent.ref, ("spec", "agent", "ref"), environment)
    if spec.fleet is not None:
        for index, agent in enumerate(spec.fleet.agents):
            path = ("spec", "fleet", "agents", index, "ref")
            problems += _check_ref(loaded, agent.ref, path, environment)
    if spec.schedule:
        from croniter import croniter

        if not croniter.is_valid(spec.schedule):
            problems.append(
                UsageFault(
                    f"'{spec.schedule}' is not a cron expression",
                    fix="five fields: minute hour day month weekday",
                    **loaded.at("spec", "schedule"),
                )
            )
    return problems


def _check_tool(loaded: Loaded, use: ToolUse, path: tuple[str | int, ...]) -> list[AofError]:
    try:
        tool_catalog.check_name(use.name)
        if not use.operations:
            return []
        kind = tool_catalog.tool_class(use.name)
    except NotBound:
        return []
    except UsageFault as error:
        return [UsageFault(error.what, why=error.why, fix=error.fix, **loaded.at(*path))]
    unknown = [name for name in use.operations if name not in kind.operations()]
    return [
        UsageFault(
            f"{use.name} has no operation '{name}'",
            why=f"there are: {', '.join(kind.operations())}",
            **loaded.at(*path, "operations"),
        )
        for name in unknown
    ]


def _check_model(
    loaded: Loaded, text: str, path: tuple[str | int, ...], environment: Mapping[str, str]
) -> list[AofError]:
    problems = _check_expanded(loaded, text, path, environment)
    if problems:
        return problems
    try:
        models.check(expand(text, environment).text)
    except UsageFault as error:
        return [UsageFault(error.what, why=error.why, fix=error.fix, **loaded.at(*path))]
    return []


def _check_playbook(loaded: Loaded, spec: AgentSpec) -> list[AofError]:
    assert spec.playbook is not None
    try:
        playbook_catalog.check_name(spec.playbook.name)
        if spec.playbook.with_:  # importing a playbook only to see its defaults is slow
            _playbook_of(spec)
    except UsageFault as error:
        where = loaded.at("spec", "playbook", "name")
        return [UsageFault(error.what, why=error.why, fix=error.fix, **where)]
    except ValidationError as error:
        return [
            UsageFault(
                f"`playbook.with.{'.'.join(map(str, item['loc']))}` cannot be used",
                why=item["msg"],
                fix=f"see: aofctl describe playbook {spec.playbook.name}",
                **loaded.at("spec", "playbook", "with", *item["loc"]),
            )
            for item in error.errors()
        ]
    return []


def _check_ref(
    loaded: Loaded, ref: str, path: tuple[str | int, ...], environment: Mapping[str, str]
) -> list[AofError]:
    problems = _check_expanded(loaded, ref, path, environment)
    if problems:
        return problems
    try:
        resolve_reference(
            expand(ref, environment).text, base=loaded.path.parent, environment=environment
        )
    except UsageFault as error:
        return [UsageFault(error.what, why=error.why, fix=error.fix, **loaded.at(*path))]
    return []


def _check_expanded(
    loaded: Loaded, text: str, path: tuple[str | int, ...], environment: Mapping[str, str]
) -> list[AofError]:
    """Where an empty value makes no sense, a variable without a value is an error."""
    expanded = expand(text, environment)
    refused = _check_refused(loaded, expanded, path)
    if refused or not expanded.missing:
        return refused
    return [
        UsageFault(
            f"${{{name}}} has no value",
            why=f"`{'.'.join(map(str, path))}` needs it",
            fix=f"set {name}, or write ${{{name}:-default}}",
            **loaded.at(*path),
        )
        for name in expanded.missing
    ]


def _check_refused(
    loaded: Loaded, expanded: Expanded, path: tuple[str | int, ...]
) -> list[AofError]:
    return [
        UsageFault(f"${{{name}}} has no value", why=why, fix=f"set {name}", **loaded.at(*path))
        for name, why in expanded.refused
    ]


def playbook_options(name: str) -> type[Options]:
    """The model of a playbook's `with`."""
    return playbook_catalog.playbook(name).options


def _playbook_of(spec: AgentSpec) -> tuple[Playbook | None, Any]:
    if spec.playbook is None:
        return None, None
    used = playbook_catalog.playbook(spec.playbook.name)
    return used, used.options.model_validate(spec.playbook.with_)


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
