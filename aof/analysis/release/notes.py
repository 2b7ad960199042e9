"""Release notes: title and highlights by rule, and the check of a model's own.

Version, breaking changes and the list of changes never come from a model. It may write a
title and highlights; each highlight cites ids of changes, and what cites nothing known, or
holds a number the cited changes do not, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aof.analysis.release.changes import Range
from aof.analysis.release.escape import escape, escape_block
from aof.analysis.release.model import Change, Level

_MOST_HIGHLIGHTS = 6
_MOST_TITLE = 120
_MOST_TEXT = 240
_BAIT = re.compile(r"://|\bwww\.|(?<!\w)@\w|\]\(|<[a-z!/]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{4,}")
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")


@dataclass(frozen=True, slots=True)
class Highlight:
    """One sentence for readers, and the changes it speaks of."""

    text: str
    change_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notes:
    """Title and highlights. `refused` says why a model's text was not taken; empty if it was."""

    title: str
    highlights: tuple[Highlight, ...]
    refused: str = ""


def plain_notes(changed: Range, version: str) -> Notes:
    """Title and highlights without a model: what breaks, then features, then fixes."""
    ranked = sorted(
        (change for change in changed.changes if change.level > Level.NONE),
        key=lambda change: (-change.level, change.parsed.type != "feat"),
    )
    chosen = ranked[:_MOST_HIGHLIGHTS]
    highlights = tuple(Highlight(_sentence(one), (one.sha[:12],)) for one in chosen)
    features = [one for one in ranked if one.parsed.type == "feat"][:2]
    about = " and ".join(escape(_short(one.description)) for one in features or ranked[:1])
    title = f"Release {version}" + (f": {about}" if about else "")
    return Notes(title[:_MOST_TITLE], highlights)


def checked_notes(reply: Any, changed: Range, version: str) -> Notes:
    """A model's `{title, highlights: [{text, change_ids}]}`, or the plain notes and why.

    Args:
        reply: Parsed JSON; untrusted.
        changed: The release.
        version: Without prefix.
    """
    plain = plain_notes(changed, version)
    problem = _problem(reply, {change.sha[:12]: change for change in changed.changes}, version)
    if problem:
        return Notes(plain.title, plain.highlights, refused=problem)
    highlights = tuple(
        Highlight(escape(one["text"]), tuple(one["change_ids"])) for one in reply["highlights"]
    )
    return Notes(escape(reply["title"]), highlights)


def release_notes(
    notes: Notes,
    section: str,
    changed: Range,
    *,
    previous: str | None,
    contributors: Sequence[str] = (),
) -> str:
    """The text of a release on GitHub or GitLab, as markdown."""
    breaking = [note for change in changed.changes for note in _breaking(change)]
    parts = []
    if notes.highlights:
        lines = [f"- {one.text}" for one in notes.highlights]
        parts.append("## Highlights\n\n" + "\n".join(lines))
    if breaking:
        lines = [f"- {escape_block(note, '  ')}" for note in breaking]
        parts.append("## Migration\n\n" + "\n".join(lines))
    body = section.partition("\n")[2].strip("\n")
    parts.append(f"## Changes{f' since {previous}' if previous else ''}\n\n{body}")
    if contributors:
        parts.append("## Contributors\n\n" + ", ".join(contributors))
    return "\n\n".join(parts) + "\n"


def _problem(reply: Any, changes: Mapping[str, Change], version: str) -> str:
    """The first reason not to take a reply; empty when there is none."""
    problem = _shape_problem(reply)
    if problem:
        return problem
    everything = [*changes.values()]
    found = [_title_problem(reply["title"], everything, version)]
    found += (_highlight_problem(one, changes, version) for one in reply["highlights"])
    return next(filter(None, found), "")


def _shape_problem(reply: Any) -> str:
    if not isinstance(reply, Mapping) or set(reply) != {"title", "highlights"}:
        return "it is not an object of title and highlights"
    title, highlights = reply["title"], reply["highlights"]
    if not isinstance(title, str) or not 0 < len(title) <= _MOST_TITLE:
        return "its title is missing or too long"
    if not isinstance(highlights, list) or not 0 < len(highlights) <= _MOST_HIGHLIGHTS:
        return f"it has not between 1 and {_MOST_HIGHLIGHTS} highlights"
    for one in highlights:
        if not isinstance(one, Mapping) or set(one) != {"text", "change_ids"}:
            return "a highlight is not an object of text and change_ids"
    return ""


def _title_problem(title: str, changes: Sequence[Change], version: str) -> str:
    if foreign := _foreign_numbers(title, changes, version):
        return f"its title names {foreign}, which no change holds"
    if version not in title:
        return f"its title does not name {version}"
    problem = _unfounded(title, changes)
    return f"its title {problem}" if problem else ""


def _highlight_problem(one: Mapping[str, Any], changes: Mapping[str, Change], version: str) -> str:
    text, ids = one["text"], one["change_ids"]
    if not isinstance(text, str) or not 0 < len(text) <= _MOST_TEXT:
        return "a highlight is empty or too long"
    if not isinstance(ids, list) or not ids:
        return "a highlight cites no change"
    unknown = [str(name) for name in ids if not isinstance(name, str) or name not in changes]
    if unknown:
        return f"a highlight cites {unknown[0][:40]}, which is no change of this release"
    cited = [changes[name] for name in ids]
    if foreign := _foreign_numbers(text, cited, version):
        return f"a highlight names {foreign}, which the changes it cites do not hold"
    problem = _unfounded(text, cited)
    return f"a highlight {problem}" if problem else ""


def _unfounded(text: str, changes: Sequence[Change]) -> str:
    """Why words cannot be about the changes: bait, or none of their own words."""
    if _BAIT.search(text):
        return "holds a link, a mention or markup"
    said = [change.parsed.description for change in changes]
    said += [note for change in changes for note in change.parsed.breaking_notes]
    known = {stem for part in said for stem in _stems(part)}
    if known and not known & _stems(text):
        return "shares no word with the changes it speaks of"
    return ""


def _stems(text: str) -> set[str]:
    """Beginnings of the longer words: enough to tell whether two texts share a subject."""
    return {word[:5].lower() for word in _WORD.findall(text)}


def _foreign_numbers(text: str, changes: Sequence[Change], version: str) -> str:
    """The first number of `text` that neither the changes nor the version hold."""
    known = set(_NUMBER.findall(version)) | {version}
    for change in changes:
        held = (change.parsed.header, change.parsed.body, *change.parsed.breaking_notes)
        known.update(number for part in held for number in _NUMBER.findall(part))
        known.add(change.request[1:])
    return next((number for number in _NUMBER.findall(text) if number not in known), "")


def _breaking(change: Change) -> list[str]:
    """Notes that say more than the description does."""
    found = [note for part in (change, *change.parts) for note in part.breaking_notes]
    return [note for note in found if note != change.description]


def _sentence(change: Change) -> str:
    scope = f"**{escape(change.parsed.scope)}**: " if change.parsed.scope else ""
    breaking = "Breaking: " if change.breaking else ""
    return f"{breaking}{scope}{escape(change.description)}"


def _short(text: str) -> str:
    return text if len(text) <= 50 else text[:47].rstrip() + "..."
