"""Which release first contained a commit: by ancestry, never by date.

Releases are taken in order of version; each takes the commits it contains that no earlier
release took. One visit per commit.
"""

from __future__ import annotations

from collections.abc import Sequence

from aof.analysis.release.model import RawCommit
from aof.analysis.release.releases import Release


def assign(
    commits: Sequence[RawCommit], releases: Sequence[Release]
) -> list[tuple[Release | None, list[RawCommit]]]:
    """Give every commit to the release that first contained it.

    Args:
        commits: All of HEAD's history, newest first.
        releases: Any order; those whose commit is not among `commits` get nothing.

    Returns:
        Newest release first, each with its commits in the order given; the first entry is
        (None, unreleased) when there are any.
    """
    index = {commit.sha: number for number, commit in enumerate(commits)}
    parents = [commit.parents for commit in commits]
    owner = [-1] * len(commits)
    ascending = sorted(releases, key=lambda release: release.order)
    for number, release in enumerate(ascending):
        stack = [release.tag.sha]
        while stack:
            at = index.get(stack.pop())
            if at is not None and owner[at] < 0:
                owner[at] = number
                stack.extend(parents[at])
    groups: list[list[RawCommit]] = [[] for _ in range(len(ascending) + 1)]
    for commit, number in zip(commits, owner, strict=True):
        groups[number].append(commit)
    found: list[tuple[Release | None, list[RawCommit]]] = []
    if groups[-1]:
        found.append((None, groups[-1]))
    present = [number for number, one in enumerate(ascending) if one.tag.sha in index]
    found += [(ascending[number], groups[number]) for number in reversed(present)]
    return found
