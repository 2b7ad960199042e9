"""Carrying an approved plan out: observe, record the intent, act, verify. One action at a time.

This is the only place where an operation that changes something is run. Everything known
about progress stands in the run log: a process may be killed at any point, and the next one
reads back what happened before it does anything.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aof.approvals.claims import Claims
from aof.approvals.record import Approval, recorded
from aof.approvals.standing import Court
from aof.clock import Clock
from aof.engine.action_states import Progressed, State, action_states, stale
from aof.engine.calls import BoundTool, RecordedCalls, within
from aof.engine.observing import Observer, Seen, resolved
from aof.engine.planning import Governance, question_of
from aof.engine.progress import Progress
from aof.errors import AofError, ExitCode, NotBound, PlanRefused, PolicyDenied, Unreachable
from aof.messages import Effect, Operation
from aof.plans import Action, ActionStatus, Decision, Plan, Requirement, way_back
from aof.policy.conditions import Applied
from aof.runlog import RunLog
from aof.tools.base import checked_arguments

_CLOCK_TOLERANCE = timedelta(seconds=60)
Lock = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of applying a plan.

    Attributes:
        statuses: Of every action.
        stopped: Why not everything was applied; empty when it was.
        code: OK; STOP when an action failed; otherwise the code of what stood in the way,
            e.g. PENDING for a plan that became stale half way.
        undo: Commands that take back what was applied, last one first, as far as that goes:
            what came before a step that cannot be taken back stays, too.
        nothing_to_do: Everything had been applied before.
    """

    plan: Plan
    statuses: Mapping[str, ActionStatus]
    stopped: str = ""
    code: ExitCode = ExitCode.OK
    undo: Sequence[str] = ()
    warnings: Sequence[str] = ()
    nothing_to_do: bool = False


@dataclass(frozen=True, slots=True)
class _Stop:
    """Why nothing further is applied."""

    why: str
    code: ExitCode


