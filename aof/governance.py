"""Puts the parts of governance together for one folder: policies, approvals, claims, apply.

The command line and the server call this; nothing below knows where policies, plans and
claims are kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from aof.approvals.claims import claims_for
from aof.approvals.forges import Forge, forge_verifier
from aof.approvals.identity import forge_run, in_ci, local_identity, requester
from aof.approvals.record import Approval, record, recorded
from aof.approvals.signed import allowed_signers, signed, ssh_verifier
from aof.approvals.standing import Court, Standing, Verifier
from aof.assembly import assemble_agent
from aof.clock import Clock
from aof.engine.action_states import action_states, applied, stale
from aof.engine.apply import Apply, Outcome
from aof.engine.planning import Governance
from aof.engine.progress import Progress
from aof.errors import PlanRefused, UsageFault
from aof.manifests.base import Approval as ManifestApproval
from aof.plans import ActionStatus, Plan, way_back
from aof.policy.conditions import Applied
from aof.policy.load import load_policies
from aof.redaction import Redactor
from aof.runlog import EVENTS_FILE, Event, RunLog, read_events
from aof.runs.audit import verify_run
from aof.runs.history import applied_changes
from aof.runs.locks import target_locks
from aof.runs.store import RunStore

_REMEMBERED = timedelta(days=31)


def governance_here(
    folder: Path,
    environment: Mapping[str, str],
    clock: Clock,
    *,
    settings: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Governance:
    """The rules for a run in `folder`.

    Where changes would land is the setting `environment`, else `AOF_ENVIRONMENT`, else the
    label `environment` of the agent.
    """
    labels, settings = labels or {}, settings or {}
    changes = applied_changes(folder / ".aof" / "runs", since=clock.now() - _REMEMBERED)
    return Governance(
        policies=load_policies(folder, environment),
        requested_by=requester(environment),
        forge_run=forge_run(environment),
        environment=settings.get("environment")
        or environment.get("AOF_ENVIRONMENT", "")
        or labels.get("environment", ""),
        labels=labels,
        applied=tuple(Applied(one.at, one.tool, one.operation) for one in changes),
    )


@dataclass(frozen=True, slots=True)
class Office:
    """Approvals and apply for the plans of one folder.

    `verifiers` adds sources of approvals, e.g. `server` where users log in.
    """

    folder: Path
    environment: Mapping[str, str]
    clock: Clock
    verifiers: Mapping[str, Verifier] = field(default_factory=dict)

    @property
    def store(self) -> RunStore:
        """The runs of this folder."""
        return RunStore(self.folder / ".aof" / "runs")

    def approvals(self, plan: Plan) -> list[Approval]:
        """What the log of the plan's run holds."""
        return list(recorded(self._events(plan), plan))

    def standing(self, plan: Plan, further: Sequence[Approval] = ()) -> Standing:
        """Whether the plan's own requirements are met."""
        approvals = [*self.approvals(plan), *further]
        return self._court(plan).standing(plan, plan.requirements, approvals)

    def statuses(self, plan: Plan) -> dict[str, ActionStatus]:
        """Every action's status, with what is known about approval, staleness and expiry."""
        events = self._events(plan)
        states = action_states(plan, events)
        rest = ActionStatus.PENDING
        standing = self.standing(plan)
        if standing.rejected_by:
            rest = ActionStatus.REFUSED
        elif stale(plan, events):
            rest = ActionStatus.STALE
        elif self.clock.now() >= plan.expires_at:
            rest = ActionStatus.EXPIRED
        elif standing.approved:
            rest = ActionStatus.APPROVED
        return {
            name: rest if one.status is ActionStatus.PENDING else one.status
            for name, one in states.items()
        }

    def decide(
        self,
        plan: Plan,
        *,
        approve: bool,
        reason: str = "",
        key: Path | None = None,
        principal: str = "",
    ) -> Approval:
        """An approval or rejection by the person here, signed when `key` is given.

        It is recorded in the run's log. One that cannot count is refused.
        """
        who = f"ssh:{principal}" if key else local_identity()
        given = Approval(
            plan=plan.id,
            digest=plan.digest,
            decision="approve" if approve else "reject",
            approver=who,
            source="ssh" if key else "local",
            at=self.clock.now(),
            expires_at=plan.expires_at,
            reason=reason,
            nonce=secrets.token_hex(8),
        )
        given = signed(given, key) if key else given
        self.accept(plan, given)
        return given

    def accept(self, plan: Plan, given: Approval) -> None:
        """Record an approval after checking that it can count.

        Raises:
            PlanRefused: It cannot, with the reason.
        """
        self._refuse_changed_log(plan)
        self._refuse_applied(plan)
        if given.decision == "approve":
            self._refuse_over(plan)
        standing = self._court(plan).standing(plan, plan.requirements, [given])
        if standing.refused and given.decision == "approve":
            why = "; ".join(dict.fromkeys(why for _, why in standing.refused))
            raise PlanRefused(f"{given.approver} cannot approve {plan.id}", why=why)
        with self._log(plan) as log:
            record(log, given)

    def apply(self, plan: Plan, progress: Progress, *, from_forge: bool = False) -> Outcome:
        """Carry a plan out.

        Raises:
            PlanRefused: See `engine.apply`.
            UsageFault: The agent's manifest cannot be found again.
        """
        if not plan.ref:
            raise UsageFault(f"{plan.id} does not say which agent made it")
        self._refuse_changed_log(plan)
        assembled = assemble_agent(
            plan.ref,
            environment=self.environment,
            folder=self.folder,
            clock=self.clock,
            writing=True,
        )
        live = list(self._forge().approvals(plan, _wanted(plan))) if from_forge else []
        with RunLog(
            self.store.folder(plan.run_id), redactor=assembled.redactor, clock=self.clock
        ) as log:
            for one in live:
                record(log, one)
            return Apply(
                plan=plan,
                log=log,
                tools=assembled.runnable.tools,
                governance=self._governance(plan, assembled.runnable.spec.approval),
                court=self._court(plan),
                claims=claims_for(self.folder, self.environment, shared=in_ci(self.environment)),
                lock=target_locks(self.folder / ".aof" / "locks"),
                clock=self.clock,
                progress=progress,
                applied_by=requester(self.environment),
                live=live,
            ).execute()

    def _governance(self, plan: Plan, approval: ManifestApproval | None) -> Governance:
        here = governance_here(self.folder, self.environment, self.clock)
        return replace(
            here,
            approvals=((f"agent {plan.agent}", approval),),
            requested_by=plan.requested_by,
            environment=plan.environment,
            labels=plan.labels,
        )

    def _refuse_changed_log(self, plan: Plan) -> None:
        found = verify_run(self.store.folder(plan.run_id))
        if not found.ok:
            raise PlanRefused(
                f"the record of run {plan.run_id} was changed",
                why="; ".join(found.problems[:3]),
                fix="run the agent again for a new plan",
            )

    def _refuse_applied(self, plan: Plan) -> None:
        events = self._events(plan)
        done = applied(plan, events)
        if done is None:
            return
        undo = way_back(plan.actions)
        raise PlanRefused(
            f"{plan.id} was applied {done.at:%Y-%m-%d %H:%M} UTC"
            + (f" by {done.by}" if done.by else ""),
            why="what is done can neither be approved nor rejected any more",
            fix="to take it back: " + "; ".join(undo) if undo else "",
        )

    def _refuse_over(self, plan: Plan) -> None:
        """A plan no approval can help any more: apply would refuse it all the same."""
        why, events = "", self._events(plan)
        rejected_by = self.standing(plan).rejected_by
        if rejected_by:
            why = f"it was rejected by {rejected_by}"
        elif self.clock.now() >= plan.expires_at:
            why = f"it expired at {plan.expires_at:%Y-%m-%d %H:%M} UTC"
        why = why or stale(plan, events)
        for name, one in action_states(plan, events).items():
            if one.status is ActionStatus.FAILED:
                why = why or f"it stopped at {name}: {one.why}"
        if why:
            raise PlanRefused(
                f"{plan.id} can no longer be approved",
                why=why,
                fix="run the agent again for a new plan",
            )

    def _court(self, plan: Plan) -> Court:
        verifiers: dict[str, Verifier] = {
            "local": lambda approval: "",
            "ssh": ssh_verifier(allowed_signers(self.folder, self.environment)),
            **self.verifiers,
        }
        forge = self._forge()
        if forge.name:
            verifiers[forge.name] = forge_verifier(forge, plan, _wanted(plan))
        people = load_policies(self.folder, self.environment).directory
        return Court(people, verifiers, in_ci(self.environment), self.clock.now())

    def _forge(self) -> Forge:
        return Forge(self.environment, self.clock.now())

    def _events(self, plan: Plan) -> list[Event]:
        """The log as it stands; one that cannot be read vouches for nothing."""
        try:
            return list(read_events(self.store.folder(plan.run_id) / EVENTS_FILE))
        except (OSError, ValueError):
            return []

    def _log(self, plan: Plan) -> RunLog:
        return RunLog(self.store.folder(plan.run_id), redactor=Redactor(), clock=self.clock)


def _wanted(plan: Plan) -> str:
    named = [item.forge_environment for item in plan.requirements if item.forge_environment]
    return named[0] if named else ""
