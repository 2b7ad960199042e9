"""The report's parts for a failed pipeline. Pure; a section nobody knows is not made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aof.analysis.ci_log.enrich import ci_files, dependency_changes, lock_files, suspects
from aof.analysis.ci_log.fixes import Advice, advice
from aof.analysis.ci_log.markdown import numbered
from aof.analysis.ci_log.records import Category, Diagnosis, Failure
from aof.playbooks.ci_failure_gather import Gathered

_TYPES = {
    Category.COMPILE: "Build", Category.DEPENDENCY: "Build", Category.LINT: "Build",
    Category.CONFIG: "Build", Category.ENVIRONMENT: "Infrastructure",
    Category.UNIT_TEST: "Test", Category.INTEGRATION_TEST: "Test", Category.FLAKY: "Test",
    Category.DEPLOY: "Deploy", Category.TIMEOUT: "Infrastructure",
    Category.OOM_RESOURCE: "Infrastructure", Category.NETWORK_INFRA: "Infrastructure",
}  # fmt: skip
_COMMITS = 10


def blocks(
    diagnosis: Diagnosis,
    gathered: Gathered,
    *,
    job: str,
    other_jobs: Sequence[tuple[str, Failure]],
    earlier: Sequence[Mapping[str, Any]],
    entry: Mapping[str, Any] | None,
) -> dict[str, str]:
    """Markdown by name, for the report template."""
    known = advice(diagnosis.fix_id, diagnosis.category) if diagnosis.primary else None
    made = {
        "heading": _heading(gathered, job, diagnosis),
        "summary": _summary(diagnosis, entry),
        "error": _error(diagnosis),
        "location": _location(diagnosis),
        "root_cause": _root_cause(diagnosis, gathered, known),
        "other_jobs": _other_jobs(other_jobs),
        "commits": _commits(gathered),
        "dependencies": _dependencies(gathered),
        "configuration": "\n".join(f"- `{path}`" for path in ci_files(gathered.files)),
        "fix": _fix(diagnosis, gathered, known, entry),
        "flaky": _flaky(diagnosis),
        "prevention": f"1. {known.prevention}" if known and known.prevention else "",
        "similar": _similar(earlier, entry),
        "excerpt": _fenced("\n".join(numbered(diagnosis))) if diagnosis.excerpt else "",
    }
    return {name: text for name, text in made.items() if text}


def _heading(gathered: Gathered, job: str, diagnosis: Diagnosis) -> str:
    commit = gathered.sha[:9] + (f" ({gathered.subject})" if gathered.subject else "")
    facts = [
        ("Pipeline", " ".join(filter(None, (gathered.platform, gathered.pipeline)))),
        ("Job", job),
        ("Step", diagnosis.step),
        ("Build", f"#{gathered.build}" if gathered.build else ""),
        ("Branch", gathered.branch),
        ("Commit", commit.strip()),
        ("Status", (gathered.status or diagnosis.outcome).upper()),
        ("Log", gathered.url),
    ]
    return "  \n".join(f"{name}: {_inline(str(value))}" for name, value in facts if value)


def _inline(text: str) -> str:
    return text.replace("\n", " ").replace("`", "'")[:300]


def _summary(diagnosis: Diagnosis, entry: Mapping[str, Any] | None) -> str:
    if diagnosis.primary is None:
        return ""
    lines = [
        f"**Type**: {_TYPES.get(diagnosis.category, 'Build')}",
        f"**Category**: {diagnosis.category} (confidence {diagnosis.confidence:.2f})",
    ]
    if entry and entry["frequency"] > 1:
        lines.append(f"**Frequency**: seen {entry['frequency']} times")
    return "  \n".join(lines)


def _error(diagnosis: Diagnosis) -> str:
    return _fenced(diagnosis.primary.text.strip()) if diagnosis.primary else ""


def _fenced(text: str) -> str:
    """`text` in a fence no line of it can close."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"


def _location(diagnosis: Diagnosis) -> str:
    if diagnosis.primary is None:
        return ""
    lines = [f"**Log line**: {diagnosis.primary.line}"]
    if diagnosis.primary.location is not None:
        lines.insert(0, f"**Location**: `{_inline(str(diagnosis.primary.location))}`")
    lines.append(f"**Error type**: {diagnosis.primary.rule}")
    if diagnosis.exit_code is not None:
        lines.append(f"**Exit code**: {diagnosis.exit_code}")
    return "  \n".join(lines)


