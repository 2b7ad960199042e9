"""Patterns of commands, as `approval.commands` of the specification writes them."""

from __future__ import annotations

import shlex
from fnmatch import fnmatchcase


def command_matches(pattern: str, command: str) -> bool:
    """Whether `command` is one that `pattern` means.

    The first words must match; the others must follow in this order with anything between:
    `git push --tags` means `git push origin --tags` as well. A pattern that catches too much
    asks for one approval too many, one that catches too little for none.
    """
    wanted, words = _words(pattern), _words(command)
    if not wanted or not words or not fnmatchcase(words[0], wanted[0]):
        return False
    rest = iter(words[1:])
    return all(any(fnmatchcase(word, want) for word in rest) for want in wanted[1:])


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
