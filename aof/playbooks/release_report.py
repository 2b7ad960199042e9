"""What a person reads: findings, and the blocks of the release manager's report."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from aof.analysis.release.config import ReleaseConfig
from aof.analysis.release.escape import escape
from aof.analysis.release.history import Plans
from aof.analysis.release.model import Diagnostic
from aof.analysis.release.overview import (
    files_note,
    outside_note,
    package_title,
    packages_table,
)
from aof.analysis.release.plan import ReleasePlan
from aof.plans import Action
from aof.playbooks.release_next import Next
from aof.playbooks.release_published import Published
from aof.playbooks.release_stages import StageView, spoken
from aof.playbooks.release_texts import notes_block
from aof.verdict import Finding, Verdict

_MOST = 20
_ALWAYS = ("Breaking changes", "Features", "Bug fixes")
_KEPT = ("app", "package", "guardian")
_KINDS = {
    "feat": "Features",
    "fix": "Bug fixes",
    "perf": "Performance",
    "docs": "Documentation",
    "chore": "Chores",
}


def findings_of(plans: Plans, evidence: Sequence[str]) -> list[Finding]:
    """The accounting of commits, and every question the analysis leaves to a person."""
    found: list[Finding] = []
    for plan in plans.plans:
        name = f"{plan.package}: " if plan.package else ""
        changed = plan.changed
        if not changed.commits:
            continue
        noun = "commit" if changed.commits == 1 else "commits"
        title = (
            f"{name}{changed.commits} {noun}: {len(changed.changes)} conventional, "
            f"{len(changed.unconventional)} unconventional, {len(changed.cancelled)} cancelled"
        )
        ids = tuple(evidence)
        found.append(
            Finding(id=f"commits{plan.package}", verdict=Verdict.PASS, title=title, evidence=ids)
        )
        for number, question in enumerate(plan.questions[:_MOST], start=1):
            found.append(_question(f"q{number}{plan.package}", name, question, ids))
        left = len(plan.questions) - _MOST
        if left > 0:
            words = f"{name}{left} more questions, see facts.diagnostics"
            found.append(Finding(id=f"more{plan.package}", verdict=Verdict.WARN, title=words))
    return found


def _question(name: str, package: str, question: Diagnostic, evidence: tuple[str, ...]) -> Finding:
    where = f"{question.sha[:12]} " if question.sha else ""
    return Finding(
        id=name,
        verdict=Verdict.WARN,
        title=f"{package}{where}{question.text}",
        detail=question.code,
        evidence=evidence,
    )


def memory_entry(outcome: Next, plans: Plans, now: datetime) -> dict[str, Any]:
    """What is remembered of a run: for people, and a model's words for the same history."""
    plan = plans.plans[0]
    entry = {
        "type": "release",
        "at": now.isoformat(timespec="seconds"),
        "decision": outcome.decision,
        "summary": outcome.summary,
        "current": plan.current,
        "next": plan.next,
        "level": plan.level.word,
        "commits": plan.changed.commits,
        "plan": plan.id,
        "plans": [one.id for one in plans.plans],
    }
    texts = outcome.prepared.texts if outcome.prepared else []
    replies = {one.tag: one.reply for one in texts if one.reply is not None}
    return {**entry, "notes": replies} if replies else entry


def report_blocks(
    plans: Plans,
    outcome: Next,
    ahead: Sequence[str],
    settings: Mapping[str, str],
    memory: Sequence[Mapping[str, Any]],
    *,
    config: ReleaseConfig,
    published: Sequence[Published],
) -> dict[str, str]:
    """Markdown for the report template; empty blocks are left out by it.

    Args:
        plans: The analysis.
        outcome: What comes next.
        ahead: Names of the environments a release goes through.
        settings: The run's, to run it again.
        memory: Earlier entries.
        config: Settings.
        published: Where the last releases stand.
    """
    stages, actions = outcome.stages, outcome.actions
    known = {one.package: one.words for one in published}
    if config.packages:
        texts = {
            "heading": packages_table(plans.plans, known),
            "packages": "\n\n".join(_packages(plans, outcome, config)),
        }
    else:
        texts = _only_package(plans.plans[0], outcome, known.get("", ""))
    return {
        **texts,
        "way": _way(outcome, ahead, out=any(one.current for one in plans.plans)),
        "fix": outcome.fix,
        "again": _again(outcome, settings),
        "stages": _stages(stages),
        "checkpoints": _checkpoints(outcome, ahead),
        "rollback": _rollback(actions),
        "history": _history(memory),
    }


def _only_package(plan: ReleasePlan, outcome: Next, known: str) -> dict[str, str]:
    """What is said of a repository that is released as one."""
    prepared = outcome.prepared
    told = plan.changed.commits and (plan.next or not outcome.stages)
    return {
        "heading": _heading(plan, known, going_on=outcome.decision != "NO-RELEASE"),
        "calculation": _calculation(plan) if told else "",
        "changelog": prepared.section.strip("\n") if prepared else "",
        "notes": notes_block(prepared.texts) if prepared else "",
    }


