"""Environments that are Argo CD applications: set to the release's commit, or following a pin.

A release is promoted as a commit, never as a name that can move. It has arrived when Argo CD
compared with that commit, synced it and found it healthy; health alone is true of the
previous release, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aof.analysis.release.pins import Released
from aof.manifests.base import duration_s
from aof.plans import Action, Assumption, Check, digest, text_in_path
from aof.playbooks.base import Calls
from aof.playbooks.release_options import Stage
from aof.playbooks.release_pins import ClusterState, Observed, PinSeen, ValueAt
from aof.playbooks.release_stages import StageView, State, Subject


@dataclass(frozen=True, slots=True)
class ArgocdEnvironments:
    """Applications that are set to a commit and synced."""

    calls: Calls
    now: datetime
    again: str = ""

    def look(self, stage: Stage, subject: Subject) -> StageView:
        app, sha = stage.application(subject.app), subject.released.sha
        shown = self.calls.read("argocd", "app_get", name=app)
        overview = shown.require()
        arrived, reason = False, "nothing is released yet"
        if sha:
            answer = self.calls.read(
                "argocd", "app_wait", name=app, revision=sha, timeout_s=0, operation_needed=False
            ).require()
            arrived, reason = bool(answer["arrived"]), str(answer["reason"])
        state: State = "done" if arrived else self._state(overview, sha)
        if state == "taken-back" and self.again == stage.name:
            state = "pending"
        if state == "taken-back":
            reason = f"{subject.released.tag} ran there and was taken back"
        fix = ""
        if state == "busy" and self._late(stage, overview):
            reason = f"not synced and healthy within {stage.timeout}: {reason}"
            state = "failed"
            if overview["operation"]["running"]:  # nothing else can be started before it ends
                state, fix = "blocked", f"argocd app terminate-op {app}, then run again"
        return StageView(
            subject=subject,
            stage=stage,
            place=f"argocd/{app}",
            # Not the revision it was last compared with: that changes with every push.
            runs=str(overview.get("deployed") or overview["revision"]),
            state=state,
            reason="" if arrived else reason,
            fix=fix,
            soak_left_s=self._soak_left(stage, app) if arrived else 0.0,
            evidence=(shown.evidence_id,),
            seen=overview,
        )

    def forward(self, views: Sequence[StageView], *, executable: bool) -> list[Action]:
        return [
            action
            for view in views
            for action in self._set(
                view,
                view.subject.released.sha,
                f"Promote {view.subject.released.tag} to {view.stage.name}",
                executable=executable,
            )
        ]

    def back(self, view: StageView, *, reason: str) -> list[Action]:
        app = _name(view)
        answer = self.calls.read("argocd", "app_history", name=app)
        entries = answer.require()["history"]
        now = next((one["revision"] for one in entries if one["current"]), view.runs)
        earlier = [one for one in entries if not one["current"] and one["revision"] != now]
        if not earlier:
            command = f"argocd app set {app} --revision <previous-commit>"
            return [self.calls.recommend(command, reason=reason, target=view.place)]
        return self._set(view, earlier[0]["revision"], reason, executable=True)

    def _state(self, overview: Mapping[str, Any], sha: str) -> State:
        operation = overview["operation"]
        here = bool(sha) and sha in str(operation["revision"]).split(",")
        if here and _failed(overview):
            return "failed"
        if operation["running"] or here:
            return "busy"
        if sha and sha in _earlier(overview):
            return "taken-back"
        return "pending"

    def _late(self, stage: Stage, overview: Mapping[str, Any]) -> bool:
        """Whether it has been on its way for longer than it may."""
        since = _since(overview)
        return since is not None and (self.now - since).total_seconds() > duration_s(stage.timeout)

    def _soak_left(self, stage: Stage, app: str) -> float:
        soak = duration_s(stage.soak)
        if not soak:
            return 0.0
        since = _deployed(self.calls, app)
        if since is None:
            return 0.0
        return max(soak - (self.now - since).total_seconds(), 0.0)

    def _set(self, view: StageView, sha: str, reason: str, *, executable: bool) -> list[Action]:
        app, overview = _name(view), view.seen
        owner = overview["managed_by"]
        if owner:
            words = f"{reason}. {owner} owns {app} and would undo a change here: change it there"
            command = f"argocd app set {app} --revision {sha}"
            return [self.calls.recommend(command, reason=words, target=view.place)]
        arrived = Check(
            tool="argocd",
            operation="app_wait",
            arguments={
                "name": app,
                "revision": sha,
                "timeout_s": min(int(duration_s(view.stage.timeout)), 3600),
                "operation_needed": False,
            },
            condition="arrived",
            describes=f"{app} is synced and healthy at {sha[:12]} within {view.stage.timeout}",
        )
        aimed = Check(
            tool="argocd",
            operation="app_get",
            arguments={"name": app},
            condition=f"sources[0].targetRevision == '{sha}'",
            describes=f"{app} targets {sha[:12]}",
        )
        automatic = bool(overview["auto_sync"])
        actions = [
            self.calls.action(
                "argocd",
                "app_set",
                {"name": app, "revision": sha},
                reason=reason,
                evidence=view.evidence,
                executable=executable,
                target=view.place,
                assumes=[self._unmoved(view, sha)],
                verify=[arrived if automatic else aimed],
                undo=f"argocd app set {app} --revision {_target(overview) or '<previous>'}",
            )
        ]
        if not automatic:
            actions.append(
                self.calls.action(
                    "argocd",
                    "app_sync",
                    {"name": app},
                    reason=f"Deploy it and wait until {app} is healthy",
                    evidence=view.evidence,
                    executable=executable,
                    target=view.place,
                    assumes=[self._idle(app)],
                    verify=[arrived],
                )
            )
        return actions

    def _unmoved(self, view: StageView, sha: str) -> Assumption:
        """What runs and the target are as they were, or the target is ours already."""
        app, runs = _name(view), view.runs
        targets = ", ".join(text_in_path(one) for one in (_target(view.seen), sha))
        return Assumption(
            tool="argocd",
            operation="app_get",
            arguments={"name": app},
            path=f"[deployed || revision, contains([{targets}], sources[0].targetRevision || '')]",
            digest=digest([runs, True]),
            describes=f"{app} still runs {runs[:12]}, and nobody has set it to something else",
        )

    def _idle(self, app: str) -> Assumption:
        return Assumption(
            tool="argocd",
            operation="app_get",
            arguments={"name": app},
            path="operation.running",
            digest=digest(False),
            describes=f"no operation runs on {app}",
        )


@dataclass(frozen=True, slots=True)
class ArgocdObserver:
    """Looks at an application whose desired state is a pin in Git."""

    calls: Calls
    app: str

    def look(self, seen: PinSeen, released: Released, value_at: ValueAt) -> Observed:
        """See what runs: the pin at the commit that is synced, or the application's target."""
        shown = self.calls.read("argocd", "app_get", name=self.app)
        overview = shown.require()
        if seen.pin.kind == "Application":
            runs, revision = _target(overview), seen.wanted
        else:
            runs, revision = value_at(overview["revision"]) or "", overview["revision"]
        state: ClusterState = "waiting"
        reason, since = f"{self.app} has not synced it yet", None
        if runs == seen.wanted:
            answer = self.calls.read(
                "argocd",
                "app_wait",
                name=self.app,
                revision=revision,
                timeout_s=0,
                operation_needed=False,
            ).require()
            reason = "" if answer["arrived"] else str(answer["reason"])
            if answer["arrived"]:
                state = "ready"
            elif _failed(overview):
                state = "failed"
            since = _deployed(self.calls, self.app)
        return Observed(
            state,
            runs or str(overview["revision"]),
            reason,
            since=since,
            evidence=(shown.evidence_id,),
        )


