"""What other evidence adds to the diagnosis of a log: changes, test reports, other attempts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aof.analysis.ci_log.records import Category, Diagnosis, Failure, FlakyEvidence, Location
from aof.analysis.ci_log.score import same_file
from aof.analysis.ci_log.signature import signature

_WEAK = 62.0  # score below which a line is only a word, not the form of a tool
_TESTS = {Category.UNIT_TEST, Category.INTEGRATION_TEST}

LOCK_FILES = (
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "poetry.lock",
    "uv.lock", "Pipfile.lock", "requirements.txt", "Cargo.lock", "go.sum", "go.mod",
    "Gemfile.lock", "composer.lock", "packages.lock.json", "gradle.lockfile", "mix.lock",
)  # fmt: skip
_CI_FILES = re.compile(
    r"^(?:\.github/workflows/|\.gitlab-ci|Jenkinsfile|\.travis\.yml|\.circleci/|azure-pipelines"
    r"|Dockerfile|docker-compose|Makefile|\.pre-commit-config|tox\.ini|noxfile)"
)


def with_test_reports(diagnosis: Diagnosis, reports: Sequence[Mapping[str, Any]]) -> Diagnosis:
    """The diagnosis with what JUnit reports know better than the log.

    Args:
        diagnosis: Of the log.
        reports: Each with `failed`: `{name, classname, file, line, message, text}`.

    Returns:
        The place of the failed test filled in, or the failed test as the cause when the log
        names none plainly.
    """
    failed = [case for report in reports for case in report.get("failed") or ()]
    if not failed:
        return diagnosis
    primary = diagnosis.primary
    if primary is not None and primary.score >= _WEAK:
        place = _place(next((c for c in failed if _is_about(c, primary)), {}))
        if primary.location is not None or place is None or primary.category not in _TESTS:
            return diagnosis
        return diagnosis.model_copy(
            update={"primary": primary.model_copy(update={"location": place})}
        )
    return _from_case(diagnosis, failed[0])


def _is_about(case: Mapping[str, Any], failure: Failure) -> bool:
    message = str(case.get("message") or "").strip()
    name = str(case.get("name") or "")
    return bool(message and message[:80] in failure.text) or bool(name and name in failure.text)


def _place(case: Mapping[str, Any]) -> Location | None:
    file = case.get("file")
    return Location(file=str(file), line=case.get("line")) if file else None


def _from_case(diagnosis: Diagnosis, case: Mapping[str, Any]) -> Diagnosis:
    name = ".".join(filter(None, (str(case.get("classname") or ""), str(case.get("name") or ""))))
    message = str(case.get("message") or case.get("text") or "failed").strip().partition("\n")[0]
    text = f"{name}: {message}"
    before = diagnosis.primary
    cause = Failure(
        line=before.line if before else 1,
        text=text[:4000],
        step=diagnosis.step,
        location=_place(case),
        rule="junit-report",
        category=Category.UNIT_TEST,
        score=100.0,
        signature=signature("junit-report", text),
    )
    others = (before, *diagnosis.candidates) if before else diagnosis.candidates
    return diagnosis.model_copy(
        update={
            "outcome": "failed",
            "primary": cause,
            "recognised": True,
            "category": cause.category,
            "confidence": 0.9,
            "candidates": others[:10],
            "fix_id": "test-failure",
        }
    )


def with_flaky(diagnosis: Diagnosis, evidence: Sequence[FlakyEvidence]) -> Diagnosis:
    """The diagnosis with evidence that the failure comes and goes."""
    if diagnosis.primary is None or not evidence:
        return diagnosis
    return diagnosis.model_copy(update={"flaky": (*diagnosis.flaky, *evidence)})


def suspects(diagnosis: Diagnosis, changed_files: Sequence[str]) -> tuple[str, ...]:
    """Changed files that the cause or a runner-up points at."""
    failures = [f for f in (diagnosis.primary, *diagnosis.candidates) if f is not None]
    places = [f.location.file.replace("\\", "/") for f in failures if f.location is not None]
    return tuple(
        path for path in changed_files if any(same_file(p.lstrip("./"), path) for p in places)
    )


def lock_files(changed_files: Sequence[str]) -> tuple[str, ...]:
    """Changed files that pin dependencies."""
    return tuple(path for path in changed_files if path.rpartition("/")[2] in LOCK_FILES)


def ci_files(changed_files: Sequence[str]) -> tuple[str, ...]:
    """Changed files that configure the pipeline."""
    return tuple(path for path in changed_files if _CI_FILES.match(path))
