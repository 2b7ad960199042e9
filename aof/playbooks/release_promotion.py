"""Checkpoints 2 to 4: each environment after the one before has proved itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aof.plans import Action
from aof.playbooks.base import Calls, Request
from aof.playbooks.release_guardian import guardian_says
from aof.playbooks.release_next import Next
from aof.playbooks.release_stages import Promotion, StageView, spoken
from aof.verdict import Finding, Verdict

_LOOK_AGAIN_S = 15.0


@dataclass(frozen=True, slots=True)
class Promoter:
    """Decides what comes next of a promotion.

    Args:
        calls: For what the guardian said.
        request: The run's.
        promotion: The way through the stages.
    """

    calls: Calls
    request: Request
    promotion: Promotion

    def next(self) -> Next | None:
        """The next step; None when the release runs everywhere."""
        looked = self.promotion.look()
        everything = [view for line in looked for view in line]
        turn = self.promotion.next_of(looked)
        if not turn:
            return None
        pending = [line[-1] for line in turn]
        found = self._waits(turn, pending) or self._forward(pending)
        found.stages = everything
        return found

    def rollback(self) -> Next:
        """Back to what ran before, in the environment the request names."""
        looked = self.promotion.look()
        views = self.promotion.chosen(looked, self.request)
        text = f"Roll {views[0].stage.name} back to what ran before."
        return Next(
            "ROLLBACK",
            text,
            Verdict.FAIL,
            actions=self._back(views, text.rstrip(".")),
            stages=[view for line in looked for view in line],
        )

    def _waits(self, turn: Sequence[Sequence[StageView]], pending: list[StageView]) -> Next | None:
        """Why the next environment has to wait, or be taken back; None when it can go on."""
        name = pending[0].stage.name
        failed = _in(pending, "failed")
        if failed:
            text = f"{_tags(failed)} failed in {name}: {_reasons(failed)}."
            return Next(
                "ROLLBACK", text, Verdict.FAIL, actions=self._back(failed, text.rstrip("."))
            )
        for state, words in (("blocked", "cannot go to"), ("taken-back", "does not go to")):
            stuck = _in(pending, state)
            if stuck:
                fix = stuck[0].fix or f"release a fix, or try again: --set again={name}"
                text = f"{_tags(stuck)} {words} {name}: {_reasons(stuck)}."
                return Next("HOLD", text, Verdict.INCONCLUSIVE, fix=fix)
        busy = _in(pending, "busy")
        if busy:
            text = f"{_tags(busy)} is on its way to {name}: {_reasons(busy)}."
            return _hold(text, _LOOK_AGAIN_S, busy[0].fix)
        soaking = [line[-2] for line in turn if len(line) > 1 and line[-2].soak_left_s > 0]
        if soaking:
            left = max(view.soak_left_s for view in soaking)
            name = soaking[0].stage.name
            text = f"{_tags(soaking)} proves itself in {name} for {spoken(left)} more."
            return _hold(text, left)
        return None

    def _forward(self, pending: list[StageView]) -> Next:
        stage, tags = pending[0].stage, _tags(pending)
        findings: list[Finding] = []
        allowed = True
        if stage.needs_guardian:
            gate, allowed = guardian_says(self.request, self.calls)
            findings = [gate]
            if gate.verdict is Verdict.FAIL:
                text = f"{tags} does not go to {stage.name}: {gate.title}."
                return Next("NO-GO", text, gate.verdict, findings=findings)
        actions = self.promotion.forward(pending, executable=allowed)
        if allowed:
            text = f"Promote {tags} to {stage.name}."
            return Next("RELEASE", text, actions=actions, findings=findings)
        return Next(
            "HOLD",
            f"{tags} waits before {stage.name}: {findings[0].title}.",
            Verdict.INCONCLUSIVE,
            actions=actions,
            findings=findings,
            fix="run deployment-guardian, and hand on its answer: --set guardian=FILE",
        )

    def _back(self, views: Sequence[StageView], reason: str) -> list[Action]:
        return [one for view in views for one in self.promotion.back(view, reason=reason)]


def _hold(text: str, wait_s: float, fix: str = "") -> Next:
    return Next("HOLD", text, Verdict.INCONCLUSIVE, wait_s=wait_s, fix=fix)


def _in(views: Sequence[StageView], state: str) -> list[StageView]:
    return [view for view in views if view.state == state]


def _tags(views: Sequence[StageView]) -> str:
    return ", ".join(view.subject.released.tag for view in views)


def _reasons(views: Sequence[StageView]) -> str:
    return "; ".join(dict.fromkeys(view.reason for view in views))
