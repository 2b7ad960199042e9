"""The contract of memories, and the two that need no disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Memory(Protocol):
    """Entries of earlier runs. `warnings` says what was wrong while reading."""

    warnings: list[str]

    def entries(self) -> Sequence[Mapping[str, Any]]:
        """All entries, oldest first."""

    def append(self, entry: Mapping[str, Any]) -> None:
        """Remember one more; the oldest goes when there are too many."""


class NoMemory:
    """Remembers nothing."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def entries(self) -> Sequence[Mapping[str, Any]]:
        return ()

    def append(self, entry: Mapping[str, Any]) -> None:
        """Forget `entry`."""


class InMemory:
    """Remembers as long as the process lives."""

    def __init__(self, capacity: int = 1000) -> None:
        self.warnings: list[str] = []
        self._capacity = capacity
        self._entries: list[Mapping[str, Any]] = []

    def entries(self) -> Sequence[Mapping[str, Any]]:
        return tuple(self._entries)

    def append(self, entry: Mapping[str, Any]) -> None:
        self._entries = [*self._entries, dict(entry)][-self._capacity :]
