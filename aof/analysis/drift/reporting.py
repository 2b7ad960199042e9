"""From judged places to the result of one object: what is shown, how severe, which classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aof.analysis.drift.audit import NO_AUDIT, AuditLog
from aof.analysis.drift.classify import Judgement
from aof.analysis.drift.hiding import shown
from aof.analysis.drift.ignores import Ignore, ignoring_rule
from aof.analysis.drift.long_values import changed_lines, shortened
from aof.analysis.drift.normalise import bad_base64
from aof.analysis.drift.paths import MISSING, dotted, pointer
from aof.analysis.drift.places import Place
from aof.analysis.drift.result import (
    CLASS_ORDER,
    HARMLESS,
    Change,
    DriftClass,
    Identity,
    ResourceResult,
    Severity,
)
from aof.analysis.drift.schema import Field
from aof.analysis.drift.sync_status import SyncPhase, SyncStatus, is_rejection
from aof.analysis.drift.tables import Globs
from aof.analysis.drift.validity import problem_of, unknown_field
from aof.analysis.drift.writers import Writers

_SEVERITY = {
    DriftClass.MANUAL: Severity.HIGH,
    DriftClass.ACCEPTABLE: Severity.LOW,
    DriftClass.PENDING_SYNC: Severity.LOW,
}
_SENSITIVE = Globs(
    [
        "*/securityContext/*", "*/securityContext", "*/hostNetwork", "*/hostPID", "*/hostIPC",
        "*/serviceAccountName", "*/automountServiceAccountToken", "*/hostPath", "*/hostPath/*",
        "/rules*", "/roleRef*", "/subjects*", "*/image", "*/command*", "/webhooks*",
    ]
)  # fmt: skip
Judged = Sequence[tuple[Place, Judgement]]


@dataclass(frozen=True, slots=True)
class _Actor:
    manager: str | None = None
    source: str | None = None
    at: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Reporter:
    """Puts the result of one object together.

    Attributes:
        desired: The manifest as given.
        shape: Of the whole object.
        rejection: What the server said when it refused the manifest, if it did.
    """

    identity: Identity
    desired: Mapping[str, Any]
    shape: Field
    sync: SyncStatus
    ignores: Sequence[Ignore] = ()
    resolved: Sequence[str] = ()
    rejection: str = ""
    audit: AuditLog = NO_AUDIT

    def result(self, judged: Judged, writers: Writers, notes: tuple[str, ...]) -> ResourceResult:
        """The result; acceptable changes are listed but make nobody look."""
        changes: list[Change] = []
        classes: set[DriftClass] = set()
        for place, judgement in judged:
            change, its_classes = self._change(place, judgement)
            changes.append(change)
            classes.update(its_classes)
        cause = self._cause(classes)
        if is_rejection(cause) and classes & {DriftClass.FAILED_SYNC, DriftClass.PENDING_SYNC}:
            classes.discard(DriftClass.PENDING_SYNC)
            classes |= {DriftClass.FAILED_SYNC, DriftClass.INVALID_MANIFEST}
        if self.rejection and self.rejection not in cause:
            notes = (*notes, f"the server refused a dry-run of this manifest: {self.rejection}")
        return ResourceResult(
            self.identity,
            _ordered(classes),
            tuple(changes),
            cause=cause,
            notes=notes,
            additions_checked=writers.known,
        )

    def _change(self, place: Place, judgement: Judgement) -> tuple[Change, set[DriftClass]]:
        writer = judgement.writer
        path = pointer(place.path)
        actor = writer.manager if writer is not None else None
        rule = ignoring_rule(self.ignores, self.resolved, path, actor)
        if rule:
            judgement = replace(judgement, classes=(DriftClass.ACCEPTABLE,), reason=rule)
        elif problem := self._problem(place):
            classes = (DriftClass.INVALID_MANIFEST, DriftClass.FAILED_SYNC)
            judgement = replace(judgement, classes=classes, reason=problem, certain=True)
        who = self._actor(judgement)
        desired = shown(place.desired, place.path, self.identity.kind)
        live = shown(place.live, place.path, self.identity.kind)
        change = Change(
            path=path,
            field=dotted(place.path),
            change=_direction(place),
            desired=shortened(desired),
            live=shortened(live),
            actor=who.manager,
            actor_source=who.source,
            at=who.at,
            person=who.person,
            class_=judgement.classes[0],
            severity=self._severity(place, judgement.classes[0]),
            certain=judgement.certain,
            reason=judgement.reason,
            lines=changed_lines(desired, live),
        )
        return change, set(judgement.classes)

    def _actor(self, judgement: Judgement) -> _Actor:
        """Who made a change, and how that is known."""
        if (found := judgement.audited) is not None:
            return _Actor(found.manager, "audit log", found.at or None, found.person)
        writer = judgement.writer or judgement.likely
        if writer is None:
            return _Actor()
        person = self.audit.person_behind(self.identity, writer.manager, writer.time)
        source = "managedFields" if judgement.writer is not None else "managedFields, likely"
        if person is not None:
            source += ", person from the audit log"
        return _Actor(writer.manager, source, writer.time or None, person)

    def _problem(self, place: Place) -> str:
        """Why the server would refuse what Git says here; empty when it would not."""
        if place.desired is MISSING:
            return ""
        if place.live is MISSING and (found := unknown_field(self.shape, place.path)):
            return found
        if place.path[0] == "data" and place.path[-1] in bad_base64(self.desired):
            return f"{dotted(place.path)} is not base64"
        return problem_of(place.desired, place.shape, place.path)

    def _severity(self, place: Place, class_: DriftClass) -> Severity:
        severity = _SEVERITY.get(class_, Severity.MEDIUM)
        raised = class_ in {DriftClass.EXTERNAL_MUTATION, DriftClass.UNKNOWN}
        if raised and pointer(place.path) in _SENSITIVE:
            return Severity.HIGH
        return severity

    def _cause(self, classes: set[DriftClass]) -> str:
        if not classes & {DriftClass.FAILED_SYNC, DriftClass.PENDING_SYNC}:
            return ""
        identity = self.identity
        said = self.sync.failure_of(identity.kind, identity.namespace, identity.name)
        if said or self.rejection:
            return said or self.rejection
        return self.sync.message if self.sync.phase is SyncPhase.FAILED else ""


def _ordered(classes: set[DriftClass]) -> tuple[DriftClass, ...]:
    loud = classes - HARMLESS
    if loud:
        return tuple(one for one in CLASS_ORDER if one in loud)
    return (DriftClass.ACCEPTABLE,) if classes else (DriftClass.CLEAN,)


def _direction(place: Place) -> str:
    if place.live is MISSING:
        return "removed"
    return "added" if place.desired is MISSING else "changed"
