"""One run from request to result. The four phases, in order; each is one function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aof.clock import Clock, isoformat
from aof.engine.briefing import question_text, system_text
from aof.engine.budget import Limits
from aof.engine.calls import BoundTool, RecordedCalls
from aof.engine.conversation import as_text
from aof.engine.drafting import worded
from aof.engine.merging import assessed_alone, merged
from aof.engine.planning import Governance, make_plan
from aof.engine.progress import Progress
from aof.engine.reason import Reasoner, Reasoning
from aof.engine.report import render_report, report_values
from aof.engine.result import RunResult
from aof.errors import AofError, Interrupted, NotBound
from aof.manifests.agent import AgentSpec
from aof.memory.base import Memory
from aof.models.base import EMBEDDED, Model
from aof.plans import Plan
from aof.playbooks.base import Playbook, Request
from aof.runlog import RunLog
from aof.runs.spans import send_trace, wants_trace
from aof.runs.store import RunStore
from aof.verdict import Assessment

_SHORTEST_WAIT_S = 1.0
_CI_PREFIXES = ("CI", "GITHUB_", "GITLAB_", "RUNNER_", "JENKINS_", "BUILD_")


@dataclass(frozen=True, slots=True)
class Runnable:
    """An agent with everything bound, as `assembly` builds it.

    `ref` is the reference it was found by.

    `models` are those that can be asked, best first; none means the built-in one.
    """

    name: str
    spec: AgentSpec
    playbook: Playbook | None
    options: Any
    tools: Mapping[str, BoundTool]
    memory: Memory
    template: str
    template_name: str
    ref: str = ""
    models: Sequence[Model] = ()
    context_tokens: int = 64_000


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run, as the command line says.

    Attributes:
        wait_s: Keep assessing for so long until the answer is firm; 0 looks once.
        dry_run: Show the plan, store none.
        require_model: A model that fails is exit 5.
        strict_evidence: A model's claims that stand in no evidence are a warning verdict.
        most_tokens: The model's, over the whole run; None for no limit.
        most_cost_usd: Likewise.
    """

    wait_s: float = 0.0
    dry_run: bool = False
    require_model: bool = False
    strict_evidence: bool = False
    most_tokens: int | None = None
    most_cost_usd: float | None = None


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
    governance: Governance = field(default_factory=Governance)

    def execute(self) -> RunResult:
        """Go through the phases.

        Raises:
            AofError: The run could not come to a result; the log says so too.
        """
        try:
            return self._executed()
        finally:
            self._trace()

    def _executed(self) -> RunResult:
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
        if self.store is not None and not self._unrecorded:
            try:
                self._save(self.store, result)
            except OSError as error:
                self.log.give_up(error)
        return result

    @property
    def _unrecorded(self) -> bool:
        """The disk refused the record: what is not in the log is neither stored nor applied."""
        return self.store is not None and self.log.folder is None

    @property
    def _dry(self) -> bool:
        """Whether a plan is only shown."""
        return self.options.dry_run or self._unrecorded

    def _store_plan(self, plan: Plan) -> None:
        if self.store is None or self._unrecorded:
            return
        try:
            self.store.save_plan(plan)
        except OSError as error:
            self.log.give_up(error)

    def _save(self, store: RunStore, result: RunResult) -> None:
        document = {**self.log.redactor.value(result.as_dict()), "log": self.log.head()}
        store.save_result(self.run_id, document)
        for name, content in result.assessment.files.items():
            store.save_file(self.run_id, name, self.log.redactor.text(content))

    def _trace(self) -> None:
        """Send the trace where a collector is configured; its failure is a notice."""
        if not wants_trace(self.request.environment):
            return
        try:
            send_trace(self.log.events, self.request.environment)
        except AofError as error:
            self.progress.note(f"no trace was sent: {error.what}")

    def _started(self) -> None:
        self.log.append(
            "run.started",
            run=self.run_id,
            agent=self.runnable.name,
            ref=self.runnable.ref,
            now=isoformat(self.request.now),
            request=self.request.text,
            settings=dict(self.request.settings),
            event=self.request.event,
            environment=ci_variables(self.request.environment),
            tools={
                name: {"configured": bound.configured, "reason": bound.reason}
                for name, bound in self.runnable.tools.items()
            },
        )

    def _phases(self) -> RunResult:
        runnable = self.runnable
        calls = RecordedCalls(
            runnable.tools,
            self.log,
            self.clock,
            self.progress,
            recorded=self.request.recorded_files,
        )
        refuse_missing_required(runnable.tools)
        if runnable.playbook is None and not runnable.models:
            raise _needs_model(runnable)
        remembered = runnable.memory.entries()
        self.log.append("memory.read", payload=self.log.store(list(remembered)))
        assessment = None
        if runnable.playbook is not None:
            self.progress.phase("assess")
            assessment = self._assess(runnable.playbook, calls, remembered)
            self.log.append(
                "assessed",
                verdict=assessment.verdict.value,
                decision=assessment.decision,
                summary=assessment.summary,
            )
        reasoner = self._reasoner(assessment, calls, remembered)
        reasoning = self._reason(reasoner, assessment, remembered) if reasoner else Reasoning()
        strict = self.options.strict_evidence
        if assessment is None:
            assessment = assessed_alone(reasoning, strict_evidence=strict)
        else:
            assessment = merged(assessment, reasoning, strict_evidence=strict)
        if reasoner is not None and not (reasoning.failure or reasoning.interrupted):
            assessment = worded(assessment, reasoner, calls)
            reasoning = replace(reasoning, usage=reasoner.usage)
        return self._conclude(assessment, calls, reasoning)

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

    def _reasoner(
        self,
        assessment: Assessment | None,
        calls: RecordedCalls,
        remembered: Sequence[Mapping[str, Any]],
    ) -> Reasoner | None:
        """Who asks the models, with all that they may speak of; None without a model."""
        if not self.runnable.models:
            return None
        report = "" if assessment is None else self._report(assessment, calls, Reasoning(), None)
        return Reasoner(
            self.runnable.models,
            calls,
            self.log,
            self.clock,
            limits=self._limits(),
            output_schema=self.runnable.spec.output_schema,
            sources=(
                report,
                as_text(dict(self.request.settings)),
                self.request.text,
                as_text(self.request.event),
                "" if assessment is None else assessment.model_dump_json(exclude={"files"}),
                *(as_text(dict(entry)) for entry in remembered),
            ),
        )

    def _reason(
        self,
        reasoner: Reasoner,
        assessment: Assessment | None,
        remembered: Sequence[Mapping[str, Any]],
    ) -> Reasoning:
        """Phase 2. A model's failure is in the result; without an assessment it is raised."""
        self.progress.phase("reason")
        report = reasoner.sources[0]  # see _reasoner
        question = question_text(
            self.request,
            report=report,
            not_consulted=self._not_consulted(),
            remembered=remembered,
        )
        prompt = self.runnable.spec.system_prompt
        system = system_text(prompt, assessed=assessment is not None)
        reasoning = reasoner.reason(system, question)
        self.log.append(
            "reasoned",
            model=reasoning.model,
            opinion=reasoning.opinion.word if reasoning.opinion else None,
            unsupported=list(reasoning.unsupported),
            warnings=list(reasoning.warnings),
        )
        if assessment is None and reasoning.failure is not None:
            raise reasoning.failure
        if assessment is None and reasoning.interrupted:
            raise Interrupted("interrupted before the model could answer")
        return reasoning

    def _limits(self) -> Limits:
        spec = self.runnable.spec
        return Limits(
            iterations=spec.max_iterations,
            answer_tokens=spec.max_tokens or Limits().answer_tokens,
            temperature=spec.temperature,
            context_tokens=self.runnable.context_tokens,
            context_messages=spec.max_context_messages,
            tokens=self.options.most_tokens,
            cost_usd=self.options.most_cost_usd,
        )

    def _conclude(
        self, assessment: Assessment, calls: RecordedCalls, reasoning: Reasoning
    ) -> RunResult:
        """Phases 3 and 4: plan, report, memory."""
        runnable = self.runnable
        self.progress.phase("plan")
        planned = make_plan(
            assessment.actions,
            agent=runnable.name,
            run_id=self.run_id,
            now=self.clock.now(),
            verdict=assessment.verdict.value,
            decision=assessment.decision,
            governance=self._governance(),
            described=calls.description_of,
        )
        plan = planned.plan
        for ruling in planned.rulings:
            self.log.append("policy.decided", **ruling.model_dump(mode="json"))
        if plan is not None and not self.options.dry_run:
            self.log.append("plan.created", durable=True, plan=plan.id, digest=plan.digest)
            self._store_plan(plan)
        self.progress.phase("conclude")
        if assessment.memory is not None:
            entry = self.log.redactor.value(assessment.memory)
            runnable.memory.append({"run_id": self.run_id, **entry})
            self.log.append("memory.appended", entry=entry)
        report = self._report(assessment, calls, reasoning, plan)
        return RunResult(
            run_id=self.run_id,
            agent=runnable.name,
            verdict=assessment.verdict,
            assessment=assessment,
            evidence=tuple(calls.evidence),
            report=report,
            model=reasoning.model,
            usage=reasoning.usage,
            plan=plan,
            refused=planned.refused,
            denied=planned.denied,
            dry_run=self._dry,
            warnings=tuple(self._warnings(assessment, calls)),
            not_consulted=self._not_consulted(),
            reasoning=reasoning.text,
            answer=reasoning.answer,
            unsupported=reasoning.unsupported,
            interrupted=reasoning.interrupted,
            model_missed=self.options.require_model and reasoning.failure is not None,
        )

    def _governance(self) -> Governance:
        """The rules in force, with what the agent itself asks for."""
        agent = (f"agent {self.runnable.name}", self.runnable.spec.approval)
        given = self.governance
        return replace(given, approvals=(*given.approvals, agent), ref=self.runnable.ref)

    def _report(
        self,
        assessment: Assessment,
        calls: RecordedCalls,
        reasoning: Reasoning,
        plan: Plan | None,
    ) -> str:
        """The markdown report, without secrets."""
        runnable = self.runnable
        values = report_values(
            agent=runnable.name,
            description=runnable.spec.description,
            run_id=self.run_id,
            assessment=assessment,
            verdict=assessment.verdict,
            evidence=calls.evidence,
            not_consulted=self._not_consulted(),
            warnings=self._warnings(assessment, calls),
            plan=None if self._dry else plan,
            model=reasoning.model,
            reasoning=reasoning.text,
            ref=runnable.ref,
        )
        report = render_report(runnable.template, values, name=runnable.template_name)
        return self.log.redactor.text(report)

    def _warnings(self, assessment: Assessment, calls: RecordedCalls) -> list[str]:
        return [*assessment.warnings, *calls.warnings, *self.runnable.memory.warnings]

    def _not_consulted(self) -> dict[str, str]:
        return {name: bound.reason for name, bound in self.runnable.tools.items() if bound.reason}


def ci_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables by which a CI system says where it is; what replay needs of them."""
    return {name: value for name, value in environment.items() if name.startswith(_CI_PREFIXES)}


def refuse_missing_required(tools: Mapping[str, BoundTool]) -> None:
    """`NotBound` when a tool the manifest requires could not be bound."""
    for bound in tools.values():
        if bound.required and bound.tool is None:
            raise NotBound(f"the required tool {bound.name} cannot be used", why=bound.reason)


def _needs_model(runnable: Runnable) -> NotBound:
    """Why an agent without a playbook has nobody to answer."""
    what = f"agent {runnable.name} has no playbook and needs a model"
    model = runnable.spec.model
    if model == EMBEDDED:
        return NotBound(
            what,
            why="its spec names no model, and `embedded` is none",
            fix="set `model: provider:model`, try --model provider:model, or name a playbook",
        )
    return NotBound(
        what,
        why=f"{model} cannot be used here, or was not asked for (--llm off)",
        fix="set its key (aofctl doctor), choose another with --model, or name a playbook",
    )
