"""The stage a scenario plays on: the real engine, with tools, clock, memory and model replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aof.assembly import assemble_agent
from aof.clock import Clock
from aof.engine.progress import Silent
from aof.engine.result import RunResult
from aof.engine.run import Run, RunOptions
from aof.fleets import FleetResult, run_fleet
from aof.manifests.agent_test import Scenario
from aof.manifests.base import Approval, duration_s
from aof.manifests.fleet import Fleet
from aof.manifests.workflow import Workflow
from aof.memory.base import InMemory
from aof.models.base import Model
from aof.models.scripted import Scripted, Turn
from aof.plans import Plan
from aof.playbooks.base import Request
from aof.redaction import Redactor
from aof.runlog import RunLog
from aof.scenarios.mocks import MockSet, mocked
from aof.scenarios.outcome import Called
from aof.validation import load_checked, playbook_of
from aof.workflows import WorkflowRun, evaluate


@dataclass(slots=True)
class Stage:
    """Everything a scenario replaces, and the logs of what ran on it.

    A live stage keeps the real tools, models and time.
    """

    scenario: Scenario
    environment: Mapping[str, str]
    folder: Path
    clock: Clock
    mocks: MockSet
    memory: InMemory
    live: bool = False
    models: Sequence[Model] = ()
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
            llm="auto" if self.live else "off",
        )
        self.redactor = assembled.redactor
        options = playbook_of(assembled.runnable.spec, self.scenario.with_)[1]
        runnable = replace(assembled.runnable, memory=self.memory, options=options)
        if self.live:
            self.models = runnable.models
        else:
            tools = mocked(runnable.tools, self.mocks)
            runnable = replace(runnable, tools=tools, models=_models(self.scenario))

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
        loaded = load_checked(ref, "Fleet", self.environment, base=self.folder)
        assert isinstance(loaded.manifest, Fleet)
        members = []
        for agent in loaded.manifest.spec.agents:
            make = self.run_of(agent.ref, loaded.path.parent)
            members.append((Path(agent.ref).stem, make))
        return run_fleet(loaded.name, members, self.request(), mode="sequential")

    def run_workflow(self, ref: str) -> WorkflowRun:
        """Run a workflow to its end, or to the step that ended it."""
        loaded = load_checked(ref, "Workflow", self.environment, base=self.folder)
        assert isinstance(loaded.manifest, Workflow)
        run = WorkflowRun(_Surroundings(self, loaded.path.parent), self.clock)
        run.run(loaded.manifest.spec.steps)
        return run

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


@dataclass(slots=True)
class _Surroundings:
    """A workflow's surroundings on a stage: people answer as the scenario says."""

    stage: Stage
    base: Path

    def run_agent(
        self, ref: str, text: str, settings: Mapping[str, str], previous: Mapping[str, Any]
    ) -> RunResult:
        """Run an agent on the stage."""
        request = replace(
            self.stage.request(),
            text=text or self.stage.scenario.input,
            settings={**self.stage.request().settings, **settings},
            previous=previous,
        )
        return self.stage.run_of(ref, self.base)(request).execute()

    def approve(self, step: str, approval: Approval, plan: Plan) -> bool:
        """What `approvals` of the scenario says; nobody answering is a no."""
        return self.stage.scenario.approvals.get(step) == "approve"

    def apply(self, plan: Plan) -> dict[str, Any]:
        """Let the mocks answer each action, and change their state."""
        results: dict[str, Any] = {}
        log = RunLog(None, redactor=self.stage.redactor, clock=self.stage.clock)
        self.stage.logs.append(log)
        for action in plan.actions:
            arguments = {key: _settled(value, results) for key, value in action.arguments.items()}
            log.append(
                "tool.called", tool=action.tool, operation=action.operation, arguments=arguments
            )
            answer = self.stage.mocks.answer(action.tool, action.operation, arguments)
            results[action.id] = answer.data
        return results


def _settled(value: Any, results: Mapping[str, Any]) -> Any:
    """`{"$result": "a1.sha"}` as what action a1 gave."""
    if isinstance(value, Mapping) and set(value) == {"$result"}:
        return evaluate(str(value["$result"]), results)
    return value


def _models(scenario: Scenario) -> list[Model]:
    turns = [
        Turn(turn.text, tuple((call.name, call.arguments) for call in turn.calls))
        for turn in scenario.model
    ]
    return [Scripted(turns)] if turns else []


def _as_setting(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
