"""Playbook `canary`: gather a rollout's evidence, judge it, propose the way back.

Evidence is a file (`--set evidence=FILE`), else what Prometheus measured, else numbers
from the request, labelled unverified. The judge is `aof.analysis.canary`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from aof.analysis.canary import CanaryEvidence, Judgement, judge
from aof.analysis.canary.evidence import first_problem, remedy
from aof.errors import Unreachable, UsageFault
from aof.manifests.base import duration_s
from aof.plans import Action
from aof.playbooks.base import Calls, Options, Request, setting_of
from aof.playbooks.canary_metrics import CanaryMetrics
from aof.playbooks.canary_options import SETTINGS, CanaryOptions
from aof.playbooks.canary_report import blocks, findings
from aof.playbooks.canary_request import CanaryRequest, parse_canary_request
from aof.playbooks.rollback import Target, rollback_actions
from aof.verdict import Assessment, Verdict

_NOT_MEASURED = (
    "Evidence is unverified: the numbers were given in the request, nobody measured them."
)


@dataclass(frozen=True, slots=True)
class _Gathered:
    """Evidence, where it came from, and its ids; `missing` says why there is none."""

    app: str
    evidence: CanaryEvidence | None
    source: str
    ids: tuple[str, ...] = ()
    missing: str = ""
    warnings: tuple[str, ...] = ()


class Canary:
    """Judges a rollout."""

    name = "canary"
    options: type[Options] = CanaryOptions
    settings: Mapping[str, str] = SETTINGS

    def assess(
        self,
        request: Request,
        calls: Calls,
        options: CanaryOptions,
        memory: Sequence[Mapping[str, Any]],
    ) -> Assessment:
        asked = parse_canary_request(request.text)
        app = request.settings.get("app") or options.app or asked.app
        gathered = _gather(request, calls, options, asked, app)
        if gathered.evidence is None:
            return _no_evidence(gathered)
        judgement = judge(gathered.evidence, options.limits)
        warnings = [*gathered.warnings, *gathered.evidence.warnings, *judgement.notes]
        if judgement.unverified:
            warnings.insert(0, _NOT_MEASURED)
        history = [entry for entry in memory if entry.get("app") == gathered.app]
        return Assessment(
            verdict=judgement.verdict,
            decision=judgement.decision,
            summary=judgement.summary,
            findings=findings(judgement, gathered.ids),
            actions=tuple(_actions(judgement, calls, options, gathered)),
            facts={**judgement.as_dict(), "app": gathered.app, "evidence_source": gathered.source},
            blocks=blocks(judgement, gathered.evidence, asked, app=gathered.app, history=history),
            files=_plot(gathered.evidence, judgement, options),
            warnings=tuple(dict.fromkeys(warnings)),
            memory=_entry(judgement, asked, gathered, request.now),
            firm=judgement.firm,
            wait_s=judgement.wait_s,
        )


def _plot(evidence: CanaryEvidence, judgement: Judgement, options: CanaryOptions) -> dict[str, str]:
    """Canary against baseline with the moment of decision, for the run's folder."""
    if not evidence.windows:
        return {}
    from aof.playbooks.canary_chart import rollout_svg

    return {"rollout.svg": rollout_svg(evidence, judgement, options.limits)}


def _gather(
    request: Request, calls: Calls, options: CanaryOptions, asked: CanaryRequest, app: str
) -> _Gathered:
    if "evidence" in request.settings:
        return _from_file(request.settings["evidence"], request, calls, app)
    may_type = not request.require_measured and not request.text_is_event
    if asked.numbers and may_type and not calls.configured("prometheus_query"):
        return _from_text(asked, calls, app)
    return _from_prometheus(request, calls, options, asked, app)


