"""What an agent of the right shape can still have wrong, and its playbook's options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from aof.errors import AofError, NotBound, UsageFault
from aof.manifests.agent import AgentSpec, PlaybookUse, ToolUse
from aof.manifests.base import overlaid
from aof.manifests.loader import Loaded
from aof.manifests.shape_problems import shape_problems
from aof.manifests.yaml_documents import Field
from aof.memory.file import open_memory
from aof.models import catalog as models
from aof.models.base import EMBEDDED
from aof.playbooks import catalog as playbook_catalog
from aof.templates.variables import expand
from aof.tools import catalog as tool_catalog
from aof.validation.variables import check_expanded, check_refused

if TYPE_CHECKING:
    from aof.playbooks.base import Options, Playbook


def check_agent(loaded: Loaded, agent: Any, environment: Mapping[str, str]) -> list[AofError]:
    """Tools, playbook, models, variables, memory and template of an agent."""
    spec: AgentSpec = agent.spec
    problems: list[AofError] = []
    for index, use in enumerate(spec.tools):
        problems += _check_tool(loaded, use, ("spec", "tools", index))
    if spec.playbook is not None:
        problems += _check_playbook(loaded, spec)
    for name, text in spec.env.items():
        problems += check_refused(loaded, expand(text, environment), ("spec", "env", name))
    problems += _check_model(loaded, spec.model, ("spec", "model"), environment)
    for index, name in enumerate(spec.fallback_models):
        problems += _check_model(loaded, name, ("spec", "fallback_models", index), environment)
    problems += check_expanded(loaded, spec.memory, ("spec", "memory"), environment)
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


def model_missing(loaded: Loaded) -> AofError | None:
    """That an agent has neither playbook nor model; right only with `--model` or `AOF_MODEL`."""
    if loaded.kind != "Agent":
        return None
    spec: AgentSpec = loaded.manifest.spec  # type: ignore[attr-defined]
    if spec.playbook is not None or spec.model != EMBEDDED:
        return None
    return UsageFault(
        f"agent {loaded.name} has no playbook and names no model",
        why="nobody answers, unless a run names one with --model or AOF_MODEL",
        fix="set `model: provider:model`, or name a playbook",
        **loaded.at("spec"),
    )


def _check_tool(loaded: Loaded, use: ToolUse, path: Field) -> list[AofError]:
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
    loaded: Loaded, text: str, path: Field, environment: Mapping[str, str]
) -> list[AofError]:
    problems = check_expanded(loaded, text, path, environment)
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
            playbook_of(spec)
    except UsageFault as error:
        where = loaded.at("spec", "playbook", "name")
        return [UsageFault(error.what, why=error.why, fix=error.fix, **where)]
    except ValidationError as error:
        path = ("spec", "playbook", "with")
        return option_problems(error, spec.playbook, spec.playbook.with_, loaded, path)
    return []


def option_problems(
    error: ValidationError,
    used: PlaybookUse,
    given: Mapping[str, Any],
    loaded: Loaded,
    path: Field,
) -> list[AofError]:
    """What is wrong with a playbook's options that stand at `path`."""
    model = playbook_options(used.name)
    return [
        UsageFault(
            one.what,
            why=one.why,
            fix=one.fix or f"see: aofctl describe playbook {used.name}",
            **loaded.at(*path, *one.path),
        )
        for one in shape_problems(error, given, model, within=".".join(map(str, path[1:])))
    ]


def playbook_options(name: str) -> type[Options]:
    """The model of a playbook's `with`."""
    return playbook_catalog.playbook(name).options


def playbook_of(
    spec: AgentSpec, overlay: Mapping[str, Any] | None = None
) -> tuple[Playbook | None, Any]:
    """The agent's playbook and its options; `ValidationError` when they do not fit.

    Args:
        spec: The agent's.
        overlay: Laid over `playbook.with`: mappings key by key, anything else replaces.
    """
    if spec.playbook is None:
        return None, None
    used = playbook_catalog.playbook(spec.playbook.name)
    return used, used.options.model_validate(overlaid(spec.playbook.with_, overlay or {}))
