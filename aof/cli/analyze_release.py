"""`aofctl analyze release`: the next version and its changelog, from git alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aof.cli.output import emit, emit_as, notice
from aof.errors import UsageFault

if TYPE_CHECKING:
    from aof.analysis.release.config import ReleaseConfig
    from aof.analysis.release.history import Plans
    from aof.analysis.release.plan import ReleasePlan
    from aof.cli.release_repository import Clone

_FETCHING = (
    *("SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_CONFIG_GLOBAL", "XDG_CONFIG_HOME"),
    *("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "NO_PROXY"),
    *("no_proxy", "GIT_SSL_CAINFO"),
)


@click.command()
@click.option("--repo", type=click.Path(path_type=Path), default=Path(), help="The clone.")
@click.option("--config", type=click.Path(path_type=Path), help="Default: .aof/release.yaml.")
@click.option("--package", default="", help="Only this package of a monorepo.")
@click.option("--release-as", default="", metavar="VERSION", help="Release this version.")
@click.option("--full", is_flag=True, help="The changelog of all releases, not of the next one.")
@click.option("--no-fetch", is_flag=True, help="Refuse a shallow clone instead of completing it.")
@click.option(
    "--quiet", is_flag=True, help="Print the next version alone, nothing if there is none."
)
@click.option(
    "-o", "--output", type=click.Choice(["text", "json", "markdown", "yaml"]), default="text"
)
def release(
    *,
    repo: Path,
    config: Path | None,
    package: str,
    release_as: str,
    full: bool,
    no_fetch: bool,
    quiet: bool,
    output: str,
) -> None:
    """Compute the next version of a repository and the changelog it would get.

    \b
    Examples:
      aofctl analyze release
      aofctl analyze release --quiet
      aofctl analyze release --repo ../app -o json
      aofctl analyze release --full -o markdown > CHANGELOG.md
      aofctl analyze release --full --package core -o markdown > core/CHANGELOG.md
      version=$(aofctl analyze release --quiet) && [ -n "$version" ] && ./release "$version"

    \b
    Exit codes:
      0  computed; with --quiet, no line means that nothing asks for a release
      2  refused: settings, tags or arguments that do not fit, or no repository
      5  the rest of a shallow clone's history cannot be fetched
    """
    import gc

    # Tens of thousands of small tuples live to the end: looking for cycles among them is waste.
    gc.disable()
    try:
        _analyze(
            repo,
            config,
            package=package,
            release_as=release_as,
            full=full,
            no_fetch=no_fetch,
            quiet=quiet,
            output=output,
        )
    finally:
        gc.enable()


def _analyze(
    repo: Path,
    config: Path | None,
    *,
    package: str,
    release_as: str,
    full: bool,
    no_fetch: bool,
    quiet: bool,
    output: str,
) -> None:
    from aof.analysis.release.history import read_plans
    from aof.cli.release_repository import Clone, find_config
    from aof.transport.git_reader import GitReader

    clone = Clone(GitReader(repo, environment=_for_fetching()), may_fetch=not no_fetch)
    root = clone.root
    settings = find_config(root, config)
    clone.remote = settings.remote
    today = datetime.now(UTC).date()
    plans = read_plans(clone, settings, today=today, wanted=release_as, package=package)
    for text in clone.notices:
        notice(text)
    if quiet and output == "text":
        _emit_versions(plans)
        return
    if full:
        _emit_full(clone, settings, plans, root, output)
        return
    documents = [
        {**plan.as_dict(), "changelog": _section(plan, settings, root)} for plan in plans.plans
    ]
    from aof.analysis.release.overview import unheard_note

    hint = unheard_note(plans.plans, "--release-as VERSION") if output == "text" else ""
    if not settings.packages:
        emit_as(documents[0], output, markdown=_shown(documents[0], output) + hint)
        return
    outside = [{"sha": one.sha, "subject": one.subject} for one in plans.outside]
    document = {"packages": documents, "outside": outside}
    shown = _of_packages(plans, documents, settings, package, output)
    emit_as(document, output, markdown=shown + (hint and f"\n{hint}"))


def _for_fetching() -> dict[str, str]:
    """How the person who calls reaches remotes; a shallow clone is completed from there."""
    return {name: os.environ[name] for name in _FETCHING if name in os.environ}


def _emit_versions(plans: Plans) -> None:
    for plan in plans.plans:
        if plan.next is not None:
            emit(plan.next)
        for question in plan.questions:
            notice(f"{question.sha[:12]} {question.text}".strip())


def _section(plan: ReleasePlan, settings: ReleaseConfig, root: Path) -> str:
    from aof.analysis.release.changelog import ChangelogWriter

    if plan.version is None:
        return ""
    return ChangelogWriter(settings, _template(settings, root)).section(
        plan.changed,
        version=plan.version,
        day=plan.day,
        tag=plan.next or "",
        dependencies=plan.dependencies,
    )


def _template(settings: ReleaseConfig, root: Path) -> str:
    from aof.transport.files import read_inside

    path = settings.changelog.template
    raw = read_inside(root, path) if path else b""
    if raw is None:
        raise UsageFault(f"the changelog template {path} does not exist", file=path)
    return raw.decode("utf-8", "replace")


def _of_packages(
    plans: Plans, documents: list[dict[str, Any]], settings: ReleaseConfig, only: str, output: str
) -> str:
    """A table and a labelled block for each package; for one alone, what a repository gets."""
    from aof.analysis.release.overview import (
        files_note,
        outside_note,
        package_title,
        packages_table,
    )

    if only:
        return _shown(documents[0], output)
    parts = [packages_table(plans.plans), outside_note(plans.outside)]
    for plan, document in zip(plans.plans, documents, strict=True):
        package = settings.package(plan.package)
        parts.append(f"# {package_title(plan)}")
        parts += [files_note(package)] if package and plan.next else []
        parts += [_accounting(document)] if output == "text" else []
        parts.append(str(document["changelog"]).rstrip("\n"))
    return "\n\n".join(filter(None, parts)) + "\n"


def _shown(document: dict[str, Any], output: str) -> str:
    if output == "markdown":
        return str(document["changelog"])
    name = f"{document['package']}: " if document["package"] else ""
    current = document["current"] or "no release yet"
    line = f"{name}{current} -> {document['next'] or 'no release needed'}"
    if document["next"]:
        line += f" ({document['level']})"
    return f"{line}\n{_accounting(document)}\n\n{document['changelog']}"


def _accounting(document: dict[str, Any]) -> str:
    """Where the commits went, and what a person is asked."""
    placed = [f"{len(document[kind])} {kind}" for kind in _PLACES]
    count = document["commits"]
    lines = [f"{count} {'commit' if count == 1 else 'commits'}: {', '.join(placed)}"]
    asked = [one for one in document["diagnostics"] if one["severity"] == "ask"]
    lines += [f"? {(one['sha'] or '')[:12]} {one['text']}" for one in asked]
    return "\n".join(lines)


_PLACES = ("changes", "unconventional", "cancelled")


def _emit_full(
    clone: Clone, settings: ReleaseConfig, plans: Plans, root: Path, output: str
) -> None:
    from aof.analysis.release.changelog import full_changelog

    if len(plans.plans) > 1:
        names = [plan.package for plan in plans.plans]
        raise UsageFault(
            "--full is for one package at a time",
            why=f"there are: {', '.join(names)}",
            fix=f"name one: --package {names[0]}",
        )
    text = full_changelog(_all_sections(clone, settings, plans.plans[0], _template(settings, root)))
    emit_as({"changelog": text}, output, markdown=text)


def _all_sections(
    clone: Clone, settings: ReleaseConfig, plan: ReleasePlan, template: str
) -> Iterator[str]:
    from aof.analysis.release.assignment import assign
    from aof.analysis.release.changelog import ChangelogWriter
    from aof.analysis.release.changes import read_range
    from aof.analysis.release.packages import PathOwners
    from aof.analysis.release.releases import find_releases

    writer = ChangelogWriter(settings, template)
    package = settings.package(plan.package)
    releases = find_releases(clone.tags(lambda _: None), settings, lambda _: True, package)
    finals = [one for one in releases.known if not one.prerelease]
    owners = PathOwners(settings.packages)
    commits = list(clone.commits(None, names=package is not None))
    for released, group in assign(commits, finals):
        mine = group
        if package is not None:
            mine = [one for one in group if package.name in owners.of(one.paths)]
        changed = read_range(mine, settings)
        if released is not None:
            yield writer.section(
                changed,
                version=released.version,
                day=_day(released.tag.time),
                tag=released.tag.name,
            )
        elif mine or plan.version:
            version, day = plan.version or "Unreleased", plan.day if plan.version else None
            yield writer.section(
                changed,
                version=version,
                day=day,
                tag=plan.next or "",
                dependencies=plan.dependencies,
            )


def _day(seconds: int) -> date | None:
    """The day of a tag; None where its time is none: whoever makes a tag may write any number."""
    try:
        return datetime.fromtimestamp(seconds, UTC).date()
    except (ValueError, OverflowError, OSError):
        return None