def _earlier(overview: Mapping[str, Any]) -> set[str]:
    """Revisions that were deployed before the one that runs."""
    status = (overview.get("application") or {}).get("status") or {}
    return {str(one.get("revision")) for one in (status.get("history") or [])[:-1]}


def _failed(overview: Mapping[str, Any]) -> bool:
    failed = overview["operation"]["phase"] in {"Failed", "Error"}
    return failed or overview["health"] == "Degraded"


def _since(overview: Mapping[str, Any]) -> datetime | None:
    """Since when it is on its way; None where Argo CD does not say.

    An operation that is asked for and has not begun shows the times of the one before.
    """
    operation = overview["operation"]
    if operation["running"]:
        begun = operation["phase"] in {"Running", "Terminating"}
        times = [operation.get("started_at") if begun else None]
    else:
        status = (overview.get("application") or {}).get("status") or {}
        changed = (status.get("health") or {}).get("lastTransitionTime")
        times = [operation.get("finished_at"), changed]
    return max((datetime.fromisoformat(one) for one in times if one), default=None)


def _deployed(calls: Calls, app: str) -> datetime | None:
    """When what runs was deployed; None when Argo CD does not say."""
    answer = calls.read("argocd", "app_history", name=app)
    entries = answer.data["history"] if answer.ok else []
    at = next((one["deployed_at"] for one in entries if one["current"]), None)
    return datetime.fromisoformat(at) if at else None


def _name(view: StageView) -> str:
    return view.place.removeprefix("argocd/")


def _target(overview: Mapping[str, Any]) -> str:
    """What it is set to; empty for the head of the repository."""
    sources = overview["sources"] or [{}]
    return str(sources[0].get("targetRevision") or "")
