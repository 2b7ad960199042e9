"""The releases a repository has: tags that are versions, and the last ones HEAD contains."""

from __future__ import annotations

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
    notes.append(_about(_others(ignored, template), "tag-prefix", "looks like a version"))
    diagnostics = tuple(note for note in notes if note is not None)
    return Releases(template, final, prerelease, known, diagnostics)


def _others(ignored: Sequence[str], template: TagTemplate) -> list[str]:
    """Version tags that would have been taken with `v` added or left out."""
    swapped = "" if template.before == "v" else "v"
    if template.before not in {"", "v"}:
        return []
    return [name for name in ignored if Version.parse(name.removeprefix(swapped)) is not None]


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
    known.sort(key=lambda release: release.order, reverse=True)
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


def _about(names: Sequence[str], code: str, text: str) -> Diagnostic | None:
    if not names:
        return None
    listed = ", ".join(names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return Diagnostic(code, "info", f"{listed}{more}: {text}")
