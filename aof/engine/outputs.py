"""Telling people: `notify` operations a manifest declares, through policy and the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aof.clock import Clock
from aof.engine.calls import RecordedCalls, within
from aof.engine.planning import Governance, question_of
from aof.errors import AofError, NotBound, PolicyDenied, UsageFault
from aof.messages import Effect, ToolCall, ToolOutput, ToolResult
from aof.plans import Action, Decision, Origin
from aof.runlog import RunLog
from aof.tools.base import checked_arguments


@dataclass(frozen=True, slots=True)
class Outputs:
    """Sends what a trigger or workflow declares as its output.

    Only operations with the effect `notify` pass here; anything else needs a plan.

    Args:
        calls: The run's recorded calls; its tools must be bound for writing where the
            service asks for another credential to comment than to read.
        log: The run's log.
        governance: Policies in force; they can deny an output.
        clock: For policies with a time.
        agent: Whose answer it is.
    """

    calls: RecordedCalls
    log: RunLog
    governance: Governance
    clock: Clock
    agent: str

    def send(self, tool: str, operation: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Send one output; a failure is in the result, never raised."""
        call = ToolCall(f"output-{operation}", tool, operation, dict(arguments))
        try:
            output = self._sent(call)
        except AofError as error:
            self.log.append("output.failed", tool=tool, operation=operation, error=error.as_dict())
            return ToolResult.failed(call, error)
        self.log.append("output.sent", tool=tool, operation=operation, summary=output.summary)
        return ToolResult(call, True, output.summary, output.data, warnings=output.warnings)

    def _sent(self, call: ToolCall) -> ToolOutput:
        action = self.calls.action(call.tool, call.operation, call.arguments, reason="an output")
        action = action.model_copy(update={"origin": Origin.OUTPUT})
        if action.effect is not Effect.NOTIFY:
            raise UsageFault(
                f"{call.tool} {action.operation} is no output",
                why=f"its effect is {action.effect.value}; changes go through a plan",
            )
        self._refuse_denied(action)
        bound, description = self.calls.tools[call.tool], self.calls.description_of(action)
        if bound.tool is None or bound.kind is None or description is None:
            raise NotBound(f"{call.tool} cannot be used", why=bound.reason)
        checked = checked_arguments(bound.kind, description.name, call.arguments)
        self.log.append(
            "output.intended", durable=True, tool=call.tool, operation=action.operation,
            arguments=call.arguments, command=action.command,
        )  # fmt: skip
        return within(description.timeout_s, bound.tool, description.name, checked)

    def _refuse_denied(self, action: Action) -> None:
        question = question_of(
            action, self.governance, now=self.clock.now(), agent=self.agent, verdict="",
            decision="", operation=self.calls.description_of(action),
        )  # fmt: skip
        policies = self.governance.policies
        if policies is None:
            return
        # The agent's `approval` is about changes; an output asks policy alone.
        answer = policies.decide(question)
        self.log.append(
            "policy.decided", action=action.id, decision=answer.decision.value,
            policy=answer.policy, rule=answer.rule, reason=answer.reason,
        )  # fmt: skip
        if answer.decision is not Decision.ALLOW:
            raise PolicyDenied(
                f"not sent: {action.command}",
                why=f"{answer.reason} (policy {answer.policy}, rule {answer.rule})",
            )
