"""What a repository says about its releases: `.aof/release.yaml`, or `playbook.with.release`.

Plain dataclasses with a strict reader: the next version is asked for in scripts, where every
import counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from aof.analysis.release.model import Level
from aof.analysis.release.policy import TYPE_LEVELS
from aof.errors import UsageFault, did_you_mean

_T = TypeVar("_T")
Where = tuple[str | int, ...]
"""The way to a value: keys and indexes."""
_LEVELS = {level.word: level for level in Level}


@dataclass(frozen=True, slots=True)
class VersionFile:
    """A file that states the version.

    Attributes:
        path: Relative to the repository.
        field: For Chart.yaml: `version`, `appVersion` or `both`; for pom.xml `parent` or
            empty; for others empty.
        pattern: Regular expression with one group `version`; for files of no known kind.
    """

    path: str
    field: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the changelog and the commit types below it."""

    title: str
    types: tuple[str, ...]


DEFAULT_SECTIONS = (
    Section("Added", ("feat",)),
    Section("Changed", ("perf", "refactor")),
    Section("Deprecated", ("deprecate",)),
    Section("Removed", ("remove", "revert")),
    Section("Fixed", ("fix",)),
    Section("Security", ("security",)),
)


@dataclass(frozen=True, slots=True)
class ChangelogConfig:
    """The changelog: file (empty: none), headings, and a template of one's own."""

    file: str = "CHANGELOG.md"
    sections: tuple[Section, ...] = DEFAULT_SECTIONS
    template: str = ""
    other: str = "Other"
    breaking: str = "Breaking changes"


@dataclass(frozen=True, slots=True)
class Package:
    """A part of a monorepo that is released by itself."""

    name: str
    paths: tuple[str, ...]
    tag: str = "{package}@{version}"
    depends_on: tuple[str, ...] = ()
    version_files: tuple[VersionFile, ...] = ()
    changelog: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseConfig:
    """All settings; see `docs/release-manager.md`.

    Attributes:
        tag: Template; empty means: look at the tags there are, else `v{version}`.
        scheme: `semver`, or a calendar format such as `YYYY.0M.MICRO`.
        initial_version: Of the first release.
        zero_breaking: What a break does before 1.0.0.
        zero_feature: What a feature does before 1.0.0.
        levels: Commit type to level.
        unconventional: Level of commits that follow no convention.
        prerelease: Token such as `rc`; empty makes final releases.
        prerelease_branches: Branch to token.
        squash: `split` reads the commits a squash lists, `title` only its title.
        branch: Where releases are made from; empty: the default branch of the remote.
        protected: Changes of that branch go through a pull request.
    """

    tag: str = ""
    scheme: str = "semver"
    initial_version: str = "0.1.0"
    zero_breaking: Level = Level.MINOR
    zero_feature: Level = Level.MINOR
    levels: Mapping[str, Level] = field(default_factory=lambda: dict(TYPE_LEVELS))
    unconventional: Level = Level.NONE
    prerelease: str = ""
    prerelease_branches: Mapping[str, str] = field(default_factory=dict)
    squash: str = "split"
    branch: str = ""
    remote: str = "origin"
    protected: bool = False
    commit_message: str = "chore(release): {version}"
    tag_message: str = "Release {version}"
    changelog: ChangelogConfig = field(default_factory=ChangelogConfig)
    version_files: tuple[VersionFile, ...] = ()
    packages: tuple[Package, ...] = ()

    def package(self, name: str) -> Package | None:
        """The package of that name; None for the empty name of the only release."""
        return next((one for one in self.packages if one.name == name), None)

    def prerelease_on(self, branch: str) -> str:
        """The pre-release token that holds on `branch`; empty for final releases."""
        return self.prerelease_branches.get(branch, self.prerelease)


def read_config(
    data: Mapping[str, Any], *, file: str = "", line_of: Callable[[Where], int | None] | None = None
) -> ReleaseConfig:
    """Turn a parsed file into settings.

    Args:
        data: What it holds.
        file: Its name, for messages.
        line_of: The line of a key, given the way to it.

    Raises:
        UsageFault: An unknown key, or a value of the wrong kind; names the key.
    """
    return _Reader(file, line_of or (lambda _: None)).release(data)