def _packages(plans: Plans, outcome: Next, config: ReleaseConfig) -> Iterator[str]:
    """What is said of each package of a monorepo, and of the commits outside of them."""
    texts = outcome.prepared.texts if outcome.prepared else []
    for plan in plans.plans:
        mine = [one for one in texts if one.package == plan.package]
        if not mine and not (plan.changed.commits and not outcome.stages):
            continue
        parts = [f"### {package_title(plan)}"]
        parts += [_calculation(plan)] if plan.changed.commits else []
        parts += [f"**Follows**: {', '.join(plan.dependencies)}"] if plan.dependencies else []
        package = config.package(plan.package)
        parts += [files_note(package)] if package and plan.next else []
        for one in mine:
            section = one.section.strip("\n")
            parts += [f"````markdown\n{section}\n````", notes_block([one])]
        yield "\n\n".join(parts)
    if not outcome.stages and (note := outside_note(plans.outside)):
        yield note


def _heading(plan: ReleasePlan, known: str, *, going_on: bool) -> str:
    """What is out and what comes; only what is out where nothing new is released."""
    rows = [f"**Current version**: {plan.current or 'none yet'}"]
    if known:
        rows.append(f"**Current release**: {known}")
    if plan.next or not going_on:
        rows.append(f"**Next version**: {plan.next or 'no release needed'}")
        rows.append(f"**Release type**: {plan.level.word.upper()}")
    return "  \n".join(rows)


def _calculation(plan: ReleasePlan) -> str:
    changed = plan.changed
    kinds = Counter(change.parsed.type or "squash" for change in changed.changes)
    breaking = sum(change.breaking for change in changed.changes)
    breaking += sum(bool(one.breaking_notes) for one in changed.unconventional)
    since = f" since {plan.current}" if plan.current else ""
    counts = {"Breaking changes": breaking}
    counts |= {title: kinds.pop(kind, 0) for kind, title in _KINDS.items()}
    counts |= {escape(kind): count for kind, count in sorted(kinds.items())}
    counts["Without convention"] = len(changed.unconventional)
    counts["Cancelled by reverts"] = len(changed.cancelled)
    lines = [f"- {title}: {count}" for title, count in counts.items() if count or title in _ALWAYS]
    return "\n".join([f"**Commits analyzed**: {changed.commits}{since}", "", *lines])


def _stages(stages: Sequence[StageView]) -> str:
    if not stages:
        return ""
    lines = ["| Stage | Deployed by | Release | Runs | State |", "|---|---|---|---|---|"]
    for view in stages:
        state = view.state if not view.reason else f"{view.state}: {escape(view.reason)}"
        if view.soak_left_s:
            state += f", soaks for {spoken(view.soak_left_s)} more"
        runs = view.runs[:12] if len(view.runs) == 40 else view.runs
        cells = (view.stage.name, view.place, view.subject.released.tag, runs, state)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _way(outcome: Next, ahead: Sequence[str], *, out: bool) -> str:
    """The checkpoints in order; ticked when they are behind, bold where the release stands.

    Args:
        outcome: What comes next.
        ahead: Names of the environments.
        out: There has been a release.
    """
    finished = out and outcome.decision == "NO-RELEASE"
    reached = dict.fromkeys(ahead, finished)
    for name in reached:
        views = [view for view in outcome.stages if view.stage.name == name]
        reached[name] = all(view.done for view in views) if views else reached[name]
    released = finished or bool(outcome.stages)
    steps = {"version and changelog": released, **reached}
    here = next((name for name, done in steps.items() if not done), "")
    marks = {name: f"{name} ✔" if done else name for name, done in steps.items()}
    return " → ".join(f"**{name}**" if name == here else marks[name] for name in steps)


def _again(outcome: Next, settings: Mapping[str, str]) -> str:
    """What to run next, after `aofctl run agent REF`; empty when there is nothing left."""
    if outcome.decision == "NO-RELEASE":
        return ""
    kept = [f"{name}={settings[name]}" for name in _KEPT if name in settings]
    words = ['"Go on"', *(f"--set {shlex.quote(one)}" for one in kept)]
    if outcome.wait_s is not None:
        words.append(f"--wait {max(int(outcome.wait_s // 60) + 1, 10)}m")
    return " ".join(words)


def _checkpoints(outcome: Next, ahead: Sequence[str]) -> str:
    """What only people can know, before they approve."""
    if not any(action.executable for action in outcome.actions):
        return ""
    if outcome.decision == "ROLLBACK":
        asked = ["The release is to blame, not the environment", "What ran before can still run"]
    elif outcome.stages:
        stage = next(view.stage.name for view in outcome.stages if not view.done)
        before = ahead[: ahead.index(stage)] if stage in ahead else []
        asked = [f"Tests in {before[-1]} passed"] if before else []
        asked.append(f"Somebody watches {stage} while it changes")
    else:
        asked = ["The version is right", "The changelog is complete and can be understood"]
        asked.append("Every breaking change says what users must do")
    return "\n".join(f"- [ ] {one}" for one in asked)


def _rollback(actions: Sequence[Action]) -> str:
    lines = [f"- {action.target}: `{action.undo}`" for action in reversed(actions) if action.undo]
    return "\n".join(lines)


def _history(memory: Sequence[Mapping[str, Any]]) -> str:
    entries = [one for one in memory if one.get("type") == "release"][-5:]
    return "\n".join(
        f"- {one.get('at')}: {one.get('decision')}, {escape(str(one.get('summary')))}"
        for one in reversed(entries)
    )
