"""The report's parts for a failed pipeline. Pure; a section nobody knows is not made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aof.analysis.ci_log.compare import LogChanges
from aof.analysis.ci_log.dependencies import dependency_changes
from aof.analysis.ci_log.enrich import ci_files, lock_files, suspects
from aof.analysis.ci_log.fixes import Advice, advice
from aof.analysis.ci_log.markdown import numbered
from aof.analysis.ci_log.records import Category, Diagnosis
from aof.playbooks.ci_failure_case import Case
from aof.playbooks.ci_failure_memory import shared_cause
from aof.playbooks.ci_failure_service import Gathered, JobLog

_TYPES = {
    Category.COMPILE: "Build", Category.DEPENDENCY: "Build", Category.LINT: "Build",
    Category.CONFIG: "Build", Category.ENVIRONMENT: "Infrastructure",
    Category.UNIT_TEST: "Test", Category.INTEGRATION_TEST: "Test", Category.FLAKY: "Test",
    Category.DEPLOY: "Deploy", Category.TIMEOUT: "Infrastructure",
    Category.OOM_RESOURCE: "Infrastructure", Category.NETWORK_INFRA: "Infrastructure",
}  # fmt: skip
_NO_CLASS = "Of what the log holds, the line above looks most like the cause; no class is known."
_COMMITS = 10
_PINS = 20
_ADDED = 10
_RETRIED = 10


def blocks(case: Case) -> dict[str, str]:
    """Markdown by name, for the report template."""
    diagnosis, gathered = case.diagnosis, case.gathered
    known = advice(diagnosis.fix_id, diagnosis.category) if diagnosis.recognised else None
    made = {
        "heading": heading(gathered, case.judged[0].job, diagnosis),
        "summary": _summary(case),
        "error": _error(diagnosis),
        "location": _location(case),
        "root_cause": _root_cause(case, known),
        "other_jobs": _other_jobs(case),
        "since": _since(gathered),
        "commits": _commits(gathered),
        "dependencies": _dependencies(gathered),
        "configuration": "\n".join(f"- `{_inline(path)}`" for path in ci_files(gathered.files)),
        "environment": _environment(case.changed),
        "fix": _fix(case, known),
        "flaky": _flaky(case),
        "prevention": known.prevention if known and known.prevention else "",
        "similar": _similar(case),
        "excerpt": _fenced("\n".join(numbered(diagnosis))) if diagnosis.excerpt else "",
    }
    return {name: text for name, text in made.items() if text}


def heading(
    gathered: Gathered, job: JobLog | None = None, diagnosis: Diagnosis | None = None
) -> str:
    """What was looked at, a line each."""
    commit = gathered.sha[:9] + (f" ({gathered.subject})" if gathered.subject else "")
    outcome = diagnosis.outcome if diagnosis else ""
    facts = [
        ("Pipeline", " ".join(filter(None, (gathered.platform, gathered.pipeline)))),
        ("Job", job.name if job else ""),
        ("Step", (job.step if job else "") or (diagnosis.step if diagnosis else "")),
        ("Build", gathered.build),
        ("Branch", gathered.branch),
        ("Commit", commit.strip()),
        ("Status", _status(gathered, outcome)),
        ("Log", gathered.url),
    ]
    return "  \n".join(f"{name}: {_inline(str(value))}" for name, value in facts if value)


def _status(gathered: Gathered, outcome: str) -> str:
    """As the service says it; a run that goes on has failed all the same once a job has."""
    status = (gathered.status or outcome).upper().replace("_", " ")
    under_way = outcome == "failed" and status in {"IN PROGRESS", "RUNNING", "PENDING"}
    return f"FAILED ({status.lower()})" if under_way else status


def _inline(text: str) -> str:
    return text.replace("\n", " ").replace("`", "'")[:300]


def _summary(case: Case) -> str:
    diagnosis = case.diagnosis
    if diagnosis.primary is None or not diagnosis.recognised:
        return ""
    kind = _TYPES.get(diagnosis.category)
    lines = [
        *([f"**Type**: {kind}"] if kind else []),
        f"**Category**: {diagnosis.category} (confidence {diagnosis.confidence:.2f})",
    ]
    if case.earlier:
        first = str(case.earlier[0].get("last_seen") or "")[:10]
        lines.append(f"**Frequency**: seen {len(case.earlier) + 1} times since {first}")
    if case.gathered.passed_since:
        lines.append(f"**Since then**: {_inline(case.gathered.passed_since)}")
    return "  \n".join(lines)


def _error(diagnosis: Diagnosis) -> str:
    return _fenced(diagnosis.primary.text.strip()) if diagnosis.primary else ""


def _fenced(text: str) -> str:
    """`text` in a fence no line of it can close."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"


