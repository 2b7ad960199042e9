"""A git clone as the release analysis wants it, and the settings that lie in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import cast

from aof.analysis.release.config import ReleaseConfig
from aof.analysis.release.model import RawCommit, Tag
from aof.errors import Unreachable, UsageFault
from aof.manifests.release_file import PATHS, the_one_file
from aof.transport.files import read_bounded, read_inside
from aof.transport.git_deepen import deepen, holds, remote_tags, with_parents_cut_off
from aof.transport.git_reader import GitReader, TagRef

_PATIENCE = 8
_LARGEST_CONFIG = 8 << 20


class Clone:
    """Reads a clone for planning; completes its history where that is cut off.

    Args:
        reader: The clone.
        remote: Where missing history comes from.
        may_fetch: False refuses shallow clones instead of completing them.
    """

    def __init__(self, reader: GitReader, remote: str = "", *, may_fetch: bool = True) -> None:
        self.reader, self.remote, self.may_fetch = reader, remote or "origin", may_fetch
        self._where = reader.where()
        self._shallow = self._where.shallow
        self._local: list[TagRef] | None = None
        self.notices: list[str] = []
        self._asked = 0
        self._elsewhere: dict[str, bool] | None = None
        self._merged: set[str] | None = None

    @property
    def root(self) -> Path:
        """Top directory."""
        return self._where.root

    def head(self) -> str:
        return self._where.head

    def branch(self) -> str:
        return self._where.branch

    def tags(self, last: Callable[[Sequence[Tag]], Tag | None]) -> list[Tag]:
        if self._local is None:
            self._local = self.reader.tags()
        local = self._local
        if not self._shallow:
            return [_tag(one) for one in local or self._tags_elsewhere()]
        if not self.may_fetch:
            raise Unreachable(
                "history is cut off here, so the last release cannot be known",
                why="the clone is shallow and fetching was not allowed",
                fix="git fetch --unshallow --tags, or leave out --no-fetch",
            )
        known = {one.name: one for one in (*remote_tags(self.reader, self.remote), *local)}
        chosen = last([_tag(one) for one in known.values()])
        done = deepen(self.reader, self.remote, known[chosen.name] if chosen else None)
        self._local = self.reader.tags()
        known.update((one.name, one) for one in self._local)
        self._shallow = done != "unshallow"
        return [_tag(one) for one in known.values()]

    def _tags_elsewhere(self) -> list[TagRef]:
        """Tags the remote has and a clone made without tags lacks.

        The commits of those on other branches may not be here; their versions are taken.
        """
        if not self.may_fetch or self.remote not in self.reader.remotes():
            return []
        try:
            found = remote_tags(self.reader, self.remote)
        except Unreachable as error:
            self.notices.append(
                f"this clone has no tags, and {self.remote} was not asked: {error.why}"
            )
            return []
        self._local = found
        self._elsewhere = {one.sha: self.reader.commit_of(one.sha) is not None for one in found}
        if self._local:
            self.notices.append(f"this clone has no tags; those of {self.remote} were used")
        return self._local

    def contains(self, tag: Tag) -> bool:
        if self._shallow:
            return holds(self.reader, tag.sha)
        if self._elsewhere is not None:
            return self._elsewhere.get(tag.sha, False) and self.reader.contains(tag.sha)
        self._asked += 1
        if self._asked > _PATIENCE:
            return tag.name in self._all_merged()
        return self.reader.contains(tag.sha)

    def commits(self, since: Tag | None, *, names: bool = False) -> Iterable[RawCommit]:
        exclude = []
        if since is not None and (not self._shallow or self.reader.commit_of(since.sha)):
            exclude.append(since.sha)
        found = self.reader.log("HEAD", exclude=exclude, names=names)
        if self._shallow:
            found = with_parents_cut_off(self.reader, found)
        # The same tuple under two names: the transport knows nothing of releases.
        return cast("Iterable[RawCommit]", found)

    def _all_merged(self) -> set[str]:
        if self._merged is None:
            self._merged = self.reader.merged_tags()
        return self._merged


def find_config(directory: Path, given: Path | None) -> ReleaseConfig:
    """The settings given, or those of the repository, or the defaults.

    Raises:
        UsageFault: The file cannot be read or does not fit, or there are two.
    """
    if given:
        return the_one_file({str(given): _content(given)}).config
    found = {str(directory / one): read_inside(directory, one) for one in PATHS}
    return the_one_file({name: raw for name, raw in found.items() if raw is not None}).config


def _content(path: Path) -> bytes:
    try:
        return read_bounded(path, most=_LARGEST_CONFIG)
    except OSError as error:
        raise UsageFault(f"{path} cannot be read", why=str(error)) from None


def _tag(one: TagRef) -> Tag:
    return Tag(one.name, one.sha, one.time)