class _Reader:
    def __init__(self, file: str, line_of: Callable[[Where], int | None]) -> None:
        self.file, self.line_of = file or None, line_of

    def release(self, data: Any) -> ReleaseConfig:
        given = self._keys(data, ReleaseConfig, ())
        words: dict[str, Any] = {
            name: self._text(given, (), name) for name in _TEXTS if name in given
        }
        levels: dict[str, Any] = {
            name: self._level(given[name], (name,))
            for name in ("zero_breaking", "zero_feature", "unconventional")
            if name in given
        }
        rest: dict[str, Any] = {}
        if "levels" in given:
            own = self._mapping(given["levels"], ("levels",))
            read = {
                str(kind).lower(): self._level(word, ("levels", kind)) for kind, word in own.items()
            }
            rest["levels"] = {**TYPE_LEVELS, **read}
        if "prerelease_branches" in given:
            branches = self._mapping(given["prerelease_branches"], ("prerelease_branches",))
            rest["prerelease_branches"] = {str(name): str(to) for name, to in branches.items()}
        if "protected" in given:
            rest["protected"] = self._one_of(given["protected"], ("protected",), (True, False))
        if "changelog" in given:
            rest["changelog"] = self._changelog(given["changelog"], ("changelog",))
        for name, read_one in (("version_files", self._version_file), ("packages", self._package)):
            if name in given:
                rest[name] = tuple(
                    read_one(one, at) for at, one in self._list(given[name], (name,))
                )
        if "squash" in words:
            self._one_of(words["squash"], ("squash",), ("split", "title"))
        return ReleaseConfig(**words, **levels, **rest)

    def _changelog(self, data: Any, at: Where) -> ChangelogConfig:
        given = self._keys(data, ChangelogConfig, at)
        rest: dict[str, Any] = {
            name: self._text(given, at, name) for name in given if name != "sections"
        }
        if "sections" in given:
            listed = self._list(given["sections"], (*at, "sections"))
            rest["sections"] = tuple(self._section(one, place) for place, one in listed)
        return ChangelogConfig(**rest)

    def _section(self, data: Any, at: Where) -> Section:
        given = self._keys(data, Section, at)
        types = self._list(given.get("types", []), (*at, "types"))
        return Section(self._text(given, at, "title"), tuple(str(one).lower() for _, one in types))

    def _package(self, data: Any, at: Where) -> Package:
        given = self._keys(data, Package, at)
        for name in ("name", "paths"):
            if not given.get(name):
                why = "every package needs a name and paths"
                self._fail(f"a package has no {name}", at, why=why)
        rest: dict[str, Any] = {
            name: self._text(given, at, name)
            for name in ("name", "tag", "changelog")
            if name in given
        }
        for name in ("paths", "depends_on"):
            listed = self._list(given.get(name, []), (*at, name))
            rest[name] = tuple(str(one).strip("/") for _, one in listed)
        files = self._list(given.get("version_files", []), (*at, "version_files"))
        rest["version_files"] = tuple(self._version_file(one, place) for place, one in files)
        return Package(**rest)

    def _version_file(self, data: Any, at: Where) -> VersionFile:
        if isinstance(data, str):
            return VersionFile(data)
        given = self._keys(data, VersionFile, at)
        if not given.get("path"):
            self._fail("a version file has no path", at)
        return VersionFile(**{name: self._text(given, at, name) for name in given})

    def _keys(self, data: Any, shape: type, at: Where) -> Mapping[str, Any]:
        given = self._mapping(data, at)
        known = [one.name for one in fields(shape)]
        for key in given:
            if key not in known:
                what = f"unknown key '{key}' in {_named(at)}"
                fix = did_you_mean(str(key), known, otherwise=f"known: {', '.join(known)}")
                self._fail(what, (*at, key), why="nothing reads it", fix=fix)
        return given

    def _mapping(self, data: Any, at: Where) -> Mapping[str, Any]:
        if not isinstance(data, Mapping):
            self._fail(f"{_named(at)}: expected keys and values, got {type(data).__name__}", at)
        return data  # type: ignore[no-any-return]

    def _list(self, data: Any, at: Where) -> list[tuple[Where, Any]]:
        """The items, each with the way to it."""
        if not isinstance(data, list):
            self._fail(f"{_named(at)}: expected a list, got {type(data).__name__}", at)
        return [((*at, index), one) for index, one in enumerate(data)]

    def _text(self, given: Mapping[str, Any], at: Where, name: str) -> str:
        value = given.get(name)
        if not isinstance(value, str):
            what = f"{_named((*at, name))}: expected text, got {type(value).__name__}"
            self._fail(what, (*at, name), fix="put it in quotes")
        return str(value)

    def _level(self, value: Any, at: Where) -> Level:
        return _LEVELS[self._one_of(value, at, tuple(_LEVELS))]

    def _one_of(self, value: _T, at: Where, allowed: tuple[Any, ...]) -> _T:
        if value not in allowed:
            self._fail(f"{_named(at)}: '{value}' is not one of {', '.join(map(str, allowed))}", at)
        return value

    def _fail(self, what: str, at: Where, *, why: str = "", fix: str = "") -> None:
        raise UsageFault(what, why=why, fix=fix, file=self.file, line=self.line_of(at))


def _named(at: Where) -> str:
    return ".".join(one for one in at if isinstance(one, str)) or "the release settings"


_TEXTS = (
    "tag",
    "scheme",
    "initial_version",
    "prerelease",
    "squash",
    "branch",
    "remote",
    "commit_message",
    "tag_message",
)
