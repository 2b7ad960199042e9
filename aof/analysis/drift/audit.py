"""The API server's audit log: the one place that knows persons, and who deleted what.

Entries are `audit.k8s.io/v1` events. Measured: the tool stands in `fieldManager` of the
request URI, else in the user agent up to the first slash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aof.analysis.drift.objects import mapping
from aof.analysis.drift.result import Identity
from aof.analysis.drift.tables import Owners, Role

_WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
Place = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class AuditedWrite:
    """One successful write. `at` is RFC 3339 to the second, UTC."""

    at: str
    person: str
    manager: str
    verb: str


@dataclass(frozen=True, slots=True)
class AuditLog:
    """Writes by (group, resource, namespace, name), oldest first."""

    writes: Mapping[Place, tuple[AuditedWrite, ...]]

    @classmethod
    def of(cls, events: Iterable[Any]) -> AuditLog:
        """Index events; reads, refused requests and other stages are passed over."""
        found: dict[Place, list[AuditedWrite]] = {}
        for event in events:
            if isinstance(event, dict) and (write := _write(event)) is not None:
                found.setdefault(_place(event), []).append(write)
        return cls(
            {place: tuple(sorted(all_, key=lambda one: one.at)) for place, all_ in found.items()}
        )

    def of_object(self, identity: Identity) -> tuple[AuditedWrite, ...]:
        """Writes to one object, oldest first."""
        place = (identity.group, _plural(identity.kind), identity.namespace, identity.name)
        return self.writes.get(place, ())

    def person_behind(self, identity: Identity, manager: str, at: str) -> str | None:
        """Who used the tool `manager` last, at `at` or before."""
        fitting = [
            one for one in self.of_object(identity) if one.manager == manager and one.at <= at
        ]
        return fitting[-1].person if fitting else None

    def last_outsider(
        self, identity: Identity, owners: Owners, *, since: str = ""
    ) -> AuditedWrite | None:
        """The newest write that is not the GitOps tool's own, after `since`."""
        fitting = [
            one
            for one in self.of_object(identity)
            if one.at >= since and owners.role_of(one.manager) is not Role.GITOPS
        ]
        return fitting[-1] if fitting else None

    def deletion(self, identity: Identity) -> AuditedWrite | None:
        """The newest request to delete the object."""
        fitting = [one for one in self.of_object(identity) if one.verb == "delete"]
        return fitting[-1] if fitting else None


NO_AUDIT = AuditLog({})


def _write(event: Mapping[str, Any]) -> AuditedWrite | None:
    verb = str(event.get("verb") or "")
    code = mapping(event.get("responseStatus")).get("code")
    stage = event.get("stage", "ResponseComplete")
    refused = isinstance(code, int) and code >= 300
    about = mapping(event.get("objectRef"))
    if verb not in _WRITES or refused or stage != "ResponseComplete":
        return None
    if about.get("subresource") == "status":
        return None
    query = parse_qs(urlsplit(str(event.get("requestURI") or "")).query)
    if "dryRun" in query:
        return None
    agent = str(event.get("userAgent") or "").split("/", 1)[0]
    at = str(event.get("stageTimestamp") or event.get("requestReceivedTimestamp") or "")
    return AuditedWrite(
        at=at[:19] + "Z" if len(at) >= 19 else at,
        person=_person(event),
        manager=(query.get("fieldManager") or [agent])[0],
        verb=verb,
    )


def _person(event: Mapping[str, Any]) -> str:
    """Who asked; somebody acting as another is named with both."""
    user = str(mapping(event.get("user")).get("username") or "")
    acting = str(mapping(event.get("impersonatedUser")).get("username") or "")
    return f"{user} as {acting}" if acting else user


def _place(event: Mapping[str, Any]) -> Place:
    about = mapping(event.get("objectRef"))
    return (
        str(about.get("apiGroup") or ""),
        str(about.get("resource") or ""),
        str(about.get("namespace") or ""),
        str(about.get("name") or ""),
    )


def _plural(kind: str) -> str:
    """The resource name of a kind, by the rule Kubernetes' own code generators follow."""
    word = kind.lower()
    if word == "endpoints":
        return word
    if word.endswith(("s", "x", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in set("aeiou"):
        return word[:-1] + "ies"
    return word + "s"
