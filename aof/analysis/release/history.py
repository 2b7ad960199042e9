"""Reading what a plan needs from a repository, whoever gives access to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from aof.analysis.release.config import ReleaseConfig
from aof.analysis.release.model import RawCommit, Tag
from aof.analysis.release.packages import PackagePlanner
from aof.analysis.release.plan import ReleasePlan, plan_release
from aof.analysis.release.releases import find_releases
from aof.analysis.release.repository import Repository
from aof.errors import UsageFault, did_you_mean


@dataclass(frozen=True, slots=True)
class Plans:
    """Plans of a repository: one, or one per package. `outside` touches no package."""

    plans: tuple[ReleasePlan, ...]
    outside: tuple[RawCommit, ...] = ()


def read_plans(
    repository: Repository,
    config: ReleaseConfig,
    *,
    today: date,
    wanted: str = "",
    package: str = "",
) -> Plans:
    """Plan the next release of a repository, or of each package of a monorepo.

    Args:
        repository: Where to read.
        config: Settings.
        today: Date the release would carry.
        wanted: A version a person asked for.
        package: Only this package.

    Raises:
        UsageFault: No commit yet, an unknown package, or settings that do not fit.
        Unreachable: History is cut off and cannot be completed.
    """
    head = repository.head()
    if not head:
        raise UsageFault("there is no commit yet", fix="commit something, then release it")
    names = [one.name for one in config.packages]
    if package and package not in names:
        why = f"there are: {', '.join(names)}" if names else "`packages` is not set"
        fix = did_you_mean(package, names, otherwise="name it under `packages`")
        raise UsageFault(f"there is no package '{package}'", why=why, fix=fix)
    if config.packages:
        planner = PackagePlanner(repository, config, head=head, today=today)
        return Plans(*planner.plan(package, wanted))
    tags = repository.tags(lambda tags: _last_release(tags, config))
    releases = find_releases(tags, config, repository.contains)
    plan = plan_release(
        list(repository.commits(releases.final.tag if releases.final else None)),
        releases,
        config,
        head=head,
        today=today,
        branch=repository.branch(),
        wanted=wanted,
    )
    return Plans((plan,))


def _last_release(tags: Sequence[Tag], config: ReleaseConfig) -> Tag | None:
    final = find_releases(tags, config, lambda _: True).final
    return final.tag if final else None
