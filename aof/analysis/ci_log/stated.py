"""Diagnoses from what a CI service itself states, for jobs whose log says nothing of it."""

from __future__ import annotations

import re

from aof.analysis.ci_log.records import Category, Diagnosis, Failure, Location
from aof.analysis.ci_log.signature import signature

_INTERRUPTED = "runner-cancelled"  # the rule for a log that says no more than that

_GITHUB_ENDED = re.compile(
    r"lost communication|shutdown signal|was not acquired|hosted runner|runner.{1,40}offline"
    r"|internal error"
)
_GITHUB_BILLING = re.compile(r"payments? ha(?:s|ve) failed|spending limit|billing")

_GITLAB: dict[str, tuple[Category, str]] = {
    "runner_system_failure": (
        Category.NETWORK_INFRA, "The runner failed; the script is not to blame."),
    "stuck_or_timeout_failure": (
        Category.NETWORK_INFRA, "No runner took the job, or it ran out of time."),
    "no_matching_runner": (
        Category.CONFIG, "No runner of the project has the job's tags, or all are paused."),
    "job_execution_timeout": (Category.TIMEOUT, "The job ran longer than its time limit."),
    "runner_unsupported": (
        Category.CONFIG, "The runner is too old for what the job asks for."),
    "missing_dependency_failure": (
        Category.CONFIG, "Artifacts of an earlier job are missing or have expired."),
    "unmet_prerequisites": (Category.CONFIG, "What the job needs beforehand was not prepared."),
    "scheduler_failure": (Category.NETWORK_INFRA, "GitLab could not give the job to a runner."),
    "data_integrity_failure": (
        Category.NETWORK_INFRA, "GitLab found the job's data structurally damaged."),
    "api_failure": (Category.NETWORK_INFRA, "The runner could not reach GitLab's API."),
    "archived_failure": (Category.CONFIG, "The job is too old to be run."),
    "ci_quota_exceeded": (Category.CONFIG, "The quota of compute minutes is used up."),
    "user_blocked": (Category.CONFIG, "The user who started the pipeline is blocked."),
    "builds_disabled": (Category.CONFIG, "CI/CD is switched off in this project."),
    "environment_creation_failure": (
        Category.CONFIG, "The environment could not be created; look at its name."),
    "deployment_rejected": (Category.DEPLOY, "The deployment was rejected by an approver."),
    "protected_environment_failure": (
        Category.DEPLOY, "The environment is protected, and this user may not deploy to it."),
    "forward_deployment_failure": (
        Category.DEPLOY, "A newer commit was already deployed to this environment."),
    "failed_outdated_deployment_job": (
        Category.DEPLOY, "A newer commit was already deployed to this environment."),
    "downstream_bridge_project_not_found": (
        Category.CONFIG, "The project of the downstream pipeline does not exist."),
    "downstream_pipeline_creation_failed": (
        Category.CONFIG, "The downstream pipeline could not be created."),
    "insufficient_bridge_permissions": (
        Category.CONFIG, "The user may not start the downstream pipeline."),
    "insufficient_upstream_permissions": (
        Category.CONFIG, "The user may not read the upstream project."),
    "upstream_bridge_project_not_found": (
        Category.CONFIG, "The upstream project does not exist."),
    "invalid_bridge_trigger": (Category.CONFIG, "The trigger of the downstream pipeline is wrong."),
    "bridge_pipeline_is_child_pipeline": (
        Category.CONFIG, "A child pipeline may not start another one here."),
    "pipeline_loop_detected": (Category.CONFIG, "Pipelines start each other in a circle."),
    "reached_max_descendant_pipelines_depth": (
        Category.CONFIG, "Child pipelines are nested too deep."),
    "reached_max_pipeline_hierarchy_size": (
        Category.CONFIG, "The pipeline has too many downstream pipelines."),
    "secrets_provider_not_found": (
        Category.CONFIG, "No provider is configured for the secrets the job asks for."),
    "ip_restriction_failure": (
        Category.CONFIG, "The group is restricted to other IP addresses than the runner's."),
}  # fmt: skip


def gitlab_reason(reason: str) -> Diagnosis | None:
    """What GitLab's `failure_reason` means; None for reasons of the script."""
    known = _GITLAB.get(reason)
    if known is None:
        return None
    category, sentence = known
    return stated(f"{sentence} ({reason})", category, rule="gitlab-failure-reason")


def stated(text: str, category: Category, *, rule: str, file: str = "") -> Diagnosis:
    """A diagnosis whose cause is a sentence of the service; it stands in no log: line 0."""
    cause = Failure(
        line=0,
        text=text,
        location=Location(file=file) if file else None,
        rule=rule,
        category=category,
        score=90.0,
        signature=signature(rule, text),
    )
    return Diagnosis(
        outcome="failed", primary=cause, recognised=True, category=category, confidence=0.9
    )


def prefer_stated(diagnosis: Diagnosis, said: Diagnosis | None) -> Diagnosis:
    """What the service states, where the log names no cause or only that it was interrupted."""
    primary = diagnosis.primary
    silent = not diagnosis.recognised or (primary is not None and primary.rule == _INTERRUPTED)
    if said is None or not silent:
        return diagnosis
    kept = {"excerpt": diagnosis.excerpt, "step": diagnosis.step, "platform": diagnosis.platform}
    return said.model_copy(update={**kept, "notes": diagnosis.notes})


def github_annotation(message: str) -> Diagnosis | None:
    """Why GitHub ended a job from outside, in the words of its annotation; None for others."""
    if "maximum execution time" in message:
        return stated(message, Category.TIMEOUT, rule="github-ended-job")
    if _GITHUB_ENDED.search(message):
        return stated(message, Category.NETWORK_INFRA, rule="github-ended-job")
    if _GITHUB_BILLING.search(message):
        return stated(message, Category.CONFIG, rule="github-ended-job")
    return None
