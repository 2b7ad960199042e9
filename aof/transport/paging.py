"""Paths of REST APIs: quoting what goes into one, and finding the next page of a list."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlsplit

from aof.errors import UsageFault
from aof.transport.http import Answer

_NEXT = re.compile(r'<([^<>]{1,4096})>\s*;[^,]{0,100}\brel="?next"?')


def next_query(answer: Answer) -> list[tuple[str, str]] | None:
    """Query parameters of the next page (`Link` header, RFC 8288), or None on the last one.

    Only the query of the link is used: the host stays the one that was configured, so a
    wrong external URL of the server cannot lead credentials elsewhere.
    """
    following = _NEXT.search(answer.headers.get("link", ""))
    return None if following is None else parse_qsl(urlsplit(following[1]).query)


def quoted_path(*parts: object) -> str:
    """`parts` joined by `/`, each quoted so that it stays one part.

    Raises:
        UsageFault: A part is empty, `.` or `..`: URL clients would resolve it away.
    """
    words = [str(part) for part in parts]
    for word in words:
        if word in {"", ".", ".."}:
            raise UsageFault(f"'{word}' cannot be part of a path")
    return "/".join(quote(word, safe="") for word in words)
