"""A plan and approvals of it, for the tests of this folder."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aof.approvals.record import Approval
from aof.approvals.standing import Court, Standing
from aof.plans import Action, Plan, Requirement
from aof.policy.people import Directory

MADE = datetime(2026, 11, 20, 10, tzinfo=UTC)
ACTION = Action(id="a1", tool="argocd", operation="app_sync", command="argocd app sync x",
                reason="r", arguments={"app": "x"})  # fmt: skip


def plan(**changes: Any) -> Plan:
    given: dict[str, Any] = {
        "id": "plan-1", "agent": "guardian", "run_id": "r1", "created_at": MADE,
        "expires_at": MADE + timedelta(hours=4), "verdict": "fail", "decision": "ROLLBACK",
        "actions": (ACTION,), "requested_by": "local:ana",
    }  # fmt: skip
    return Plan(**{**given, **changes}).sealed()


def approval(of: Plan | None = None, **changes: Any) -> Approval:
    of = of or plan()
    given: dict[str, Any] = {
        "plan": of.id, "digest": of.digest, "decision": "approve", "approver": "ssh:bo@x.org",
        "source": "ssh", "at": MADE + timedelta(minutes=5), "expires_at": of.expires_at,
    }  # fmt: skip
    return Approval(**{**given, **changes})


def standing(
    *approvals: Approval,
    of: Plan | None = None,
    wanted: Requirement | None = None,
    minutes: float = 10,
    in_ci: bool = False,
    directory: Directory | None = None,
) -> Standing:
    verifiers = {source: lambda _: "" for source in ("local", "ssh", "github")}
    court = Court(
        directory or Directory(), dict(verifiers), in_ci, MADE + timedelta(minutes=minutes)
    )
    return court.standing(of or plan(), [wanted or Requirement(source="policy p")], approvals)
