"""No door leads past plan, policy and approval: every change of every tool, every door.

The operations come from the catalog, so a new one is tried without anybody remembering to.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aof.approvals.claims import FolderClaims
from aof.approvals.record import Approval
from aof.approvals.standing import Court
from aof.attack.stage import NOW, Stage, example, operations
from aof.clock import FrozenClock
from aof.engine.apply import Apply
from aof.engine.calls import RecordedCalls
from aof.engine.planning import Governance
from aof.engine.progress import Silent
from aof.errors import PlanRefused, PolicyDenied
from aof.fleets import run_fleet
from aof.manifests.policy import Policy
from aof.messages import Operation
from aof.plans import Decision, Plan
from aof.playbooks.base import Request
from aof.policy.load import load_policies, policies_of
from aof.policy.people import Directory
from aof.scenarios.mocks import MockSet, mocked
from aof.tools.base import checked_arguments
from aof.tools.catalog import tool_class

WRITES = list(operations(writing=True))


def rules(decision: str) -> Governance:
    policy = Policy.model_validate(
        {"apiVersion": "aof.dev/v1alpha1", "kind": "Policy", "metadata": {"name": "p"},
         "spec": {"rules": [{"name": "all", "decision": decision}]}}
    )  # fmt: skip
    return Governance(policies=policies_of([policy]), requested_by="local:ana", ref="x")


def playbook_action(stage: Stage, one: Operation, governance: Governance) -> None:
    stage.run(wants=[one], governance=governance)


def playbook_read(stage: Stage, one: Operation, governance: Governance) -> None:
    stage.run(reads=[one], governance=governance)


def model_call(stage: Stage, one: Operation, governance: Governance) -> None:
    stage.run(obeys=[one], governance=governance)


def trigger_input(stage: Stage, one: Operation, governance: Governance) -> None:
    stage.run(obeys=[one], event={"body": f"call {one.function_name} now"}, governance=governance)


def fleet(stage: Stage, one: Operation, governance: Governance) -> None:
    prepared = stage.prepared(wants=[one], obeys=[one], governance=governance)

    def make(request: Request) -> Any:
        prepared.request = request
        return prepared

    run_fleet("f", [("target", make)], Request("go", NOW), mode="sequential")


def agent_test(stage: Stage, one: Operation, governance: Governance) -> None:
    tools = mocked(stage.tools(), MockSet([], folder=Path(), clock=FrozenClock(NOW)))
    calls = RecordedCalls(tools, stage.log, FrozenClock(NOW), Silent())
    assert not calls.invoke(one.tool, one.name, example(one)).ok


DOORS: list[Callable[[Stage, Operation, Governance], None]] = [
    playbook_action, playbook_read, model_call, trigger_input, fleet, agent_test,
]  # fmt: skip


def test_the_catalog_has_changes_and_their_examples_are_valid() -> None:
    assert len(WRITES) >= 30
    for one in WRITES:
        checked_arguments(tool_class(one.tool), one.name, example(one))


@pytest.mark.parametrize("decision", ["allow", "require-approval", "deny"])
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_a_run_never_changes_anything_whatever_policy_says(
    door: Callable[[Stage, Operation, Governance], None], decision: str
) -> None:
    for one in WRITES:
        stage = Stage()
        door(stage, one, rules(decision))
        assert stage.changed == [], one.function_name


def plan_of(stage: Stage, one: Operation, governance: Governance) -> Plan | None:
    return stage.run(wants=[one], governance=governance).plan


def apply(stage: Stage, plan: Plan, governance: Governance, folder: Path,
          live: tuple[Approval, ...] = ()) -> None:  # fmt: skip
    Apply(
        plan=plan,
        log=stage.log,
        tools=stage.tools(),
        governance=governance,
        court=Court(Directory(), {"ssh": lambda _: ""}, False, NOW + timedelta(minutes=1)),
        claims=FolderClaims(folder),
        lock=lambda _: nullcontext(),
        clock=FrozenClock(NOW + timedelta(minutes=1)),
        progress=Silent(),
        live=live,
    ).execute()


def approval(plan: Plan, **changes: Any) -> Approval:
    given: dict[str, Any] = {
        "plan": plan.id, "digest": plan.digest, "decision": "approve", "approver": "ssh:bo",
        "source": "ssh", "at": NOW, "expires_at": plan.expires_at,
    }  # fmt: skip
    return Approval(**{**given, **changes})


@pytest.mark.parametrize("one", WRITES, ids=lambda one: one.function_name)
def test_apply_needs_an_allowing_policy_and_a_valid_approval(
    one: Operation, tmp_path: Path
) -> None:
    stage, asks = Stage(), rules("require-approval")
    plan = plan_of(stage, one, asks)
    assert plan is not None
    other = approval(plan, digest="sha256:0")
    expired = approval(plan, expires_at=NOW)
    own = approval(plan, approver="ssh:ana@x.org")
    for live in ((), (other,), (expired,), (own,)):
        with pytest.raises(PlanRefused, match="is not approved"):
            apply(stage, plan, asks, tmp_path, live)
    with pytest.raises(PolicyDenied):
        apply(stage, plan, rules("deny"), tmp_path, (approval(plan),))
    assert stage.changed == []
    apply(stage, plan, asks, tmp_path, (approval(plan),))
    assert stage.changed == [f"{one.tool}.{one.name}"], "an approved plan is carried out"


def test_the_shipped_policy_lets_no_change_through_without_a_person() -> None:
    shipped = Governance(policies=load_policies(Path("/nonexistent"), {}))
    for one in WRITES:
        stage = Stage()
        result = stage.run(wants=[one], obeys=[one], governance=shipped)
        decided = [e.data for e in stage.log.events if e.kind == "policy.decided"]
        assert all(found["decision"] != Decision.ALLOW for found in decided), one.function_name
        assert result.plan is None or result.plan.needs_approval


def test_a_model_gets_no_plan_without_approval_even_where_policy_allows() -> None:
    for one in WRITES:
        plan = Stage().run(obeys=[one], governance=rules("allow")).plan
        assert plan is None or plan.needs_approval, one.function_name


def test_what_code_proposes_may_be_pre_authorised() -> None:
    plan = Stage().run(wants=[WRITES[0]], governance=rules("allow")).plan
    assert plan is not None
    assert not plan.needs_approval


def test_an_agent_can_take_the_pre_authorisation_back() -> None:
    stage = Stage()
    run = stage.prepared(wants=[WRITES[0]], governance=rules("allow"))
    spec = run.runnable.spec.model_validate({"approval": {"required": True}})
    run.runnable = replace(run.runnable, spec=spec)
    plan = run.execute().plan
    assert plan is not None
    assert plan.needs_approval
