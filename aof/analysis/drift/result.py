"""What a comparison of one object, or of many, comes to. Shapes and their JSON only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aof.analysis.drift.paths import MISSING


class DriftClass(StrEnum):
    """What kind of difference it is, in the order results name them."""

    CLEAN = "clean"
    MANUAL = "manual"
    EXTERNAL_MUTATION = "external-mutation"
    FAILED_SYNC = "failed-sync"
    PENDING_SYNC = "pending-sync"
    ACCEPTABLE = "acceptable"
    INVALID_MANIFEST = "invalid-manifest"
    UNKNOWN = "unknown"
    MISSING = "missing"
    EXTRA = "extra"


CLASS_ORDER = tuple(DriftClass)
HARMLESS = frozenset({DriftClass.CLEAN, DriftClass.ACCEPTABLE})


class Severity(StrEnum):
    """How soon a person should look."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which object. `namespace` is empty for cluster-scoped ones."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def group(self) -> str:
        """API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    def __str__(self) -> str:
        where = f" (namespace: {self.namespace})" if self.namespace else ""
        return f"{self.kind}/{self.name}{where}"


@dataclass(frozen=True, slots=True)
class Change:
    """One place where cluster and Git differ.

    Attributes:
        path: JSON pointer into the live object (into the manifest where the live one has
            nothing there).
        field: The same for people.
        change: `changed`, `removed` (Git has it, the cluster does not) or `added`.
        desired: What Git says; None for additions. Secrets are hidden.
        live: What the cluster has; None for removals. Secrets are hidden.
        actor: The field manager that wrote the live value, or None.
        actor_source: How the actor is known: `managedFields`, `managedFields, likely`
            (a deletion leaves no owner; this tool wrote last), `audit log`, `managedFields,
            person from the audit log`, or None.
        at: The latest moment the change can have happened, RFC 3339; None when unknown.
        class_: Its class.
        severity: See `Severity`.
        certain: False when the class is an inference.
        reason: Why it has this class, one sentence.
        person: Who used the tool; only the audit log knows.
        lines: Of texts with several lines: those that differ, as a unified diff.
    """

    path: str
    field: str
    change: str
    desired: Any
    live: Any
    actor: str | None
    actor_source: str | None
    at: str | None
    class_: DriftClass
    severity: Severity
    certain: bool = True
    reason: str = ""
    lines: tuple[str, ...] = ()
    person: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON, `class_` as `class`."""
        return {
            "path": self.path,
            "field": self.field,
            "change": self.change,
            "desired": None if self.desired is MISSING else self.desired,
            "live": None if self.live is MISSING else self.live,
            "actor": self.actor,
            "person": self.person,
            "actor_source": self.actor_source,
            "at": self.at,
            "class": str(self.class_),
            "severity": str(self.severity),
            "certain": self.certain,
            "reason": self.reason,
            "lines": list(self.lines),
        }


@dataclass(frozen=True, slots=True)
class ResourceResult:
    """What came of one object.

    Attributes:
        classes: In the order of `DriftClass`; `clean` alone, `acceptable` alone, or every
            class a person should hear of.
        changes: Acceptable ones included.
        cause: Why the sync failed, in the server's words, when known.
        notes: What could not be checked, and the like.
        additions_checked: False when the object came without managedFields.
        unattributed: Then, items of lists that Git does not declare and no server default
            makes: a person or an admission webhook put them there, and nothing says which.
    """

    identity: Identity
    classes: tuple[DriftClass, ...]
    changes: tuple[Change, ...] = ()
    cause: str = ""
    notes: tuple[str, ...] = ()
    additions_checked: bool = True
    unattributed: tuple[str, ...] = ()

    @property
    def drifted(self) -> bool:
        """Whether a person should hear of it."""
        return not HARMLESS.issuperset(self.classes)

    @property
    def severity(self) -> Severity | None:
        """The highest of the changes; None when clean."""
        found = {change.severity for change in self.changes}
        return next((level for level in Severity if level in found), None)

    def as_dict(self) -> dict[str, Any]:
        """JSON."""
        return {
            "api_version": self.identity.api_version,
            "kind": self.identity.kind,
            "namespace": self.identity.namespace,
            "name": self.identity.name,
            "drifted": self.drifted,
            "classes": [str(one) for one in self.classes],
            "severity": None if self.severity is None else str(self.severity),
            "changes": [change.as_dict() for change in self.changes],
            "cause": self.cause,
            "notes": list(self.notes),
            "additions_checked": self.additions_checked,
            "unattributed": list(self.unattributed),
        }


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What came of all objects, sorted by kind, namespace and name."""

    resources: tuple[ResourceResult, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def drifted(self) -> tuple[ResourceResult, ...]:
        """Those a person should hear of."""
        return tuple(one for one in self.resources if one.drifted)

    @property
    def unattributed(self) -> tuple[ResourceResult, ...]:
        """Those with something Git does not declare and nobody can be asked about."""
        return tuple(one for one in self.resources if one.unattributed)

    @property
    def decision(self) -> str:
        """`DRIFT`, `CLEAN`, or `UNKNOWN` when an addition may be drift or not."""
        if self.drifted:
            return "DRIFT"
        return "UNKNOWN" if self.unattributed else "CLEAN"

    def as_dict(self, *, clean_too: bool = False) -> dict[str, Any]:
        """JSON: counts first, then the resources.

        Args:
            clean_too: List clean resources without notes, too.
        """
        return {
            "decision": self.decision,
            "drifted": bool(self.drifted),
            "total": len(self.resources),
            "drift_count": len(self.drifted),
            "by_severity": {
                str(level): sum(one.severity is level for one in self.drifted) for level in Severity
            },
            "acceptable_count": sum(
                one.classes == (DriftClass.ACCEPTABLE,) for one in self.resources
            ),
            "by_class": {
                str(name): count
                for name in CLASS_ORDER
                if (count := sum(name in one.classes for one in self.resources))
            },
            "notes": list(self.notes),
            "resources": [
                one.as_dict()
                for one in self.resources
                if clean_too or one.classes != (DriftClass.CLEAN,) or one.notes
            ],
        }
