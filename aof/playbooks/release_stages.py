"""Environments of a release, whoever deploys them: where it runs, and who goes next.

A stage is looked at and changed by its `Environments`: Argo CD, or a pin in Git that Flux or
Argo CD follows. What the order of stages means is decided here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from aof.analysis.release.pins import Released
from aof.errors import UsageFault
from aof.plans import Action
from aof.playbooks.base import Request
from aof.playbooks.release_options import Stage

State = Literal["pending", "busy", "done", "failed", "blocked", "taken-back"]
"""`blocked` needs a person first; `taken-back`: it ran there and was rolled back."""


class Subject(NamedTuple):
    """What is promoted: a release, the application that runs it, its package if any."""

    app: str
    released: Released
    package: str = ""


@dataclass(frozen=True, slots=True)
class StageView:
    """One environment: what it runs, and whether the release has arrived there.

    Attributes:
        subject: The release this is about.
        stage: The environment.
        place: What deploys it, e.g. `argocd/shop-dev`.
        runs: Commit or version that runs there, as far as it is known.
        state: Where the release stands there.
        reason: Why it is not `done`, in words.
        fix: The command for a person, when it is blocked.
        soak_left_s: When it is done: how long it still has to prove itself.
        seen: What whoever looked needs to change it.
    """

    subject: Subject
    stage: Stage
    place: str
    runs: str
    state: State
    reason: str = ""
    fix: str = ""
    soak_left_s: float = 0.0
    evidence: tuple[str, ...] = ()
    seen: Any = None

    @property
    def done(self) -> bool:
        """The release runs there and is healthy."""
        return self.state == "done"

    def as_dict(self) -> dict[str, Any]:
        """JSON for the facts."""
        return {
            "stage": self.stage.name,
            "app": self.place.partition("/")[2],
            "tag": self.subject.released.tag,
            "revision": self.runs,
            "state": self.state,
            "done": self.done,
            "reason": self.reason,
            "soak_left_s": round(self.soak_left_s),
        }


class Environments(Protocol):
    """One way of deploying."""

    def look(self, stage: Stage, subject: Subject) -> StageView:
        """See an environment; `Unreachable` when it cannot be."""

    def forward(self, views: Sequence[StageView], *, executable: bool) -> list[Action]:
        """Bring the releases to environments of one stage."""

    def back(self, view: StageView, *, reason: str) -> list[Action]:
        """Bring back what ran before, by the same path."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """The way of releases through the stages, in their order.

    Attributes:
        subjects: What is promoted; dependencies before what depends on them.
        stages: The environments.
        by_argocd: For stages without a pin.
        by_pin: For stages with one.
    """

    subjects: Sequence[Subject]
    stages: Sequence[Stage]
    by_argocd: Environments
    by_pin: Environments

    def look(self) -> list[list[StageView]]:
        """See every stage of every subject."""
        return [
            [self._of(stage).look(stage, subject) for stage in self.stages]
            for subject in self.subjects
        ]

    def next_of(self, views: Sequence[Sequence[StageView]]) -> list[Sequence[StageView]]:
        """Those whose turn it is: each as all its stages up to the one it has not reached.

        Subjects go together: a stage is finished by all before the next one begins.
        """
        reached = [sum(1 for _ in _leading(line)) for line in views]
        first = min((count for count in reached if count < len(self.stages)), default=None)
        if first is None:
            return []
        return [
            line[: first + 1] for line, count in zip(views, reached, strict=True) if count == first
        ]

    def forward(self, views: Sequence[StageView], *, executable: bool) -> list[Action]:
        """Bring releases to their next environment, all of one stage."""
        return self._of(views[0].stage).forward(views, executable=executable)

    def back(self, view: StageView, *, reason: str) -> list[Action]:
        """Bring back what ran before."""
        return self._of(view.stage).back(view, reason=reason)

    def chosen(self, views: Sequence[Sequence[StageView]], request: Request) -> list[StageView]:
        """The environments a request to roll back means: of the last stage it names."""
        named = request.settings.get("rollback", "")
        words = request.text.lower().split()
        for number, stage in reversed(list(enumerate(self.stages))):
            if stage.name in {named, *([] if named else words)}:
                return [line[number] for line in views]
        names = ", ".join(stage.name for stage in self.stages)
        raise UsageFault(
            "it is not said which environment to roll back", fix=f"--set rollback=NAME of {names}"
        )

    def _of(self, stage: Stage) -> Environments:
        return self.by_argocd if stage.pin is None else self.by_pin


def _leading(line: Sequence[StageView]) -> Sequence[StageView]:
    """The stages from the first on that are done."""
    end = next((number for number, view in enumerate(line) if not view.done), len(line))
    return line[:end]


def spoken(seconds: float) -> str:
    """A time to wait, rounded up: `60 s`, `30 min`, `23 h 15 min`."""
    if seconds <= 120:
        return f"{seconds:.0f} s"
    minutes = math.ceil(seconds / 60)
    hours, rest = divmod(minutes, 60)
    if hours < 2:
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
