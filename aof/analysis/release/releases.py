"""The releases a repository has: tags that are versions, and the last ones HEAD contains."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from aof.analysis.release.calver import CalendarFormat
from aof.analysis.release.config import Package, ReleaseConfig
from aof.analysis.release.model import Diagnostic, Tag
from aof.analysis.release.tags import TagTemplate, detect_template
from aof.analysis.release.version import Version
from aof.errors import UsageFault

_MOST_NAMED = 5
_TWIN = "is the last release's version on another commit; which one was released?"
_LIKE_A_VERSION = re.compile(r"[vV]?\d+(?:\.\d+){0,3}(?:[-+.]\w[\w.+-]*)?")


class Release(NamedTuple):
    """A tag that is a version. `order` sorts releases; `semantic` is None for calendar ones."""

    tag: Tag
    version: str
    order: tuple[object, ...]
    semantic: Version | None
    numbers: tuple[int, ...] = ()

    @property
    def prerelease(self) -> bool:
        """Whether it is one."""
        return self.semantic is not None and bool(self.semantic.prerelease)


@dataclass(frozen=True, slots=True)
class Releases:
    """What the tags say.

    Attributes:
        template: How tags are named.
        final: The highest final release HEAD contains.
        prerelease: The highest pre-release above it that HEAD contains.
        known: Every release, highest first, whether HEAD contains it or not.
        diagnostics: Tags that were passed over, and why.
    """

    template: TagTemplate
    final: Release | None
    prerelease: Release | None
    known: tuple[Release, ...]
    diagnostics: tuple[Diagnostic, ...]


def tag_template(
    tags: Sequence[Tag], config: ReleaseConfig, package: Package | None = None
) -> TagTemplate:
    """The template that holds here: of the package, configured, or read off the tags.

    Raises:
        UsageFault: Tags with several unusual prefixes; which are releases must be said.
    """
    if package is not None:
        return TagTemplate(package.tag, package.name)
    if config.tag:
        return TagTemplate(config.tag)
    if config.scheme != "semver":
        return TagTemplate("v{version}" if any(t.name[:1] == "v" for t in tags) else "{version}")
    template, rivals = detect_template(tag.name for tag in tags)
    if rivals:
        raise UsageFault(
            "cannot tell which tags are releases",
            why=f"versions stand behind several prefixes: {', '.join(rivals[:_MOST_NAMED])}",
            fix="set `tag` in .aof/release.yaml, for example tag: release-{version}, or packages",
        )
    return TagTemplate(template)


def find_releases(
    tags: Sequence[Tag],
    config: ReleaseConfig,
    contains: Callable[[Tag], bool],
    package: Package | None = None,
) -> Releases:
    """Read the tags.

    Args:
        tags: All of the repository.
        config: Template and scheme.
        contains: Whether HEAD contains a tag's commit; asked from the highest version down,
            and only until it is answered with yes.
        package: In a monorepo, whose releases.
    """
    template = tag_template(tags, config, package)
    known, ignored = _read(tags, template, config)
    final, passed = _highest([one for one in known if not one.prerelease], contains)
    above = [one for one in known if one.prerelease and (not final or one.order > final.order)]
    prerelease, passed_too = _highest(above, contains)
    notes = [_about(ignored, "tag-ignored", f"is not a release by '{template.template}'")]
    off = [one.tag.name for one in (*passed, *passed_too)]
    notes.append(_about(off, "tag-off-branch", "is a release that HEAD does not contain"))
    if package is None and config.scheme == "semver":
        notes += _doubtful(ignored, known, sure=bool(config.tag))
        if not config.tag and template.before in {"", "v", "V"}:
            notes.append(_about(_twins(final, ignored, tags), "tag-twin", _TWIN, asks=True))
    diagnostics = tuple(note for note in notes if note is not None)
    return Releases(template, final, prerelease, known, diagnostics)


def _twins(final: Release | None, ignored: Sequence[str], tags: Sequence[Tag]) -> list[str]:
    """Tags of the last release's version, with or without `v`, that name another commit."""
    if final is None:
        return []
    names = {name for name in ignored if name.lstrip("vV") == final.version}
    return [tag.name for tag in tags if tag.name in names and tag.sha != final.tag.sha]


def _doubtful(
    ignored: Sequence[str], known: Sequence[Release], *, sure: bool
) -> list[Diagnostic | None]:
    """Tags passed over that may be releases: with another prefix, or in another form.

    They ask where they could be the last release: there is no other one, or nobody said how
    tags are named and most are named like these.
    """
    others: list[str] = []
    odd: list[str] = []
    there = {release.version for release in known}
    for name in ignored:
        text = name.lstrip("vV")
        if _LIKE_A_VERSION.fullmatch(name) and text not in there:
            (others if Version.parse(text) else odd).append(name)
    asks = not known or (len(others) >= len(known) and not sure)
    notes = [_about(others, "tag-prefix", "looks like a version; is it? See `tag`", asks=asks)]
    if not known:
        text = "looks like a version but has not three numbers without leading zeros; see `scheme`"
        notes.append(_about(odd, "tag-unreadable", text, asks=True))
    return notes


def _read(
    tags: Sequence[Tag], template: TagTemplate, config: ReleaseConfig
) -> tuple[tuple[Release, ...], list[str]]:
    calendar = None if config.scheme == "semver" else CalendarFormat(config.scheme)
    known: list[Release] = []
    ignored: list[str] = []
    for tag in tags:
        text = template.version_in(tag.name)
        release = None
        if text is not None and calendar is not None:
            numbers = calendar.parse(text)
            release = Release(tag, text, numbers, None, numbers) if numbers else None
        elif text is not None:
            version = Version.parse(text)
            release = Release(tag, text, version.key, version) if version else None
        if release is None:
            ignored.append(tag.name)
        else:
            known.append(release)
    # Of equals, which differ in build metadata alone, the one made last comes first.
    known.sort(key=lambda one: (one.order, one.tag.time, one.tag.name), reverse=True)
    return tuple(known), ignored


def _highest(
    releases: Sequence[Release], contains: Callable[[Tag], bool]
) -> tuple[Release | None, list[Release]]:
    passed: list[Release] = []
    for release in releases:
        if contains(release.tag):
            return release, passed
        passed.append(release)
    return None, passed


def _about(names: Sequence[str], code: str, text: str, *, asks: bool = False) -> Diagnostic | None:
    if not names:
        return None
    listed = ", ".join(names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return Diagnostic(code, "ask" if asks else "info", f"{listed}{more}: {text}")
