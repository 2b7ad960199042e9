"""Running one scenario through the real engine, with everything outside replaced."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aof.assembly import assemble_agent, load_fleet
from aof.clock import FrozenClock
from aof.engine.progress import Silent
from aof.engine.result import RunResult
from aof.engine.run import Run, RunOptions
from aof.errors import AofError, InternalFault
from aof.fleets import FleetResult, run_fleet
from aof.manifests.agent_test import Scenario
from aof.manifests.base import duration_s
from aof.manifests.fleet import Fleet
from aof.memory.base import InMemory
from aof.models.base import Model
from aof.models.scripted import Scripted, Turn
from aof.playbooks.base import Request
from aof.redaction import Redactor
from aof.runlog import RunLog
from aof.scenarios.assertions import check, shown
from aof.scenarios.discover import Case
from aof.scenarios.mocks import MockSet, mocked
from aof.scenarios.outcome import Called, Failure, Outcome, ScenarioResult
from aof.verdict import Assessment

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
    stage = _Stage(
        scenario=scenario,
        environment={**spec.env, **scenario.env}
        | ({"AOF_LIBRARY_PATH": library_path} if library_path else {}),
        folder=folder,
        clock=clock,
        mocks=MockSet((*scenario.mocks, *spec.mocks), folder=folder, clock=clock),
        memory=InMemory(),
    )
    for entry in scenario.memory:
        stage.memory.append(entry)
    try:
        if spec.agent is not None:
            result = stage.run_of(spec.agent.ref)(stage.request()).execute()
        else:
            assert spec.fleet is not None
            result = _as_one(stage.run_fleet(spec.fleet.ref))
    except AofError as error:
        return stage.mocks, Outcome(None, error, stage.calls(), stage.memory.entries())
    except Exception as error:  # noqa: BLE001 - a crash fails its scenario, not the suite
        crash = InternalFault(f"the agent crashed: {type(error).__name__}: {error}")
        return stage.mocks, Outcome(None, crash, stage.calls(), stage.memory.entries())
    document = stage.redactor.value(result.as_dict())
    return stage.mocks, Outcome(result, None, stage.calls(), stage.memory.entries(), document)


@dataclass(slots=True)
class _Stage:
    """Everything a scenario replaces, and the logs of what ran on it."""

    scenario: Scenario
    environment: Mapping[str, str]
    folder: Path
    clock: FrozenClock
    mocks: MockSet
    memory: InMemory
    redactor: Redactor = field(default_factory=Redactor)
    logs: list[RunLog] = field(default_factory=list)

    def run_of(self, ref: str, base: Path | None = None) -> Callable[[Request], Run]:
        """What makes the run of an agent."""
        assembled = assemble_agent(
            ref,
            environment=self.environment,
            folder=self.folder,
            base=base or self.folder,
            clock=self.clock,
        )
        self.redactor = assembled.redactor
        runnable = replace(
            assembled.runnable,
            tools=mocked(assembled.runnable.tools, self.mocks),
            memory=self.memory,
            models=_models(self.scenario),
        )

        def make(request: Request) -> Run:
            log = RunLog(None, redactor=assembled.redactor, clock=self.clock)
            self.logs.append(log)
            return Run(
                runnable=runnable,
                request=request,
                run_id=f"scenario-{len(self.logs)}",
                log=log,
                store=None,
                clock=self.clock,
                progress=Silent(),
                options=RunOptions(wait_s=duration_s(self.scenario.wait)),
            )

        return make

    def run_fleet(self, ref: str) -> FleetResult:
        """Run a fleet, one agent after the other: mocks with a sequence need an order."""
        loaded = load_fleet(ref, self.environment, base=self.folder)
        assert isinstance(loaded.manifest, Fleet)
        members = []
        for agent in loaded.manifest.spec.agents:
            make = self.run_of(agent.ref, loaded.path.parent)
            members.append((Path(agent.ref).stem, make))
        return run_fleet(loaded.name, members, self.request(), mode="sequential")

    def request(self) -> Request:
        """What is asked."""
        settings = {key: _as_setting(value) for key, value in self.scenario.set.items()}
        return Request(
            text=self.scenario.input,
            now=self.clock.now(),
            settings=settings,
            event=self.scenario.event,
            environment=self.environment,
            folder=self.folder,
        )

    def calls(self) -> list[Called]:
        """Every tool call, in order."""
        return [
            Called(event.data["tool"], event.data["operation"], event.data["arguments"])
            for log in self.logs
            for event in log.events
            if event.kind == "tool.called"
        ]


def _as_one(fleet: FleetResult) -> RunResult:
    """A fleet's end in the shape assertions look at; facts are by agent."""
    for member in fleet.members:
        if member.error is not None:
            raise member.error
    results = [member.result for member in fleet.members if member.result is not None]
    return RunResult(
        run_id=results[0].run_id,
        agent=fleet.fleet,
        verdict=fleet.verdict,
        assessment=Assessment(
            verdict=fleet.verdict,
            decision=fleet.decision,
            summary=", ".join(
                f"{result.agent}: {result.assessment.decision}" for result in results
            ),
            actions=tuple(action for result in results for action in result.assessment.actions),
            facts={result.agent: result.assessment.facts for result in results},
        ),
        evidence=tuple(item for result in results for item in result.evidence),
        report=fleet.report,
        model=results[0].model,
        plan=next((result.plan for result in results if result.plan is not None), None),
    )


def _models(scenario: Scenario) -> list[Model]:
    turns = [
        Turn(turn.text, tuple((call.name, call.arguments) for call in turn.calls))
        for turn in scenario.model
    ]
    return [Scripted(turns)] if turns else []


def _as_setting(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
