"""Playbook `ci_failure`: read the logs of a failed pipeline, name the cause, say what to try.

The analysis is `aof.analysis.ci_log`; what it cannot see (commits, attempts, test reports,
earlier failures) is gathered here and joined to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from aof.analysis.ci_log import Category, Diagnosis, diagnose
from aof.analysis.ci_log.enrich import suspects, with_flaky, with_test_reports
from aof.analysis.ci_log.rules import RuleSet
from aof.plans import Action
from aof.playbooks.base import Calls, Options, Request
from aof.playbooks.ci_failure_gather import Gathered, JobLog, gather, read_changes
from aof.playbooks.ci_failure_memory import entry_of, fixed_by, seen_before, unrelated_branches
from aof.playbooks.ci_failure_report import blocks
from aof.playbooks.ci_failure_source import SETTINGS, source_of
from aof.playbooks.problem_matchers import FOLDER, rules_with
from aof.verdict import Assessment, Finding, Verdict


class CiFailureOptions(Options):
    """What to do beside diagnosing."""

    rerun: bool = Field(
        default=False,
        description="Plan a run of the failed jobs again when flakiness is shown; otherwise "
        "it is only recommended.",
    )


@dataclass(slots=True)
class _Judged:
    job: JobLog
    diagnosis: Diagnosis


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
        gathered = gather(source_of(request), calls)
        read_changes(gathered, calls)
        rules, problems = rules_with(FOLDER)
        gathered.warnings += problems
        judged = [_judge(job, gathered, rules) for job in gathered.jobs]
        if not judged or all(one.diagnosis.outcome == "passed" for one in judged):
            return _no_failure(gathered, judged)
        judged.sort(key=lambda one: -_weight(one.diagnosis))
        first = judged[0]
        diagnosis = with_test_reports(first.diagnosis, gathered.reports)
        earlier = seen_before(diagnosis, memory)
        diagnosis = with_flaky(diagnosis, [*gathered.flaky, *unrelated_branches(earlier, gathered)])
        fixed = fixed_by(earlier, diagnosis, gathered, calls)
        entry = entry_of(
            diagnosis, gathered, earlier, job=first.job.name, now=request.now, fixed=fixed
        )
        return _assessment(_Case(gathered, judged, diagnosis, earlier, entry), calls, options)


@dataclass(slots=True)
class _Case:
    gathered: Gathered
    judged: list[_Judged]
    diagnosis: Diagnosis
    earlier: list[Mapping[str, Any]]
    entry: dict[str, Any] | None


def _judge(job: JobLog, gathered: Gathered, rules: RuleSet) -> _Judged:
    buffer = job.log.encode() if isinstance(job.log, str) else job.log
    known = job.id is not None  # the service listed it as failed
    return _Judged(job, diagnose(buffer, gathered.files, failed=known, rules=rules))


def _weight(diagnosis: Diagnosis) -> float:
    return diagnosis.primary.score if diagnosis.primary else -1.0


def _no_failure(gathered: Gathered, judged: Sequence[_Judged]) -> Assessment:
    ended = gathered.status.lower()
    passed = bool(judged) or ended in ("success", "passed")
    return Assessment(
        verdict=Verdict.PASS if passed else Verdict.INCONCLUSIVE,
        decision="NO-FAILURE" if passed else "UNKNOWN",
        summary="The pipeline passed."
        if passed
        else f"No failed job was found; the pipeline is {ended or 'of unknown state'}.",
        facts=Diagnosis(outcome="passed" if passed else "unknown").as_dict(),
        blocks={"heading": blocks_heading(gathered)},
        warnings=tuple(gathered.warnings),
    )


def blocks_heading(gathered: Gathered) -> str:
    """The heading of a report without a failure."""
    return "  \n".join(
        f"{name}: {value}"
        for name, value in (
            ("Pipeline", gathered.platform),
            ("Build", gathered.build and f"#{gathered.build}"),
            ("Status", gathered.status.upper()),
        )
        if value
    )


def _assessment(case: _Case, calls: Calls, options: CiFailureOptions) -> Assessment:
    diagnosis, gathered = case.diagnosis, case.gathered
    job = case.judged[0].job
    primary = diagnosis.primary
    others = [
        (one.job.name, one.diagnosis.primary) for one in case.judged[1:] if one.diagnosis.primary
    ]
    notes = [f"{one.job.name}: {one.job.note}" for one in case.judged if one.job.note]
    facts = {
        **diagnosis.as_dict(),
        "job": job.name,
        "source": gathered.platform,
        "commit": gathered.sha,
        "last_green": gathered.green_sha,
        "suspects": list(suspects(diagnosis, gathered.files)),
        "frequency": len(case.earlier) + 1 if primary else 0,
    }
    return Assessment(
        verdict=Verdict.PASS if diagnosis.recognised else Verdict.INCONCLUSIVE,
        decision="DIAGNOSED" if diagnosis.recognised else "UNKNOWN",
        summary=_sentence(diagnosis),
        findings=_findings(diagnosis, tuple(filter(None, (job.evidence,)))),
        actions=tuple(_actions(case, calls, options)),
        facts=facts,
        blocks=blocks(
            diagnosis,
            gathered,
            job=job.name,
            other_jobs=others,
            earlier=case.earlier,
            entry=case.entry,
        ),
        warnings=tuple(dict.fromkeys([*gathered.warnings, *notes, *diagnosis.notes])),
        memory=case.entry,
    )


def _sentence(diagnosis: Diagnosis) -> str:
    primary = diagnosis.primary
    if primary is None:
        return "The pipeline failed, and its log shows no failure that is recognised."
    text = primary.text.strip().replace("\n", " ")
    if not diagnosis.recognised:
        return f"The pipeline failed; no rule recognises why. Its last output: {text[:200]}"
    shown = text if len(text) <= 200 else f"{text[:197]}..."
    where = f" ({primary.location})" if primary.location else ""
    return f"{diagnosis.category}: {shown}{where}"


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


def _actions(case: _Case, calls: Calls, options: CiFailureOptions) -> list[Action]:
    """Running the failed jobs again, when that can help."""
    diagnosis, gathered = case.diagnosis, case.gathered
    transient = diagnosis.category is Category.NETWORK_INFRA
    if diagnosis.primary is None or not (diagnosis.flaky or transient):
        return []
    executable = options.rerun and bool(diagnosis.flaky)
    reason = "run the failed jobs again: the failure " + (
        "comes and goes" if diagnosis.flaky else "may be transient"
    )
    evidence = gathered.evidence[:3]
    job = case.judged[0].job
    if gathered.platform == "GitHub Actions":
        run = gathered.url.rpartition("/")[2]
        arguments: dict[str, Any] = {"run_id": int(run) if run.isdecimal() else "<run>"}
        operation, tool = "rerun_failed_jobs", "github_actions"
    elif gathered.platform == "GitLab CI" and job.id is not None:
        operation, tool, arguments = "retry_job", "gitlab_ci", {"job_id": job.id}
    else:
        return []
    if calls.not_consulted(tool) is not None:
        return []
    return [
        calls.action(
            tool, operation, arguments, reason=reason, evidence=evidence, executable=executable
        )
    ]
