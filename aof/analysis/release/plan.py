"""The release plan: from a range of commits and the releases there are to the next version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from aof.analysis.release.calver import CalendarFormat
from aof.analysis.release.changes import Range, read_range
from aof.analysis.release.config import Package, ReleaseConfig
from aof.analysis.release.model import Diagnostic, Level, RawCommit
from aof.analysis.release.policy import applied_level, next_final, next_prerelease
from aof.analysis.release.progress import up_to
from aof.analysis.release.releases import Releases
from aof.analysis.release.version import Version
from aof.errors import UsageFault

ENGINE = "1"
"""Version of the rules; part of every plan's id."""


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """What would be released.

    Attributes:
        package: Name in a monorepo, else empty.
        dependencies: Tags of packages it depends on that are released with it.
        current: Tag of the last final release HEAD contains, or None.
        current_version: The same without prefix.
        prerelease: Tag of the pre-release under way, or None.
        prerelease_version: The same without prefix.
        next: Tag of the next release; None when nothing asks for one.
        version: The same without prefix; None alike.
        level: What `next` is compared with `current`.
        changed: The range since `current`.
        diagnostics: Of commits, tags and the version, in this order.
        day: Date the release would carry.
        head: Commit it was planned for.
        id: `sha256:` over everything the plan depends on.
    """

    package: str
    dependencies: tuple[str, ...]
    current: str | None
    current_version: str | None
    prerelease: str | None
    prerelease_version: str | None
    next: str | None
    version: str | None
    level: Level
    changed: Range
    diagnostics: tuple[Diagnostic, ...]
    day: date
    head: str
    id: str

    @property
    def questions(self) -> tuple[Diagnostic, ...]:
        """Diagnostics whose answer could change the version."""
        return tuple(one for one in self.diagnostics if one.severity == "ask")

    def as_dict(self) -> dict[str, Any]:
        """JSON, as `aofctl analyze release` prints it (the changelog is added there)."""
        changed = self.changed
        return {
            "package": self.package or None,
            "dependencies": list(self.dependencies),
            "current": self.current,
            "prerelease": self.prerelease,
            "next": self.next,
            "version": self.version,
            "level": self.level.word,
            "breaking": any(change.breaking for change in changed.changes)
            or any(one.breaking_notes for one in changed.unconventional),
            "commits": changed.commits,
            "changes": [change.as_dict() for change in changed.changes],
            "unconventional": [one.as_dict() for one in changed.unconventional],
            "cancelled": [one._asdict() for one in changed.cancelled],
            "diagnostics": [one.as_dict() for one in self.diagnostics],
            "date": self.day.isoformat(),
            "head": self.head,
            "id": self.id,
        }


def plan_release(
    commits: Sequence[RawCommit],
    releases: Releases,
    config: ReleaseConfig | None = None,
    *,
    head: str,
    today: date,
    branch: str = "",
    package: Package | None = None,
    at_least: Level = Level.NONE,
    dependencies: tuple[str, ...] = (),
    wanted: str = "",
) -> ReleasePlan:
    """Plan the next release.

    Args:
        commits: All that HEAD contains and `releases.final` does not, newest first.
        releases: From `find_releases`.
        config: Settings.
        head: Commit of HEAD.
        today: Date of the release.
        branch: Branch HEAD is on; decides about pre-releases.
        package: In a monorepo, which one; `commits` are those that touch it.
        at_least: Lowest level, e.g. patch for a package whose dependency is released.
        dependencies: Tags of the dependencies that are released with it.
        wanted: A version a person asked for; overrides the computed one.

    Raises:
        UsageFault: `wanted` is no version or not above the current one.
    """
    config = config or ReleaseConfig()
    changed = read_range(commits, config)
    level = max(changed.level, at_least)
    chosen = _Choice(commits, changed, releases, config, branch=branch, level=level)
    version, notes = chosen.choose(today, wanted)
    diagnostics = (*changed.diagnostics, *releases.diagnostics, *notes)
    return ReleasePlan(
        package=package.name if package else "",
        dependencies=dependencies,
        current=releases.final.tag.name if releases.final else None,
        current_version=releases.final.version if releases.final else None,
        prerelease=releases.prerelease.tag.name if releases.prerelease else None,
        prerelease_version=releases.prerelease.version if releases.prerelease else None,
        next=releases.template.name(version) if version else None,
        version=version,
        level=chosen.level_of(version),
        changed=changed,
        diagnostics=diagnostics,
        day=today,
        head=head,
        id=_plan_id(
            commits,
            releases,
            config,
            asked=[head, branch, today.isoformat(), wanted, *dependencies],
        ),
    )


