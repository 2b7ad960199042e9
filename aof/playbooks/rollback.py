"""How this app would be rolled back: found by asking, with the reason.

Argo CD with auto-sync reverts in Git; Argo CD without rolls back to the last healthy
history ID; an Argo Rollout is aborted; anything else is `kubectl rollout undo`. Where the
app or the target is not known the action is a recommendation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aof.messages import ToolResult
from aof.plans import Action, Assumption, Check, digest
from aof.playbooks.base import Calls

_ROLLOUT = "rollouts.argoproj.io"


@dataclass(frozen=True, slots=True)
class Target:
    """What would be rolled back; empty fields are not known."""

    app: str
    argocd_app: str
    namespace: str
    workload: str


def rollback_actions(
    calls: Calls, target: Target, *, reason: str, evidence: Sequence[str], measured: bool
) -> list[Action]:
    """The way back, as one or more actions; never empty.

    With `measured` False (numbers somebody typed) it is only ever a recommendation.
    """
    name = target.argocd_app or target.app
    if not measured:
        return [_recommended(calls, name, reason=reason, evidence=evidence)]
    if name and calls.configured("argocd"):
        answer = calls.read("argocd", "app_get", name=name)
        if answer.ok:
            return _by_argocd(calls, name, answer.data, reason=reason, evidence=evidence)
        reason = f"{reason} (Argo CD: {answer.summary})"
    if target.app and calls.configured("kubectl"):
        return [_by_kubectl(calls, target, reason=reason, evidence=evidence)]
    return [_recommended(calls, name, reason=reason, evidence=evidence)]


def _by_argocd(
    calls: Calls,
    name: str,
    app: Mapping[str, Any],
    *,
    reason: str,
    evidence: Sequence[str],
) -> list[Action]:
    if app.get("auto_sync"):
        sha = str(app.get("revision") or "") or "<canary-commit>"
        return [
            calls.recommend(
                f"git revert --no-edit {sha} && git push",
                reason=f"{reason}. Argo CD syncs {name} automatically and would undo a rollback, "
                "so the change is reverted in Git",
                evidence=evidence,
                target=f"argocd/{name}",
            )
        ]
    goal = _last_other(calls, name)
    if goal is None:
        return [_recommended(calls, name, reason=reason, evidence=evidence)]
    now, then = str(app.get("deployed")), str(goal.get("revision"))
    return [
        calls.action(
            "argocd",
            "app_rollback",
            {"name": name, "history_id": goal["id"]},
            reason=f"{reason}. History ID {goal['id']} brings back {then[:12]} for {now[:12]}",
            evidence=evidence,
            target=f"argocd/{name}",
            assumes=[
                Assumption(
                    tool="argocd",
                    operation="app_get",
                    arguments={"name": name},
                    path="[deployed, auto_sync]",
                    digest=digest([app.get("deployed"), app.get("auto_sync")]),
                    describes=f"{name} still runs {now[:12]}, without auto-sync",
                )
            ],
            verify=[
                Check(
                    tool="argocd",
                    operation="app_get",
                    arguments={"name": name},
                    condition=f"deployed == '{then}' && operation.running == `false`",
                    describes=f"{name} runs {then[:12]}",
                )
            ],
            undo=f"argocd app sync {name}",
        )
    ]


def _last_other(calls: Calls, name: str) -> Mapping[str, Any] | None:
    """The newest history entry that is not what runs now."""
    answer = calls.read("argocd", "app_history", name=name)
    entries = answer.data["history"] if answer.ok else []
    current = next((entry["revision"] for entry in entries if entry.get("current")), None)
    for entry in entries:
        if not entry.get("current") and entry["revision"] != current:
            found: Mapping[str, Any] = entry
            return found
    return None


def _by_kubectl(calls: Calls, target: Target, *, reason: str, evidence: Sequence[str]) -> Action:
    workload = target.workload or target.app
    namespace = target.namespace or "default"
    place = {"name": workload, "namespace": namespace}
    rollout = calls.read("kubectl", "rollout_status", resource=_ROLLOUT, **place)
    if rollout.ok:
        return _abort(calls, place, reason=reason, evidence=evidence)
    status = calls.read("kubectl", "rollout_status", resource="deployment", **place)
    if status.ok and status.data["gitops_owner"]:
        return calls.recommend(
            "git revert --no-edit <canary-commit> && git push",
            reason=f"{reason}. {workload} is kept by {status.data['gitops_owner']}, which would "
            "undo a rollback in the cluster, so the change is reverted in Git",
            evidence=evidence,
            target=f"kubernetes/{namespace}/{workload}",
        )
    return _undo(calls, place, status, reason=reason, evidence=evidence)


def _abort(
    calls: Calls, place: Mapping[str, str], *, reason: str, evidence: Sequence[str]
) -> Action:
    return calls.action(
        "kubectl",
        "rollout_abort",
        place,
        reason=f"{reason}. {place['name']} is an Argo Rollout: aborted, its stable version "
        "takes all traffic; the change must be reverted in Git, too",
        evidence=evidence,
        target=f"kubernetes/{place['namespace']}/{place['name']}",
        verify=[
            Check(
                tool="kubectl",
                operation="rollout_status",
                arguments={"resource": _ROLLOUT, **place},
                condition="aborted",
                describes=f"{place['name']} is aborted",
            )
        ],
    )


def _undo(
    calls: Calls,
    place: Mapping[str, str],
    status: ToolResult,
    *,
    reason: str,
    evidence: Sequence[str],
) -> Action:
    """Undo to the revision before; a recommendation when there is none to be seen."""
    workload = {"resource": "deployment", **place}
    history = calls.read("kubectl", "rollout_history", **workload)
    past = history.data["revisions"] if history.ok else []
    known = status.ok and len(past) > 1
    arguments: dict[str, Any] = dict(workload)
    assumes, verify = [], []
    if known:
        arguments["to_revision"] = past[1]["revision"]
        assumes.append(
            Assumption(
                tool="kubectl",
                operation="rollout_status",
                arguments=workload,
                path="[revision, images]",
                digest=digest([status.data["revision"], status.data["images"]]),
                describes=f"{place['name']} is still at revision {status.data['revision']}",
            )
        )
        verify.append(
            Check(
                tool="kubectl",
                operation="rollout_status",
                arguments=workload,
                condition=f"complete && images == `{json.dumps(past[1]['images'])}`",
                describes=f"{place['name']} runs {', '.join(past[1]['images'])}",
            )
        )
    return calls.action(
        "kubectl",
        "rollout_undo",
        arguments,
        reason=f"{reason}. {place['name']} is a Deployment"
        + (f": revision {past[1]['revision']} ran before {past[0]['revision']}" if known else ""),
        evidence=evidence,
        executable=known,
        target=f"kubernetes/{place['namespace']}/{place['name']}",
        assumes=assumes,
        verify=verify,
    )


def _recommended(calls: Calls, name: str, *, reason: str, evidence: Sequence[str]) -> Action:
    shown = name or "<app>"
    return calls.recommend(
        f"argocd app rollback {shown} <history-id>",
        reason=f"{reason}. The history ID is not known here: see `argocd app history {shown}`; "
        "without Argo CD: `kubectl rollout undo`",
        evidence=evidence,
        target=f"argocd/{name}" if name else "",
    )
