"""Do the approvals a plan has suffice? Every doubt says no, and says why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from aof.approvals.record import Approval
from aof.plans import Plan, Requirement

_CLOCK_TOLERANCE = timedelta(seconds=60)


class People(Protocol):
    """Who is who; see `policy.people.Directory`."""

    def person(self, identity: str) -> str:
        """The person behind an identity."""

    def is_one_of(self, identity: str, wanted: Sequence[str]) -> bool:
        """Whether an identity is named, itself or through a team."""

    def unmapped_teams(self, wanted: Sequence[str]) -> list[str]:
        """Teams nobody is mapped to."""


Verifier = Callable[[Approval], str]
"""Checks an approval's proof again; returns what is wrong with it, or an empty text."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a plan stands.

    Attributes:
        missing: What each unmet requirement still needs.
        refused: Approvals that do not count, and why.
        rejected_by: Who said no; one is enough.
    """

    missing: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    rejected_by: str = ""
    approved_by: tuple[str, ...] = ()

    @property
    def approved(self) -> bool:
        """Everything that was asked for is there, and nobody said no."""
        return not self.missing and not self.rejected_by


@dataclass(frozen=True, slots=True)
class Court:
    """Judges approvals.

    Attributes:
        people: Teams and identities, as policies map them.
        verifiers: Per source; an approval from a source without one does not count.
        in_ci: The person at this terminal does not count in CI, unless policy says so.
        now: The time.
    """

    people: People
    verifiers: dict[str, Verifier]
    in_ci: bool
    now: datetime

    def standing(
        self, plan: Plan, requirements: Sequence[Requirement], approvals: Sequence[Approval]
    ) -> Standing:
        """Whether `approvals` meet every one of `requirements`."""
        refused: list[tuple[str, str]] = []
        valid: list[Approval] = []
        for approval in approvals:
            problem = self._problem(plan, approval)
            if problem:
                refused.append((approval.approver, problem))
            elif approval.decision == "reject":
                return Standing(("it was rejected",), tuple(refused), approval.approver)
            else:
                valid.append(approval)
        missing: list[str] = []
        for requirement in requirements:
            lacking = self._unmet(plan, requirement, valid, refused)
            if lacking:
                missing.append(lacking)
        who = tuple(dict.fromkeys(approval.approver for approval in valid))
        return Standing(tuple(missing), tuple(dict.fromkeys(refused)), "", who)

    def _problem(self, plan: Plan, approval: Approval) -> str:
        if approval.plan != plan.id or approval.digest != plan.digest:
            return "it was given for another plan, or for this one before it was changed"
        if problem := self._out_of_time(plan, approval):
            return problem
        if not approval.approver.startswith(f"{approval.source}:"):
            return "the approver's identity does not come from the named source"
        verifier = self.verifiers.get(approval.source)
        if verifier is None:
            return f"approvals from {approval.source} cannot be checked here"
        return verifier(approval)

    def _out_of_time(self, plan: Plan, approval: Approval) -> str:
        ends = min(approval.expires_at, plan.expires_at)
        if approval.at < plan.created_at - _CLOCK_TOLERANCE:
            return "it is older than the plan"
        if self.now < approval.at - _CLOCK_TOLERANCE:
            return "it was given in the future: the clock was moved back"
        return f"it expired at {ends:%Y-%m-%d %H:%M} UTC" if self.now >= ends else ""

    def _unmet(
        self,
        plan: Plan,
        requirement: Requirement,
        approvals: Sequence[Approval],
        refused: list[tuple[str, str]],
    ) -> str:
        people: set[str] = set()
        for approval in approvals:
            problem = self._not_for(plan, requirement, approval)
            if problem:
                refused.append((approval.approver, problem))
            else:
                people.add(self.people.person(approval.approver))
        if len(people) >= requirement.quorum:
            return ""
        return self._wanted(requirement, requirement.quorum - len(people))

    def _not_for(self, plan: Plan, requirement: Requirement, approval: Approval) -> str:
        local = not self.in_ci if requirement.local is None else requirement.local
        if approval.unverified and not local:
            return f"{requirement.source} does not accept the unverified person at a terminal"
        if requirement.timeout_s and (
            self.now >= plan.created_at + timedelta(seconds=requirement.timeout_s)
        ):
            return f"{requirement.source} gives {requirement.timeout_s / 3600:g} h, they are over"
        own = bool(plan.requested_by) and (
            self.people.person(approval.approver) == self.people.person(plan.requested_by)
        )
        may = requirement.self_approval
        if own and not (approval.unverified if may is None else may):
            return f"{requirement.source} does not let people approve their own runs"
        if requirement.approvers and not self.people.is_one_of(
            approval.approver, requirement.approvers
        ):
            return f"{requirement.source} names other approvers"
        return ""

    def _wanted(self, requirement: Requirement, count: int) -> str:
        who = ", ".join(requirement.approvers) or "anybody who may approve"
        text = f"{count} approval{'s' if count > 1 else ''} by {who} ({requirement.source})"
        unmapped = self.people.unmapped_teams(requirement.approvers)
        if unmapped:
            text += f"; no policy says who is in {', '.join(unmapped)}"
        return text
