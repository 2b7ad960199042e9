"""What to do about drift: commands for a person, safe ones first.

They are recommendations, never actions of a plan: a change by hand may be the fix of an
incident that is going on, and reverting it is somebody's decision. Nothing here forces,
prunes or deletes.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from aof.analysis.drift import DriftClass, ResourceResult
from aof.plans import Action
from aof.playbooks.base import Calls
from aof.playbooks.drift_compared import Compared
from aof.playbooks.drift_scopes import Scope

_MOST = 20
_BY_SOMEBODY = {DriftClass.MANUAL, DriftClass.EXTERNAL_MUTATION, DriftClass.UNKNOWN}
_BY_SYNC = {DriftClass.FAILED_SYNC, DriftClass.INVALID_MANIFEST}


def remediation(calls: Calls, compared: Sequence[Compared]) -> list[Action]:
    """One recommendation for each drifted object and way out, at most twenty."""
    actions: list[Action] = []
    for item in compared:
        looked = False
        for result in item.report.drifted:
            for command, reason in _ways(item.scope, result):
                if command == item.scope.look_command:
                    if looked:
                        continue
                    looked = True
                if command and len(actions) < _MOST:
                    actions.append(
                        calls.recommend(
                            command,
                            reason=reason,
                            evidence=item.evidence[:3],
                            target=str(result.identity),
                        )
                    )
    return actions


def _ways(scope: Scope, result: ResourceResult) -> Iterator[tuple[str, str]]:
    classes, identity = set(result.classes), result.identity
    kind = f"{identity.kind}.{identity.group}" if identity.group else identity.kind
    place = f"{shlex.quote(kind)} {shlex.quote(identity.name)}"
    place += f" -n {shlex.quote(identity.namespace)}" if identity.namespace else ""
    if DriftClass.EXTRA in classes:
        yield (
            f"kubectl get {place} -o yaml",
            f"Decide about {identity}: put it into Git if it is wanted, else delete it",
        )
        return
    if classes & _BY_SYNC:
        yield scope.look_command, f"Find out why {scope.name} does not sync, and fix the cause"
    if DriftClass.PENDING_SYNC in classes:
        yield scope.look_command, f"Wait for the sync of {scope.name}, or see what it waits for"
    if classes & _BY_SOMEBODY:
        group = f"{identity.group}:{identity.kind}:{identity.name}"
        command = scope.sync_command.replace("{object}", shlex.quote(group))
        yield (
            command,
            f"Revert {identity} to Git, once it is clear that the change is not a fix in progress; "
            "or change Git if the cluster is right",
        )
