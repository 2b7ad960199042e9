"""Tools that answer from the test file. A call nobody foresaw fails and says what to add."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from aof.clock import Clock
from aof.engine.calls import BoundTool
from aof.errors import Unreachable, UsageFault
from aof.manifests.agent_test import Mock, MockAnswer
from aof.manifests.base import duration_s
from aof.manifests.yaml_documents import parse_one
from aof.messages import ToolOutput
from aof.scenarios.matching import all_match, is_subset
from aof.tools.base import Tool


class MockSet:
    """The mocks of one scenario, and the calls that none of them answers."""

    def __init__(self, mocks: Sequence[Mock], *, folder: Path, clock: Clock) -> None:
        self.missing: list[str] = []
        self.state: dict[str, Any] = {}
        self._mocks = mocks
        self._used = [0] * len(mocks)
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()

    def names(self) -> set[str]:
        """Tools that have a mock."""
        return {mock.tool for mock in self._mocks}

    def answer(self, tool: str, operation: str, arguments: Mapping[str, Any]) -> ToolOutput:
        """What the first mock that fits answers.

        Raises:
            Unreachable: The mock is an error, or there is no mock; then `missing` grows.
        """
        with self._lock:
            for index, mock in enumerate(self._mocks):
                same = (mock.tool, mock.operation) == (tool, operation)
                if same and is_subset(mock.when, self.state) and all_match(mock.match, arguments):
                    self.state.update(mock.sets)
                    self._used[index] += 1
                    return self._give(mock, self._used[index])
            self.missing.append(paste_text(tool, operation, arguments))
        raise Unreachable(f"no mock for {tool} {operation}", why="see the scenario's failure")

    def _give(self, mock: Mock, number: int) -> ToolOutput:
        answer: MockAnswer = mock
        if mock.sequence:
            answer = mock.sequence[min(number, len(mock.sequence)) - 1]
        self._clock.sleep(duration_s(answer.delay))
        if answer.error:
            raise Unreachable(answer.error, why=f"mocked {mock.tool} {mock.operation}")
        data = answer.returns
        if answer.returns_file:
            data = read_fixture(self._folder / answer.returns_file)
        return ToolOutput(data, f"mocked {mock.tool} {mock.operation}", answer.warnings)


class MockTool(Tool):
    """Stands in for a tool of an agent."""

    name = "mock"
    about = "A tool that answers from a test file."

    def __init__(self, real: str, mocks: MockSet) -> None:
        super().__init__({})
        self._real = real
        self._mocks = mocks

    def invoke(self, name: str, arguments: Mapping[str, Any]) -> ToolOutput:
        """Answer from the mocks."""
        return self._mocks.answer(self._real, name, arguments)


def mocked(tools: Mapping[str, BoundTool], mocks: MockSet) -> dict[str, BoundTool]:
    """The agent's tools with every instance replaced.

    A tool with a mock counts as bound and configured. One without stays as it would be with
    the scenario's `env`: unbound with its reason, or bound and failing when it is called.
    """
    replaced: dict[str, BoundTool] = {}
    for name, bound in tools.items():
        has_mock = name in mocks.names()
        if bound.kind is None or (bound.tool is None and not has_mock):
            replaced[name] = bound
            continue
        replaced[name] = BoundTool(
            name,
            bound.kind,
            MockTool(name, mocks),
            configured=has_mock or bound.configured,
            required=bound.required,
            allowed=bound.allowed,
        )
    return replaced


def paste_text(tool: str, operation: str, arguments: Mapping[str, Any]) -> str:
    """The mock to add to the test file."""
    mock: dict[str, Any] = {"tool": tool, "operation": operation}
    given = {key: value for key, value in arguments.items() if value not in (None, "", [], {})}
    if given:
        mock["match"] = json.loads(json.dumps(given, default=str))
    mock["returns"] = {}
    return yaml.safe_dump({"mocks": [mock]}, sort_keys=False, allow_unicode=True, width=1000)


def read_fixture(path: Path) -> Any:
    """JSON or YAML of a fixture file."""
    try:
        content = path.read_bytes()
        return json.loads(content) if path.suffix == ".json" else parse_one(content, str(path)).data
    except (OSError, ValueError) as error:
        raise UsageFault("the fixture cannot be read", why=str(error), file=str(path)) from None
