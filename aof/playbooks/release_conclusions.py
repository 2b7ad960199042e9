"""Ways a run of the release manager ends, and what a person should know before approving: words."""

from __future__ import annotations

from collections.abc import Sequence

from aof.analysis.release.escape import escape
from aof.analysis.release.history import Plans
from aof.analysis.release.plan import ReleasePlan
from aof.analysis.release.progress import Begun
from aof.playbooks.release_next import Next
from aof.playbooks.release_prepared import Prepared
from aof.playbooks.release_remote import RemoteView
from aof.verdict import Finding, Verdict

_MOST_NAMED = 5


def nothing_to_do(plans: Plans, *, everywhere: bool, wanted: bool) -> str:
    """Why nothing is proposed, in one sentence.

    Args:
        plans: The analysis.
        everywhere: The last releases were seen in every environment.
        wanted: A version was asked for, and it is out.
    """
    released = [one.current for one in plans.plans if one.current]
    names = ", ".join(released[:_MOST_NAMED])
    if len(released) > _MOST_NAMED:
        names += f" and {len(released) - _MOST_NAMED} more"
    verb = "is" if len(released) == 1 else "are"
    state = f"{names} {verb} released{' everywhere' if everywhere else ''}" if released else ""
    if wanted:
        return f"{state}{'' if everywhere else ' already'}."
    count = len(set().union(*(plan.changed.shas for plan in plans.plans)))
    since = "since" if released else "so far"
    told = f"none of the {count} commits {since} asks for a release"
    if count < 2:
        told = f"the commit {since} asks for no release" if count else f"there is no commit {since}"
    text = "; ".join(filter(None, [state, told]))
    return f"{text[:1].upper()}{text[1:]}." if not released else f"{text}."


def not_from_here(text: str, problem: Finding, prepared: Prepared) -> Next:
    """The release is computed, and something about this clone is in its way."""
    return Next(
        "HOLD",
        text,
        Verdict.INCONCLUSIVE,
        findings=[problem],
        prepared=prepared,
        fix=problem.detail,
    )


def to_be_merged(
    names: str, branch: str, into: str, prepared: Prepared, findings: list[Finding]
) -> Next:
    """The branch for review is pushed, and there is no forge to ask about its pull request."""
    text = f"{names} waits for a pull request of {branch} into {into} to be merged."
    fix = f"open a pull request of {branch} into {into}, merge it, then git pull"
    return Next("HOLD", text, Verdict.INCONCLUSIVE, findings=findings, prepared=prepared, fix=fix)


def unread(remote: RemoteView | None) -> list[Finding]:
    """A promotion goes on without the remote; what is not known of the release is said."""
    if remote is None or not remote.error:
        return []
    title = f"the remote {remote.name} cannot be read: whether the release is complete is not known"
    return [Finding(id="remote", verdict=Verdict.WARN, title=title, detail=remote.error)]


def only_wanted(plan: ReleasePlan, version: str) -> Finding:
    """A version that stands in the request alone."""
    count = plan.changed.commits
    return Finding(
        id="wanted",
        verdict=Verdict.WARN,
        title=f"nothing since {plan.current} ({count} commit{'s' if count != 1 else ''}) asks for "
        f"a release; {escape(version)} is only what the request says",
        detail="approve it only if that is meant",
    )


def incomplete(tag: str, missing: Sequence[str]) -> Finding:
    """What is published is never changed, so this is not put right by itself."""
    return Finding(
        id="assets",
        verdict=Verdict.WARN,
        title=f"{tag} is published without {', '.join(missing)}",
        detail="somebody else published it: add the files by hand, or release a new version",
    )


def computed(names: str, problem: Finding) -> str:
    """What is known of a release that has to wait."""
    return f"{names} is computed but cannot be released from here: {problem.title}."


def only_named(begun: Begun, plans: Plans) -> Finding:
    """A version that a commit names and the history does not ask for: anybody can write one."""
    asked_for = ", ".join(plan.next for plan in plans.plans if plan.next) or "no release"
    return Finding(
        id="begun",
        verdict=Verdict.WARN,
        title=f"only commit {begun.sha[:12]} names {', '.join(map(escape, begun.tags))}; "
        f"the history asks for {asked_for}",
        detail="approve it only if that commit was made by the release",
    )