def _location(case: Case) -> str:
    primary = case.diagnosis.primary
    if primary is None:
        return ""
    lines = [f"**Location**: `{_inline(str(primary.location))}`"] if primary.location else []
    if primary.line:
        lines.append(f"**Log line**: {primary.line}")
    lines.append(f"**Error type**: {primary.rule}")
    if case.diagnosis.exit_code is not None:
        lines.append(f"**Exit code**: {case.diagnosis.exit_code}")
    return "  \n".join(lines)


def _root_cause(case: Case, known: Advice | None) -> str:
    diagnosis, gathered = case.diagnosis, case.gathered
    primary = diagnosis.primary
    if primary is None:
        return ""
    if not diagnosis.recognised:
        return "No rule recognises the failure. Above is the last thing the job printed."
    facts = [
        f"line {primary.line} of the log, recognised as `{primary.rule}`"
        if primary.line
        else f"stated by {gathered.platform}, not in the log"
    ]
    touched = suspects(diagnosis, gathered.files)
    if touched:
        named = ", ".join(f"`{_inline(path)}`" for path in touched[:5])
        facts.append(f"changed since the last green commit and named by the failure: {named}")
    facts += case.passed_before
    if case.passed_before:
        facts.append("since then its surroundings changed, see What changed")
    facts += [item.detail for item in diagnosis.flaky]
    if shared := shared_cause(diagnosis, case.earlier, gathered):
        facts.append(shared)
    facts += [f"also in the log, line {c.line}: `{_inline(c.text.strip())[:160]}`"
              for c in diagnosis.candidates[:2] if c.score >= 60]  # fmt: skip
    cause = known.cause if known else _NO_CLASS
    lines = [cause, "", "**Evidence**:", ""]
    return "\n".join([*lines, *(f"{n}. {fact}" for n, fact in enumerate(facts, start=1))])


def _other_jobs(case: Case) -> str:
    """The other failed jobs, those with the same failure in one line."""
    first = case.diagnosis.primary
    same, lines = [], []
    for one in case.judged[1:]:
        failure = one.diagnosis.primary
        if failure is None:
            continue
        if first is not None and failure.signature == first.signature:
            same.append(one.job.name)
        else:
            lines.append(f"- {_inline(one.job.name)}: `{_inline(failure.text.strip())[:160]}`")
    if same:
        lines.insert(0, f"- the same failure: {_inline(', '.join(same))}")
    matrix = case.judged[0].job.name.partition(" (")
    passed = [name for name in case.gathered.passed_jobs if name.partition(" (")[0] == matrix[0]]
    if matrix[1] and passed:
        lines.append(f"- passed: {_inline(', '.join(passed))}")
    return "\n".join(lines)


def _since(gathered: Gathered) -> str:
    green = gathered.green
    if green is None:
        return ""
    where = f" on {_inline(green.branch)}" if green.branch else ""
    at = f" at {green.sha[:9]}" if green.sha else ""
    same = ": the same commit" if green.sha and green.sha == gathered.sha else ""
    return f"The last green run before this one is {green.number}{where}{at}{same}."


def _commits(gathered: Gathered) -> str:
    shown = [
        f"{str(c['sha'])[:9]} - {_inline(str(c['subject']))} ({_inline(str(c['author']))})"
        for c in gathered.commits[:_COMMITS]
    ]
    if len(gathered.commits) > _COMMITS or (shown and not gathered.commits_complete):
        shown.append("...")
    return _fenced("\n".join(shown)) if shown else ""


def _dependencies(gathered: Gathered) -> str:
    lines = [f"- {_inline(text)}" for text in map(_moved, dependency_changes(gathered.patch))]
    if len(lines) > _PINS:
        lines = [*lines[:_PINS], f"- and {len(lines) - _PINS} more"]
    return "\n".join(lines or [f"- `{_inline(p)}` changed" for p in lock_files(gathered.files)])


def _moved(change: tuple[str, str, str]) -> str:
    name, before, after = change
    if not before:
        return f"{name}: {after} is new"
    return f"{name}: {before} → {after}" if after else f"{name}: {before} is gone"


