"""The packages of a monorepo at a glance, as markdown, for the command line and the agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aof.analysis.release.config import Package
from aof.analysis.release.escape import escape
from aof.analysis.release.model import RawCommit
from aof.analysis.release.plan import ReleasePlan

_MOST_OUTSIDE = 10


def packages_table(plans: Sequence[ReleasePlan], more: Mapping[str, str] | None = None) -> str:
    """One row for each package.

    Args:
        plans: In the order to show.
        more: Package to what is known of its current release; no such column without it.
    """
    columns = ["Package", "Current", "Next", "Level", "Commits"]
    rows = [columns if more is None else [*columns, "Current release"]]
    rows.append(["---"] * len(rows[0]))
    for plan in plans:
        cells = [plan.package, plan.current or "none yet", plan.next or "-", plan.level.word]
        cells.append(str(plan.changed.commits))
        rows.append(cells if more is None else [*cells, more.get(plan.package, "")])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def package_title(plan: ReleasePlan) -> str:
    """`core: core@1.0.0 -> core@1.1.0 (minor)`."""
    what = f"{plan.next} ({plan.level.word})" if plan.next else "no release needed"
    return f"{plan.package}: {plan.current or 'no release yet'} -> {what}"


def files_note(package: Package) -> str:
    """Which files a release of the package writes, and which settings would add some."""
    written = [one for one in (package.changelog, *(f.path for f in package.version_files)) if one]
    unset = [
        name
        for name, value in (
            ("changelog", package.changelog),
            ("version_files", package.version_files),
        )
        if not value
    ]
    text = f"**Files**: {', '.join(f'`{one}`' for one in written) or 'none, only its tag'}"
    if not unset:
        return text
    names = " and ".join(f"`{one}`" for one in unset)
    return f"{text} ({names} {'are' if len(unset) > 1 else 'is'} not set for {package.name})"


def outside_note(outside: Sequence[RawCommit]) -> str:
    """The commits that touch no package, the newest by name; empty when there are none."""
    if not outside:
        return ""
    count = len(outside)
    lines = [f"- `{one.sha[:8]}` {escape(one.subject)}" for one in outside[:_MOST_OUTSIDE]]
    if count > _MOST_OUTSIDE:
        lines.append(f"- and {count - _MOST_OUTSIDE} more, see `outside` of `-o json`")
    noun = "1 commit touches" if count == 1 else f"{count} commits touch"
    return "\n".join([f"**Outside**: {noun} no package and no release.", "", *lines])


def unheard_note(plans: Sequence[ReleasePlan], anyway: str) -> str:
    """How to release commits that ask for nothing because they follow no convention.

    Empty where something asks for a release, or every commit follows it.

    Args:
        plans: Of the repository.
        anyway: What a person adds to name a version, e.g. `--release-as VERSION`.
    """
    if any(plan.next for plan in plans):
        return ""
    free = (one for plan in plans for one in plan.changed.unconventional if not one.merge)
    count = len({one.sha for one in free})
    if not count:
        return ""
    whose = "1 commit follows" if count == 1 else f"{count} commits follow"
    return (
        f"{whose} no convention and so ask{'s' if count == 1 else ''} for no version: release "
        f"anyway with `{anyway}`, or let such commits count with `unconventional: patch` in "
        "`.aof/release.yaml`"
    )
