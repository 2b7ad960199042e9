"""One run from request to result. The four phases, in order; each is one function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aof.clock import Clock
from aof.engine.calls import BoundTool, RecordedCalls
from aof.engine.planning import make_plan
from aof.engine.progress import Progress
from aof.engine.report import render_report, report_values
from aof.engine.result import RunResult
from aof.errors import AofError, NotBound
from aof.manifests.agent import AgentSpec
from aof.manifests.base import duration_s
from aof.memory.base import Memory
from aof.playbooks.base import Playbook, Request
from aof.runlog import RunLog
from aof.runs.store import RunStore
from aof.verdict import Assessment

DEFAULT_APPROVAL_TIMEOUT_S = 4 * 3600.0
_SHORTEST_WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Runnable:
    """An agent with everything bound, as `assembly` builds it."""

    name: str
    spec: AgentSpec
    playbook: Playbook | None
    options: Any
    tools: Mapping[str, BoundTool]
    memory: Memory
    template: str
    template_name: str


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run, as the command line says.

    Attributes:
        wait_s: Keep assessing for so long until the answer is firm; 0 looks once.
        dry_run: Show the plan, store none.
    """

    wait_s: float = 0.0
    dry_run: bool = False


@dataclass(slots=True)
class Run:
    """The state of one run while it goes on."""

    runnable: Runnable
    request: Request
    run_id: str
    log: RunLog
    store: RunStore | None
    clock: Clock
    progress: Progress
    options: RunOptions = field(default_factory=RunOptions)

    def execute(self) -> RunResult:
        """Go through the phases.

        Raises:
            AofError: The run could not come to a result; the log says so too.
        """
        began = self.clock.monotonic()
        self._started()
        try:
            result = self._phases()
        except AofError as error:
            self.log.append("run.failed", error=error.as_dict())
            raise
        result = replace(result, duration_s=self.clock.monotonic() - began)
        self.log.append(
            "run.finished",
            verdict=result.verdict.value,
            decision=result.assessment.decision,
            plan=result.plan.id if result.plan else None,
        )
        if self.store is not None:
            self.store.save_result(self.run_id, self.log.redactor.value(result.as_dict()))
        return result

    def _started(self) -> None:
        self.log.append(
            "run.started",
            run=self.run_id,
            agent=self.runnable.name,
            request=self.request.text,
            settings=dict(self.request.settings),
            event=self.request.event,
        )

    def _phases(self) -> RunResult:
        runnable = self.runnable
        calls = RecordedCalls(runnable.tools, self.log, self.clock, self.progress)
        refuse_missing_required(runnable.tools)
        if runnable.playbook is None:
            raise NotBound(
                f"agent {runnable.name} has no playbook and needs a model",
                why=f"model {runnable.spec.model} is not available",
                fix="set the provider's key, or give the agent a playbook",
            )
        remembered = runnable.memory.entries()
        self.progress.phase("assess")
        assessment = self._assess(runnable.playbook, calls, remembered)
        self.log.append(
            "assessed",
            verdict=assessment.verdict.value,
            decision=assessment.decision,
            summary=assessment.summary,
        )
        return self._conclude(assessment, calls)

    def _assess(
        self, playbook: Playbook, calls: RecordedCalls, remembered: Sequence[Mapping[str, Any]]
    ) -> Assessment:
        """Phase 1, repeated while waiting can still change the answer."""
        deadline = self.clock.monotonic() + self.options.wait_s
        request = self.request
        while True:
            assessment = playbook.assess(request, calls, self.runnable.options, remembered)
            left = deadline - self.clock.monotonic()
            if assessment.firm or left <= 0:
                return assessment
            pause = min(max(assessment.wait_s or 60.0, _SHORTEST_WAIT_S), left)
            self.progress.note(
                f"{assessment.decision}: {assessment.summary} Looking again in {pause:.0f} s."
            )
            self.clock.sleep(pause)
            request = replace(request, now=self.clock.now())

    def _conclude(self, assessment: Assessment, calls: RecordedCalls) -> RunResult:
        """Phases 3 and 4: plan, report, memory."""
        runnable = self.runnable
        self.progress.phase("plan")
        approval = runnable.spec.approval
        plan = make_plan(
            assessment.actions,
            agent=runnable.name,
            run_id=self.run_id,
            now=self.clock.now(),
            timeout_s=duration_s(approval.timeout) if approval else DEFAULT_APPROVAL_TIMEOUT_S,
            verdict=assessment.verdict.value,
            decision=assessment.decision,
        )
        if plan is not None:
            self.log.append("plan.created", plan=plan.id, digest=plan.digest)
            if self.store is not None and not self.options.dry_run:
                self.store.save_plan(plan)
        self.progress.phase("conclude")
        if assessment.memory is not None:
            entry = self.log.redactor.value(assessment.memory)
            runnable.memory.append({"run_id": self.run_id, **entry})
            self.log.append("memory.appended", entry=entry)
        warnings = [*assessment.warnings, *calls.warnings, *runnable.memory.warnings]
        not_consulted = {
            name: bound.reason for name, bound in runnable.tools.items() if bound.reason
        }
        values = report_values(
            agent=runnable.name,
            description=runnable.spec.description,
            run_id=self.run_id,
            assessment=assessment,
            verdict=assessment.verdict,
            evidence=calls.evidence,
            not_consulted=not_consulted,
            warnings=warnings,
            plan=plan,
            model="embedded",
        )
        report = render_report(runnable.template, values, name=runnable.template_name)
        return RunResult(
            run_id=self.run_id,
            agent=runnable.name,
            verdict=assessment.verdict,
            assessment=assessment,
            evidence=tuple(calls.evidence),
            report=self.log.redactor.text(report),
            model="embedded",
            plan=plan,
            dry_run=self.options.dry_run,
            warnings=tuple(warnings),
            not_consulted=not_consulted,
        )


def refuse_missing_required(tools: Mapping[str, BoundTool]) -> None:
    """`NotBound` when a tool the manifest requires could not be bound."""
    for bound in tools.values():
        if bound.required and bound.tool is None:
            raise NotBound(f"the required tool {bound.name} cannot be used", why=bound.reason)
