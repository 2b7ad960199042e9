"""Environments that follow a pin in Git: promoted by changing its bytes, rolled back the same way.

Nothing in the cluster is written. A change is a commit, or a pull request where the branch is
protected; Flux or Argo CD do the rest, and the next run looks at what came of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aof.analysis.release.version import Version
from aof.manifests.base import duration_s
from aof.plans import Action
from aof.playbooks.base import Calls
from aof.playbooks.release_argocd import ArgocdObserver
from aof.playbooks.release_flux import FluxObserver
from aof.playbooks.release_options import PinFile, Stage
from aof.playbooks.release_pin_steps import PinChange, PinSteps
from aof.playbooks.release_pins import Observed, Pins, PinSeen
from aof.playbooks.release_stages import StageView, State, Subject


@dataclass(frozen=True, slots=True)
class PinnedEnvironments:
    """Stages with a `pin`.

    Args:
        calls: The way to the cluster.
        pins: The clone that holds them.
        now: When the run started.
        again: Stage that may be promoted to although it was taken back.
    """

    calls: Calls
    pins: Pins
    now: datetime
    again: str = ""

    def look(self, stage: Stage, subject: Subject) -> StageView:
        file, place = self._file(stage, subject), self._place(stage, subject)
        problem = self.pins.in_the_way(file)
        if problem is not None:
            return StageView(subject, stage, place, "", "blocked", *problem)
        seen = self.pins.see(file, subject.released)
        observed = self._observer(stage, subject).look(
            seen, subject.released, lambda commit: self.pins.value_at(file, commit)
        )
        state, reason, fix = self._state(stage, subject, seen, observed)
        return StageView(
            subject=subject,
            stage=stage,
            place=place,
            runs=observed.runs,
            state=state,
            reason=reason,
            fix=fix,
            soak_left_s=self._soak_left(stage, seen, observed) if state == "done" else 0.0,
            evidence=observed.evidence,
            seen=seen,
        )

    def forward(self, views: Sequence[StageView], *, executable: bool) -> list[Action]:
        if not self.pins.review:
            return self._promote(views, executable=executable)
        return [one for view in views for one in self._promote([view], executable=executable)]

    def _promote(self, views: Sequence[StageView], *, executable: bool) -> list[Action]:
        stage = views[0].stage
        tags = ", ".join(view.subject.released.tag for view in views)
        edits = ", ".join(_edit(view.seen, view.seen.wanted) for view in views)
        return PinSteps(self.pins).change(
            [
                PinChange(view.seen.file, view.seen.wanted, f"{stage.name} {_what(view.subject)}")
                for view in views
            ],
            subject=f"chore({stage.name}): promote {tags}",
            branch=_branch(stage, views[0].subject),
            reason=f"Promote {tags} to {stage.name}: {edits}",
            evidence=[one for view in views for one in view.evidence],
            executable=executable,
        )

    def back(self, view: StageView, *, reason: str) -> list[Action]:
        seen: PinSeen | None = view.seen
        if seen is None or not seen.previous:
            path = self._file(view.stage, view.subject).path
            command = f"git revert --no-edit $(git log -1 --format=%H -- {path})"
            return [self.calls.recommend(command, reason=reason, target=view.place)]
        name = view.stage.name
        return PinSteps(self.pins).change(
            [PinChange(seen.file, seen.previous, f"{name} back to {seen.previous}")],
            subject=f"chore({name}): take {view.subject.app} back to {seen.previous}",
            branch=f"rollback/{name}-{seen.previous}",
            reason=f"{reason} {_edit(seen, seen.previous)}",
            evidence=view.evidence,
            executable=True,
        )

    def _state(
        self, stage: Stage, subject: Subject, seen: PinSeen, observed: Observed
    ) -> tuple[State, str, str]:
        if observed.state == "blocked":
            return "blocked", observed.reason, observed.fix
        if seen.pin.value != seen.wanted:
            return self._before(stage, subject, seen)
        if observed.state == "ready":
            return "done", "", ""
        if observed.state == "failed":
            return "failed", observed.reason, ""
        return self._under_way(stage, seen, observed)

    def _under_way(self, stage: Stage, seen: PinSeen, observed: Observed) -> tuple[State, str, str]:
        """Late is a failure once the cluster has the pin; before, somebody must look why."""
        limit = duration_s(stage.timeout)
        if observed.fetched is not None:
            late = self._passed(observed.fetched) > limit
            reason = f"{observed.reason}, {stage.timeout} after it was fetched"
            return ("failed", reason, "") if late else ("busy", observed.reason, "")
        if seen.since is None or self._passed(seen.since) <= limit:
            return "busy", observed.reason, ""
        return "blocked", f"{observed.reason}, {stage.timeout} after the change", observed.fix

    def _before(self, stage: Stage, subject: Subject, seen: PinSeen) -> tuple[State, str, str]:
        """The pin says something else: whose turn is it?"""
        number = self.pins.request(_branch(stage, subject))
        if number:
            reason = f"pull request #{number} promotes {subject.released.tag}"
            return "blocked", reason, f"review and merge pull request #{number}"
        if seen.had and self.again != stage.name:
            reason = f"{subject.released.tag} ran in {stage.name} and was taken back"
            return "taken-back", f"{reason}; now {seen.pin.value}", ""
        if _newer(seen.pin.value, subject.released.version):
            path = seen.file.path
            reason = f"{path} says {seen.pin.value}, which is newer than {subject.released.tag}"
            return "blocked", reason, f"correct {path}, or release what it names"
        return "pending", f"{seen.file.path} says {seen.pin.value}", ""

    def _soak_left(self, stage: Stage, seen: PinSeen, observed: Observed) -> float:
        began = max(filter(None, (seen.since, observed.since)), default=self.now)
        return max(duration_s(stage.soak) - self._passed(began), 0.0)

    def _passed(self, since: datetime) -> float:
        return max((self.now - since).total_seconds(), 0.0)

    def _observer(self, stage: Stage, subject: Subject) -> FluxObserver | ArgocdObserver:
        if stage.flux is None:
            return ArgocdObserver(self.calls, stage.application(subject.app))
        fill = stage.flux.waits_for
        return FluxObserver(
            self.calls,
            stage.filled(stage.flux.kustomization, subject.app),
            tuple(stage.filled(one, subject.app) for one in fill),
        )

    def _place(self, stage: Stage, subject: Subject) -> str:
        if stage.flux is None:
            return f"argocd/{stage.application(subject.app)}"
        return f"flux/{stage.filled(stage.flux.kustomization, subject.app)}"

    def _file(self, stage: Stage, subject: Subject) -> PinFile:
        assert stage.pin is not None
        texts = ("path", "field", "kind")
        filled = {name: stage.filled(getattr(stage.pin, name), subject.app) for name in texts}
        return stage.pin.model_copy(update=filled)


def _edit(seen: PinSeen, value: str) -> str:
    return f"{seen.file.path} says {value} instead of {seen.pin.value}"


def _what(subject: Subject) -> str:
    return f"{subject.app} {subject.released.tag}"


def _branch(stage: Stage, subject: Subject) -> str:
    return f"promote/{stage.name}-{subject.released.tag}"


def _newer(value: str, version: str) -> bool:
    """Whether a pin names a later version; commits and odd names are not compared."""
    digits = next((index for index, letter in enumerate(value) if letter.isdigit()), 0)
    there, wanted = Version.parse(value[digits:]), Version.parse(version)
    return there is not None and wanted is not None and there > wanted
