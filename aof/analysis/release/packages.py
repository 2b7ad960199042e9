"""Monorepos: which commits touch a package, and who has to follow a released dependency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from aof.analysis.release.config import Package, ReleaseConfig
from aof.analysis.release.model import Level, RawCommit, Tag
from aof.analysis.release.plan import ReleasePlan, plan_release
from aof.analysis.release.releases import find_releases
from aof.analysis.release.repository import Repository
from aof.errors import UsageFault


class PackagePlanner:
    """Plans every package of a monorepo.

    Args:
        repository: Where to read.
        config: Settings with packages.
        head: Commit of HEAD.
        today: Date of the releases.
    """

    def __init__(
        self, repository: Repository, config: ReleaseConfig, *, head: str, today: date
    ) -> None:
        self.repository, self.config = repository, config
        self.head, self.today = head, today
        self.owners = PathOwners(config.packages)
        self._ranges: dict[str, list[RawCommit]] = {}

    def plan(
        self, only: str = "", wanted: str = ""
    ) -> tuple[tuple[ReleasePlan, ...], tuple[RawCommit, ...]]:
        """Plans in the order of the settings, and the commits that touch no package.

        Raises:
            UsageFault: Packages depend on each other in a circle or on unknown ones; or a
                version is wanted without saying of which package.
        """
        if wanted and not only:
            known = ", ".join(package.name for package in self.config.packages)
            raise UsageFault(
                "a version is wanted, but not of which package",
                why=f"there are: {known}",
                fix="--package NAME; for the agent: --set package=NAME",
            )
        tags = self.repository.tags(lambda _: None)
        made: dict[str, ReleasePlan] = {}
        for package in in_dependency_order(self.config.packages):
            ask = wanted if package.name == only else ""
            released = [made[name] for name in package.depends_on if made[name].next is not None]
            made[package.name] = self._plan_one(package, tags, released, ask)
        outside: dict[str, RawCommit] = {}
        for commits in self._ranges.values():
            for commit in commits:
                if not self.owners.of(commit.paths):
                    outside[commit.sha] = commit
        names = [package.name for package in self.config.packages if only in {"", package.name}]
        return tuple(made[name] for name in names), tuple(outside.values())

    def _plan_one(
        self, package: Package, tags: list[Tag], released: list[ReleasePlan], wanted: str
    ) -> ReleasePlan:
        releases = find_releases(tags, self.config, self.repository.contains, package)
        since = releases.final.tag if releases.final else None
        commits = [
            commit for commit in self._range(since) if package.name in self.owners.of(commit.paths)
        ]
        return plan_release(
            commits,
            releases,
            self.config,
            head=self.head,
            today=self.today,
            branch=self.repository.branch(),
            package=package,
            at_least=Level.PATCH if released else Level.NONE,
            dependencies=tuple(plan.next or "" for plan in released),
            wanted=wanted,
        )

    def _range(self, since: Tag | None) -> list[RawCommit]:
        key = since.sha if since else ""
        if key not in self._ranges:
            self._ranges[key] = list(self.repository.commits(since, names=True))
        return self._ranges[key]


class PathOwners:
    """Which packages a path belongs to; `.` stands for every path."""

    def __init__(self, packages: Sequence[Package]) -> None:
        self._owners: dict[str, set[str]] = {}
        for package in packages:
            for path in package.paths:
                clean = "" if path in {".", ""} else path.removeprefix("./")
                self._owners.setdefault(clean, set()).add(package.name)

    def of(self, paths: Iterable[str]) -> set[str]:
        """Names of the packages that any of `paths` lies in."""
        found: set[str] = set()
        for path in paths:
            part = path
            while part:
                found |= self._owners.get(part, set())
                part = part.rpartition("/")[0]
            found |= self._owners.get("", set())
        return found


def in_dependency_order(packages: Sequence[Package]) -> list[Package]:
    """Every package after those it depends on.

    Raises:
        UsageFault: A circle, or a name nobody has.
    """
    by_name = {package.name: package for package in packages}
    for package in packages:
        for name in package.depends_on:
            if name not in by_name:
                raise UsageFault(f"{package.name} depends on '{name}', which is no package")
    ordered: dict[str, Package] = {}
    left = list(packages)
    while left:
        ready = [one for one in left if all(name in ordered for name in one.depends_on)]
        if not ready:
            names = ", ".join(one.name for one in left)
            raise UsageFault("packages depend on each other in a circle", why=names)
        ordered.update((one.name, one) for one in ready)
        left = [one for one in left if one.name not in ordered]
    return list(ordered.values())
