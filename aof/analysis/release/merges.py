"""Merge commits of pull and merge requests, whose title stands in the body.

Where none of the merged commits follows the convention, the title is the change: it is all
there is. Otherwise the commits speak for themselves, and a title that asks for more is put
to a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aof.analysis.release.commit_parser import parse_commit
from aof.analysis.release.model import Level, ParsedCommit, RawCommit
from aof.analysis.release.policy import change_level
from aof.analysis.release.pull_requests import request_message


class Title(NamedTuple):
    """The title of a merged request: its message, and whether it speaks for the merge."""

    parsed: ParsedCommit
    counts: bool
    asks_for_more: bool


def merge_titles(
    commits: Sequence[RawCommit],
    parsed: Sequence[ParsedCommit],
    levels: Mapping[str, Level],
) -> dict[str, Title]:
    """Titles of merged requests in a range, by the merge's name.

    Args:
        commits: Newest first.
        parsed: Their messages, in the same order.
        levels: Commit type to level.
    """
    candidates = {
        commit.sha: title
        for commit, one in zip(commits, parsed, strict=True)
        if len(commit.parents) > 1 and (title := _title(commit, one)) is not None
    }
    if not candidates:
        return {}
    by_sha = {commit.sha: one for commit, one in zip(commits, parsed, strict=True)}
    found = {}
    for sha, brought in _brought_in(commits).items():
        if sha not in candidates:
            continue
        inside = [change_level(by_sha[one], levels) for one in brought if by_sha[one].conventional]
        more = change_level(candidates[sha], levels) > max(inside, default=Level.NONE)
        found[sha] = Title(candidates[sha], not inside, bool(inside) and more)
    return found


def _title(commit: RawCommit, parsed: ParsedCommit) -> ParsedCommit | None:
    if parsed.conventional:
        return None
    message = request_message(commit.message.replace("\r\n", "\n"))
    title = parse_commit(message) if message else parsed
    return title if title.conventional else None


def _brought_in(commits: Sequence[RawCommit]) -> dict[str, list[str]]:
    """For each merge on the first-parent line: commits no older one brought. One visit each."""
    by_sha = {commit.sha: commit for commit in commits}
    line: list[RawCommit] = []
    at = commits[0].sha if commits else ""
    while at in by_sha:
        line.append(by_sha[at])
        at = line[-1].parents[0] if line[-1].parents else ""
    seen = {commit.sha for commit in line}
    found: dict[str, list[str]] = {}
    for commit in reversed(line):
        brought: list[str] = []
        stack = list(commit.parents[1:])
        while stack:
            sha = stack.pop()
            if sha in by_sha and sha not in seen:
                seen.add(sha)
                brought.append(sha)
                stack.extend(by_sha[sha].parents)
        if len(commit.parents) > 1:
            found[commit.sha] = brought
    return found
