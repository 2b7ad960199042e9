"""Title, highlights and notes of one release: by rule, by a model and checked, or as tagged.

A model's words enter the plan that a person approves. They are kept where the next run finds
them: in the memory for the same history, and in the message of the tag once that exists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aof.analysis.release.changes import Range
from aof.analysis.release.model import Change, Level
from aof.analysis.release.notes import Highlight, Notes, checked_notes, release_notes
from aof.analysis.release.progress import FOOTER, marked_message
from aof.plans import Action
from aof.verdict import Assessment, Draft

_MOST_CHANGES = 200
_MOST_TEXT = 300
_INSTRUCTIONS = """\
Write the title and the highlights of the release notes of {tag} for its users.
- `title`: "Release {version}: " and what matters most, at most 120 characters.
- `highlights`: one to six sentences of at most 240 characters, the most important first: what \
users notice, breaking changes before features before fixes. `change_ids` names the changes a \
sentence speaks of, by their `id`.
- Use the words of the changes. A number must stand in the changes you cite. No links, no \
mentions, no markup."""
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "highlights": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "change_ids": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["text", "change_ids"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["title", "highlights"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class ReleaseText:
    """What is written about one release.

    Attributes:
        tag: Its name.
        version: What texts call it: its version without prefix, or the tag of a package.
        package: Name in a monorepo, else empty.
        first_line: Of the tag's message.
        section: Of the changelog.
        content: Its changes.
        previous: Tag of the release before, if any.
        contributors: Accounts of the authors, as mentions.
        notes: Title and highlights.
        settled: A model is not asked any more: it was, or the tag says it.
        reply: What the model said, to be remembered.
    """

    tag: str
    version: str
    first_line: str
    section: str
    content: Range
    previous: str | None
    contributors: Sequence[str]
    notes: Notes
    package: str = ""
    settled: bool = False
    reply: Any = None

    @property
    def title(self) -> str:
        """Of the release."""
        return self.notes.title

    @property
    def body(self) -> str:
        """Of the release, markdown."""
        return release_notes(
            self.notes,
            self.section,
            self.content,
            previous=self.previous,
            contributors=self.contributors,
        )

    @property
    def tag_message(self) -> str:
        """Of the annotated tag: a title that is not made by rule can be read back from it.

        The footer says that the tag is ours, also where no commit raised a version.
        """
        parts = [self.first_line]
        parts += [self.notes.title] if self.settled else []
        lines = [f"- {one.text}" for one in self.notes.highlights]
        parts += ["\n".join(lines)] if lines else []
        return marked_message("\n\n".join(parts), [self.tag])

    def reworded(self, reply: Any) -> ReleaseText:
        """With a model's words; unchanged where those are refused, see `notes.refused`."""
        notes = checked_notes(reply, self.content, self.version)
        taken = not notes.refused
        return replace(self, notes=notes, settled=taken, reply=reply if taken else None)

    def as_tagged(self, message: str) -> ReleaseText:
        """With the words a tag was made with; unchanged where it has no title."""
        parts = [part.strip() for part in message.strip().split("\n\n")]
        parts = [part for part in parts if not part.startswith(f"{FOOTER}: ")]
        if len(parts) < 2 or "\n" in parts[1] or parts[1].startswith("- "):
            return self
        lines = [line[2:] for part in parts[2:] for line in part.split("\n") if line[:2] == "- "]
        highlights = tuple(Highlight(line, ()) for line in lines)
        return replace(self, notes=Notes(parts[1], highlights), settled=True)

    def draft(self) -> Draft:
        """The question to a model, and how its reply gets into an assessment."""

        def accept(assessment: Assessment, reply: Any) -> tuple[Assessment, str]:
            made = self.reworded(reply)
            if made.notes.refused:
                return assessment, made.notes.refused
            return _with_texts(assessment, self, made, reply), ""

        known = [change for change in self.content.changes if change.level > Level.NONE]
        return Draft(
            about=f"title and highlights of {self.tag}",
            instructions=_INSTRUCTIONS.format(tag=self.tag, version=self.version),
            data={"changes": [_shown(change) for change in known[:_MOST_CHANGES]]},
            schema=SCHEMA,
            accept=accept,
        )


def remembered_reply(memory: Sequence[Mapping[str, Any]], plan_id: str, tag: str) -> Any:
    """What a model wrote for the very same history before; None when nothing is remembered."""
    for entry in reversed(memory):
        notes = entry.get("notes")
        if (
            plan_id in (entry.get("plans") or [entry.get("plan")])
            and isinstance(notes, Mapping)
            and tag in notes
        ):
            return notes[tag]
    return None


def notes_block(texts: Sequence[ReleaseText]) -> str:
    """Titles and highlights for the report."""
    parts = []
    for one in texts:
        lines = [
            f"**Title**: {one.title}",
            "",
            *(f"- {item.text}" for item in one.notes.highlights),
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _shown(change: Change) -> dict[str, Any]:
    """A change for a model: never its body, where anybody can write at length."""
    return {
        "id": change.sha[:12],
        "type": change.parsed.type,
        "scope": change.parsed.scope,
        "description": change.parsed.description[:_MOST_TEXT],
        "breaking": [note[:_MOST_TEXT] for note in change.parsed.breaking_notes],
    }


def _with_texts(
    assessment: Assessment, old: ReleaseText, new: ReleaseText, reply: Any
) -> Assessment:
    """The assessment with the new words wherever the old ones stood."""
    words = {old.tag_message: new.tag_message, old.body: new.body, old.title: new.title}
    facts, memory = assessment.facts, assessment.memory
    if memory is not None:
        memory = {**memory, "notes": {**memory.get("notes", {}), new.tag: reply}}
    changed = {
        "actions": tuple(_rewritten(action, words) for action in assessment.actions),
        "facts": {**facts, "notes": str(facts.get("notes", "")).replace(old.body, new.body)},
        "blocks": {
            name: text.replace(notes_block([old]), notes_block([new]))
            for name, text in assessment.blocks.items()
        },
        "memory": memory,
    }
    return assessment.model_copy(update=changed)


def _rewritten(action: Action, words: Mapping[str, str]) -> Action:
    """An action with old words replaced: whole values, and notes inside of others."""

    def one(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value in words:
            return words[value]
        for old, new in words.items():
            if "\n" in old:
                value = value.replace(old, new)
        return value

    arguments = {name: one(value) for name, value in action.arguments.items()}
    return action.model_copy(update={"arguments": arguments})
