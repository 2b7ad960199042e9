"""The gate before production: what deployment-guardian said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aof.errors import UsageFault
from aof.playbooks.base import Calls, Request
from aof.verdict import Finding, Verdict

_GUARDIAN = "deployment-guardian"


def guardian_says(request: Request, calls: Calls) -> tuple[Finding, bool]:
    """What it said, and whether the gate is open.

    The verdict of deployment-guardian comes from the same fleet, or from a file with its
    `-o json` answer (`--set guardian=FILE`).
    """
    answer: Any = request.previous.get(_GUARDIAN)
    evidence: tuple[str, ...] = ()
    name = request.settings.get("guardian")
    if name:
        try:
            path = request.folder / name
            answer = calls.given(name, lambda: json.loads(path.read_text(encoding="utf-8")))
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