@dataclass(slots=True)
class Apply:
    """Applies one plan.

    Args:
        plan: As stored; edited plans are found out and refused.
        log: The run's log, where the plan was recorded when it was made.
        tools: Bound with write credentials.
        governance: Policies in force now.
        court: Judges approvals.
        claims: Where single use is kept.
        lock: One change at a time per target.
        applied_by: Who runs this, for the record; empty when nobody knows.
        live: Further approvals, read from a forge just now.
        verify_s: How long an action may take to show effect.
    """

    plan: Plan
    log: RunLog
    tools: Mapping[str, BoundTool]
    governance: Governance
    court: Court
    claims: Claims
    lock: Lock
    clock: Clock
    progress: Progress
    applied_by: str = ""
    live: Sequence[Approval] = ()
    verify_s: float = 120.0
    warnings: list[str] = field(default_factory=list)
    _observer: Observer = field(init=False)
    _fresh: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        calls = RecordedCalls(self.tools, self.log, self.clock, self.progress)
        self._observer = Observer(calls, self.clock)

    def execute(self) -> Outcome:
        """Apply what is left of the plan.

        Raises:
            PlanRefused: It was edited, expired, not approved, used before, or the world changed.
            PolicyDenied: Policy forbids it by now.
            Unreachable: What must be observed first cannot be.
        """
        with self.lock(self.plan.id):
            # Whoever held the lock before may have begun, or finished, this very plan.
            self.log.refresh()
            return self._execute()

    def _execute(self) -> Outcome:
        self._refuse_edited()
        self._read_back()
        states = self._states()
        if all(one.state is State.APPLIED for one in states.values()):
            return self._outcome(nothing_to_do=True)
        self._refuse_unclear(states)
        self._refuse_out_of_time()
        self._refuse_unapproved()
        self._refuse_stale(states)
        self._claim()
        for action in self.plan.actions:
            stop = self._one(action)
            if stop is not None:
                self.log.append("apply.stopped", durable=True, plan=self.plan.id, why=stop.why)
                return self._outcome(stop)
        self.log.append("apply.finished", durable=True, plan=self.plan.id)
        return self._outcome()

    # What must hold before anything is done.

    def _refuse_edited(self) -> None:
        created = [
            event.data.get("digest")
            for event in self.log.events
            if event.kind == "plan.created" and event.data.get("plan") == self.plan.id
        ]
        if created != [self.plan.digest] or self.plan.computed_digest() != self.plan.digest:
            raise PlanRefused(
                f"{self.plan.id} is not the plan that was made",
                why="its content does not fit the digest in the run log",
                fix="run the agent again for a new plan",
            )

    def _refuse_unclear(self, states: Mapping[str, Progressed]) -> None:
        for name, one in states.items():
            if one.state in {State.UNCLEAR, State.FAILED}:
                raise PlanRefused(
                    f"{self.plan.id} stopped at {name}: {one.why or one.state}",
                    why="nothing is repeated where the first try may have had an effect",
                    fix="look at the target, then run the agent again for a new plan",
                )

    def _refuse_out_of_time(self) -> None:
        now = self.clock.now()
        latest = max((datetime.fromisoformat(e.at) for e in self.log.events), default=now)
        if now < max(latest, self.plan.created_at) - _CLOCK_TOLERANCE:
            raise PlanRefused(
                "the clock was moved back",
                why=f"the run log ends at {latest:%Y-%m-%d %H:%M:%S} UTC, it is {now:%H:%M:%S}",
                fix="set the clock; an approval that has expired stays expired",
            )
        expired = any(
            event.kind == "plan.expired" and event.data.get("plan") == self.plan.id
            for event in self.log.events
        )
        if expired or now >= self.plan.expires_at:
            if not expired:
                self.log.append("plan.expired", durable=True, plan=self.plan.id)
            raise PlanRefused(
                f"{self.plan.id} expired at {self.plan.expires_at:%Y-%m-%d %H:%M} UTC",
                fix="run the agent again for a new plan",
            )

    def _refuse_unapproved(self) -> None:
        requirements: dict[Requirement, None] = dict.fromkeys(self.plan.requirements)
        for action in self._left():
            requirements.update(dict.fromkeys(self._ruled(action, action.arguments)))
        approvals = [*recorded(self.log.events, self.plan), *self.live]
        standing = self.court.standing(self.plan, list(requirements), approvals)
        self.log.append(
            "approval.checked", plan=self.plan.id, approved=standing.approved,
            approver=", ".join(standing.approved_by), missing=list(standing.missing),
            refused=[list(item) for item in standing.refused],
        )  # fmt: skip
        if standing.rejected_by:
            raise PlanRefused(f"{self.plan.id} was rejected by {standing.rejected_by}")
        if standing.missing:
            reasons = "; ".join(f"{who}: {why}" for who, why in standing.refused)
            raise PlanRefused(
                f"{self.plan.id} is not approved",
                why="; ".join(standing.missing) + (f" ({reasons})" if reasons else ""),
                fix=f"aofctl approve {self.plan.id}",
            )

    def _ruled(self, action: Action, arguments: Mapping[str, Any]) -> tuple[Requirement, ...]:
        """What policy asks for by now; `PolicyDenied` when it forbids the action."""
        plan = self.plan
        applied = [
            Applied(one.intended_at, other.tool, other.operation)
            for other in plan.actions
            if (one := self._states()[other.id]).state is State.APPLIED and one.intended_at
        ]
        question = question_of(
            action, self.governance, now=self.clock.now(), agent=plan.agent, verdict=plan.verdict,
            decision=plan.decision, operation=self._operation(action), arguments=arguments,
            earlier=applied,
        )  # fmt: skip
        answer = self.governance.decide(question)
        self.log.append(
            "policy.decided", plan=plan.id, action=action.id, decision=answer.decision.value,
            policy=answer.policy, rule=answer.rule, reason=answer.reason,
        )  # fmt: skip
        if answer.decision is Decision.DENY:
            raise PolicyDenied(
                f"{action.id} is denied: {action.command}",
                why=f"{answer.reason} (policy {answer.policy}, rule {answer.rule})",
            )
        return answer.requirements

    def _refuse_stale(self, states: Mapping[str, Progressed]) -> None:
        """Before the first change, everything must still be as the plan saw it.

        What was refused for that once stays refused: the approval was for a world that is gone.
        """
        if any(one.state is not State.WAITING for one in states.values()):
            return
        why = stale(self.plan, self.log.events)
        if why:
            raise PlanRefused(why, fix="run the agent again for a new plan")
        for action in self.plan.actions:
            try:
                self._refuse_changed(action)
            except PlanRefused as error:
                self.log.append("plan.stale", durable=True, plan=self.plan.id, why=error.what)
                raise

    def _refuse_changed(self, action: Action) -> None:
        operation = self._operation(action)
        if action.described and action.described != (operation.described if operation else ""):
            raise PlanRefused(
                f"{self.plan.id} is stale: {action.tool} {action.operation} has changed",
                why=f"the server no longer says of it what it said when {action.id} was planned",
                fix="look at the server; if the change is right, run the agent again",
            )
        changed = self._observer.broken_assumption(action)
        if changed:
            raise PlanRefused(
                f"{self.plan.id} is stale: it no longer holds that {changed}",
                why=f"{action.id} was planned for another state",
                fix="run the agent again for a new plan",
            )

    def _claim(self) -> None:
        """Take the plan for this run folder; the token is on disk before it is used."""
        holders = [
            str(event.data.get("holder"))
            for event in self.log.events
            if event.kind == "apply.started" and event.data.get("plan") == self.plan.id
        ]
        holder = holders[0] if holders else secrets.token_hex(8)
        self.log.append(
            "apply.started", durable=True, plan=self.plan.id, holder=holder, by=self.applied_by
        )
        self.claims.take(self.plan.id, holder)

    # One action.

    def _one(self, action: Action) -> _Stop | None:
        """Apply one action; returns what stood in its way, if anything did."""
        state = self._states()[action.id].state
        if state is State.APPLIED:
            return None
        try:
            with self.lock(action.target or action.tool):
                failure = self._act(action) if state is State.WAITING else ""
                failure = failure or self._verified(action)
        except (PlanRefused, PolicyDenied, Unreachable) as error:
            return _Stop(f"{action.id}: {_said(error)}", error.exit_code)
        return _Stop(f"{action.id}: {failure}", ExitCode.STOP) if failure else None

    def _act(self, action: Action) -> str:
        """Do it; returns how it failed, or an empty text."""
        bound, description = self._bound(action)
        arguments = resolved(dict(action.arguments), self._results())
        if arguments != action.arguments:
            self._ruled(action, arguments)
        self._refuse_changed(action)
        self._refuse_out_of_time()
        checked = checked_arguments(bound.kind, description.name, arguments)
        assert bound.tool is not None
        self._record("intended", action, arguments=arguments, command=action.command,
                     tool=action.tool, operation=action.operation, target=action.target,
                     reason=action.reason)  # fmt: skip
        began = self.clock.monotonic()
        try:
            output = within(description.timeout_s, bound.tool, description.name, checked)
        except AofError as error:
            return self._after_failure(action, error)
        self._fresh[action.id] = output.data
        self.warnings.extend(f"{action.tool}: {warning}" for warning in output.warnings)
        self._record("done", action, summary=output.summary, result=output.data)
        self.progress.call(
            action.command, ok=True, summary=output.summary,
            seconds=self.clock.monotonic() - began,
        )  # fmt: skip
        return ""

    def _after_failure(self, action: Action, error: AofError) -> str:
        """An error is no proof that nothing happened: look."""
        with contextlib.suppress(Unreachable):
            seen = self._observer.look(action)
            if seen.holds:
                self._record("done", action, result=seen.result, error=error.as_dict())
                self.warnings.append(f"{action.id}: {error.what}, yet it took effect")
                return ""
        self._record("failed", action, why=error.what, error=error.as_dict())
        return f"{action.command} failed: {_said(error)}"

    def _verified(self, action: Action) -> str:
        seen = self._observer.look_until(action, self.verify_s)
        if seen.holds is False:
            why = f"it was done but did not take effect: {seen.why}"
            self._record("failed", action, why=why)
            return why
        self._record("applied", action, verified=seen.holds is True, result=seen.result)
        return ""

    # After a crash.

    def _read_back(self) -> None:
        """Find out about every action that was intended and never heard of again."""
        for action in self.plan.actions:
            one = self._states()[action.id]
            if one.state is not State.INTENDED:
                continue
            seen = self._ended(action, one)
            if seen.holds:
                self._record("applied", action, verified=True, found=True, result=seen.result)
            elif seen.holds is False and action.assumes and self._unchanged(action):
                self._record("absent", action)
            else:
                why = "it was begun and nobody can tell whether it happened"
                self._record("unclear", action, why=why)

    def _unchanged(self, action: Action) -> bool:
        return not self._observer.broken_assumption(action)

    def _ended(self, action: Action, one: Progressed) -> Seen:
        """The checks once the action has had its effect, or can no longer have it.

        A request may outlive the process that sent it, but not its time limit.
        """
        operation = self._operation(action)
        limit = operation.timeout_s if operation else 30.0
        age = limit
        if one.intended_at is not None and action.verify:
            age = (self.clock.now() - one.intended_at).total_seconds()
        left = min(limit - age, limit)
        if left > 0:
            self.progress.note(
                f"{action.id} was begun {max(age, 0):.0f} s ago and may still be under way; "
                f"looking for its effect, {left:.0f} s at most"
            )
            seen = self._observer.look_until(action, left)
            if seen.holds:
                return seen
        return self._observer.look(action)

    # Bookkeeping.

    def _record(self, what: str, action: Action, **data: Any) -> None:
        self.log.append(f"action.{what}", durable=True, plan=self.plan.id, action=action.id, **data)

    def _states(self) -> dict[str, Progressed]:
        return action_states(self.plan, self.log.events)

    def _left(self) -> list[Action]:
        states = self._states()
        return [action for action in self.plan.actions if states[action.id].state is State.WAITING]

    def _results(self) -> dict[str, Any]:
        """Results for later actions: this process's own, else those of the log, redacted."""
        return {**{name: one.result for name, one in self._states().items()}, **self._fresh}

    def _operation(self, action: Action) -> Operation | None:
        bound = self.tools.get(action.tool)
        if bound is None or bound.kind is None:
            return None
        return bound.kind.operations().get(action.operation)

    def _bound(self, action: Action) -> tuple[BoundTool, Operation]:
        bound, description = self.tools.get(action.tool), self._operation(action)
        if bound is None or bound.tool is None or description is None:
            reason = bound.reason if bound else "the agent does not name this tool"
            raise NotBound(f"{action.tool} {action.operation} cannot be used", why=reason)
        if bound.allowed and description.name not in bound.allowed:
            raise PolicyDenied(f"the agent may not use {action.tool} {description.name}")
        if description.effect is Effect.READ:
            raise PlanRefused(f"{action.tool} {description.name} changes nothing")
        return bound, description

    def _outcome(self, stop: _Stop | None = None, *, nothing_to_do: bool = False) -> Outcome:
        states = self._states()
        applied = [one for one in self.plan.actions if states[one.id].state is State.APPLIED]
        return Outcome(
            plan=self.plan,
            statuses={name: one.status for name, one in states.items()},
            stopped=stop.why if stop else "",
            code=stop.code if stop else ExitCode.OK,
            undo=way_back(applied) if stop else [],
            warnings=tuple(self.warnings),
            nothing_to_do=nothing_to_do,
        )


def _said(error: AofError) -> str:
    """A failure in one line: what, why, and what to do."""
    why = f" ({error.why})" if error.why else ""
    return f"{error.what}{why}" + (f"; {error.fix}" if error.fix else "")