def _from_file(name: str, request: Request, calls: Calls, app: str) -> _Gathered:
    try:
        path = request.folder / name
        data = calls.given(name, lambda: json.loads(path.read_text(encoding="utf-8")))
        evidence = CanaryEvidence.model_validate(data)
    except OSError as error:
        raise UsageFault("the evidence file cannot be read", why=str(error)) from None
    except ValidationError as error:
        raise UsageFault(
            "the evidence file is not canary evidence",
            why=first_problem(error),
            fix=remedy(error),
            file=name,
        ) from None
    except (ValueError, RecursionError) as error:
        raise UsageFault("the evidence file is not JSON", why=str(error), file=name) from None
    evidence_id = calls.record("file", data, about=name)
    return _Gathered(app, evidence, "file", (evidence_id,))


def _from_text(asked: CanaryRequest, calls: Calls, app: str) -> _Gathered:
    points = [
        {
            "name": number.name,
            "canary": number.canary,
            "baseline": number.baseline,
            "unit": number.unit or "ratio",
        }
        for number in asked.numbers
    ]
    data = {"points": points}
    evidence_id = calls.record("request", data, about="numbers from the request, unverified")
    return _Gathered(app, CanaryEvidence.model_validate(data), "request", (evidence_id,))


def _from_prometheus(
    request: Request, calls: Calls, options: CanaryOptions, asked: CanaryRequest, app: str
) -> _Gathered:
    reason = calls.not_consulted("prometheus_query")
    if reason is not None:
        return _Gathered(app, None, "", missing=f"there is nothing to judge: {reason}")
    metrics = canary_metrics(request, calls, options)
    try:
        measured = metrics.measure(app)
    except Unreachable as error:
        if not calls.configured("prometheus_query"):
            error.fix = (
                "set PROMETHEUS_URL, give --set evidence=FILE, or put numbers in the request"
            )
        raise
    ids = tuple(measured.evidence_ids)
    if measured.missing:
        return _Gathered(measured.app, None, "prometheus", ids, missing=measured.missing)
    evidence = CanaryEvidence.model_validate(measured.evidence)
    warnings: tuple[str, ...] = ()
    if asked.numbers:
        warnings = ("Numbers in the request were not used: Prometheus was asked instead.",)
    return _Gathered(measured.app, evidence, "prometheus", ids, warnings=warnings)


def canary_metrics(request: Request, calls: Calls, options: CanaryOptions) -> CanaryMetrics:
    """The reader for the time the request means: `--set end=RFC3339`, `--set duration=30m`."""
    end = setting_of(
        request, "end", _moment, request.now, expects="a time such as 2026-11-20T10:00:00Z"
    )
    default_s = duration_s(options.duration)
    duration = setting_of(request, "duration", duration_s, default_s, expects="a duration like 30m")
    stop = end.timestamp()
    return CanaryMetrics(calls, options, start=stop - duration, end=stop)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no timezone")
    return moment


def _no_evidence(gathered: _Gathered) -> Assessment:
    return Assessment(
        verdict=Verdict.INCONCLUSIVE,
        decision="HOLD",
        summary=f"No evidence: {gathered.missing}.",
        facts={"decision": "HOLD", "verdict": "inconclusive", "app": gathered.app, "metrics": []},
        firm=False,
        wait_s=60.0,
    )


def _actions(
    judgement: Judgement, calls: Calls, options: CanaryOptions, gathered: _Gathered
) -> list[Action]:
    if judgement.decision != "ROLLBACK":
        return []
    target = Target(
        app=gathered.app,
        argocd_app=options.argocd_app,
        namespace=options.namespace,
        workload=options.workload,
    )
    return rollback_actions(
        calls,
        target,
        reason=judgement.reasons[0],
        evidence=gathered.ids,
        measured=not judgement.unverified,
    )


def _entry(
    judgement: Judgement, asked: CanaryRequest, gathered: _Gathered, now: datetime
) -> dict[str, Any]:
    return {
        "type": "deployment",
        "at": now.isoformat(timespec="seconds"),
        "app": gathered.app,
        "version": asked.version,
        "decision": judgement.decision,
        "verdict": judgement.verdict.value,
        "summary": judgement.summary,
        "unverified": judgement.unverified,
    }
