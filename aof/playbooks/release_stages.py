"""Environments of a release in Argo CD: where it runs, and how it gets to the next one.

A release is promoted as a commit, never as a name that can move. It has arrived when Argo CD
compared with that commit, synced it and found it healthy; health alone is true of the
previous release, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aof.errors import UsageFault
from aof.manifests.base import duration_s
from aof.plans import Action, Assumption, Check, digest
from aof.playbooks.base import Calls, Request
from aof.playbooks.release_options import Stage
from aof.verdict import Finding, Verdict

_GUARDIAN = "deployment-guardian"


@dataclass(frozen=True, slots=True)
class StageView:
    """One environment: what it runs, and whether the release has arrived there."""

    stage: Stage
    app: str
    revision: str
    done: bool
    busy: bool
    failed: bool
    reason: str
    soak_left_s: float
    overview: Mapping[str, Any]
    evidence: str

    def as_dict(self) -> dict[str, Any]:
        """JSON for the facts."""
        return {
            "stage": self.stage.name,
            "app": self.app,
            "revision": self.revision,
            "done": self.done,
            "reason": self.reason,
            "soak_left_s": round(self.soak_left_s),
        }


@dataclass(frozen=True, slots=True)
class Promotion:
    """The environments of one application."""

    calls: Calls
    app: str
    stages: Sequence[Stage]
    now: datetime

    def look(self, sha: str) -> list[StageView]:
        """See each environment; `Unreachable` when Argo CD does not answer."""
        return [self._look(stage, sha) for stage in self.stages]

    def before(self, views: Sequence[StageView], view: StageView) -> StageView | None:
        """The environment before this one; None for the first."""
        index = list(views).index(view)
        return views[index - 1] if index else None

    def chosen(self, views: Sequence[StageView], request: Request) -> StageView:
        """The environment a request to roll back means; the last one it names."""
        named = request.settings.get("rollback", "")
        words = request.text.lower().split()
        for view in reversed(views):
            if view.stage.name in {named, *([] if named else words)}:
                return view
        names = ", ".join(view.stage.name for view in views)
        raise UsageFault(
            "it is not said which environment to roll back", fix=f"--set rollback=NAME of {names}"
        )

    def forward(
        self, view: StageView, sha: str, tag: str, *, executable: bool = True
    ) -> list[Action]:
        """Bring `sha` to an environment."""
        reason = f"Promote {tag} to {view.stage.name}"
        return self._set(view, sha, reason, executable=executable)

    def back(self, view: StageView, *, reason: str) -> list[Action]:
        """Bring back what ran before, by the same path."""
        answer = self.calls.read("argocd", "app_history", name=view.app)
        entries = answer.require()["history"]
        now = next((one["revision"] for one in entries if one["current"]), view.revision)
        earlier = [one for one in entries if not one["current"] and one["revision"] != now]
        if not earlier:
            command = f"argocd app set {view.app} --revision <previous-commit>"
            return [self.calls.recommend(command, reason=reason, target=f"argocd/{view.app}")]
        return self._set(view, earlier[0]["revision"], reason, executable=True)

    def _look(self, stage: Stage, sha: str) -> StageView:
        app = stage.application(self.app)
        shown = self.calls.read("argocd", "app_get", name=app)
        overview = shown.require()
        arrived, reason = False, "nothing is released yet"
        if sha:
            answer = self.calls.read(
                "argocd", "app_wait", name=app, revision=sha, timeout_s=0, operation_needed=False
            ).require()
            arrived, reason = bool(answer["arrived"]), str(answer["reason"])
        operation = overview["operation"]
        here = _same(overview, sha)
        failed = here and (
            operation["phase"] in {"Failed", "Error"} or overview["health"] == "Degraded"
        )
        return StageView(
            stage=stage,
            app=app,
            revision=str(overview["revision"]),
            done=arrived,
            busy=not arrived and not failed and (bool(operation["running"]) or here),
            failed=failed and not arrived,
            reason=reason,
            soak_left_s=self._soak_left(stage, app) if arrived else 0.0,
            overview=overview,
            evidence=shown.evidence_id,
        )

    def _soak_left(self, stage: Stage, app: str) -> float:
        soak = duration_s(stage.soak)
        if not soak:
            return 0.0
        entries = self.calls.read("argocd", "app_history", name=app).require()["history"]
        since = next((one["deployed_at"] for one in entries if one["current"]), None)
        if not since:
            return 0.0
        ran = (self.now - datetime.fromisoformat(since)).total_seconds()
        return max(soak - ran, 0.0)

    def _set(self, view: StageView, sha: str, reason: str, *, executable: bool) -> list[Action]:
        owner = view.overview["managed_by"]
        if owner:
            words = (
                f"{reason}. {owner} owns {view.app} and would undo a change here: change it there"
            )
            command = f"argocd app set {view.app} --revision {sha}"
            return [self.calls.recommend(command, reason=words, target=f"argocd/{view.app}")]
        arrived = Check(
            tool="argocd",
            operation="app_wait",
            arguments={
                "name": view.app,
                "revision": sha,
                "timeout_s": min(int(duration_s(view.stage.timeout)), 3600),
                "operation_needed": False,
            },
            condition="arrived",
            describes=f"{view.app} is synced and healthy at {sha[:12]}",
        )
        aimed = Check(
            tool="argocd",
            operation="app_get",
            arguments={"name": view.app},
            condition=f"sources[0].targetRevision == '{sha}'",
            describes=f"{view.app} targets {sha[:12]}",
        )
        automatic = bool(view.overview["auto_sync"])
        actions = [
            self.calls.action(
                "argocd",
                "app_set",
                {"name": view.app, "revision": sha},
                reason=reason,
                evidence=(view.evidence,),
                executable=executable,
                target=f"argocd/{view.app}",
                assumes=[self._unmoved(view)],
                verify=[arrived if automatic else aimed],
                undo=f"argocd app set {view.app} --revision {_target(view.overview)}",
            )
        ]
        if not automatic:
            actions.append(
                self.calls.action(
                    "argocd",
                    "app_sync",
                    {"name": view.app},
                    reason=f"Deploy it and wait until {view.app} is healthy",
                    evidence=(view.evidence,),
                    executable=executable,
                    target=f"argocd/{view.app}",
                    verify=[arrived],
                )
            )
        return actions

    def _unmoved(self, view: StageView) -> Assumption:
        return Assumption(
            tool="argocd",
            operation="app_get",
            arguments={"name": view.app},
            path="revision",
            digest=digest(view.overview["revision"]),
            describes=f"{view.app} still runs {view.revision[:12]}",
        )


def guardian_says(request: Request, calls: Calls) -> tuple[Finding, bool]:
    """The gate before production, and whether it is open.

    The verdict of deployment-guardian comes from the same fleet, or from a file with its
    `-o json` answer (`--set guardian=FILE`).
    """
    answer: Any = request.previous.get(_GUARDIAN)
    evidence: tuple[str, ...] = ()
    name = request.settings.get("guardian")
    if name:
        try:
            answer = json.loads((request.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            what = f"the guardian's answer {name} cannot be read"
            raise UsageFault(what, why=str(error)) from None
        evidence = (calls.record("file", answer, about=name),)
    decision = answer.get("decision") if isinstance(answer, Mapping) else None
    title = f"{_GUARDIAN} says {decision}" if decision else f"{_GUARDIAN} has not been asked"
    verdict = Verdict.INCONCLUSIVE
    if decision == "PROCEED":
        verdict = Verdict.PASS
    elif decision in {"ROLLBACK", "NO-GO"}:
        verdict = Verdict.FAIL
    found = Finding(id="guardian", verdict=verdict, title=title, evidence=evidence)
    return found, verdict is Verdict.PASS


def _same(overview: Mapping[str, Any], sha: str) -> bool:
    """Whether the last operation was for this commit."""
    return bool(sha) and sha in str(overview["operation"]["revision"]).split(",")


def _target(overview: Mapping[str, Any]) -> str:
    sources = overview["sources"] or [{}]
    return str(sources[0].get("targetRevision") or "<previous>")
