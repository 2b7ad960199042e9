"""What a change asks of the version, and how a version answers: types, 0.x, pre-releases.

Source: SemVer 2.0.0 items 4, 7, 8, 9, 11; Conventional Commits 1.0.0 rules 2, 3, 12;
specification 2.4 (feat MINOR, fix and perf PATCH, the rest nothing).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from aof.analysis.release.model import Level, ParsedCommit
from aof.analysis.release.version import Version

TYPE_LEVELS: Mapping[str, Level] = MappingProxyType(
    {
        "feat": Level.MINOR,
        "deprecate": Level.MINOR,  # SemVer 7: a deprecation is a minor
        "fix": Level.PATCH,
        "perf": Level.PATCH,
        "revert": Level.PATCH,
    }
)
_DEPRECATION = frozenset({"deprecated", "deprecates", "deprecation"})


def change_level(parsed: ParsedCommit, levels: Mapping[str, Level] = TYPE_LEVELS) -> Level:
    """What one message asks for; any type may break."""
    if parsed.breaking:
        return Level.MAJOR
    level = levels.get(parsed.type or "", Level.NONE)
    for footer in parsed.footers:
        if footer.token.lower() in _DEPRECATION:
            return max(level, Level.MINOR)
    return level


def applied_level(
    level: Level, current: Version, *, zero_breaking: Level, zero_feature: Level
) -> Level:
    """The level after the 0.x rules: before 1.0.0 a break need not make 1.0.0 (SemVer 4)."""
    if current.major > 0:
        return level
    if level is Level.MAJOR:
        return zero_breaking
    return zero_feature if level is Level.MINOR else level


def next_final(last_final: Version, level: Level, last_prerelease: Version | None) -> Version:
    """The next final version.

    A pre-release under way is finalised as it is, unless the commits since the last final
    ask for more.
    """
    bumped = last_final.bump(level)
    if last_prerelease is not None and last_prerelease.final > bumped:
        return last_prerelease.final
    return bumped


def next_prerelease(base: Version, token: str, existing: Collection[Version]) -> Version:
    """The next `base-token.N`; N starts at 1 and goes on from what exists.

    Where only `base-tokenN` exists it goes on in that form.
    """
    there = {version.prerelease for version in existing if version.final == base}
    dotted = [
        int(one[1]) for one in there if len(one) == 2 and one[0] == token and one[1].isdigit()
    ]
    joined = [int(match[1]) for one in there if (match := _joined(token, one))]
    number = str(max(dotted or joined, default=0) + 1)
    form = (f"{token}{number}",) if joined and not dotted else (token, number)
    return Version(base.major, base.minor, base.patch, form)


def _joined(token: str, prerelease: tuple[str, ...]) -> re.Match[str] | None:
    """The number of `rc2`; SemVer has `rc10` below it, so the plan asks when it gets there."""
    return (
        re.fullmatch(rf"{re.escape(token)}(\d+)", prerelease[0]) if len(prerelease) == 1 else None
    )
