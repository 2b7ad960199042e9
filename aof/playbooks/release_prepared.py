"""Everything a release would write, computed before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from aof.analysis.release.changelog import ChangelogWriter
from aof.analysis.release.changelog_file import put_release, section_of
from aof.analysis.release.changes import Range, read_range
from aof.analysis.release.config import Package, ReleaseConfig, VersionFile
from aof.analysis.release.escape import escape
from aof.analysis.release.files import bump_files, companions, detect_version_files
from aof.analysis.release.files.bump import DETECTED
from aof.analysis.release.notes import Notes, plain_notes, release_notes
from aof.analysis.release.plan import ReleasePlan
from aof.analysis.release.progress import Begun, bump_message
from aof.playbooks.release_forge import Forge
from aof.playbooks.release_repository import CalledRepository
from aof.verdict import Finding, Verdict


@dataclass(slots=True)
class Prepared:
    """What a release consists of; parallel lists go by package, one without packages.

    Attributes:
        tags: Their names.
        tag_messages: What the annotated tags say.
        titles: Of the releases.
        notes_texts: Of the releases, markdown.
        section: Changelog sections, for reading.
        files: New contents of files; empty when no file follows the version.
        message: Of the commit that raises the version.
        subject: Its first line.
        findings: What a person should look at before approving.
    """

    subject: str = ""
    message: str = ""
    section: str = ""
    tags: list[str] = field(default_factory=list)
    tag_messages: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    notes: list[Notes] = field(default_factory=list)
    notes_texts: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def notes_text(self) -> str:
        """All release notes."""
        return "\n".join(self.notes_texts)

    def releases(self) -> Iterator[tuple[str, str, str]]:
        """Tag, title and notes of each release."""
        return zip(self.tags, self.titles, self.notes_texts, strict=True)


class Preparation:
    """Computes releases.

    Args:
        repository: The clone.
        config: Settings.
        forge: Knows the accounts of authors.
    """

    def __init__(
        self, repository: CalledRepository, config: ReleaseConfig, forge: Forge | None
    ) -> None:
        self.repository, self.config, self.forge = repository, config, forge
        template = config.changelog.template
        raw = repository.file(template) if template else None
        self.writer = ChangelogWriter(config, raw.decode("utf-8", "replace") if raw else "")
        self.made = Prepared()

    def new(self, ready: Sequence[ReleasePlan]) -> Prepared:
        """A release with the files that follow its version.

        Raises:
            UsageFault: A version file does not fit, or a template cannot be rendered.
        """
        for plan in ready:
            version = plan.version or ""
            section = self._section(plan, plan.changed, plan.next or "", version)
            self._files(plan, version, section)
            self._add(plan, plan.next or "", version, section)
        shown = (ready[0].version or "") if len(ready) == 1 else ", ".join(self.made.tags)
        self.made.subject = self.config.commit_message.replace("{version}", shown)
        self.made.message = bump_message(self.made.subject, self.made.tags)
        return self.made

    def begun(self, begun: Begun, plans: Sequence[ReleasePlan]) -> Prepared:
        """A release whose files are committed already; tags and texts are left to make."""
        content = read_range(begun.commits, self.config)
        for number, tag in enumerate(begun.tags):
            plan = replace(plans[min(number, len(plans) - 1)], changed=content)
            version = _version_of(tag, plan)
            written = published_section(self.repository, self.config, version, begun.sha)
            self._add(plan, tag, version, written or self._section(plan, content, tag, version))
        return self.made

    def _section(self, plan: ReleasePlan, content: Range, tag: str, version: str) -> str:
        return self.writer.section(
            content, version=version, day=plan.day, tag=tag, dependencies=plan.dependencies
        )

    def _add(self, plan: ReleasePlan, tag: str, version: str, section: str) -> None:
        content, made = plan.changed, self.made
        notes = plain_notes(content, version)
        accounts = self.forge.accounts(plan.current, plan.head) if self.forge else []
        made.tags.append(tag)
        made.titles.append(notes.title)
        made.notes.append(notes)
        made.notes_texts.append(
            release_notes(notes, section, content, previous=plan.current, contributors=accounts)
        )
        lines = [self.config.tag_message.replace("{version}", version)]
        lines += ["", *(f"- {one.text}" for one in notes.highlights)] if notes.highlights else []
        made.tag_messages.append("\n".join(lines) + "\n")
        made.section += section
        made.findings += _migration(content)

    def _files(self, plan: ReleasePlan, version: str, section: str) -> None:
        package = next((one for one in self.config.packages if one.name == plan.package), None)
        expected = [one for one in (plan.current_version, plan.prerelease_version) if one]
        declared, contents = self._declared(package, expected)
        files = bump_files(declared, contents, version, expected=expected)
        path = package.changelog if package else self.config.changelog.file
        if path:
            raw = self.repository.file(path)
            before = raw.decode("utf-8", "replace") if raw else ""
            after = put_release(
                before, version, section, previous=plan.current or "", tag=plan.next or ""
            )
            if after != before:
                files[path] = after.encode()
        self.made.files.update(files)

    def _declared(
        self, package: Package | None, expected: Sequence[str]
    ) -> tuple[Sequence[VersionFile], dict[str, bytes]]:
        declared = package.version_files if package else self.config.version_files
        if not declared and package is None:
            there = self.repository.files(DETECTED)
            declared, notes = detect_version_files(there, expected)
            self.made.findings += [
                Finding(id=f"file-{number}", verdict=Verdict.WARN, title=note)
                for number, note in enumerate(notes, start=1)
                if expected
            ]
        paths = [path for file in declared for path in (file.path, *companions(file.path))]
        return declared, self.repository.files(paths)


def published_section(
    repository: CalledRepository, config: ReleaseConfig, version: str, sha: str
) -> str:
    """What the changelog at `sha` says about `version`, with a heading; or empty."""
    if not config.changelog.file:
        return ""
    raw = repository.file(config.changelog.file, sha)
    text = section_of(raw.decode("utf-8", "replace"), version) if raw else ""
    return f"## [{version}]\n\n{text}\n" if text else ""


def _migration(content: Range) -> list[Finding]:
    """A break whose commit does not say what to do about it."""
    silent = [
        change
        for change in content.changes
        if change.parsed.breaking and change.parsed.breaking_notes == (change.parsed.description,)
    ]
    if not silent:
        return []
    listed = "; ".join(f"{one.sha[:8]} {escape(one.parsed.header)}" for one in silent[:5])
    return [
        Finding(
            id="migration",
            verdict=Verdict.WARN,
            title="a breaking change has no migration note",
            detail=f"add what users must do to the release notes: {listed}",
        )
    ]


def _version_of(tag: str, plan: ReleasePlan) -> str:
    if plan.next == tag and plan.version:
        return plan.version
    start = next((index for index, letter in enumerate(tag) if letter.isdigit()), 0)
    return tag[start:]
