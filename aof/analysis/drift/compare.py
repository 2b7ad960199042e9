"""One object: what Git says, what the cluster has, what was last synced, to a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aof.analysis.drift.acceptable import Surroundings
from aof.analysis.drift.additions import AdditionSearch, is_noise
from aof.analysis.drift.audit import NO_AUDIT, AuditLog
from aof.analysis.drift.baseline import Baseline, RemovedFromGit, applied_manifest, last_applied
from aof.analysis.drift.classify import Judge, Judgement
from aof.analysis.drift.declared import DeclaredComparison
from aof.analysis.drift.ignores import (
    Ignore,
    ignored_by_annotation,
    ignoring_rule,
    keeps_additions,
)
from aof.analysis.drift.normalise import (
    is_masked,
    normalised,
    normalised_live,
    readable,
    to_version,
)
from aof.analysis.drift.objects import Object, identity_of, metadata_of
from aof.analysis.drift.paths import MISSING, Item, Path, dotted, lookup, pointer
from aof.analysis.drift.places import Place
from aof.analysis.drift.presence import judge_extra, judge_missing
from aof.analysis.drift.reporting import Reporter
from aof.analysis.drift.result import DriftClass, Identity, ResourceResult
from aof.analysis.drift.schema import UNKNOWN, Field, Schema, builtin_schema
from aof.analysis.drift.sync_status import SyncStatus, read_sync_status
from aof.analysis.drift.tables import Role, Tables, shipped_tables
from aof.analysis.drift.writers import Writers

_MOST_SEEN = 5


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a comparison takes besides the objects.

    Attributes:
        ignores: The team's own ignore rules.
        resolved: Pointers their jq expressions select, by (kind, namespace, name).
        autoscaled: (kind, namespace, name) of what autoscalers target.
        rejections: What the server said to a dry-run, by (kind, namespace, name).
        baseline_known: A set of last-synced manifests was given, so that an object not in
            it is known to be new.
    """

    tables: Tables = field(default_factory=shipped_tables)
    schema: Schema = field(default_factory=builtin_schema)
    sync: SyncStatus = field(default_factory=SyncStatus)
    ignores: tuple[Ignore, ...] = ()
    resolved: Mapping[tuple[str, str, str], Sequence[str]] = field(default_factory=dict)
    autoscaled: frozenset[tuple[str, str, str]] = frozenset()
    rejections: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    baseline_known: bool = False
    audit: AuditLog = NO_AUDIT


def compare(
    desired: Object | None,
    live: Object | None,
    last_synced: Object | None = None,
    *,
    sync_status: Mapping[str, Any] | str | None = None,
    manager: str | None = None,
    ignores: Sequence[Ignore] = (),
    definitions: Sequence[Object] = (),
    rejection: str = "",
    audit: Sequence[Object] = (),
    settings: Settings | None = None,
) -> ResourceResult:
    """Compare one object.

    Args:
        desired: The manifest at HEAD; None when Git has no such object.
        live: The object as the API server gives it, with managedFields; None when the
            cluster has none.
        last_synced: The manifest at the revision that was last synced, when known.
        sync_status: See `read_sync_status`.
        manager: Field manager of the GitOps tool, when it is not one of the known ones.
        ignores: Argo CD's or Flux' ignore rules.
        definitions: CustomResourceDefinitions: list keys and defaults of custom resources.
        rejection: What the server said when it refused the manifest.
        audit: Events of the API server's audit log: they name persons and deletions.
        settings: All of the above, prepared once for many objects; given alone.

    Returns:
        The result. It never raises on strange objects: what cannot be compared by key is
        compared in place.

    Raises:
        ValueError: All three objects are None.
    """
    given = next((one for one in (desired, live, last_synced) if one is not None), None)
    if given is None:
        raise ValueError("compare needs at least one of desired, live and last_synced")
    identity = identity_of(given)
    if not identity.namespace and live is not None:  # left to the sync: the cluster knows
        identity = replace(identity, namespace=identity_of(live).namespace)
    if settings is None:
        schema = builtin_schema()
        tables = shipped_tables()
        settings = Settings(
            tables=tables.with_owners({"gitops": [manager]}) if manager else tables,
            schema=schema.with_custom(list(definitions)) if definitions else schema,
            sync=read_sync_status(sync_status),
            ignores=tuple(ignores),
            rejections={_key(identity): rejection} if rejection else {},
            audit=AuditLog.of(audit) if audit else NO_AUDIT,
        )
    if live is None:
        return judge_missing(
            identity, desired, last_synced, sync=settings.sync, audit=settings.audit
        )
    if desired is None:
        return judge_extra(
            identity, live, last_synced, settings.sync, Writers.of(live, settings.tables.owners)
        )
    if reason := ignored_by_annotation(desired, live):
        return ResourceResult(identity, (DriftClass.CLEAN,), notes=(f"left alone: {reason}",))
    return _Comparison.of(identity, desired, live, last_synced, settings).run()


