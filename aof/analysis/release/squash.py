"""Finds the commits a squash merge holds in its message.

GitHub and GitLab list them as `* subject` under a title that names the pull request;
git itself writes `Squashed commit of the following:` and the log, indented.
"""

from __future__ import annotations

import re

from aof.analysis.release.commit_parser import HEADER
from aof.analysis.release.pull_requests import MERGE_REQUEST, PULL_REQUEST
from aof.analysis.release.reverts import unwrapped

_GIT_TITLE = "Squashed commit of the following:"
_GIT_LISTING = re.compile(rf"^{_GIT_TITLE}[ \t]*$(?=\s*^commit [0-9a-f])", re.MULTILINE)
_GIT_ENTRY = re.compile(r"^commit [0-9a-f]{7,64}\b.*$", re.MULTILINE)
_LISTED = re.compile(r"^[ \t]*[*-] +(\S.*)$", re.MULTILINE)
_RULE = re.compile(r"^-{3,}\s*$", re.MULTILINE)


def split_squash(message: str) -> tuple[str, tuple[str, ...]]:
    """Part a message into its own title and the messages of the commits it holds.

    Args:
        message: Whole message with LF line ends.

    Returns:
        The message without the listed commits, and the listed messages that have a
        conventional header, in order; `(message, ())` when it is not a squash.
    """
    if "\n* " not in message and _GIT_TITLE not in message:
        return message, ()
    if listing := _GIT_LISTING.search(message):
        title = message[: listing.start()].strip() or _GIT_TITLE
        return title, _conventional(_git_entries(message[listing.end() :])[::-1])[::-1]
    title, _, rest = message.lstrip("\n").partition("\n")
    if not rest.lstrip("\n").startswith("* ") or not _names_pull_request(title, rest):
        return message, ()
    listed, trailer = _without_trailer(rest)
    parts = _conventional(_bullets(listed))
    return (f"{title}\n\n{trailer}".rstrip(), parts) if parts else (message, ())


def may_list(message: str) -> bool:
    """A quick look whether there can be a list at all."""
    return "* " in message or "- " in message


def listed_headers(message: str) -> list[str]:
    """Lines of a list, of whatever form, that are conventional headers."""
    return [one for one in _LISTED.findall(message) if HEADER.match(one)]


def _names_pull_request(title: str, rest: str) -> bool:
    return bool(PULL_REQUEST.search(title) or MERGE_REQUEST.search(rest))


def _without_trailer(rest: str) -> tuple[str, str]:
    """GitHub puts `Co-authored-by` lines below a rule; they belong to the whole."""
    below = rest.rfind("\n* ") + 1
    rules = list(_RULE.finditer(rest, below))
    merge_request = MERGE_REQUEST.search(rest, below)
    if rules:
        return rest[: rules[-1].start()], rest[rules[-1].end() :].strip()
    if merge_request:
        return rest[: merge_request.start()], merge_request[0]
    return rest, ""


def _bullets(text: str) -> list[str]:
    found: list[list[str]] = []
    for line in text.split("\n"):
        if line.startswith("* "):
            found.append([line[2:].strip()])
        elif found:
            found[-1].append(line[2:] if line.startswith("  ") else line)
    return ["\n".join(lines).strip() for lines in found]


def _git_entries(text: str) -> list[str]:
    found = []
    for block in _GIT_ENTRY.split(text)[1:]:
        lines = [line[4:] for line in block.split("\n") if line.startswith("    ") or not line]
        found.append("\n".join(lines).strip())
    return found


def _conventional(messages: list[str]) -> tuple[str, ...]:
    """Those with a conventional header that no later one takes back; oldest first."""
    headers = [message.split("\n", 1)[0].rstrip() for message in messages]
    taken_back = {subject: undoes for undoes, subject in map(unwrapped, headers)}
    return tuple(
        message
        for header, message in zip(headers, messages, strict=True)
        if HEADER.match(header) and not taken_back[header]
    )