def _root_cause(diagnosis: Diagnosis, gathered: Gathered, known: Advice | None) -> str:
    if diagnosis.primary is None:
        return ""
    lines = [known.cause if known else "The line above ended the job.", "", "**Evidence**:", ""]
    facts = [f"line {diagnosis.primary.line} of the log, recognised as `{diagnosis.primary.rule}`"]
    touched = suspects(diagnosis, gathered.files)
    if touched:
        named = ", ".join(f"`{_inline(path)}`" for path in touched[:5])
        facts.append(f"changed since the last green commit and named by the failure: {named}")
    facts += [item.detail for item in diagnosis.flaky]
    facts += [f"also in the log, line {c.line}: `{_inline(c.text.strip())[:160]}`"
              for c in diagnosis.candidates[:2] if c.score >= 60]  # fmt: skip
    return "\n".join([*lines, *(f"{n}. {fact}" for n, fact in enumerate(facts, start=1))])


def _other_jobs(other_jobs: Sequence[tuple[str, Failure]]) -> str:
    return "\n".join(
        f"- {_inline(name)}: `{_inline(failure.text.strip())[:160]}`"
        for name, failure in other_jobs
    )


def _commits(gathered: Gathered) -> str:
    shown = [
        f"{str(c['sha'])[:9]} - {_inline(str(c['subject']))} ({_inline(str(c['author']))})"
        for c in gathered.commits[:_COMMITS]
    ]
    if len(gathered.commits) > _COMMITS or (shown and not gathered.commits_complete):
        shown.append("...")
    return _fenced("\n".join(shown)) if shown else ""


def _dependencies(gathered: Gathered) -> str:
    changes = dependency_changes(gathered.patch)
    lines = [f"- {name}: {before} → {after}" for name, before, after in changes[:20]]
    return "\n".join(lines or [f"- `{path}` changed" for path in lock_files(gathered.files)])


def _fix(
    diagnosis: Diagnosis,
    gathered: Gathered,
    known: Advice | None,
    entry: Mapping[str, Any] | None,
) -> str:
    if diagnosis.primary is None:
        return ""
    place = diagnosis.primary.location
    parts = []
    if entry and entry.get("fixed_by"):
        parts.append(f"**What helped last time**: `{_inline(entry['fixed_by'])}`")
    if known is not None:
        steps = "\n".join(f"{n}. {step}" for n, step in enumerate(known.steps, start=1))
        commands = known.runnable(place.file if place else None, place.line if place else None)
        parts.append("\n\n".join(filter(None, (steps, _shell(commands)))))
    touched = suspects(diagnosis, gathered.files)
    if len(gathered.commits) == 1 and gathered.commits_complete and touched:
        revert = f"git revert --no-edit {str(gathered.commits[0]['sha'])[:12]}"
        parts.append(
            f"Or take back the one commit since the last green run:\n\n{_shell((revert,))}"
        )
    elif len(gathered.commits) > 1 and gathered.green_sha:
        bisect = f"git bisect start {gathered.sha[:12]} {gathered.green_sha[:12]}"
        among = f"{len(gathered.commits)}{'' if gathered.commits_complete else ' or more'}"
        run = f"{bisect} && git bisect run <test-command>"
        parts.append(f"Find the commit among {among}:\n\n{_shell((run,))}")
    return "\n\n".join(parts)


def _shell(commands: Sequence[str]) -> str:
    return "```bash\n" + "\n".join(commands) + "\n```" if commands else ""


def _flaky(diagnosis: Diagnosis) -> str:
    if diagnosis.flaky:
        lines = "\n".join(f"- {item.detail}" for item in diagnosis.flaky)
        return f"**Is this flaky?** YES\n\n{lines}"
    if diagnosis.category is Category.NETWORK_INFRA:
        return "**Is this flaky?** Not shown. A transient cause is suspected: run it again once."
    return ""


def _similar(earlier: Sequence[Mapping[str, Any]], entry: Mapping[str, Any] | None) -> str:
    lines = [
        f"- {_inline(str(e.get('last_seen', ''))[:10])} build #{e.get('build') or '?'}"
        f"{' on ' + _inline(str(e['branch'])) if e.get('branch') else ''}"
        for e in list(earlier)[-5:]
    ]
    if lines and entry:
        fixed = f", last fixed by `{_inline(entry['fixed_by'])}`" if entry.get("fixed_by") else ""
        lines.insert(0, f"Seen {len(earlier)} times before{fixed}:\n")
    return "\n".join(lines)
