"""Workflows: steps in order, facts handed on, plans approved and applied on the way.

What an agent is, who approves and how a plan is applied come from outside, so that tests
and real runs go through the same steps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import jmespath
from jmespath.exceptions import JMESPathError

from aof.clock import Clock
from aof.engine.result import RunResult
from aof.errors import PlanRefused, UsageFault
from aof.manifests.base import Approval, duration_s
from aof.manifests.workflow import Step
from aof.plans import Plan
from aof.verdict import Verdict, strictest

_REFERENCE = re.compile(r"\$\{([^}]{1,200})\}")


class Surroundings(Protocol):
    """What a workflow needs from whoever runs it."""

    def run_agent(
        self, ref: str, text: str, settings: Mapping[str, str], previous: Mapping[str, Any]
    ) -> RunResult:
        """Run an agent."""

    def approve(self, step: str, approval: Approval, plan: Plan) -> bool:
        """Whether the people asked allow the plan."""

    def apply(self, plan: Plan) -> Mapping[str, Any]:
        """Carry an approved plan out; results by action id."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step's end. `state` is ran, approved, rejected, waited, or skipped."""

    name: str
    state: str
    verdict: Verdict = Verdict.PASS
    result: RunResult | None = None


@dataclass(slots=True)
class WorkflowRun:
    """A workflow while it goes on."""

    surroundings: Surroundings
    clock: Clock
    done: list[StepResult] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    plan: Plan | None = None

    @property
    def verdict(self) -> Verdict:
        """The strictest verdict of all steps."""
        return strictest(*(step.verdict for step in self.done))

    def run(self, steps: Sequence[Step]) -> bool:
        """Run `steps`; False when one of them ended the workflow."""
        return all(self._step(step) for step in steps)

    def _step(self, step: Step) -> bool:
        if step.agent is not None:
            return self._agent(step)
        if step.approval is not None:
            return self._approval(step, step.approval)
        if step.wait is not None:
            self.clock.sleep(duration_s(step.wait))
            self.done.append(StepResult(step.name, "waited"))
            return True
        if step.branch is not None:
            chosen = as_word(evaluate(step.branch.on, self.facts))
            self.facts[step.name] = {"chosen": chosen}
            return self.run(step.branch.cases.get(chosen, step.branch.default))
        # Side by side: one that ends the workflow does not keep the others from running.
        went_on = [self._step(inner) for inner in step.parallel]
        return all(went_on)

    def _agent(self, step: Step) -> bool:
        assert step.agent is not None
        text = filled(step.input, self.facts)
        settings = {key: filled(as_word(value), self.facts) for key, value in step.set.items()}
        result = self.surroundings.run_agent(step.agent.ref, text, settings, dict(self.facts))
        self.facts[step.name] = {
            **result.assessment.facts,
            "decision": result.assessment.decision,
            "verdict": result.verdict.value,
        }
        self.plan = result.plan or self.plan
        self.done.append(StepResult(step.name, "ran", result.verdict, result))
        return result.verdict is not Verdict.FAIL or step.on_fail == "continue"

    def _approval(self, step: Step, approval: Approval) -> bool:
        plan, self.plan = self.plan, None
        if plan is None:
            self.done.append(StepResult(step.name, "skipped"))
            self.facts[step.name] = {"approved": None}
            return True
        if not self.surroundings.approve(step.name, approval, plan):
            self.done.append(StepResult(step.name, "rejected", Verdict.FAIL))
            self.facts[step.name] = {"approved": False}
            return False
        try:
            results = self.surroundings.apply(plan)
        except PlanRefused:
            self.done.append(StepResult(step.name, "rejected", Verdict.FAIL))
            raise
        self.facts[step.name] = {"approved": True, "results": dict(results)}
        self.done.append(StepResult(step.name, "approved"))
        return True


def filled(text: str, facts: Mapping[str, Any]) -> str:
    """`text` with every `${expression}` replaced by what it finds in the facts."""

    def value(found: re.Match[str]) -> str:
        answer = evaluate(found[1], facts)
        if answer is None:
            raise UsageFault(f"${{{found[1]}}} has no value", why=f"facts of: {sorted(facts)}")
        return as_word(answer)

    return _REFERENCE.sub(value, text)


def evaluate(expression: str, facts: Mapping[str, Any]) -> Any:
    """A jmespath over the facts; step names may hold dashes."""
    try:
        return jmespath.search(_quoted_steps(expression, facts), dict(facts))
    except JMESPathError as error:
        raise UsageFault(f"'{expression}' is not a jmespath expression", why=str(error)) from None


def _quoted_steps(expression: str, facts: Mapping[str, Any]) -> str:
    head, dot, rest = expression.partition(".")
    return f'"{head}"{dot}{rest}' if head in facts else expression


def as_word(value: Any) -> str:
    """A value as text: true, 3, or JSON for anything larger."""
    return value if isinstance(value, str) else json.dumps(value)