def _environment(changed: LogChanges) -> str:
    """What the log itself shows to differ from the last green one."""
    lines = [
        f"- {_inline(one.name)}: {_inline(one.before)} → {_inline(one.after)} (line {one.line})"
        for one in changed.values[:_PINS]
    ]
    lines += [
        f"- {_inline(one.name)} {_inline(one.after)} is new (line {one.line})"
        for one in changed.added[:_ADDED]
    ]
    lines += [f"- new in line {line}: `{_inline(text)}`" for line, text in changed.warnings]
    return "\n".join(lines)


def _fix(case: Case, known: Advice | None) -> str:
    if case.diagnosis.primary is None or not case.diagnosis.recognised:
        return ""
    gathered, place = case.gathered, case.diagnosis.primary.location
    parts = []
    if case.entry and case.entry.get("fixed_by"):
        parts.append(f"**What helped last time**: `{_inline(case.entry['fixed_by'])}`")
    if known is not None:
        steps = "\n".join(f"{n}. {step}" for n, step in enumerate(known.steps, start=1))
        commands = known.runnable(
            place.file if place else None,
            place.line if place else None,
            case.diagnosis.primary.text,
            case.diagnosis.tests,
        )
        parts.append("\n\n".join(filter(None, (steps, _shell(_concrete(commands, gathered))))))
    touched = suspects(case.diagnosis, gathered.files)
    if len(gathered.commits) == 1 and gathered.commits_complete and touched:
        revert = f"git revert --no-edit {str(gathered.commits[0]['sha'])[:12]}"
        parts.append(
            f"Or take back the one commit since the last green run:\n\n{_shell((revert,))}"
        )
    elif case.bisect is not None:
        parts.append(_bisection(case.bisect))
    return "\n\n".join(parts)


def _concrete(commands: Sequence[str], gathered: Gathered) -> list[str]:
    """Commands with the last green commit filled in; those that need it and cannot, left out."""
    green = gathered.green.sha[:12] if gathered.green else ""
    filled = [command.replace("LAST_GREEN", green) for command in commands]
    return [f for f, given in zip(filled, commands, strict=True) if green or f == given]


def _bisection(plan: Mapping[str, Any]) -> str:
    first = plan.get("first") or {}
    hint = f", beginning with {str(first['sha'])[:9]} ({_inline(str(first['subject']))})"
    return (
        f"Find the commit among {plan['commits']} with at most {plan['steps']} tests"
        f"{hint if first else ''}:\n\n{_shell((str(plan['run']),))}"
    )


def _shell(commands: Sequence[str]) -> str:
    return "```bash\n" + "\n".join(commands) + "\n```" if commands else ""


def _flaky(case: Case) -> str:
    diagnosis = case.diagnosis
    told = {item.detail.split("'")[1] for item in diagnosis.flaky if item.kind == "retry-passed"}
    others = [one for one in case.retried if one.name not in told]
    parts = []
    if diagnosis.flaky:
        lines = "\n".join(f"- {_inline(item.detail)}" for item in diagnosis.flaky)
        parts.append(f"**Is this flaky?** YES\n\n{lines}")
    elif diagnosis.category is Category.NETWORK_INFRA:
        parts.append(
            "**Is this flaky?** Not shown. A transient cause is suspected: run it again once."
        )
    if others:
        lines = "\n".join(
            f"- `{_inline(one.name)}` ({one.tool}, line {one.line})" for one in others[:_RETRIED]
        )
        parts.append(f"Failed and passed on a retry in this log, and is not the cause:\n\n{lines}")
    return "\n\n".join(parts)


def _similar(case: Case) -> str:
    if not case.earlier:
        return ""
    count = len(case.earlier)
    fixed = (case.entry or {}).get("fixed_by")
    times = "once" if count == 1 else f"{count} times"
    lines = [f"Seen {times} before" + (f", last fixed by `{_inline(fixed)}`" if fixed else "")]
    for entry in case.earlier[-5:]:
        build = str(entry.get("build") or "").lstrip("#")
        parts = [str(entry.get("last_seen") or "")[:10]]
        parts += [f"build #{build}"] if build else []
        parts += [f"on {entry['branch']}"] if entry.get("branch") else []
        parts += [f"at {str(entry['commit'])[:9]}"] if entry.get("commit") else []
        lines.append(f"- {_inline(' '.join(parts))}")
    return "\n".join([f"{lines[0]}:", "", *lines[1:]])
