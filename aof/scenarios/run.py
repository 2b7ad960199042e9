"""Running one scenario through the real engine, with everything outside replaced."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

from aof.clock import Clock, FrozenClock, SystemClock
from aof.engine.result import RunResult
from aof.errors import AofError, InternalFault
from aof.fleets import FleetResult
from aof.memory.base import InMemory
from aof.scenarios.assertions import check, shown
from aof.scenarios.discover import Case
from aof.scenarios.mocks import MockSet
from aof.scenarios.outcome import Failure, Outcome, ScenarioResult
from aof.scenarios.stage import Stage
from aof.verdict import Assessment
from aof.workflows import WorkflowRun

USUAL_TIME = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
"""When scenarios happen that do not say when."""


def run_case(case: Case, *, library_path: str = "", live: bool = False) -> ScenarioResult:
    """Run a scenario and check its assertions.

    Only `env` of the test reaches the agent, never the variables of this process, unless it
    is live.

    Args:
        case: What to run.
        library_path: `AOF_LIBRARY_PATH`, for references.
        live: Ask the real tools and models, now.
    """
    began = time.perf_counter()
    mocks, outcome = _outcome(case, library_path, live=live)
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
        live=live,
    )


def _at(case: Case) -> tuple[str, int]:
    return case.loaded.document.file, case.line


def _outcome(case: Case, library_path: str, *, live: bool) -> tuple[MockSet, Outcome]:
    scenario, spec = case.scenario, case.test.spec
    clock: Clock = FrozenClock(scenario.clock or spec.clock or USUAL_TIME)
    if live:
        clock = SystemClock()
    folder = case.loaded.path.parent
    stage = Stage(
        scenario=scenario,
        environment={
            **(os.environ if live else {}),
            **spec.env,
            **scenario.env,
            **({"AOF_LIBRARY_PATH": library_path} if library_path else {}),
        },
        folder=folder,
        clock=clock,
        mocks=MockSet((*scenario.mocks, *spec.mocks), folder=folder, clock=clock),
        memory=InMemory(),
        live=live,
    )
    for entry in scenario.memory:
        stage.memory.append(entry)
    try:
        if spec.agent is not None:
            result = stage.run_of(spec.agent.ref)(stage.request()).execute()
        elif spec.fleet is not None:
            result = _as_one(stage.run_fleet(spec.fleet.ref))
        else:
            assert spec.workflow is not None
            return stage.mocks, _of_workflow(stage, stage.run_workflow(spec.workflow.ref))
    except AofError as error:
        return stage.mocks, Outcome(None, error, stage.calls(), stage.memory.entries())
    except Exception as error:  # noqa: BLE001 - a crash fails its scenario, not the suite
        crash = InternalFault(f"the agent crashed: {type(error).__name__}: {error}")
        return stage.mocks, Outcome(None, crash, stage.calls(), stage.memory.entries())
    document = stage.redactor.value(result.as_dict())
    memory = stage.memory.entries()
    outcome = Outcome(result, None, stage.calls(), memory, document, models=stage.models)
    return stage.mocks, outcome


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


def _of_workflow(stage: Stage, run: WorkflowRun) -> Outcome:
    """A workflow's end; facts are by step, the report is every agent's under its step."""
    results = [(step.name, step.result) for step in run.done if step.result is not None]
    last = results[-1][1] if results else None
    taken = [f"{step.name}: {step.state}" for step in run.done]
    reports = [f"# {name}\n\n{result.report}" for name, result in results]
    result = RunResult(
        run_id="workflow",
        agent="workflow",
        verdict=run.verdict,
        assessment=Assessment(
            verdict=run.verdict,
            decision=last.assessment.decision if last else "UNKNOWN",
            summary="; ".join(taken),
            actions=tuple(action for _, one in results for action in one.assessment.actions),
            facts=run.facts,
        ),
        evidence=tuple(item for _, one in results for item in one.evidence),
        report="\n".join([*taken, "", *reports]),
        model=last.model if last else "embedded",
        plan=run.plan,
    )
    document = stage.redactor.value(result.as_dict())
    memory = stage.memory.entries()
    return Outcome(result, None, stage.calls(), memory, document, steps=taken)
