"""Everything a release would write, computed before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aof.analysis.release.changelog import ChangelogWriter
from aof.analysis.release.changelog_file import MARK, put_release, section_of
from aof.analysis.release.changes import Range, read_range
from aof.analysis.release.config import Package, ReleaseConfig, VersionFile
from aof.analysis.release.escape import escape
from aof.analysis.release.files import bump_files, companions, detect_version_files
from aof.analysis.release.files.bump import DETECTED
from aof.analysis.release.model import RawCommit
from aof.analysis.release.notes import plain_notes
from aof.analysis.release.plan import ReleasePlan
from aof.analysis.release.progress import Begun, marked_message
from aof.playbooks.release_forge import Forge
from aof.playbooks.release_repository import CalledRepository
from aof.playbooks.release_texts import ReleaseText, remembered_reply
from aof.redaction import Redactor
from aof.verdict import Finding, Verdict


@dataclass(slots=True)
class Prepared:
    """What a release consists of.

    Attributes:
        texts: What is written about it; several with packages.
        files: New contents of files; empty when no file follows the version.
        message: Of the commit that raises the version.
        subject: Its first line.
        findings: What a person should look at before approving.
    """

    subject: str = ""
    message: str = ""
    texts: list[ReleaseText] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def tags(self) -> list[str]:
        """Their names."""
        return [one.tag for one in self.texts]

    @property
    def section(self) -> str:
        """Changelog sections, for reading."""
        return "".join(one.section for one in self.texts)

    @property
    def notes_text(self) -> str:
        """All release notes."""
        return "\n".join(one.body for one in self.texts)


class Preparation:
    """Computes releases.

    Args:
        repository: The clone.
        config: Settings.
        forge: Knows the accounts of authors.
        memory: Of earlier runs, where a model's words may stand.
    """

    def __init__(
        self,
        repository: CalledRepository,
        config: ReleaseConfig,
        forge: Forge | None,
        memory: Sequence[Mapping[str, Any]],
    ) -> None:
        self.repository, self.config, self.forge = repository, config, forge
        self.memory = memory
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
            self._add(plan, plan.next or "", version, self._files(plan, version, section))
        shown = ", ".join(one.version for one in self.made.texts)
        self.made.subject = self.config.commit_message.replace("{version}", shown)
        self.made.message = marked_message(self.made.subject, self.made.tags)
        return self.made

    def begun(self, begun: Begun, plans: Sequence[ReleasePlan]) -> Prepared:
        """A release whose files are committed already; tags and texts are left to make."""
        for number, tag in enumerate(begun.tags):
            planned = next((one for one in plans if one.next == tag), None)
            like = planned or plans[min(number, len(plans) - 1)]
            commits: Sequence[RawCommit] = begun.commits
            if planned is not None and planned.package:
                commits = [one for one in commits if one.sha in planned.changed.shas]
            plan = replace(like, changed=read_range(commits, self.config))
            version = _version_of(tag, plan)
            written = published_section(self.repository, self._changelog(plan), version, begun.sha)
            section = written or self._section(plan, plan.changed, tag, version)
            self._add(plan, tag, version, section)
        return self.made

    def _section(self, plan: ReleasePlan, content: Range, tag: str, version: str) -> str:
        return self.writer.section(
            content, version=version, day=plan.day, tag=tag, dependencies=plan.dependencies
        )

    def _add(self, plan: ReleasePlan, tag: str, version: str, section: str) -> None:
        content = plan.changed
        # Versions of packages repeat each other: texts call those by their tags.
        name = tag if plan.package else version
        text = ReleaseText(
            tag=tag,
            version=name,
            first_line=self.config.tag_message.replace("{version}", name),
            package=plan.package,
            section=section,
            content=content,
            previous=plan.current,
            contributors=self.forge.accounts(plan.current, plan.head) if self.forge else [],
            notes=plain_notes(content, name),
        )
        self.made.texts.append(self._worded(text, plan))
        self.made.findings += _migration(content, plan.package)
        self.made.findings += _secrets(content, plan.package)

    def _worded(self, text: ReleaseText, plan: ReleasePlan) -> ReleaseText:
        """With words that a model found before: as tagged, else as remembered."""
        if text.tag in self.repository.tag_names:
            return text.as_tagged(self.repository.tag_message(text.tag))
        reply = remembered_reply(self.memory, plan.id, text.tag)
        return text if reply is None else text.reworded(reply)

    def _files(self, plan: ReleasePlan, version: str, section: str) -> str:
        """Set the files that follow the version; returns the section as the changelog has it.

        What people wrote under `[Unreleased]` is then part of it.
        """
        package = self.config.package(plan.package)
        expected = [one for one in (plan.current_version, plan.prerelease_version) if one]
        declared, contents = self._declared(package, expected, version)
        files = bump_files(declared, contents, version, expected=expected)
        if path := self._changelog(plan):
            raw = self.repository.file(path)
            before = raw.decode("utf-8", "replace") if raw else ""
            after = put_release(
                before, version, section, previous=plan.current or "", tag=plan.next or ""
            )
            if after != before:
                files[path] = after.encode()
            section = _titled(section, section_of(after, version))
        self.made.files.update(files)
        return section

    def _changelog(self, plan: ReleasePlan) -> str:
        """Path of the changelog that follows a plan; empty: none."""
        package = self.config.package(plan.package)
        return package.changelog if package else self.config.changelog.file

    def _declared(
        self, package: Package | None, expected: Sequence[str], version: str
    ) -> tuple[Sequence[VersionFile], dict[str, bytes]]:
        declared = package.version_files if package else self.config.version_files
        if not declared and package is None:
            there = self.repository.files(DETECTED)
            # Before the first release, only what states its version already fits.
            declared, notes = detect_version_files(there, expected or [version])
            self.made.findings += [
                Finding(
                    id=f"file-{number}",
                    verdict=Verdict.WARN,
                    title=note,
                    detail="name it in version_files to have it follow, or take its version out",
                )
                for number, note in enumerate(notes, start=1)
            ]
        paths = [path for file in declared for path in (file.path, *companions(file.path))]
        return declared, self.repository.files(paths)


def _titled(section: str, text: str) -> str:
    """`text` below the heading of `section`, without our own mark in the changelog."""
    text = text.replace(f"{MARK}\n", "").replace("\n\n\n", "\n\n").strip("\n")
    return f"{section.partition(chr(10))[0]}\n\n{text}\n" if text else section


def published_section(repository: CalledRepository, path: str, version: str, sha: str) -> str:
    """What the changelog `path` at `sha` says about `version`, with a heading; or empty."""
    raw = repository.file(path, sha) if path else None
    text = section_of(raw.decode("utf-8", "replace"), version) if raw else ""
    return _titled(f"## [{version}]", text) if text else ""


def _secrets(content: Range, package: str) -> list[Finding]:
    """Commits whose text would publish what looks like a secret; reports show it masked."""
    redactor = Redactor()
    said = [
        (one.sha, one.parsed.header, one.description, *one.breaking_notes)
        for change in content.changes
        for one in (change, *change.parts)
    ]
    said += [(one.sha, one.subject, *one.breaking_notes) for one in content.unconventional]
    found = {sha: None for sha, *texts in said for one in texts if redactor.text(one) != one}
    if not found:
        return []
    return [
        Finding(
            id=f"secret{package}",
            verdict=Verdict.WARN,
            title="changelog and release notes would publish what looks like a secret",
            detail="it is in Git already, so revoke it; only another commit message keeps it "
            f"out of the release: {', '.join(sha[:8] for sha in list(found)[:5])}",
        )
    ]


def _migration(content: Range, package: str) -> list[Finding]:
    """A break whose commit does not say what to do about it."""
    silent = [
        change
        for change in content.changes
        if change.parsed.breaking and change.breaking_notes == (change.description,)
    ]
    if not silent:
        return []
    listed = "; ".join(f"{one.sha[:8]} {escape(one.parsed.header)}" for one in silent[:5])
    return [
        Finding(
            id=f"migration{package}",
            verdict=Verdict.WARN,
            title=f"{f'{package}: ' if package else ''}a breaking change has no migration note",
            detail=f"add what users must do to the release notes: {listed}",
        )
    ]


def _version_of(tag: str, plan: ReleasePlan) -> str:
    if plan.next == tag and plan.version:
        return plan.version
    start = next((index for index, letter in enumerate(tag) if letter.isdigit()), 0)
    return tag[start:]
