"""What to do about drift: commands for a person, safe ones first.

They are recommendations, never actions of a plan: a change by hand may be the fix of an
incident that is going on, and reverting it is somebody's decision. Nothing here forces,
prunes or deletes.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from aof.analysis.drift import DriftClass, ResourceResult
from aof.analysis.drift.result import Severity
from aof.plans import Action
from aof.playbooks.base import Calls
from aof.playbooks.drift_compared import Compared
from aof.playbooks.drift_scopes import Scope

_MOST = 20
_MOST_NAMED = 5
_BY_SOMEBODY = {DriftClass.MANUAL, DriftClass.EXTERNAL_MUTATION, DriftClass.UNKNOWN}
_BY_SYNC = {DriftClass.FAILED_SYNC, DriftClass.INVALID_MANIFEST}


def remediation(calls: Calls, compared: Sequence[Compared]) -> tuple[tuple[Action, ...], int]:
    """The ways out, most urgent objects of each scope first.

    Objects that the same command is for share one recommendation, which names them.

    Returns:
        At most twenty recommendations, and how many more there would be.
    """
    found = [(item, *way) for item in compared for way in _concerned(item)]
    actions = tuple(
        calls.recommend(
            command,
            reason=reason.replace("{objects}", _listed(names)),
            evidence=item.evidence[:3],
            target=names[0],
        )
        for item, command, reason, names in found[:_MOST]
    )
    return actions, len(found) - len(actions)


def _concerned(item: Compared) -> Iterator[tuple[str, str, list[str]]]:
    """Each way out once: its command, what it is for, and the objects."""
    concerned: dict[tuple[str, str], list[str]] = {}
    for result in sorted(item.report.drifted, key=_urgency):
        for way in _ways(item.scope, result):
            concerned.setdefault(way, []).append(str(result.identity))
    return ((command, reason, names) for (command, reason), names in concerned.items())


def _urgency(result: ResourceResult) -> int:
    return len(Severity) if result.severity is None else list(Severity).index(result.severity)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _ways(scope: Scope, result: ResourceResult) -> Iterator[tuple[str, str]]:
    """Commands with what they are for; `{objects}` stands for the objects concerned."""
    classes, identity = set(result.classes), result.identity
    kind = f"{identity.kind}.{identity.group}" if identity.group else identity.kind
    place = f"{shlex.quote(kind)} {shlex.quote(identity.name)}"
    place += f" -n {shlex.quote(identity.namespace)}" if identity.namespace else ""
    if DriftClass.EXTRA in classes:
        yield (
            f"kubectl get {place} -o yaml",
            "Decide about {objects}: put it into Git if it is wanted, else delete it",
        )
        return
    if classes & _BY_SYNC:
        yield (
            scope.look_command,
            f"Find out why {scope.name} does not sync, and fix the cause: {{objects}}",
        )
    if DriftClass.PENDING_SYNC in classes:
        yield (
            scope.look_command,
            f"Wait for the sync of {scope.name}, or see what it waits for: {{objects}}",
        )
    if classes & _BY_SOMEBODY:
        group = f"{identity.group}:{identity.kind}:{identity.name}"
        command = scope.sync_command.replace("{object}", shlex.quote(group))
        yield (
            command,
            "Revert {objects} to Git, once it is clear that the change is not a fix in progress; "
            "or change Git if the cluster is right",
        )
