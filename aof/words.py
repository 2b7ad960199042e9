"""Where any of many words stand in a text, found in one pass.

Uses `ahocorasick_rs` where its wheel is installed and the standard library otherwise; both
find the same. Imports nothing of ours.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any


class Words:
    """Words to look for; upper and lower case differ."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words

    def places(self, text: str) -> list[tuple[int, int]]:
        """Index of the word and where it begins, for every occurrence in `text`."""
        if self._automaton is not None:
            matches = self._automaton.find_matches_as_indexes(text, overlapping=True)
            return [(index, start) for index, start, _ in matches]
        found = []
        for index, word in enumerate(self._words):
            at = text.find(word)
            while at >= 0:
                found.append((index, at))
                at = text.find(word, at + 1)
        return found

    @cached_property
    def _automaton(self) -> Any:
        try:
            from ahocorasick_rs import AhoCorasick
        except ImportError:
            return None
        return AhoCorasick(self._words) if self._words else None
