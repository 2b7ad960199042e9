"""Comments that replace their predecessor: an invisible mark finds them again."""

from __future__ import annotations

import re

from aof.errors import UsageFault

_KEY = re.compile(r"[\w./-]{1,100}")
_CUT = "\n\n(shortened)"


def mark_of(key: str) -> str:
    """The mark: an HTML comment, which forges do not show.

    Raises:
        UsageFault: The key has other signs than letters, digits, `.`, `/`, `_` and `-`.
    """
    if not _KEY.fullmatch(key) or "--" in key:
        raise UsageFault(f"'{key}' cannot be the key of a comment", fix="use letters and digits")
    return f"<!-- aof:{key} -->"


def keyed(body: str, key: str | None, *, limit: int) -> str:
    """`body` with the mark of `key`, within `limit` characters."""
    mark = f"{mark_of(key)}\n" if key else ""
    if len(mark) + len(body) > limit:
        body = body[: limit - len(mark) - len(_CUT)] + _CUT
    return mark + body
