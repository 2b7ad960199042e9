"""What a manifest of the right shape can still have wrong: names, references, variables.

Looks names up in the catalogs; imports a tool or playbook only where its details matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aof.errors import AofError, ManifestError, UsageFault
from aof.manifests.loader import Loaded, load_one, manifest_files, read_contents
from aof.manifests.references import resolve_reference
from aof.manifests.release_file import PATHS, read_release_file, the_one_file
from aof.validation.agent import check_agent, model_missing, playbook_of, playbook_options
from aof.validation.agent_test import agent_spec, check_settings, check_test
from aof.validation.variables import check_ref

__all__ = [
    "check",
    "check_release_file",
    "load_checked",
    "model_missing",
    "playbook_of",
    "playbook_options",
    "release_files",
    "validate_paths",
]


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


def release_files(paths: list[Path]) -> list[Path]:
    """Files with release settings: those named, and those of the repositories named."""
    named = [path for path in paths if _holds_release_settings(path)]
    there = [path / name for path in paths if path.is_dir() for name in PATHS]
    return [*named, *(path for path in there if path.is_file())]


def check_release_file(path: Path, beside: list[Path]) -> list[AofError]:
    """Everything wrong in one of `beside`, files with release settings; there must be one."""
    from aof.playbooks.release_settings import options_in

    try:
        before = beside[: beside.index(path) + 1]
        same = [one for one in before if one.parent == path.parent]
        the_one_file({str(one): one.read_bytes() for one in same})
        options_in(read_release_file(path.read_bytes(), str(path)))
    except OSError as error:
        return [UsageFault("cannot be read", why=str(error), file=str(path))]
    except ManifestError as error:
        return error.problems
    except UsageFault as error:
        return [error]
    return []


def _holds_release_settings(path: Path) -> bool:
    return path.as_posix().endswith(PATHS)


def validate_paths(
    paths: list[Path], environment: Mapping[str, str]
) -> tuple[list[Loaded], list[AofError]]:
    """Load and check every manifest below `paths`; returns them and all problems."""
    everything: list[Loaded] = []
    problems: list[AofError] = []
    for file in manifest_files([one for one in paths if not _holds_release_settings(one)]):
        contents = read_contents(file)
        found = list(contents.problems)
        for item in (*contents.loaded, *contents.remains):
            found += check(item, environment)
        everything += contents.loaded
        problems += sorted(found, key=lambda problem: problem.line or 0)
    return everything, problems


def check(loaded: Loaded, environment: Mapping[str, str]) -> list[AofError]:
    """Everything a valid shape can still have wrong: names, references, variables, options."""
    checks = {
        "Agent": check_agent,
        "AgentTest": check_test,
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
        for problem in check_ref(loaded, agent.ref, ("spec", "agents", index), environment)
    ]


def _check_workflow(
    loaded: Loaded, workflow: Any, environment: Mapping[str, str]
) -> list[AofError]:
    from aof.manifests.workflow import all_steps

    problems: list[AofError] = []
    path = ("spec", "steps")
    for step in all_steps(workflow.spec.steps):
        if step.agent is None:
            continue
        wrong = check_ref(loaded, step.agent.ref, path, environment)
        if step.set and not wrong:
            try:
                agent = agent_spec(step.agent.ref, loaded.path.parent, environment)
            except AofError:
                continue  # `aofctl validate` of the agent says what is wrong there
            wrong = check_settings(loaded, step.set, [agent], path)
        problems += wrong
    return problems


def _check_trigger(loaded: Loaded, trigger: Any, environment: Mapping[str, str]) -> list[AofError]:
    problems: list[AofError] = []
    spec = trigger.spec
    if spec.agent is not None:
        problems += check_ref(loaded, spec.agent.ref, ("spec", "agent", "ref"), environment)
    if spec.fleet is not None:
        for index, agent in enumerate(spec.fleet.agents):
            path = ("spec", "fleet", "agents", index, "ref")
            problems += check_ref(loaded, agent.ref, path, environment)
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
