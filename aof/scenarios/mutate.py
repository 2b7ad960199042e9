"""Mutation of agents: would the tests notice if the agent were wrong?

Each mutant is the agent with one thing broken: a tool removed, a threshold moved out of the
way, the playbook or the approval dropped; or the test with one mock emptied. A mutant is
killed when a scenario fails. Assertions that no mutant makes fail prove little.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from aof.errors import UsageFault
from aof.manifests.agent_test import Mock
from aof.manifests.loader import load_one
from aof.manifests.references import resolve_reference
from aof.scenarios.assertions import shown
from aof.scenarios.discover import Case
from aof.scenarios.run import run_case
from aof.validation import playbook_options


@dataclass(frozen=True, slots=True)
class Mutant:
    """What was broken, and the scenarios that noticed."""

    test: str
    change: str
    killed_by: Sequence[str]


@dataclass(frozen=True, slots=True)
class MutationReport:
    """All mutants, and the assertions (`file:line: text`) none of them made fail."""

    mutants: Sequence[Mutant]
    idle_assertions: Sequence[str]

    @property
    def killed(self) -> int:
        """How many mutants a scenario noticed."""
        return sum(bool(mutant.killed_by) for mutant in self.mutants)


def mutate(cases: Sequence[Case]) -> MutationReport:
    """Run `cases` against every mutant of the agents they test.

    Raises:
        UsageFault: A scenario fails before anything is broken, so it would kill every mutant.
    """
    _refuse_failing(cases)
    mutants: list[Mutant] = []
    idle = {_place(case, index): True for case in cases for index in _indexes(case)}
    for group in _by_file(cases):
        for change, broken in _mutants(group):
            killed_by = []
            for case in broken:
                failed = list(run_case(case).failures)
                if failed:
                    killed_by.append(case.scenario.name)
                for failure in failed:
                    idle.pop(f"{failure.file}:{failure.line}: {failure.assertion}", None)
            mutants.append(Mutant(group[0].test.metadata.name, change, killed_by))
    return MutationReport(mutants, list(idle))


def _refuse_failing(cases: Sequence[Case]) -> None:
    failing = next((case for case in cases if run_case(case).failures), None)
    if failing is not None:
        raise UsageFault(
            f"the scenario '{failing.scenario.name}' fails already",
            why="a failing scenario seems to notice every mutant",
            fix="make all scenarios pass first: aofctl test",
            file=failing.loaded.document.file,
        )


def _mutants(cases: Sequence[Case]) -> Iterator[tuple[str, list[Case]]]:
    agent = cases[0].test.spec.agent
    if agent is not None:
        loaded = load_one(resolve_reference(agent.ref, base=cases[0].loaded.path.parent), "Agent")
        for change, document in _broken_agents(loaded.document.data):
            with _written(document, loaded.path) as ref:
                yield change, [_about(case, ref) for case in cases]
    for case in cases:
        for index, mock in enumerate(case.scenario.mocks):
            if _says_something(mock):
                change = f"{case.scenario.name}: mock {index + 1} ({mock.tool}) emptied"
                yield change, [_emptied(case, index)]


def _broken_agents(agent: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    spec = agent["spec"]
    for index, tool in enumerate(spec.get("tools", [])):
        name = tool if isinstance(tool, str) else tool["name"]
        broken = copy.deepcopy(dict(agent))
        del broken["spec"]["tools"][index]
        yield f"tool {name} removed", broken
    if spec.get("playbook"):
        broken = copy.deepcopy(dict(agent))
        del broken["spec"]["playbook"]
        yield "playbook removed", broken
        for change, moved in _moved_thresholds(spec["playbook"]):
            broken = copy.deepcopy(dict(agent))
            broken["spec"]["playbook"]["with"] = moved
            yield change, broken
    if spec.get("approval"):
        broken = copy.deepcopy(dict(agent))
        broken["spec"]["approval"]["required"] = False
        yield "approval dropped", broken


def _moved_thresholds(playbook: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What was moved, and `with` then: every threshold far up and at zero, where allowed."""
    options = playbook_options(playbook["name"])
    given = playbook.get("with") or {}
    # Defaults written out: a threshold may stand inside a list that nobody wrote down.
    full = options.model_validate(given).model_dump(mode="json")
    for dotted in options.thresholds:
        for path in _places(full, tuple(dotted.split("."))):
            for value in _extremes(_value_at(full, path)):
                moved = copy.deepcopy(dict(given))
                if any(isinstance(part, int) for part in path):
                    moved[str(path[0])] = copy.deepcopy(full[str(path[0])])
                _put(moved, path, value)
                try:
                    options.model_validate(moved)
                except ValueError:
                    continue
                yield f"threshold {'.'.join(map(str, path))} set to {value}", moved


