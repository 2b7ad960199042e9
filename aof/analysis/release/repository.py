"""What planning needs from a repository; the command line and the playbook each provide it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from aof.analysis.release.model import RawCommit, Tag


class Repository(Protocol):
    """Access to one repository at one commit."""

    def head(self) -> str:
        """Full name of the commit; empty when there is none yet."""

    def branch(self) -> str:
        """Branch HEAD is on; empty when detached."""

    def tags(self, last: Callable[[Sequence[Tag]], Tag | None]) -> list[Tag]:
        """All tags, with history complete back to the last release.

        Args:
            last: Picks the last release among tags; asked where history is cut off, to
                fetch no more than needed. None asks for all history.

        Raises:
            Unreachable: History stays cut off.
        """

    def contains(self, tag: Tag) -> bool:
        """Whether HEAD contains the tag's commit."""

    def commits(self, since: Tag | None, *, names: bool = False) -> Iterable[RawCommit]:
        """What HEAD contains and `since` does not, newest first; `names` adds paths."""
