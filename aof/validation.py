"""What a manifest of the right shape can still have wrong: names, references, variables.

Looks names up in the catalogs; imports a tool or playbook only where its details matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from aof.errors import AofError, ManifestError, NotBound, UsageFault
from aof.manifests.agent import AgentSpec, ToolUse
from aof.manifests.loader import Loaded, load_file, load_one, manifest_files
from aof.manifests.references import resolve_reference
from aof.memory.file import open_memory
from aof.models import catalog as models
from aof.playbooks import catalog as playbook_catalog
from aof.templates.variables import Expanded, expand
from aof.tools import catalog as tool_catalog

if TYPE_CHECKING:
    from aof.playbooks.base import Options, Playbook


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
    checks = {
        "Agent": _check_agent,
        "AgentTest": _check_test,
        "Fleet": _check_fleet,
        "Trigger": _check_trigger,
        "Workflow": _check_workflow,
    }
    check_kind = checks.get(loaded.kind)
    # By kind and not by class: classes of kinds that nobody uses are never imported.
    return check_kind(loaded, loaded.manifest, environment) if check_kind else []


def _check_fleet(loaded: Loaded, fleet: Any, environment: Mapping[str, str]) -> list[AofError]:
    return [
        problem
        for index, agent in enumerate(fleet.spec.agents)
        for problem in _check_ref(loaded, agent.ref, ("spec", "agents", index), environment)
    ]


def _check_test(loaded: Loaded, test: Any, environment: Mapping[str, str]) -> list[AofError]:
    for subject in ("agent", "fleet", "workflow"):
        reference = getattr(test.spec, subject)
        if reference is not None:
            return _check_ref(loaded, reference.ref, ("spec", subject, "ref"), environment)
    return []


def _check_workflow(
    loaded: Loaded, workflow: Any, environment: Mapping[str, str]
) -> list[AofError]:
    from aof.manifests.workflow import all_steps

    return [
        problem
        for step in all_steps(workflow.spec.steps)
        if step.agent is not None
        for problem in _check_ref(loaded, step.agent.ref, ("spec", "steps"), environment)
    ]


def _check_agent(loaded: Loaded, agent: Any, environment: Mapping[str, str]) -> list[AofError]:
    spec: AgentSpec = agent.spec
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


def _check_trigger(loaded: Loaded, trigger: Any, environment: Mapping[str, str]) -> list[AofError]:
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
            playbook_of(spec)
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


def playbook_of(spec: AgentSpec) -> tuple[Playbook | None, Any]:
    """The agent's playbook and its options; `ValidationError` when `with` does not fit."""
    if spec.playbook is None:
        return None, None
    used = playbook_catalog.playbook(spec.playbook.name)
    return used, used.options.model_validate(spec.playbook.with_)
