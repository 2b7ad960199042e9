"""How this app would be rolled back: found by asking, with the reason.

Argo CD with auto-sync reverts in Git; Argo CD without rolls back to the last healthy
history ID; an Argo Rollout is aborted; anything else is `kubectl rollout undo`. Where the
app or the target is not known the action is a recommendation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aof.plans import Action, Assumption, Check, digest
from aof.playbooks.base import Calls


@dataclass(frozen=True, slots=True)
class Target:
    """What would be rolled back; empty fields are not known."""

    app: str
    argocd_app: str
    namespace: str
    workload: str


def rollback_actions(
    calls: Calls, target: Target, *, reason: str, evidence: Sequence[str]
) -> list[Action]:
    """The way back, as one or more actions; never empty."""
    name = target.argocd_app or target.app
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
    now, then = str(app.get("revision")), str(goal.get("revision"))
    return [
        calls.action(
            "argocd",
            "app_rollback",
            {"name": name, "history_id": goal["id"]},
            reason=f"{reason}. History ID {goal['id']} is {then[:12]}, deployed before",
            evidence=evidence,
            target=f"argocd/{name}",
            assumes=[
                Assumption(
                    tool="argocd",
                    operation="app_get",
                    arguments={"name": name},
                    path="revision",
                    digest=digest(app.get("revision")),
                    describes=f"{name} is still at {now[:12]}",
                )
            ],
            verify=[
                Check(
                    tool="argocd",
                    operation="app_get",
                    arguments={"name": name},
                    condition=f"revision == '{then}'",
                    describes=f"{name} is at {then[:12]}",
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
    rollout = calls.read("kubectl", "get", kind="Rollout", name=workload, namespace=namespace)
    is_rollout = rollout.ok and isinstance(rollout.data, dict)
    operation = "rollout_abort" if is_rollout else "rollout_undo"
    arguments: dict[str, Any] = {"name": workload, "namespace": namespace}
    if not is_rollout:
        arguments["kind"] = "Deployment"
    return calls.action(
        "kubectl",
        operation,
        arguments,
        reason=f"{reason}. {workload} is " + ("an Argo Rollout" if is_rollout else "a Deployment"),
        evidence=evidence,
        target=f"kubernetes/{namespace}/{workload}",
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
