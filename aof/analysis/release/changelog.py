"""One release as markdown: Keep a Changelog headings, or a template of one's own.

Source of the headings and their order: keepachangelog.com 1.1.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from aof.analysis.release.changes import Range, Unconventional
from aof.analysis.release.config import ChangelogConfig, ReleaseConfig
from aof.analysis.release.escape import escape, escape_block
from aof.analysis.release.model import Change
from aof.errors import UsageFault

INTERNAL_TYPES = frozenset(
    {"build", "chore", "ci", "docs", "refactor", "release", "style", "test", "tests", "wip"}
)
"""Left out of the changelog unless a section names them; other types are shown."""

DEFAULT_TEMPLATE = """\
## [{{ version }}] - {{ date }}
{% if breaking %}

### {{ breaking_title }}

{% for entry in breaking %}
{{ entry.line }}
{% endfor %}
{% endif %}
{% for section in sections %}

### {{ section.title }}

{% for entry in section.entries %}
{{ entry.line }}
{% endfor %}
{% endfor %}
"""


class ChangelogWriter:
    """Renders releases with one template.

    Args:
        config: Settings; `changelog.template` must hold the template's text by now.

    Raises:
        UsageFault: The template cannot be parsed.
    """

    def __init__(self, config: ReleaseConfig, template: str = "") -> None:
        from jinja2 import StrictUndefined, TemplateSyntaxError
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        self.config = config
        self.name = config.changelog.template or "changelog template"
        environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
        )
        try:
            self._template = environment.from_string(template or DEFAULT_TEMPLATE)
        except TemplateSyntaxError as error:
            raise UsageFault(
                f"the changelog template cannot be parsed: {error.message}",
                file=self.name,
                line=error.lineno,
            ) from None

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
        from jinja2 import TemplateError

        values = release_values(changed, self.config.changelog, dependencies)
        try:
            text = self._template.render(
                values, version=version, date=day.isoformat() if day else "", tag=tag
            )
        except TemplateError as error:
            raise UsageFault(
                f"the changelog template cannot be rendered: {error}", file=self.name
            ) from None
        return _squeezed(text if day else text.replace(f"[{version}] - \n", f"[{version}]\n", 1))


def release_values(
    changed: Range, config: ChangelogConfig, dependencies: Sequence[str] = ()
) -> dict[str, Any]:
    """What a template gets: `breaking` and `sections`, each with entries; text is escaped."""
    groups: dict[str, list[dict[str, Any]]] = {}
    titles = {kind: section.title for section in config.sections for kind in section.types}
    breaking: list[dict[str, Any]] = []
    for change in changed.changes:
        for one in _with_parts(change) if change.parts else (change,):
            title = titles.get(one.parsed.type or "", "")
            if not title and one.parsed.type not in INTERNAL_TYPES:
                title = config.other
            if title:
                groups.setdefault(title, []).append(_entry(one, change.request))
            if one.parsed.breaking_notes:
                breaking += _breaking(one, change.request)
    for free in changed.unconventional:
        if not free.merge and config.other:
            groups.setdefault(config.other, []).append(_free_entry(free))
        breaking += [_note(free.sha, free.request, "", note) for note in free.breaking_notes]
    if dependencies:
        lines = [{"line": f"- update to {escape(name)}"} for name in dependencies]
        groups.setdefault("Changed", []).extend(lines)
    order = dict.fromkeys([*(section.title for section in config.sections), *groups])
    return {
        "breaking_title": config.breaking,
        "breaking": breaking,
        "sections": [
            {"title": title, "entries": groups[title]} for title in order if title in groups
        ],
        "contributors": [escape(name) for name in dict.fromkeys(_contributors(changed))],
    }


def full_changelog(sections: Iterable[str]) -> str:
    """A whole file from sections, newest first."""
    return HEAD + "\n" + "\n".join(sections)


HEAD = "# Changelog\n\nAll notable changes of each release, newest first.\n"


def _with_parts(change: Change) -> Iterator[Change]:
    if change.parsed.type is not None:
        yield change
    for part in change.parts:
        if part.parsed.description.casefold() != change.parsed.description.casefold():
            yield part


def _entry(change: Change, request: str) -> dict[str, Any]:
    parsed = change.parsed
    description = escape(parsed.description)
    scope = escape(parsed.scope) if parsed.scope else ""
    where = change.request or request or change.sha[:8]
    issues = f", {', '.join(change.references)}" if change.references else ""
    start = f"- **{scope}**: " if scope else "- "
    # Built for every commit of a history: plain values, nothing that is computed on use.
    return {
        "line": f"{start}{description} ({where}{issues})",
        "type": parsed.type,
        "scope": scope,
        "description": description,
        "sha": change.sha,
        "pull_request": (change.request or request)[1:],
        "references": list(change.references),
        "author": escape(change.author),
        "breaking": change.breaking,
    }


def _breaking(change: Change, request: str) -> list[dict[str, Any]]:
    return [
        _note(change.sha, change.request or request, change.parsed.scope or "", note)
        for note in change.parsed.breaking_notes
    ]


def _note(sha: str, request: str, scope: str, note: str) -> dict[str, Any]:
    start = f"- **{escape(scope)}**: " if scope else "- "
    text = escape_block(note, "  ")
    return {"line": f"{start}{text} ({request or sha[:8]})", "description": text, "sha": sha}


def _free_entry(free: Unconventional) -> dict[str, Any]:
    description = escape(free.subject)
    return {
        "line": f"- {description} ({free.request or free.sha[:8]})",
        "description": description,
        "sha": free.sha,
        "author": escape(free.author),
    }


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
