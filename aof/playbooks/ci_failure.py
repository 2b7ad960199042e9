"""Playbook `ci_failure`: read the logs of a failed pipeline, name the cause, say what to try.

The analysis is `aof.analysis.ci_log`; what it cannot see (commits, the last green log, other
attempts, test reports, earlier failures) is gathered by the service the pipeline ran on and
joined to it here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from aof.analysis.ci_log import Category, Diagnosis, diagnose
from aof.analysis.ci_log.enrich import suspects, with_flaky, with_test_reports
from aof.analysis.ci_log.records import FlakyEvidence
from aof.analysis.ci_log.retries import evidence as retry_evidence
from aof.analysis.ci_log.retries import recovered
from aof.analysis.ci_log.rules import RuleSet
from aof.analysis.ci_log.stated import prefer_stated
from aof.analysis.ci_log.steps import without_tolerated
from aof.plans import Action
from aof.playbooks.base import Calls, Options, Request
from aof.playbooks.ci_failure_case import Case, Judged
from aof.playbooks.ci_failure_changes import bisection, log_changes, read_changes
from aof.playbooks.ci_failure_gather import service_of
from aof.playbooks.ci_failure_memory import (
    already_remembered,
    entry_of,
    fixed_by,
    key_of,
    seen_before,
    unrelated_branches,
)
from aof.playbooks.ci_failure_report import blocks, heading
from aof.playbooks.ci_failure_service import Gathered, JobLog, Service
from aof.playbooks.ci_failure_source import SETTINGS, source_of
from aof.playbooks.problem_matchers import FOLDER, rules_with
from aof.verdict import Assessment, Finding, Verdict

_NO_FAILURE = {"success", "passed", "skipped", "neutral", "not_built"}
_UNDER_WAY = {"in_progress", "running", "queued", "pending", "created", "waiting", "requested"}


class CiFailureOptions(Options):
    """What to do beside diagnosing."""

    rerun: bool = Field(
        default=False,
        description="Plan a run of the failed jobs again when flakiness is shown; otherwise "
        "it is only recommended.",
    )


class CiFailure:
    """Diagnoses a failed pipeline."""

    name = "ci_failure"
    options: type[Options] = CiFailureOptions
    settings: Mapping[str, str] = SETTINGS

    def assess(
        self,
        request: Request,
        calls: Calls,
        options: CiFailureOptions,
        memory: Sequence[Mapping[str, Any]],
    ) -> Assessment:
        source = source_of(request)
        service = service_of(source, calls)
        gathered = service.gather()
        read_changes(gathered, service, calls)
        rules, problems = rules_with(FOLDER)
        gathered.warnings += problems
        judged = [_judge(job, gathered, rules) for job in gathered.jobs]
        if not judged or all(one.diagnosis.outcome == "passed" for one in judged):
            return _no_failure(gathered, judged)
        judged.sort(key=lambda one: -_weight(one.diagnosis))
        case = _case(gathered, judged, service, calls)
        _join_memory(case, service, calls, request, memory)
        return _assessment(case, service, calls, options)


def _judge(job: JobLog, gathered: Gathered, rules: RuleSet) -> Judged:
    buffer = job.log.encode() if isinstance(job.log, str) else job.log
    if job.steps:
        buffer, tolerated = without_tolerated(buffer, job.steps)
        for name in tolerated:
            gathered.warnings.append(f"Step '{name}' of {job.name} failed and was allowed to.")
    diagnosis = diagnose(buffer, gathered.files, failed=job.failed, rules=rules)
    return Judged(job, prefer_stated(diagnosis, job.stated))


def _weight(diagnosis: Diagnosis) -> float:
    return diagnosis.primary.score if diagnosis.primary else -1.0


def _case(gathered: Gathered, judged: list[Judged], service: Service, calls: Calls) -> Case:
    """Everything about the one failure that explains the others."""
    job = judged[0].job
    diagnosis = with_test_reports(judged[0].diagnosis, gathered.reports)
    case = Case(gathered, judged, diagnosis)
    case.changed = log_changes(gathered, service, job, diagnosis)
    case.retried = recovered(job.log.encode() if isinstance(job.log, str) else job.log)
    evidence = retry_evidence(diagnosis, case.retried)
    for twin in service.twins(gathered, job):
        if not twin.later and case.changed.values:
            # It passed, then the surroundings changed, and it fails: no coming and going.
            case.passed_before.append(twin.detail)
        else:
            evidence.append(FlakyEvidence(kind="same-commit-passed", detail=twin.detail))
    case.diagnosis = with_flaky(diagnosis, evidence)
    if not case.diagnosis.flaky and diagnosis.category is not Category.NETWORK_INFRA:
        case.bisect = bisection(gathered, calls)
    return case


def _join_memory(
    case: Case,
    service: Service,
    calls: Calls,
    request: Request,
    memory: Sequence[Mapping[str, Any]],
) -> None:
    """Recall earlier failures like this one, and make what is to be remembered of it."""
    gathered, job = case.gathered, case.judged[0].job
    key = key_of(gathered, job)
    case.earlier = seen_before(case.diagnosis, memory, key)
    branches = unrelated_branches(case.diagnosis, case.earlier, gathered)
    case.diagnosis = with_flaky(case.diagnosis, branches)
    fixed = fixed_by(case.earlier, case.diagnosis, gathered, service, calls)
    case.entry = entry_of(
        case.diagnosis, gathered, case.earlier, job=job, key=key, now=request.now, fixed=fixed
    )
    case.remembered = already_remembered(memory, key)


def _no_failure(gathered: Gathered, judged: Sequence[Judged]) -> Assessment:
    ended = gathered.status.lower()
    passed = bool(judged) or ended in _NO_FAILURE
    if passed:
        summary = "The pipeline passed."
    elif gathered.cancelled:
        summary = f"The pipeline was cancelled, and nothing failed before: {gathered.cancelled}"
    elif ended in _UNDER_WAY:
        summary = f"The pipeline is {ended.replace('_', ' ')}; no job of it has failed so far."
    else:
        summary = f"No failed job was found; the pipeline is {ended or 'of unknown state'}."
    return Assessment(
        verdict=Verdict.PASS if passed else Verdict.INCONCLUSIVE,
        decision="NO-FAILURE" if passed else "UNKNOWN",
        summary=summary,
        facts=Diagnosis(outcome="passed" if passed else "unknown").as_dict(),
        blocks={"heading": heading(gathered)},
        warnings=tuple(gathered.warnings),
    )


def _assessment(
    case: Case, service: Service, calls: Calls, options: CiFailureOptions
) -> Assessment:
    diagnosis, gathered = case.diagnosis, case.gathered
    job = case.judged[0].job
    notes = [f"{one.job.name}: {one.job.note}" for one in case.judged if one.job.note]
    facts = {
        **diagnosis.as_dict(),
        "job": job.name,
        "failed_step": job.step,
        "source": gathered.platform,
        "commit": gathered.sha,
        "last_green": gathered.green.sha if gathered.green else "",
        "passed_since": gathered.passed_since,
        "suspects": list(suspects(diagnosis, gathered.files)),
        "changed": case.changed.model_dump(mode="json"),
        "frequency": len(case.earlier) + 1 if diagnosis.primary else 0,
        "other_jobs": [
            {"job": one.job.name, "text": one.diagnosis.primary.text.strip()[:300]}
            for one in case.judged[1:]
            if one.diagnosis.primary
        ],
    }
    return Assessment(
        verdict=Verdict.PASS if diagnosis.recognised else Verdict.INCONCLUSIVE,
        decision="DIAGNOSED" if diagnosis.recognised else "UNKNOWN",
        summary=_sentence(diagnosis),
        findings=_findings(diagnosis, tuple(filter(None, (job.evidence,)))),
        actions=tuple(_actions(case, service, calls, options)),
        facts=facts,
        blocks=blocks(case),
        warnings=tuple(dict.fromkeys([*gathered.warnings, *notes, *diagnosis.notes])),
        memory=None if case.remembered else case.entry,
    )


def _sentence(diagnosis: Diagnosis) -> str:
    primary = diagnosis.primary
    if diagnosis.outcome == "unknown":
        return "The log says neither that the job failed nor that it passed."
    if primary is None:
        return "The pipeline failed, and its log shows no failure that is recognised."
    text = " ".join(primary.text.split())
    if not diagnosis.recognised:
        return f"The pipeline failed; no rule recognises why. Its last output: {text[:200]}"
    shown = text if len(text) <= 200 else f"{text[:197]}..."
    where = f" ({primary.location})" if primary.location else ""
    named = "" if diagnosis.category is Category.UNKNOWN else f"{diagnosis.category}: "
    return f"{named}{shown}{where}"


def _findings(diagnosis: Diagnosis, evidence: tuple[str, ...]) -> tuple[Finding, ...]:
    if diagnosis.primary is None:
        return ()
    primary = diagnosis.primary
    found = [
        Finding(
            id="cause",
            verdict=Verdict.PASS,
            title=f"{primary.category}: {primary.text.strip()[:200]}",
            detail=f"line {primary.line}, rule {primary.rule}, "
            f"confidence {diagnosis.confidence:.2f}",
            evidence=evidence,
        )
    ]
    found += [
        Finding(id=f"flaky-{n}", verdict=Verdict.PASS, title=item.detail, evidence=evidence)
        for n, item in enumerate(diagnosis.flaky, start=1)
    ]
    return tuple(found)


def _actions(case: Case, service: Service, calls: Calls, options: CiFailureOptions) -> list[Action]:
    """Running the failed jobs again, when that can help."""
    diagnosis, job = case.diagnosis, case.judged[0].job
    transient = diagnosis.category is Category.NETWORK_INFRA
    if diagnosis.primary is None or not (diagnosis.flaky or transient):
        return []
    call = service.rerun(job)
    if call is None or calls.not_consulted(service.tool) is not None:
        return []
    operation, arguments = call
    reason = "run the failed jobs again: the failure " + (
        "comes and goes" if diagnosis.flaky else "may be transient"
    )
    return [
        calls.action(
            service.tool,
            operation,
            arguments,
            reason=reason,
            evidence=case.gathered.evidence[:3],
            executable=options.rerun and bool(diagnosis.flaky),
        )
    ]
