"""Running one scenario through the real engine, with everything outside replaced."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aof.assembly import Assembled, assemble_agent
from aof.clock import FrozenClock
from aof.engine.progress import Silent
from aof.engine.run import Run, RunOptions
from aof.errors import AofError, UsageFault
from aof.manifests.agent_test import Scenario
from aof.manifests.base import duration_s
from aof.memory.base import InMemory
from aof.models.base import Model
from aof.models.scripted import Scripted, Turn
from aof.playbooks.base import Request
from aof.runlog import RunLog
from aof.scenarios.assertions import check, shown
from aof.scenarios.discover import Case
from aof.scenarios.mocks import MockSet, mocked
from aof.scenarios.outcome import Called, Failure, Outcome, ScenarioResult

USUAL_TIME = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
"""When scenarios happen that do not say when."""


def run_case(case: Case, *, library_path: str = "") -> ScenarioResult:
    """Run a scenario and check its assertions.

    Only `env` of the test reaches the agent, never the variables of this process.

    Args:
        case: What to run.
        library_path: `AOF_LIBRARY_PATH`, for references.
    """
    began = time.perf_counter()
    mocks, outcome = _outcome(case, library_path)
    failures = [
        Failure(f"mock {index + 1}", f"a call has no mock; add:\n{text}", *_at(case))
        for index, text in enumerate(mocks.missing)
    ]
    for index, assertion in enumerate(case.scenario.assertions):
        reason = check(assertion, outcome)
        if reason:
            path = ("spec", "scenarios", case.index, "assertions", index)
            line = case.loaded.document.line_of(path)
            failures.append(Failure(shown(assertion), reason, case.loaded.document.file, line))
    return ScenarioResult(
        test=case.test.metadata.name,
        scenario=case.scenario.name,
        file=case.loaded.document.file,
        line=case.line,
        failures=tuple(failures),
        duration_s=time.perf_counter() - began,
        outcome=outcome,
    )


def _at(case: Case) -> tuple[str, int]:
    return case.loaded.document.file, case.line


def _outcome(case: Case, library_path: str) -> tuple[MockSet, Outcome]:
    scenario, spec = case.scenario, case.test.spec
    clock = FrozenClock(scenario.clock or spec.clock or USUAL_TIME)
    folder = case.loaded.path.parent
    mocks = MockSet((*scenario.mocks, *spec.mocks), folder=folder, clock=clock)
    environment = {**spec.env, **scenario.env}
    if library_path:
        environment["AOF_LIBRARY_PATH"] = library_path
    memory = InMemory()
    for entry in scenario.memory:
        memory.append(entry)
    log: RunLog | None = None
    try:
        assembled = _assembled(case, environment, folder, clock)
        runnable = replace(
            assembled.runnable,
            tools=mocked(assembled.runnable.tools, mocks),
            memory=memory,
            models=_models(scenario),
        )
        log = RunLog(None, redactor=assembled.redactor, clock=clock)
        run = Run(
            runnable=runnable,
            request=_request(case, environment, clock.now(), folder),
            run_id="scenario",
            log=log,
            store=None,
            clock=clock,
            progress=Silent(),
            options=RunOptions(wait_s=duration_s(scenario.wait)),
        )
        result = run.execute()
    except AofError as error:
        return mocks, Outcome(None, error, _calls(log), memory.entries())
    document = assembled.redactor.value(result.as_dict())
    return mocks, Outcome(result, None, _calls(log), memory.entries(), document)


def _models(scenario: Scenario) -> list[Model]:
    turns = [
        Turn(turn.text, tuple((call.name, call.arguments) for call in turn.calls))
        for turn in scenario.model
    ]
    return [Scripted(turns)] if turns else []


def _assembled(
    case: Case, environment: Mapping[str, str], folder: Path, clock: FrozenClock
) -> Assembled:
    agent = case.test.spec.agent
    if agent is None:
        raise UsageFault("this test is about a fleet", fix="give `agent`")
    return assemble_agent(
        agent.ref, environment=environment, folder=folder, base=folder, clock=clock
    )


def _request(case: Case, environment: Mapping[str, str], now: datetime, folder: Path) -> Request:
    settings: dict[str, str] = {key: _as_setting(v) for key, v in case.scenario.set.items()}
    return Request(
        text=case.scenario.input,
        now=now,
        settings=settings,
        event=case.scenario.event,
        environment=environment,
        folder=folder,
    )


def _as_setting(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _calls(log: RunLog | None) -> list[Called]:
    if log is None:
        return []
    return [
        Called(event.data["tool"], event.data["operation"], event.data["arguments"])
        for event in log.events
        if event.kind == "tool.called"
    ]
