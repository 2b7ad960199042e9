"""The truth table that gives one change its class.

It looks at what Git says now, what it said at the last sync, what the cluster has, and who
wrote that.

| state | class |
|---|---|
| last synced = Git, cluster differs, a person's tool wrote it | manual |
| the same, a controller wrote it | external-mutation, acceptable when a rule says so |
| the same, nobody owns the place | manual, not certain: a deletion leaves no owner |
| last synced differs from Git, cluster = last synced | failed-sync, or pending-sync |
| last synced differs from Git, cluster has a third value | by its writer, and the sync class |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aof.analysis.drift.acceptable import Surroundings, accepting_rule
from aof.analysis.drift.audit import NO_AUDIT, AuditedWrite, AuditLog
from aof.analysis.drift.baseline import Baseline
from aof.analysis.drift.declared import DeclaredComparison
from aof.analysis.drift.paths import MISSING
from aof.analysis.drift.places import Place
from aof.analysis.drift.result import DriftClass, Identity
from aof.analysis.drift.sync_status import SyncPhase, SyncStatus
from aof.analysis.drift.tables import Role
from aof.analysis.drift.writers import Writer, Writers


@dataclass(frozen=True, slots=True)
class Judgement:
    """The classes of one place; more than one when a person and the sync both failed it."""

    classes: tuple[DriftClass, ...]
    reason: str
    certain: bool = True
    writer: Writer | None = None
    likely: Writer | None = None
    audited: AuditedWrite | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the places of one object."""

    baseline: Baseline
    writers: Writers
    sync: SyncStatus
    surroundings: Surroundings
    compare: DeclaredComparison
    identity: Identity
    audit: AuditLog = NO_AUDIT

    def judge(self, place: Place) -> Judgement:
        """The classes of one place."""
        writer = place.writer or self._writer(place)
        role = writer.role if writer is not None else Role.NONE
        rule = accepting_rule(place, writer, self.surroundings)
        if rule is not None:
            return Judgement((DriftClass.ACCEPTABLE,), rule, writer=writer)
        if not self.baseline.known:
            return self._without_baseline(place, writer, role)
        before = self.baseline.at(place.path)
        if self._same_as_now(place, before):
            return self._by_writer(place, writer, role)
        if self._as_synced(place, before, role):
            return Judgement((self.sync_class,), self._sync_reason(), writer=writer)
        by_writer = self._by_writer(place, writer, role)
        return Judgement(
            (*by_writer.classes, self.sync_class),
            f"{by_writer.reason}; Git has moved on since the last sync, too",
            certain=by_writer.certain,
            writer=writer,
            likely=by_writer.likely,
            audited=by_writer.audited,
        )

    @property
    def sync_class(self) -> DriftClass:
        """What an unsynced change of Git is: failed unless the sync is known to be on its way."""
        waiting = self.sync.phase in {SyncPhase.RUNNING, SyncPhase.SUCCEEDED}
        return DriftClass.PENDING_SYNC if waiting else DriftClass.FAILED_SYNC

    def _writer(self, place: Place) -> Writer | None:
        if place.live is MISSING:  # only somebody who owns the whole value around it can tell
            whole = self.writers.last_writer(place.path)
            outside = whole is not None and whole.role not in {Role.GITOPS, Role.HISTORY}
            return whole if outside else None
        return self.writers.last_writer(place.path)

    def _same_as_now(self, place: Place, before: Any) -> bool:
        if self.baseline.same_as_desired:
            return True
        return self.compare.same(before, place.desired, place.shape, place.path)

    def _as_synced(self, place: Place, before: Any, role: Role) -> bool:
        """Whether the cluster still has what the last sync left there."""
        if role is Role.GITOPS:
            return True
        if before is MISSING:  # nothing was declared: what nobody owns is a default
            return place.live is MISSING or role in {Role.NONE, Role.HISTORY}
        return self.compare.holds(before, place.live, place.shape, place.path)

    def _without_baseline(self, place: Place, writer: Writer | None, role: Role) -> Judgement:
        if role is Role.GITOPS or (self.sync.phase is SyncPhase.FAILED and role is Role.NONE):
            return Judgement((self.sync_class,), self._sync_reason(), writer=writer)
        if role is Role.NONE and self.writers.latest_by_hand() is None and not self._audited():
            return Judgement(
                (DriftClass.UNKNOWN,),
                "nobody owns this place and the manifest of the last sync is not known",
                certain=False,
            )
        return self._by_writer(place, writer, role)

    def _by_writer(self, place: Place, writer: Writer | None, role: Role) -> Judgement:
        if writer is None:
            return self._by_nobody(place)
        if role is Role.HUMAN:
            reason = f"{writer.manager} wrote it, past Git"
            return Judgement((DriftClass.MANUAL,), reason, writer=writer)
        if role is Role.CONTROLLER:
            reason = f"the controller {writer.manager} wrote it"
            return Judgement((DriftClass.EXTERNAL_MUTATION,), reason, writer=writer)
        if role is Role.GITOPS:
            return self._by_gitops(writer)
        what = (
            "it was there before ownership was recorded"
            if role is Role.HISTORY
            else (f"{writer.manager!r} is in no table of field managers")
        )
        return Judgement((DriftClass.UNKNOWN,), what, certain=False, writer=writer)

    def _by_gitops(self, writer: Writer) -> Judgement:
        if self.sync.phase is SyncPhase.FAILED:
            return Judgement((DriftClass.FAILED_SYNC,), self._sync_reason(), writer=writer)
        return Judgement(
            (DriftClass.EXTERNAL_MUTATION,),
            f"{writer.manager} applied it, but not from this manifest: an admission webhook "
            "changed it, or it was synced from elsewhere",
            certain=False,
            writer=writer,
        )

    def _by_nobody(self, place: Place) -> Judgement:
        if (audited := self._audited()) is not None:
            return audited
        likely = self.writers.latest_by_hand()
        if not self.writers.known:
            reason = "the object came without managedFields: nobody can be named"
        elif place.live is MISSING:
            reason = "removed in the cluster; a deletion leaves no owner, ask the audit log"
        else:
            reason = "nobody owns it: removed by hand and filled in by the server, or admission"
        return Judgement((DriftClass.MANUAL,), reason, certain=False, likely=likely)

    def _audited(self) -> Judgement | None:
        """What the audit log says about a place nobody owns."""
        owners = self.surroundings.tables.owners
        found = self.audit.last_outsider(self.identity, owners, since=self.writers.last_synced_at())
        if found is None:
            return None
        by_machine = owners.role_of(found.manager) is Role.CONTROLLER or (
            found.person.startswith("system:") and owners.role_of(found.manager) is not Role.HUMAN
        )
        class_ = DriftClass.EXTERNAL_MUTATION if by_machine else DriftClass.MANUAL
        reason = f"the audit log names {found.person} with {found.manager}"
        return Judgement((class_,), reason, audited=found)

    def _sync_reason(self) -> str:
        if self.sync_class is DriftClass.PENDING_SYNC:
            return "Git has moved on; the sync has not applied it yet"
        if self.sync.phase is SyncPhase.FAILED:
            return "Git has moved on and the sync failed"
        return "Git has moved on, the cluster still has what was synced before"
