"""One release as markdown: Keep a Changelog headings, or a template of one's own.

Source of the headings and their order: keepachangelog.com 1.1.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from aof.analysis.release.changelog_template import ChangelogTemplate
from aof.analysis.release.changes import Range, Unconventional
from aof.analysis.release.config import ChangelogConfig, ReleaseConfig
from aof.analysis.release.escape import escape, escape_block
from aof.analysis.release.model import Change, ParsedCommit

INTERNAL_TYPES = frozenset(
    {"build", "chore", "ci", "docs", "refactor", "release", "style", "test", "tests", "wip"}
)
"""Left out of the changelog unless a section names them; other types are shown."""

HEAD = "# Changelog\n\nAll notable changes of each release, newest first.\n"


class Entry(NamedTuple):
    """A line of the changelog: a change, the request it came by, and text, made inert."""

    change: Change | None
    request: str
    text: str

    @property
    def line(self) -> str:
        """As markdown, a list item."""
        change, request, text = self
        if change is None:
            return f"- {text}"
        scope = change.parsed.scope
        start = f"- **{escape(scope)}**: " if scope else "- "
        where = request or change.sha[:8]
        if change.references:
            where += f", {', '.join(change.references)}"
        return f"{start}{text} ({where})"

    def values(self) -> dict[str, Any]:
        """What a template gets of it."""
        change = self.change
        return {
            "line": self.line,
            "description": self.text,
            "type": change.parsed.type if change else None,
            "scope": escape(change.parsed.scope or "") if change else "",
            "sha": change.sha if change else "",
            "pull_request": self.request[1:],
            "references": list(change.references) if change else [],
            "author": escape(change.author) if change else "",
            "breaking": bool(change and change.breaking),
        }


@dataclass(frozen=True, slots=True)
class Grouped:
    """Entries of one release: what breaks, and by heading, in the order of the settings."""

    breaking: list[Entry]
    sections: dict[str, list[Entry]]


class ChangelogWriter:
    """Renders releases.

    Args:
        config: Settings.
        template: Text of a template of one's own; empty for Keep a Changelog.

    Raises:
        UsageFault: The template cannot be parsed.
    """

    def __init__(self, config: ReleaseConfig, template: str = "") -> None:
        self.config = config
        name = config.changelog.template or "changelog template"
        self._template = ChangelogTemplate(template, name) if template else None

    def section(
        self,
        changed: Range,
        *,
        version: str,
        day: date | None,
        tag: str = "",
        dependencies: Sequence[str] = (),
    ) -> str:
        """One release as markdown, ending in one newline.

        Args:
            changed: What it holds.
            version: Without prefix, or `Unreleased`.
            day: Date of the release; None leaves it out.
            tag: Its tag.
            dependencies: Tags of packages released with it.

        Raises:
            UsageFault: The template asks for what it may not have.
        """
        config = self.config.changelog
        grouped = _grouped(changed, config, dependencies)
        when = day.isoformat() if day else ""
        if self._template is None:
            return _keep_a_changelog(grouped, version, when, config.breaking)
        values = {
            "version": version,
            "date": when,
            "tag": tag,
            "breaking_title": config.breaking,
            "breaking": [entry.values() for entry in grouped.breaking],
            "sections": [
                {"title": title, "entries": [entry.values() for entry in entries]}
                for title, entries in grouped.sections.items()
            ],
            "contributors": [escape(name) for name in dict.fromkeys(_contributors(changed))],
        }
        return _squeezed(self._template.render(values))


def full_changelog(sections: Iterable[str]) -> str:
    """A whole file from sections, newest first."""
    return HEAD + "\n" + "\n".join(sections)


def _keep_a_changelog(grouped: Grouped, version: str, when: str, breaking: str) -> str:
    headings = {**({breaking: grouped.breaking} if grouped.breaking else {}), **grouped.sections}
    lines = [f"## [{version}] - {when}" if when else f"## [{version}]"]
    for title, entries in headings.items():
        lines += ["", f"### {title}", "", *(entry.line for entry in entries)]
    return "\n".join(lines) + "\n"


def _grouped(changed: Range, config: ChangelogConfig, dependencies: Sequence[str]) -> Grouped:
    titles: dict[str | None, str] = dict.fromkeys(INTERNAL_TYPES, "")
    titles.update((kind, section.title) for section in config.sections for kind in section.types)
    groups: dict[str, list[Entry]] = {section.title: [] for section in config.sections}
    breaking: list[Entry] = []
    for change in changed.changes:
        for one in _with_parts(change) if change.parts else (change,):
            parsed = one.parsed
            title = titles.get(parsed.type, config.other)
            request = one.request or change.request
            if title:
                entry = Entry(one, request, escape(one.description))
                groups.setdefault(title, []).append(entry)
            if parsed.breaking_notes:
                breaking += _notes(one, request)
    for free in changed.unconventional:
        change = _as_change(free)
        if not free.merge and config.other:
            entry = Entry(change, free.request, escape(free.subject))
            groups.setdefault(config.other, []).append(entry)
        breaking += _notes(change, free.request)
    for name in dependencies:
        groups.setdefault("Changed", []).append(Entry(None, "", f"update to {escape(name)}"))
    return Grouped(breaking, {title: entries for title, entries in groups.items() if entries})


def _with_parts(change: Change) -> Iterator[Change]:
    if change.parsed.type is not None:
        yield change
    for part in change.parts:
        if part.description.casefold() != change.description.casefold():
            yield part


def _notes(change: Change, request: str) -> list[Entry]:
    """What breaks; issues are named with the change itself."""
    bare = change._replace(references=())
    return [Entry(bare, request, escape_block(note, "  ")) for note in change.breaking_notes]


def _as_change(free: Unconventional) -> Change:
    parsed = ParsedCommit(None, None, False, free.subject, breaking_notes=free.breaking_notes)
    return Change(free.sha, parsed, free.subject, free.level, free.request, author=free.author)


def _contributors(changed: Range) -> Iterator[str]:
    for change in changed.changes:
        yield change.author
    for free in changed.unconventional:
        if not free.merge:
            yield free.author


def _squeezed(text: str) -> str:
    lines: list[str] = []
    for line in text.split("\n"):
        clean = line.rstrip()
        if clean or (lines and lines[-1]):
            lines.append(clean)
    return "\n".join(lines).strip("\n") + "\n"
