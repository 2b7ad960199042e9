"""Semantic versions (SemVer 2.0.0): grammar, precedence, bumping. Calendar ones: `calver`."""

from __future__ import annotations

import re
from functools import total_ordering

from aof.analysis.release.model import Level

_NUMBER = r"(?:0|[1-9]\d*)"
_IDENTIFIER = r"(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)"
_SEMVER = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})"
    rf"(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?"
    r"(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?",
    re.ASCII,
)


@total_ordering
class Version:
    """A semantic version; order is precedence, so build metadata does not count."""

    __slots__ = ("build", "major", "minor", "patch", "prerelease")

    def __init__(
        self,
        major: int,
        minor: int = 0,
        patch: int = 0,
        prerelease: tuple[str, ...] = (),
        build: str = "",
    ) -> None:
        self.major, self.minor, self.patch = major, minor, patch
        self.prerelease, self.build = prerelease, build

    @classmethod
    def parse(cls, text: str) -> Version | None:
        """The version `text` is, without any prefix; None when it is not one."""
        match = _SEMVER.fullmatch(text)
        if match is None or len(text) > 255:
            return None
        major, minor, patch, prerelease, build = match.groups()
        identifiers = tuple(prerelease.split(".")) if prerelease else ()
        return cls(int(major), int(minor), int(patch), identifiers, build or "")

    @property
    def key(self) -> tuple[object, ...]:
        """Sorts by precedence: a final release is above its pre-releases."""
        identifiers = tuple(
            (0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.prerelease
        )
        return (self.major, self.minor, self.patch, not self.prerelease, identifiers)

    @property
    def final(self) -> Version:
        """The same without pre-release and build."""
        return Version(self.major, self.minor, self.patch)

    def bump(self, level: Level) -> Version:
        """The next version at `level`; lower fields are reset, build is dropped."""
        if level is Level.MAJOR:
            return Version(self.major + 1)
        if level is Level.MINOR:
            return Version(self.major, self.minor + 1)
        if level is Level.PATCH:
            return Version(self.major, self.minor, self.patch + 1)
        return self

    def level_from(self, other: Version) -> Level:
        """The highest field that differs from `other`."""
        if self.major != other.major:
            return Level.MAJOR
        if self.minor != other.minor:
            return Level.MINOR
        if self.patch != other.patch or self.prerelease != other.prerelease:
            return Level.PATCH
        return Level.NONE

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        if self.prerelease:
            text += "-" + ".".join(self.prerelease)
        return f"{text}+{self.build}" if self.build else text

    def __repr__(self) -> str:
        return f"Version({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.key == other.key

    def __lt__(self, other: Version) -> bool:
        return self.key < other.key

    def __hash__(self) -> int:
        return hash(self.key)


def pep440(version: Version) -> str:
    """How Python packaging writes it: `1.3.0-rc.2` is `1.3.0rc2`.

    Raises:
        ValueError: PEP 440 has no such pre-release.
    """
    text = str(version.final)
    if version.prerelease:
        word = {"alpha": "a", "a": "a", "beta": "b", "b": "b", "rc": "rc", "dev": ".dev"}.get(
            version.prerelease[0].lower()
        )
        number = version.prerelease[1] if len(version.prerelease) > 1 else "0"
        if word is None or not number.isdigit() or len(version.prerelease) > 2:
            raise ValueError(f"PEP 440 has no pre-release like '{version}'")
        text += f"{word}{number}"
    return f"{text}+{version.build.replace('-', '.')}" if version.build else text
