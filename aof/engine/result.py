"""What a run comes to: the document of `-o json`, and its exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aof.errors import ExitCode
from aof.messages import Effect, Usage
from aof.plans import Action, ActionStatus, Plan
from aof.verdict import Assessment, Evidence, Verdict


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run.

    `reasoning` is the model's part of the report, `answer` what `output_schema` asked for;
    `unsupported` lists the model's claims that stand in no evidence; `model_missed` says that
    a required model failed. `refused` holds the actions policy denies, with the reason;
    `denied` says that one was the code's own.
    """

    run_id: str
    agent: str
    verdict: Verdict
    assessment: Assessment
    evidence: Sequence[Evidence]
    report: str
    model: str
    usage: Usage = field(default_factory=Usage)
    duration_s: float = 0.0
    plan: Plan | None = None
    dry_run: bool = False
    warnings: Sequence[str] = ()
    not_consulted: Mapping[str, str] = field(default_factory=dict)
    reasoning: str = ""
    answer: Any = None
    unsupported: Sequence[str] = ()
    interrupted: bool = False
    model_missed: bool = False
    refused: Mapping[str, str] = field(default_factory=dict)
    denied: bool = False

    def exit_code(self, fail_on: str = "") -> ExitCode:
        """What to tell the shell.

        Args:
            fail_on: `warn` makes warnings exit 1; `never` turns 1 and 3 into 0; empty for
                neither.
        """
        own = self.verdict.exit_code
        if fail_on == "warn" and self.verdict is Verdict.WARN:
            own = ExitCode.STOP
        if fail_on == "never" and own in {ExitCode.STOP, ExitCode.INCONCLUSIVE}:
            own = ExitCode.OK
        waits = ExitCode.PENDING if self.plan is not None and not self.dry_run else ExitCode.OK
        missed = ExitCode.UNREACHABLE if self.model_missed else ExitCode.OK
        stopped = ExitCode.INTERRUPTED if self.interrupted else ExitCode.OK
        denied = ExitCode.DENIED if self.denied else ExitCode.OK
        return ExitCode.strongest(own, waits, missed, stopped, denied)

    def exit_code_without_plan(self, fail_on: str = "") -> ExitCode:
        """The same as if no plan waited."""
        return replace(self, plan=None).exit_code(fail_on)

    def as_dict(self) -> dict[str, Any]:
        """The document of `-o json`."""
        return {
            "run_id": self.run_id,
            "agent": self.agent,
            "verdict": self.verdict.value,
            "decision": self.assessment.decision,
            "summary": self.assessment.summary,
            "findings": [item.model_dump(mode="json") for item in self.assessment.findings],
            "evidence": [item.model_dump(mode="json") for item in self.evidence],
            "actions": [self._action(action) for action in self.assessment.actions],
            "plan_id": self.plan.id if self.plan else None,
            "report": self.report,
            "model": self.model,
            "usage": {
                "input_tokens": self.usage.input_tokens,
                "output_tokens": self.usage.output_tokens,
                "cost_usd": self.usage.cost_usd,
            },
            "duration_s": round(self.duration_s, 3),
            "warnings": list(self.warnings),
            "not_consulted": dict(self.not_consulted),
            "facts": self.assessment.facts,
            "answer": self.answer,
            "unsupported_claims": list(self.unsupported),
        }

    def _action(self, action: Action) -> dict[str, Any]:
        planned = self.plan is not None and not self.dry_run and action in self.plan.actions
        waits = planned and action.effect is not Effect.READ
        status = ActionStatus.PENDING if waits else ActionStatus.PROPOSED
        if action.id in self.refused:
            status = ActionStatus.REFUSED
        return {
            "id": action.id,
            "command": action.command,
            "effect": action.effect.value,
            "status": status.value,
            "reason": action.reason,
            "executable": action.executable,
            "refused": self.refused.get(action.id, ""),
        }
