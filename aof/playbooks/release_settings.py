"""Which settings hold: those of the repository at HEAD, below those of the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aof.analysis.release.config import ReleaseConfig, read_config
from aof.errors import ManifestError, UsageFault
from aof.manifests.base import overlaid
from aof.manifests.release_file import PATHS, ReleaseFile, the_one_file
from aof.manifests.shape_problems import shape_problems
from aof.playbooks.base import Calls
from aof.playbooks.release_options import ReleaseOptions
from aof.playbooks.release_repository import CalledRepository
from aof.transport.files import read_inside
from aof.verdict import Finding, Verdict


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for a run.

    Attributes:
        config: Version and changelog.
        options: Everything else.
        findings: What somebody wrote that does not hold.
    """

    config: ReleaseConfig
    options: ReleaseOptions
    findings: tuple[Finding, ...] = ()


def read_settings(repository: CalledRepository, calls: Calls, options: ReleaseOptions) -> Settings:
    """The repository's settings at HEAD, and over them those of the manifest, key by key.

    Args:
        repository: The clone.
        calls: Records what the working copy says.
        options: `playbook.with`.

    Raises:
        UsageFault: A setting does not fit, or there are two files of them.
    """
    contents = {path: repository.file(path) for path in PATHS} if repository.head() else {}
    committed = {path: raw for path, raw in contents.items() if raw is not None}
    file = the_one_file(committed)
    config = file.config
    if options.release:
        above = overlaid(file.release, options.release)
        config = read_config(above, file="playbook.with.release")
    return Settings(config, _over(file, options), _not_committed(repository, calls, committed))


def options_in(file: ReleaseFile) -> ReleaseOptions:
    """What the file says to the agent.

    Raises:
        ManifestError: It does not fit; with file and lines.
    """
    if file.document is None:
        return ReleaseOptions()
    name, line_of = file.document.file, file.document.line_of
    try:
        return ReleaseOptions.model_validate(file.agent)
    except ValidationError as error:
        raise ManifestError(
            [
                UsageFault(
                    one.what,
                    why=one.why,
                    fix=one.fix,
                    file=name,
                    line=line_of(one.path),
                )
                for one in shape_problems(error, file.agent, ReleaseOptions)
            ]
        ) from None


def _over(file: ReleaseFile, options: ReleaseOptions) -> ReleaseOptions:
    """`options` over what the file says."""
    if not file.agent:
        return options
    below = options_in(file).model_dump(exclude_unset=True)
    above: Mapping[str, Any] = options.model_dump(exclude_unset=True)
    return ReleaseOptions.model_validate(overlaid(below, above))


def _not_committed(
    repository: CalledRepository, calls: Calls, committed: Mapping[str, bytes]
) -> tuple[Finding, ...]:
    """Settings are read as committed: what else somebody wrote has no say, and must not seem to."""
    root = Path(repository.status["root"])
    found = []
    for path in PATHS:
        here = calls.given(path, partial(read_inside, root, path))
        if here is not None and _lines(here) != _lines(committed.get(path)):
            title = f"{path} says something else here than what is committed, which holds"
            detail = f"commit it (git add --force {path}, should it be ignored), then run again"
            found.append(Finding(id="settings", verdict=Verdict.WARN, title=title, detail=detail))
    return tuple(found)


def _lines(raw: bytes | None) -> list[bytes] | None:
    """Its lines, however they end."""
    return None if raw is None else raw.splitlines()
