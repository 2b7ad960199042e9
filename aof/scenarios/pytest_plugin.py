"""pytest sees `*.test.yaml` as tests, and tests of your own get our stand-ins as fixtures.

Loaded through the `pytest11` entry point, so nothing heavy is imported before it is used.

Fixtures: `frozen_clock` (stands still until moved), `scripted_model` (makes a model that
reads its lines from the test), `fake_tools` (makes an agent's tools answer from mocks).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from aof.clock import FrozenClock
    from aof.engine.run import Runnable
    from aof.models.scripted import Scripted
    from aof.scenarios.discover import Case


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """Collect scenario files."""
    if not file_path.name.endswith(".test.yaml"):
        return None
    return ScenarioFile.from_parent(parent, path=file_path)


class ScenarioFile(pytest.File):
    """A `*.test.yaml` file."""

    def collect(self) -> Iterable[pytest.Item]:
        from aof.errors import AofError
        from aof.scenarios.discover import find_cases

        try:
            cases = find_cases([self.path], environment=os.environ)
        except AofError as error:
            raise self.CollectError(str(error)) from None
        for case in cases:
            yield ScenarioItem.from_parent(self, name=case.scenario.name, case=case)


class ScenarioFailed(Exception):
    """A scenario whose assertions do not all hold."""


class ScenarioItem(pytest.Item):
    """One scenario."""

    def __init__(self, *, case: Case, **more: Any) -> None:
        super().__init__(**more)
        self.case = case

    def runtest(self) -> None:
        from aof.scenarios.run import run_case

        result = run_case(self.case, library_path=os.environ.get("AOF_LIBRARY_PATH", ""))
        if result.failures:
            raise ScenarioFailed(
                "\n".join(
                    f"{failure.file}:{failure.line}: {failure.assertion}\n{failure.message}"
                    for failure in result.failures
                )
            )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, ScenarioFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, self.case.line - 1, self.name


@pytest.fixture
def frozen_clock() -> FrozenClock:
    """A clock at a fixed time; `advance(seconds)` moves it."""
    from aof.clock import FrozenClock
    from aof.scenarios.run import USUAL_TIME

    return FrozenClock(USUAL_TIME)


@pytest.fixture
def scripted_model() -> Callable[..., Scripted]:
    """`scripted_model("text", ...)`: a model that answers with these turns."""
    from aof.models.scripted import Scripted

    def make(*turns: Any) -> Scripted:
        return Scripted(turns)

    return make


@pytest.fixture
def fake_tools(
    frozen_clock: FrozenClock, tmp_path: Path
) -> Callable[[Runnable, Sequence[dict[str, Any]]], Runnable]:
    """`fake_tools(runnable, [mocks])`: the agent with its tools answering from mocks."""
    from dataclasses import replace

    from aof.manifests.agent_test import Mock
    from aof.scenarios.mocks import MockSet, mocked

    def make(runnable: Runnable, mocks: Sequence[dict[str, Any]]) -> Runnable:
        checked = [Mock.model_validate(mock) for mock in mocks]
        answering = MockSet(checked, folder=tmp_path, clock=frozen_clock)
        return replace(runnable, tools=mocked(runnable.tools, answering))

    return make
