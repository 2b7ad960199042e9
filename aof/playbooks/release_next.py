"""What a run concludes: the step that comes next, and why."""

from __future__ import annotations

from dataclasses import dataclass, field

from aof.plans import Action
from aof.playbooks.release_prepared import Prepared
from aof.playbooks.release_stages import StageView
from aof.verdict import Finding, Verdict


@dataclass(slots=True)
class Next:
    """The next step.

    Attributes:
        decision: RELEASE, NO-RELEASE, HOLD, NO-GO or ROLLBACK.
        summary: One sentence: where the release stands and what comes next.
        fix: What a person does to get on, where no plan does it.
        wait_s: Looking again after so long makes sense.
    """

    decision: str
    summary: str
    verdict: Verdict = Verdict.PASS
    actions: list[Action] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    prepared: Prepared | None = None
    stages: list[StageView] = field(default_factory=list)
    fix: str = ""
    wait_s: float | None = None
