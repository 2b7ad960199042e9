"""What a test of the right shape can still have wrong: its subject, settings and options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aof.errors import AofError, UsageFault
from aof.manifests.agent import AgentSpec
from aof.manifests.base import overlaid
from aof.manifests.loader import Loaded, load_one
from aof.manifests.references import resolve_reference
from aof.manifests.yaml_documents import Field
from aof.templates.variables import expand
from aof.validation.agent import option_problems, playbook_of
from aof.validation.variables import check_ref


def check_test(loaded: Loaded, test: Any, environment: Mapping[str, str]) -> list[AofError]:
    """The subject of a test, and what its scenarios tell it."""
    for subject in ("agent", "fleet", "workflow"):
        reference = getattr(test.spec, subject)
        if reference is not None:
            wrong = check_ref(loaded, reference.ref, ("spec", subject, "ref"), environment)
            return wrong or _check_scenarios(loaded, test, environment)
    return []


def _check_scenarios(loaded: Loaded, test: Any, environment: Mapping[str, str]) -> list[AofError]:
    """The settings and options of scenarios, by what the agents under test can be told."""
    scenarios = test.spec.scenarios
    if not any(scenario.set or scenario.with_ for scenario in scenarios):
        return []
    try:
        agents = _agents_under_test(loaded, test, environment)
    except (AofError, ValidationError):
        return []  # `aofctl validate` of the agents says what is wrong there
    problems: list[AofError] = []
    for index, scenario in enumerate(scenarios):
        path = ("spec", "scenarios", index)
        problems += check_settings(loaded, scenario.set, agents, (*path, "set"))
        if not scenario.with_:
            continue
        used = agents[0].playbook
        if used is None:
            what = "`with` of a scenario needs an agent with a playbook"
            problems.append(UsageFault(what, **loaded.at(*path, "with")))
            continue
        try:
            playbook_of(agents[0], scenario.with_)
        except ValidationError as error:
            given = overlaid(used.with_, scenario.with_)
            problems += option_problems(error, used, given, loaded, (*path, "with"))
    return problems


def _agents_under_test(
    loaded: Loaded, test: Any, environment: Mapping[str, str]
) -> list[AgentSpec]:
    base = loaded.path.parent
    if test.spec.agent is not None:
        return [agent_spec(test.spec.agent.ref, base, environment)]
    kind = "Fleet" if test.spec.fleet is not None else "Workflow"
    reference = test.spec.fleet or test.spec.workflow
    path = resolve_reference(
        expand(reference.ref, environment).text, base=base, environment=environment
    )
    manifest: Any = load_one(path, kind).manifest
    if kind == "Fleet":
        refs = [agent.ref for agent in manifest.spec.agents]
    else:
        from aof.manifests.workflow import all_steps

        refs = [step.agent.ref for step in all_steps(manifest.spec.steps) if step.agent]
    return [agent_spec(ref, path.parent, environment) for ref in refs]


def agent_spec(ref: str, base: Path, environment: Mapping[str, str]) -> AgentSpec:
    """The agent `ref` of a manifest in `base`; raises what loading it raises."""
    text = expand(ref, environment).text
    path = resolve_reference(text, base=base, environment=environment)
    manifest: Any = load_one(path, "Agent").manifest
    spec: AgentSpec = manifest.spec
    return spec


def check_settings(
    loaded: Loaded, given: Mapping[str, Any], agents: list[AgentSpec], path: Field
) -> list[AofError]:
    """A problem for each setting none of `agents` reads."""
    from aof.playbooks.base import unknown_settings

    if not given:
        return []
    playbooks = [playbook_of(spec)[0] for spec in agents]
    return [
        UsageFault(problem.what, why=problem.why, fix=problem.fix, **loaded.at(*path, key))
        for key in given
        for problem in unknown_settings([key], playbooks)
    ]