class _Choice:
    """Chooses the version; semantic and calendar schemes."""

    def __init__(
        self,
        commits: Sequence[RawCommit],
        changed: Range,
        releases: Releases,
        config: ReleaseConfig,
        *,
        branch: str,
        level: Level,
    ) -> None:
        self.commits, self.changed, self.releases = commits, changed, releases
        self.config, self.level = config, level
        self.token = config.prerelease_on(branch)
        self.current = releases.final.semantic if releases.final else None
        self.under_way = releases.prerelease.semantic if releases.prerelease else None
        self.notes: list[Diagnostic] = []
        self.taken = {release.tag.name for release in releases.known}

    def choose(self, today: date, wanted: str) -> tuple[str | None, list[Diagnostic]]:
        if self.config.scheme != "semver":
            return self._calendar(today), self.notes
        if wanted:
            return str(self._wanted(wanted)), self.notes
        version = self._release_as() or self._semantic()
        return (str(version) if version else None), self.notes

    def level_of(self, version: str | None) -> Level:
        if version is None:
            return Level.NONE
        parsed = Version.parse(version)
        if parsed is None or self.config.scheme != "semver":
            return self.level
        return parsed.final.level_from(self.current or Version(0))

    def _semantic(self) -> Version | None:
        target = self._final_target()
        if target is None:
            return None
        if not self.token:
            return self._free(target)
        known = [one.semantic for one in self.releases.known if one.semantic is not None]
        version = next_prerelease(target, self.token, known)
        if self.under_way is None or self.releases.prerelease is None:
            return version
        token = self.under_way.prerelease[0].rstrip("0123456789")
        same = (self.under_way.final, token) == (target, self.token)
        if same and self._level_since(self.releases.prerelease.tag.sha) is Level.NONE:
            return None
        if version < self.under_way:
            text = f"{version} would be below the pre-release under way, {self.under_way}"
            self.notes.append(Diagnostic("prerelease-below", "ask", text))
            return None
        return version

    def _final_target(self) -> Version | None:
        under_way = self.under_way
        if self.current is None:
            if self.level is Level.NONE and under_way is None:
                return None
            first = Version.parse(self.config.initial_version)
            if first is None:
                raise UsageFault(f"initial_version '{self.config.initial_version}' is no version")
            return max(first, under_way.final) if under_way else first
        level = applied_level(
            self.level,
            self.current,
            zero_breaking=self.config.zero_breaking,
            zero_feature=self.config.zero_feature,
        )
        if level is Level.NONE and under_way is None:
            return None
        return next_final(self.current, level, under_way)

    def _free(self, version: Version) -> Version:
        """The first version from `version` on that no tag has: a tag is never moved."""
        wanted = version
        level = wanted.level_from(self.current) if self.current else Level.PATCH
        while self.releases.template.name(str(version)) in self.taken:
            version = version.bump(level)
        if version != wanted:
            text = (
                f"{self.releases.template.name(str(wanted))} names a commit HEAD does not contain; "
                f"{version} is the next free version"
            )
            self.notes.append(Diagnostic("version-taken", "ask", text))
        return version

    def _level_since(self, sha: str) -> Level:
        """The level of the commits that `sha` does not contain."""
        inside = {commit.sha for commit in up_to(self.commits, sha)}
        newer = [commit for commit in self.commits if commit.sha not in inside]
        return read_range(newer, self.config).level

    def _release_as(self) -> Version | None:
        for sha, value in self.changed.footers("release-as"):
            first, _, _ = value.partition("\n")
            version = Version.parse(first.strip().removeprefix("v"))
            name = self.releases.template.name(str(version))
            if version is None or name in self.taken or not self._above(version):
                text = f"Release-As {first[:80]!r} is no version above the current one"
                self.notes.append(Diagnostic("release-as-refused", "ask", text, sha))
                return None
            text = f"a commit asks for version {version} (Release-As)"
            self.notes.append(Diagnostic("release-as", "ask", text, sha))
            return version
        return None

    def _wanted(self, text: str) -> Version:
        version = Version.parse(text.removeprefix(self.releases.template.before).removeprefix("v"))
        if version is None:
            raise UsageFault(f"'{text}' is not a version", fix="for example 1.4.0 or 2.0.0-rc.1")
        if self.releases.template.name(str(version)) in self.taken:
            raise UsageFault(f"{text} is already released", why="a released version never changes")
        if not self._above(version):
            raise UsageFault(f"{text} is not above the current release {self.current}")
        computed = self._semantic()
        if computed is not None and version < computed:
            note = f"the commits ask for {computed}, {version} is below that"
            self.notes.append(Diagnostic("version-below-changes", "ask", note))
        return version

    def _above(self, version: Version) -> bool:
        return self.current is None or version > self.current

    def _calendar(self, today: date) -> str | None:
        if self.level is Level.NONE:
            return None
        calendar = CalendarFormat(self.config.scheme)
        final = self.releases.final
        version = calendar.next(final.numbers if final else None, today)
        while self.releases.template.name(version) in self.taken:
            version = calendar.next(calendar.parse(version), today)
        return version


def _plan_id(
    commits: Sequence[RawCommit],
    releases: Releases,
    config: ReleaseConfig,
    *,
    asked: list[str],
) -> str:
    depends_on = {
        "engine": ENGINE,
        "asked": asked,
        "commits": [commit.sha for commit in commits],
        "tags": sorted([one.tag.name, one.tag.sha] for one in releases.known),
        "config": asdict(config),
    }
    text = json.dumps(depends_on, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
