"""What hosts write into merge and squash commits about a pull or merge request.

GitHub             Merge pull request #12 from ada/topic       title in the body
GitLab             Merge branch 'topic' into 'main'            title in the body, number below
Bitbucket          Merged in topic (pull request #12)          title in the body
Bitbucket Server   Pull request #12: title
Azure DevOps       Merged PR 12: title
Gitea, Forgejo     Merge pull request 'title' (#12) from topic into main
a squash           title (#12), or (!12)
"""

from __future__ import annotations

import re

PULL_REQUEST = re.compile(r"\s*\((?:pull request )?([#!]\d+)\)\s*$")
"""The request at the end of a title: `#12` of a pull request, `!12` of a merge request."""

MERGE_REQUEST = re.compile(r"^See merge request \S*(!\d+)\s*$", re.MULTILINE)
"""What GitLab writes below the text."""

MERGE_SUBJECT = re.compile(
    r"Merge (?:branch|pull request|remote-tracking branch|tag|commit|branches|bitbucket) ?"
    r"|Merged in |Merge '|Merged PR \d+: |Pull request #\d+: "
)
"""How subjects of merges begin when git or a host writes them."""

_TITLE_IN_SUBJECT = re.compile(
    r"(?:Merged PR |Pull request #)(?P<number>\d+): (?P<title>.+)"
    r"|Merge pull request '(?P<title2>.+)' \(#(?P<number2>\d+)\) from .+"
)
_IN_SUBJECT = re.compile(r"Merge pull request (#\d+) ")
_NUMBERS = re.compile(r"\s*\((?:#|!)\d+\)(?=\"|\s*$)")


def request_message(message: str) -> str | None:
    """The message of the request that a host's merge or squash commit was made for.

    Args:
        message: Whole message with LF line ends.

    Returns:
        The request's title, with its number, and what is below it; None when the subject is
        not a host's, or nothing but the subject was written.
    """
    subject, _, rest = message.lstrip("\n").partition("\n")
    title, _, below = rest.lstrip("\n").partition("\n")
    if named := _TITLE_IN_SUBJECT.fullmatch(subject.rstrip()):
        title, below = named["title"] or named["title2"], rest
    elif not MERGE_SUBJECT.match(subject) or not title:
        return None
    request = request_of(message)
    return f"{title} ({request})\n{below}" if request else f"{title}\n{below}"


def request_of(message: str) -> str:
    """The request a commit was made for, `#12` or `!12`; empty when it names none."""
    subject, _, rest = message.lstrip("\n").partition("\n")
    if named := _TITLE_IN_SUBJECT.fullmatch(subject.rstrip()):
        return f"#{named['number'] or named['number2']}"
    found = PULL_REQUEST.search(subject) or _IN_SUBJECT.match(subject) or MERGE_REQUEST.search(rest)
    return found[1] if found else ""


def without_numbers(header: str) -> str:
    """A header without the numbers of requests, also inside `Revert "title (#12)" (#13)`."""
    return _NUMBERS.sub("", header).strip()