def _places(value: Any, pattern: Sequence[str]) -> Iterator[tuple[str | int, ...]]:
    """The paths a dotted name means: `*` stands for every entry of a list."""
    if not pattern:
        yield ()
        return
    keys = range(len(value)) if pattern[0] == "*" else [pattern[0]]
    for key in keys:
        for rest in _places(value[key], pattern[1:]):
            yield (key, *rest)


def _value_at(value: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        value = value[part]
    return value


def _extremes(value: Any) -> tuple[Any, Any]:
    """Far up and at zero; a threshold that is text is a duration."""
    return ("3650d", "0s") if isinstance(value, str) else (1e6, 0.0)


def _put(target: Any, path: Sequence[str | int], value: Any) -> None:
    for part in path[:-1]:
        target = target[part] if isinstance(part, int) else target.setdefault(part, {})
    target[path[-1]] = value


@contextmanager
def _written(document: Mapping[str, Any], original: Path) -> Iterator[str]:
    """The broken agent as a file; what it refers to is still found beside the original."""
    document = copy.deepcopy(dict(document))
    template = document["spec"].get("report_template")
    if template:
        document["spec"]["report_template"] = str((original.parent / template).resolve())
    with TemporaryDirectory() as folder:
        path = Path(folder) / original.name
        path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        yield str(path)


def _about(case: Case, ref: str) -> Case:
    agent = case.test.spec.agent
    assert agent is not None
    spec = case.test.spec.model_copy(update={"agent": agent.model_copy(update={"ref": ref})})
    return replace(case, test=case.test.model_copy(update={"spec": spec}))


def _says_something(mock: Mock) -> bool:
    """Whether emptying it changes anything."""
    return bool(mock.error or mock.returns_file or mock.sequence or _leaves(mock.returns))


def _leaves(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_leaves, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_leaves, value))
    return value is not None


def _emptied(case: Case, index: int) -> Case:
    mocks = list(case.scenario.mocks)
    mocks[index] = mocks[index].model_copy(
        update={"returns": {}, "returns_file": "", "sequence": (), "error": ""}
    )
    scenario = case.scenario.model_copy(update={"mocks": tuple(mocks)})
    return replace(case, scenario=scenario)


def _indexes(case: Case) -> range:
    return range(len(case.scenario.assertions))


def _place(case: Case, index: int) -> str:
    path = ("spec", "scenarios", case.index, "assertions", index)
    document = case.loaded.document
    return f"{document.file}:{document.line_of(path)}: {shown(case.scenario.assertions[index])}"


def _by_file(cases: Sequence[Case]) -> list[list[Case]]:
    files: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        files.setdefault((case.loaded.document.file, case.test.metadata.name), []).append(case)
    return list(files.values())


def as_text(report: MutationReport) -> str:
    """Survivors, idle assertions, and the count."""
    lines = [
        f"survived  {mutant.test}: {mutant.change}"
        for mutant in report.mutants
        if not mutant.killed_by
    ]
    lines += [f"never fails  {place}" for place in report.idle_assertions]
    total = len(report.mutants)
    share = report.killed / total if total else 1.0
    lines.append(f"{report.killed} of {total} mutants killed ({share:.0%})")
    return "\n".join(lines)


def as_json(report: MutationReport) -> dict[str, Any]:
    """`{killed, mutants: [...], idle_assertions: [...]}`."""
    return {
        "killed": report.killed,
        "mutants": [
            {"test": m.test, "change": m.change, "killed_by": list(m.killed_by)}
            for m in report.mutants
        ],
        "idle_assertions": list(report.idle_assertions),
    }
