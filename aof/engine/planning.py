"""From proposed actions to a sealed plan. Nothing here carries anything out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aof.manifests.base import Approval
from aof.messages import Effect, Operation
from aof.plans import Action, Decision, Origin, Plan, Requirement, Ruling
from aof.policy.conditions import Applied, Question
from aof.policy.evaluate import Answer, Policies

DEFAULT_TIMEOUT_S = 4 * 3600.0
Described = Callable[[Action], Operation | None]


@dataclass(frozen=True, slots=True)
class Governance:
    """Who asked, where it would happen, and what rules hold.

    Attributes:
        policies: None asks a person for everything.
        approvals: Name and `approval` of the agent, the trigger: each can ask for more.
        requested_by: Identity of who asked for the run.
        forge_run: The CI run this is, see `approvals.identity`.
        environment: Where changes would land, e.g. `production`; empty: not known.
        labels: Of the agent's manifest.
        applied: Earlier changes, for rates.
        ref: The manifest that apply assembles again.
    """

    policies: Policies | None = None
    approvals: tuple[tuple[str, Approval | None], ...] = ()
    requested_by: str = ""
    forge_run: str = ""
    environment: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    applied: Sequence[Applied] = ()
    ref: str = ""

    def decide(self, question: Question) -> Answer:
        """What policy and manifests say."""
        policies = self.policies
        if policies is not None:
            return policies.decide(question, self.approvals)
        asked = (Requirement(source="built in"),)
        return Answer(
            Decision.REQUIRE_APPROVAL, "built in", "no-policy", "a person must decide", asked
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, or why there is none.

    Attributes:
        plan: None when nothing can or may be carried out.
        rulings: One per action that was looked at.
        refused: Actions policy denies, with the reason.
        denied: Policy denies what the code itself proposed; a model's wishes do not count.
    """

    plan: Plan | None
    rulings: tuple[Ruling, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    denied: bool = False


def make_plan(
    actions: Sequence[Action],
    *,
    agent: str,
    run_id: str,
    now: datetime,
    verdict: str,
    decision: str,
    governance: Governance,
    described: Described = lambda action: None,
) -> Planned:
    """A plan of the actions that can be carried out and may be.

    Recommendations (`executable` False) stay in the report. Actions of the playbook belong
    together: when one of them is denied, none is planned. A denied wish of the model is
    left out alone.
    """
    # What only tells people is planned too: outside a declared output it counts as a change.
    wanted = [a for a in actions if a.executable and a.effect is not Effect.READ]
    if not wanted:
        return Planned(None)
    answers: dict[str, Answer] = {}
    for number, action in enumerate(wanted):
        earlier = [Applied(now, one.tool, one.operation) for one in wanted[:number]]
        question = question_of(
            action, governance, now=now, agent=agent, verdict=verdict, decision=decision,
            operation=described(action), earlier=earlier,
        )  # fmt: skip
        answers[action.id] = governance.decide(question)
    rulings = tuple(_ruling(action, answers[action.id]) for action in wanted)
    refused, denied = _refused(wanted, answers)
    kept = tuple(action for action in wanted if action.id not in refused)
    if not kept:
        return Planned(None, rulings, refused, denied)
    requirements = dict.fromkeys(
        requirement for action in kept for requirement in answers[action.id].requirements
    )
    timeout_s = min((item.timeout_s for item in requirements), default=DEFAULT_TIMEOUT_S)
    plan = Plan(
        id=f"plan-{secrets.token_hex(4)}",
        agent=agent,
        run_id=run_id,
        created_at=now,
        expires_at=now + timedelta(seconds=timeout_s),
        verdict=verdict,
        decision=decision,
        environment=governance.environment,
        actions=kept,
        ref=governance.ref,
        requested_by=governance.requested_by,
        forge_run=governance.forge_run,
        labels=dict(governance.labels),
        rulings=tuple(ruling for ruling in rulings if ruling.action not in refused),
        requirements=tuple(requirements),
    ).sealed()
    return Planned(plan, rulings, refused, denied)


def question_of(
    action: Action,
    governance: Governance,
    *,
    now: datetime,
    agent: str,
    verdict: str,
    decision: str,
    operation: Operation | None = None,
    arguments: Mapping[str, Any] | None = None,
    earlier: Sequence[Applied] = (),
) -> Question:
    """What policy is asked about an action.

    `operation`'s defaults are filled in: a rule on `prune: false` must see it. `arguments` are
    the resolved ones, once they are known. `earlier` changes count for rates.
    """
    return Question(
        tool=action.tool,
        operation=action.operation,
        now=now,
        effect=action.effect,
        arguments={**_defaults(operation), **(arguments or action.arguments)},
        command=action.command,
        environment=governance.environment,
        labels=governance.labels,
        actor=governance.requested_by,
        agent=agent,
        verdict=verdict,
        decision=decision,
        origin=action.origin,
        declared=action.origin is Origin.OUTPUT,
        tainted=True,
        applied=(*governance.applied, *earlier),
    )


def _defaults(operation: Operation | None) -> dict[str, Any]:
    if operation is None:
        return {}
    properties = operation.parameters.get("properties", {})
    return {
        name: schema["default"]
        for name, schema in properties.items()
        if isinstance(schema, Mapping) and "default" in schema
    }


def _ruling(action: Action, answer: Answer) -> Ruling:
    return Ruling(
        action=action.id,
        decision=answer.decision,
        policy=answer.policy,
        rule=answer.rule,
        reason=answer.reason,
    )


def _refused(
    wanted: Sequence[Action], answers: Mapping[str, Answer]
) -> tuple[dict[str, str], bool]:
    refused = {
        action.id: f"{answers[action.id].reason} ({answers[action.id].policy}, "
        f"{answers[action.id].rule})"
        for action in wanted
        if answers[action.id].decision is Decision.DENY
    }
    denied = [a for a in wanted if a.id in refused and a.origin is Origin.PLAYBOOK]
    if denied:
        for action in wanted:
            if action.origin is Origin.PLAYBOOK:
                refused.setdefault(action.id, f"it belongs to {denied[0].id}, which is denied")
    for action in wanted:
        missing = [source for source in referred(action.arguments) if source in refused]
        if missing:
            refused.setdefault(action.id, f"it needs {missing[0]}, which is denied")
    return refused, bool(denied)


def referred(value: Any) -> list[str]:
    """Ids of the actions whose results `value` refers to."""
    if isinstance(value, Mapping):
        source = value.get("$result")
        if isinstance(source, str):
            return [source.partition(".")[0]]
        return [found for item in value.values() for found in referred(item)]
    if isinstance(value, list | tuple):
        return [found for item in value for found in referred(item)]
    return []
