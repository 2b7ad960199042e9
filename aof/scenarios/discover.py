"""Finding test files and what in them is to be run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aof.errors import ManifestError, UsageFault
from aof.manifests.agent_test import AgentTest, Scenario
from aof.manifests.loader import Loaded, load_file
from aof.validation import check

SUFFIX = ".test.yaml"


@dataclass(frozen=True, slots=True)
class Case:
    """One scenario of one test file; `index` is its place in the file."""

    loaded: Loaded
    test: AgentTest
    scenario: Scenario
    index: int

    @property
    def id(self) -> str:
        """`file::scenario`."""
        return f"{self.loaded.document.file}::{self.scenario.name}"

    @property
    def line(self) -> int:
        """Where the scenario stands."""
        return self.loaded.document.line_of(("spec", "scenarios", self.index))


def find_cases(
    paths: Sequence[Path], *, keyword: str = "", environment: Mapping[str, str]
) -> list[Case]:
    """Every scenario below `paths` (files, or folders searched for `*.test.yaml`).

    Args:
        paths: Files and folders.
        keyword: Keep scenarios whose id contains it, in any case.
        environment: Variables of the process, for references.

    Raises:
        ManifestError: A test file is wrong; lists every problem of every file.
        UsageFault: There is no scenario left to run.
    """
    cases: list[Case] = []
    problems = []
    for file in _files(paths):
        loaded, wrong = load_file(file)
        problems.extend(wrong)
        for item in loaded:
            if isinstance(item.manifest, AgentTest):
                problems.extend(check(item, environment))
                cases.extend(_cases_of(item, item.manifest))
    if problems:
        raise ManifestError(problems)
    kept = [case for case in cases if keyword.lower() in case.id.lower()]
    if not kept:
        searched = ", ".join(map(str, paths))
        why = f"none of {len(cases)} matches -k {keyword}" if cases else f"searched {searched}"
        raise UsageFault(
            "there are no scenarios to run", why=why, fix="tests are found as *.test.yaml"
        )
    return kept


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(
                file
                for file in path.rglob(f"*{SUFFIX}")
                if not any(part.startswith(".") for part in file.relative_to(path).parts)
            )
        elif path.exists():
            yield path
        else:
            raise UsageFault("no such file or folder", file=str(path))


def _cases_of(loaded: Loaded, test: AgentTest) -> Iterator[Case]:
    for index, scenario in enumerate(test.spec.scenarios):
        yield Case(loaded, test, scenario, index)
