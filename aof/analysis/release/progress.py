"""Recognises a release that was begun: its bump commit, found again in history.

The commit names the tags it is made for in footers; where a squash merge lost those, its
subject is compared with the one that would be written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from aof.analysis.release.commit_parser import parse_commit
from aof.analysis.release.model import RawCommit
from aof.analysis.release.pull_requests import PULL_REQUEST

FOOTER = "Release-Tag"
# A name git takes, with a version in it: anybody's commit may hold such a footer.
_TAG = re.compile(
    r"(?![-/.])(?!.*(?:\.\.|//|@\{|\.lock$))(?=.*\d+\.\d)[^\s~^:?*\[\\\x00-\x20\x7f]{1,200}"
)


class Begun(NamedTuple):
    """A bump commit without its tags: the commit, the tags, and what it holds."""

    sha: str
    tags: tuple[str, ...]
    commits: tuple[RawCommit, ...]


def marked_message(text: str, tags: Sequence[str]) -> str:
    """Message of a commit or tag of ours: `text` and the footers that name what it is for."""
    return f"{text}\n\n" + "\n".join(f"{FOOTER}: {tag}" for tag in tags) + "\n"


def find_begun(
    commits: Sequence[RawCommit], subject_template: str, tag_of: str, existing: Iterable[str]
) -> Begun | None:
    """The newest bump commit whose tags do not all exist yet.

    Args:
        commits: Unreleased commits, newest first.
        subject_template: With `{version}`.
        tag_of: Tag template with `{version}`; for subjects without footers.
        existing: Tags there are.
    """
    there = set(existing)
    before, _, after = subject_template.partition("{version}")
    pattern = re.compile(re.escape(before) + r"(\d\S*)" + re.escape(after))
    for commit in commits:
        tags = made_for(commit.message)
        subject = pattern.fullmatch(PULL_REQUEST.sub("", commit.subject))
        if not tags and subject:
            tags = (tag_of.replace("{version}", subject[1]),)
        if tags:
            if set(tags) <= there:
                return None
            return Begun(commit.sha, tags, tuple(up_to(commits, commit.sha)))
    return None


def up_to(commits: Sequence[RawCommit], sha: str) -> list[RawCommit]:
    """Those of `commits` that `sha` contains, itself included, in the order given."""
    by_sha = {commit.sha: commit for commit in commits}
    inside: set[str] = set()
    stack = [sha]
    while stack:
        one = stack.pop()
        if one in by_sha and one not in inside:
            inside.add(one)
            stack.extend(by_sha[one].parents)
    return [commit for commit in commits if commit.sha in inside]


def made_for(message: str) -> tuple[str, ...]:
    """The tags that the message of a commit or tag of ours names; empty for any other."""
    if FOOTER not in message:
        return ()
    footers = parse_commit(message).footers
    return tuple(
        line.strip()
        for one in footers
        if one.token.lower() == FOOTER.lower()
        for line in one.value.split("\n")[:1]
        if _TAG.fullmatch(line.strip())
    )
