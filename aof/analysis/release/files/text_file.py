"""version.txt, and any file by a declared pattern."""

from __future__ import annotations

import re

from aof.analysis.release.files.located import Located, at, decoded, not_found
from aof.errors import UsageFault


def locate_text(content: bytes, path: str) -> list[Located]:
    """The one word of a file that holds nothing else."""
    text = decoded(content, path)
    match = re.fullmatch(r"\ufeff?\s*v?(\S+)\s*", text)
    if match is None:
        raise not_found(path, "version as its only word", "give a pattern")
    return [at(text, match.start(1), match.end(1))]


def locate_pattern(content: bytes, path: str, pattern: str) -> list[Located]:
    """The group `version` of a regular expression, which must match exactly once.

    The rest of the file may be in any encoding that holds ASCII as it is.

    Raises:
        UsageFault: The pattern is no expression, lacks the group, or matches otherwise.
    """
    text = content.decode("utf-8", "surrogateescape")
    try:
        regex = re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise UsageFault(f"the pattern for {path} is no regular expression: {error}") from None
    if "version" not in regex.groupindex:
        raise UsageFault(
            f"the pattern for {path} has no group 'version'",
            fix=r'for example: __version__ = "(?P<version>[^"]+)"',
        )
    matches = list(regex.finditer(text))
    if len(matches) != 1 or matches[0].start("version") < 0:
        raise UsageFault(
            f"the pattern for {path} matches {len(matches)} times, not once", why=pattern, file=path
        )
    return [at(text, matches[0].start("version"), matches[0].end("version"))]