def _key(identity: Identity) -> tuple[str, str, str]:
    return (identity.kind, identity.namespace, identity.name)


@dataclass(slots=True)
class _Comparison:
    """One object present on both sides."""

    identity: Identity
    desired: Object
    live: Object
    raw_desired: Object
    raw_live: Object
    settings: Settings
    shape: Field
    writers: Writers
    baseline: Baseline
    declared: DeclaredComparison
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        identity: Identity,
        desired: Object,
        live: Object,
        last_synced: Object | None,
        settings: Settings,
    ) -> _Comparison:
        tables = settings.tables
        version = str(live.get("apiVersion") or identity.api_version)
        writers = Writers.of(live, tables.owners)
        wanted = normalised(readable(to_version(desired, version), live), tables)
        declared = DeclaredComparison(
            tables, settings.schema, identity.kind, writers.list_keys, _durations(identity, tables)
        )
        return cls(
            identity=identity,
            desired=wanted,
            live=normalised_live(live, tables),
            raw_desired=desired,
            raw_live=live,
            settings=settings,
            shape=settings.schema.of(version, identity.kind),
            writers=writers,
            baseline=_baseline(
                live, wanted, last_synced, writers=writers, version=version, settings=settings
            ),
            declared=declared,
        )

    def run(self) -> ResourceResult:
        """Find all places, judge each, and put the result together."""
        places = self._places()
        self._note_what_was_not_checked()
        return replace(self._result(places), unattributed=self._unattributed())

    def _result(self, places: list[Place]) -> ResourceResult:
        judged = self._deletion()
        if not places:
            return self._reporter().result(judged, self.writers, tuple(self.notes))
        judge = Judge(
            self.baseline,
            self.writers,
            self.settings.sync,
            self._surroundings(),
            self.declared.fresh(),
            self.identity,
            self.settings.audit,
        )
        judged = (*judged, *((place, judge.judge(place)) for place in places))
        return self._reporter().result(judged, self.writers, tuple(self.notes))

    def _deletion(self) -> tuple[tuple[Place, Judgement], ...]:
        """An object on its way out although Git wants it: its finalizers hold it back."""
        since = metadata_of(self.raw_live).get("deletionTimestamp")
        if not since:
            return ()
        place = Place(("metadata", "deletionTimestamp"), MISSING, since, UNKNOWN)
        reason = "it is being deleted although Git has it; only the audit log says who asked"
        return ((place, Judgement((DriftClass.MANUAL,), reason, certain=False)),)

    def _unattributed(self) -> tuple[str, ...]:
        """Undeclared items of keyed lists (containers, variables, ports) without an owner to ask.

        No server default makes one: a person did, or an admission webhook.
        """
        if self.writers.known or keeps_additions(self.raw_desired, self.raw_live):
            return ()
        rules = self._ignores()
        resolved = self.settings.resolved.get(_key(self.identity), ())
        return tuple(
            dotted(one.path)
            for one in self.declared.extras
            if isinstance(one.path[-1], Item)
            and not is_noise(one.path, self.settings.tables)
            and not ignoring_rule(rules, resolved, pointer(one.path), None)
        )

    def _ignores(self) -> list[Ignore]:
        return [
            rule for rule in self.settings.ignores if rule.selects(self.identity, self.raw_live)
        ]

    def _reporter(self) -> Reporter:
        key = _key(self.identity)
        return Reporter(
            self.identity,
            self.raw_desired,
            self._top(),
            self.settings.sync,
            ignores=self._ignores(),
            resolved=self.settings.resolved.get(key, ()),
            rejection=self.settings.rejections.get(key, ""),
            audit=self.settings.audit,
        )

    def _places(self) -> list[Place]:
        """Every place once, declared differences first."""
        self.declared.compare(self.desired, self.live, self._top(), ())
        places: dict[Path, Place] = {}
        for one in self.declared.differences:
            places[one.path] = Place(one.path, one.desired, one.live, one.field)
        for place in (*self._removed_from_git(), *self._additions(), *self._at_admission()):
            if not any(place.path[:end] in places for end in range(1, len(place.path) + 1)):
                places[place.path] = place
        return [
            place for place in places.values() if not is_noise(place.path, self.settings.tables)
        ]

    def _top(self) -> Field:
        """Custom resources have the metadata of every object."""
        if self.shape.fields is not None:
            return self.shape
        metadata = self.settings.schema.metadata()
        return Field(self.shape.shape, fields={"metadata": metadata})

    def _removed_from_git(self) -> list[Place]:
        before = self.baseline.manifest
        if before is None or self.baseline.same_as_desired:
            return []
        found = RemovedFromGit(self.declared).find(before, self.desired, self.live, self._top())
        return [
            Place(path, MISSING, live, shape)
            for path, earlier, live, shape in found
            if self._still_there(path, earlier, live, shape)
        ]

    def _still_there(self, path: Path, earlier: Any, live: Any, shape: Field) -> bool:
        """Whether a value Git no longer declares is left over, not just a default again."""
        if self.declared.holds(earlier, live, shape, path):
            return True
        writer = self.writers.last_writer(path)
        return writer is not None and writer.role is not Role.HISTORY

    def _additions(self) -> list[Place]:
        search = AdditionSearch(
            self.settings.tables,
            self.settings.schema,
            str(metadata_of(self.raw_live).get("creationTimestamp") or ""),
            self.writers,
            None if (sent := applied_manifest(self.raw_live)) is None else self._normal(sent),
        )
        applied = not self.baseline.known
        found = search.run(self.desired, self.live, self._top(), applied=applied)
        merges = keeps_additions(self.raw_desired, self.raw_live)
        if merges and found:
            self.notes.append("ssa: Merge: fields added by other tools are left in place")
        return [
            Place(one.path, MISSING, one.live, UNKNOWN, writer=one.writer)
            for one in found
            if (not merges or one.writer.role is Role.GITOPS) and not self._explained(one.within)
        ]

    def _normal(self, manifest: Object) -> Object:
        return normalised(manifest, self.settings.tables)

    def _explained(self, within: Path) -> bool:
        """Whether a declared difference already tells why somebody owns this value whole."""
        return bool(within) and any(
            one.path[: len(within)] == within for one in self.declared.differences
        )

    def _at_admission(self) -> list[Place]:
        """Extras no outsider owns: a webhook added them to what the GitOps tool applied."""
        if not self.writers.known:
            return []
        places = []
        for extra in self.declared.extras:
            owners = {one.role for one in self.writers.owners_of(extra.path)}
            known_before = self.baseline.at(extra.path) is not MISSING
            if owners <= {Role.GITOPS, Role.HISTORY} and not known_before:
                places.append(Place(extra.path, MISSING, extra.live, UNKNOWN, admission=True))
        return places

    def _note_what_was_not_checked(self) -> None:
        if not self.writers.known:
            seen = [
                dotted(one.path)
                for one in self.declared.extras
                if not is_noise(one.path, self.settings.tables)
            ]
            self.notes.append(
                "additions not checkable: the live object came without managedFields "
                "(read it with --show-managed-fields)"
                + (f"; Git does not mention {', '.join(seen[:_MOST_SEEN])}" if seen else "")
            )
        if is_masked(self.raw_desired):
            self.notes.append("values are encrypted or masked in what was given: only keys count")
        if self.raw_live.get("apiVersion") != self.raw_desired.get("apiVersion"):
            self.notes.append(
                f"Git says {self.raw_desired.get('apiVersion')}, the cluster was read as "
                f"{self.raw_live.get('apiVersion')}"
            )

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            self.settings.tables,
            self.identity.group,
            self.identity.kind,
            autoscaled=_key(self.identity) in self.settings.autoscaled,
            aggregated=lookup(self.live, ("aggregationRule",)) is not MISSING
            or lookup(self.desired, ("aggregationRule",)) is not MISSING,
        )


def _baseline(
    live: Object,
    wanted: Object,
    last_synced: Object | None,
    *,
    writers: Writers,
    version: str,
    settings: Settings,
) -> Baseline:
    before = last_synced
    if before is None and not settings.baseline_known:
        before = last_applied(live, writers)
        before = None if before is not None and is_masked(before) else before
    if before is None:
        return Baseline(None, known=settings.baseline_known)
    manifest = normalised(readable(to_version(before, version), live), settings.tables)
    return Baseline(manifest, known=True, same_as_desired=manifest == wanted)


def _durations(identity: Identity, tables: Tables) -> tuple[Any, ...]:
    name = f"{identity.group}/{identity.kind}"
    return tuple(paths for matches, paths in tables.durations if matches(name))
