"""What Flux made of a pin: fetched, applied and ready at a commit that holds it.

Readiness alone is true of the release before, too. What counts is what the pin says at the
commit that the Kustomization applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aof.analysis.release.pins import Pin, Released
from aof.playbooks.base import Calls
from aof.playbooks.release_pins import ClusterState, Observed, PinSeen, ValueAt

_PLURALS = {"kustomization": "kustomizations", "helmrelease": "helmreleases"}
_SOURCES = ("gitrepository", "ocirepository", "bucket")


@dataclass(frozen=True, slots=True)
class FluxObserver:
    """Looks at the objects of one stage.

    Args:
        calls: The way to the flux tool.
        kustomization: `[namespace/]name` of the one that applies the file.
        waits_for: What must be ready besides, as `kind/[namespace/]name`.
    """

    calls: Calls
    kustomization: str
    waits_for: tuple[str, ...]

    def look(self, seen: PinSeen, released: Released, value_at: ValueAt) -> Observed:
        """See what runs.

        Raises:
            Unreachable: The cluster does not answer, or lacks the Kustomization.
        """
        applier, evidence = self._object("kustomization", self.kustomization)
        applied, attempted = value_at(applier["commit"]), value_at(_commit(applier["attempted"]))
        objects = [applier]
        if applied == seen.wanted:
            for one in self._watched(seen.pin, applier):
                found, more = self._object(*one)
                objects.append(found)
                evidence += more
        state, reason, fix = self._judged(objects, seen, released, applied, attempted)
        fetched, unfetched = self._fetched(applier, seen, value_at)
        if state == "waiting" and unfetched and applied != seen.wanted:
            reason, fix = unfetched, f"flux reconcile kustomization {applier['name']} --with-source"
        return Observed(
            state,
            applied or str(applier["revision"]),
            reason,
            fix,
            max(filter(None, map(_since, objects)), default=None),
            fetched,
            evidence,
        )

    def _judged(
        self,
        objects: list[Mapping[str, Any]],
        seen: PinSeen,
        released: Released,
        applied: str | None,
        attempted: str | None,
    ) -> tuple[ClusterState, str, str]:
        asleep = next((one for one in objects if one["suspended"]), None)
        if asleep is not None:
            command = f"flux resume {asleep['kind'].lower()} {asleep['name']}"
            return "blocked", f"{_name(asleep)} is suspended", f"{command} -n {asleep['namespace']}"
        applier = objects[0]
        if applier["failed"] and seen.wanted in {applied, attempted}:
            return "failed", _words(applier), ""
        if applied != seen.wanted:
            return "waiting", f"{_name(applier)} has not applied it yet", ""
        failed = next((one for one in objects if one["failed"] and one["handled"]), None)
        if failed is not None:
            return "failed", _words(failed), ""
        behind = next((why for one in objects if (why := _behind(one, seen, released))), "")
        return ("waiting" if behind else "ready"), behind, ""

    def _watched(self, pin: Pin, applier: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Besides the Kustomization: what is named, and the object the pin is part of."""
        named = [tuple(one.split("/", 1)) for one in self.waits_for]
        own = pin.kind.lower()
        if own in {"helmrelease", "gitrepository", "ocirepository"} and pin.name:
            space = pin.namespace or applier["target_namespace"] or applier["namespace"]
            named.append((own, f"{space}/{pin.name}"))
        return list(dict.fromkeys((kind, name) for kind, name in named))

    def _fetched(
        self, applier: Mapping[str, Any], seen: PinSeen, value_at: ValueAt
    ) -> tuple[datetime | None, str]:
        """Since when the source has the wanted pin, or why it has not."""
        about = applier["source"]
        kind, name = str(about["kind"]).lower(), f"{about['namespace']}/{about['name']}"
        if kind not in _SOURCES:
            return None, ""
        source, _ = self._object(kind, name)
        if value_at(source["commit"]) == seen.wanted:
            return _time(source["fetched_at"]), ""
        words = f"{_name(source)} has not fetched it yet"
        return None, words if source["ready"] else f"{words}: {source['message']}"

    def _object(self, kind: str, name: str) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        space, _, name = name.rpartition("/")
        where = {"name": name, **({"namespace": space} if space else {})}
        if kind in _PLURALS:
            answer = self.calls.read("flux", f"get_{_PLURALS[kind]}", **where)
            return answer.require()[_PLURALS[kind]][0], (answer.evidence_id,)
        answer = self.calls.read("flux", "get_sources", kind=kind, **where)
        return answer.require()["sources"][0], (answer.evidence_id,)


def _behind(one: Mapping[str, Any], seen: PinSeen, released: Released) -> str:
    """Why an object is not ready with this release; empty when it is."""
    if not (one["ready"] and one["handled"]):
        return _words(one)
    if not _at_release(one, seen, released):
        return f"{_name(one)} still runs {one['revision'] or 'nothing'}"
    return ""


def _at_release(one: Mapping[str, Any], seen: PinSeen, released: Released) -> bool:
    """Whether an object that is ready is so for this release, as far as it says."""
    kind, pinned = one["kind"], seen.pin.kind
    if kind == "HelmRelease" and seen.pin.field == "spec.chart.spec.version":
        # Flux adds a digest as build metadata to charts from Git or OCI.
        return str(one["revision"]).partition("+")[0] == seen.wanted.removeprefix("v")
    if kind == "GitRepository" and pinned == "GitRepository":
        return bool(one["commit"] == released.sha)
    return True


def _words(one: Mapping[str, Any]) -> str:
    said = ": ".join(filter(None, (one["reason"], " ".join(str(one["message"]).split()))))
    return f"{_name(one)} is not ready" + (f" ({said[:300]})" if said else "")


def _name(one: Mapping[str, Any]) -> str:
    return f"{one['kind']} {one['namespace']}/{one['name']}"


def _since(one: Mapping[str, Any]) -> datetime | None:
    times = [_time(one["ready_since"])]
    for entry in one.get("history") or []:
        if entry.get("status") == "deployed":
            times.append(_time(entry.get("lastDeployed")))
            break
    return max(filter(None, times), default=None)


def _time(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None


def _commit(revision: str) -> str:
    """The commit of `main@sha1:abc...`, or of the older `main/abc...`."""
    return revision.replace("/", ":").rpartition(":")[2]
