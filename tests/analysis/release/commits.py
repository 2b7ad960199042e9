"""Commits and releases made up for tests: short names become full object names."""

import hashlib
from collections.abc import Sequence
from datetime import date

from aof.analysis.release import ReleaseConfig, ReleasePlan, find_releases, plan_release
from aof.analysis.release.model import RawCommit, Tag

TODAY = date(2026, 11, 20)


def sha(name: str | int) -> str:
    return hashlib.sha1(str(name).encode(), usedforsecurity=False).hexdigest()


def line(*messages: str) -> list[RawCommit]:
    """A straight history: first message first; newest commit comes first in the result."""
    commits = [
        RawCommit(
            sha(number), (sha(number - 1),), "Ada", "ada@example.org", 1_700_000_000 + number, text
        )
        for number, text in enumerate(messages, start=1)
    ]
    return commits[::-1]


def plan(
    messages: Sequence[str],
    tags: Sequence[str] = ("v1.2.3",),
    config: ReleaseConfig | None = None,
    *,
    commits: Sequence[RawCommit] | None = None,
    off_branch: Sequence[str] = (),
    branch: str = "main",
    wanted: str = "",
) -> ReleasePlan:
    """A plan for messages since the highest of `tags`; the tags are on the commit before."""
    config = config or ReleaseConfig()
    names = [Tag(name, sha(0)) for name in tags] + [Tag(name, sha(999)) for name in off_branch]
    releases = find_releases(names, config, lambda tag: tag.name not in off_branch)
    return plan_release(
        line(*messages) if commits is None else commits,
        releases,
        config,
        head=sha(len(messages)),
        today=TODAY,
        branch=branch,
        wanted=wanted,
    )


def codes(plan: ReleasePlan) -> list[str]:
    return [one.code for one in plan.diagnostics]
