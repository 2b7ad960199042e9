"""From proposed actions to a sealed plan. Nothing here carries anything out."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from aof.messages import Effect
from aof.plans import Action, Plan


def make_plan(
    actions: Sequence[Action],
    *,
    agent: str,
    run_id: str,
    now: datetime,
    timeout_s: float,
    verdict: str,
    decision: str,
) -> Plan | None:
    """A plan of the actions that can be carried out, or None when there are none.

    Recommendations (`executable` False) stay in the report.
    """
    executable = tuple(
        action for action in actions if action.executable and action.effect is Effect.WRITE
    )
    if not executable:
        return None
    return Plan(
        id=f"plan-{secrets.token_hex(4)}",
        agent=agent,
        run_id=run_id,
        created_at=now,
        expires_at=now + timedelta(seconds=timeout_s),
        verdict=verdict,
        decision=decision,
        actions=executable,
    ).sealed()
