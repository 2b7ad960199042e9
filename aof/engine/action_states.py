"""Where each action of a plan stands: a view of the run log, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from aof.plans import ActionStatus, Plan
from aof.runlog import Event


class State(StrEnum):
    """How far an action got. `intended` means: nobody knows yet whether it happened."""

    WAITING = "waiting"
    INTENDED = "intended"
    DONE = "done"
    APPLIED = "applied"
    FAILED = "failed"
    UNCLEAR = "unclear"


_AFTER = {
    "action.intended": State.INTENDED,
    "action.done": State.DONE,
    "action.applied": State.APPLIED,
    "action.failed": State.FAILED,
    "action.unclear": State.UNCLEAR,
    "action.absent": State.WAITING,
}


@dataclass(slots=True)
class Progressed:
    """One action: its state, when it was intended, its result and what went wrong."""

    state: State = State.WAITING
    intended_at: datetime | None = None
    result: Any = None
    why: str = ""

    @property
    def status(self) -> ActionStatus:
        """The word reports use."""
        if self.state is State.APPLIED:
            return ActionStatus.APPLIED
        if self.state in {State.FAILED, State.UNCLEAR}:
            return ActionStatus.FAILED
        return ActionStatus.PENDING


def action_states(plan: Plan, events: Iterable[Event]) -> dict[str, Progressed]:
    """The state of every action of `plan`, in its order."""
    states = {action.id: Progressed() for action in plan.actions}
    for event in events:
        if event.kind not in _AFTER or event.data.get("plan") != plan.id:
            continue
        progressed = states.get(str(event.data.get("action")))
        if progressed is None:
            continue
        progressed.state = _AFTER[event.kind]
        if event.kind == "action.intended":
            progressed.intended_at = datetime.fromisoformat(event.at)
        if event.data.get("result") is not None:
            progressed.result = event.data["result"]
        progressed.why = str(event.data.get("why", ""))
    return states


def stale(plan: Plan, events: Iterable[Event]) -> str:
    """Why apply refused a plan as stale before its first change; empty when it did not."""
    for event in events:
        if event.kind == "plan.stale" and event.data.get("plan") == plan.id:
            return str(event.data.get("why"))
    return ""


@dataclass(frozen=True, slots=True)
class Completion:
    """When the last action of a plan was applied, and who had it applied."""

    at: datetime
    by: str


def applied(plan: Plan, events: Iterable[Event]) -> Completion | None:
    """The end of a plan whose every action was applied; None for any other."""
    mine = [event for event in events if event.data.get("plan") == plan.id]
    if any(one.state is not State.APPLIED for one in action_states(plan, mine).values()):
        return None
    at = max(datetime.fromisoformat(one.at) for one in mine if one.kind == "action.applied")
    by = [str(one.data.get("by", "")) for one in mine if one.kind == "apply.started"]
    return Completion(at, by[-1] if by else "")
