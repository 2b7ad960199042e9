"""`.aof/release.yaml`: how a repository is released, and where its releases go.

One file for `aofctl analyze release` and the agent. What decides the version and changelog is
read here; what only the agent needs is kept apart as it is written, for the playbook to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from aof.analysis.release.config import ReleaseConfig, read_config
from aof.errors import UsageFault, did_you_mean

if TYPE_CHECKING:
    from aof.manifests.yaml_documents import Document

PATHS = (".aof/release.yaml", ".aof/release.yml")
AGENT_KEYS = ("app", "apps", "assets", "forge", "gitops", "stages")
"""What the playbook `release` reads besides; a test compares them with its options."""


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """What the file says.

    Attributes:
        document: All of it, with lines; None when there is no file.
        config: What version and changelog follow.
        release: The same as it is written.
        agent: What else the agent reads, as it is written.
    """

    document: Document | None = None
    config: ReleaseConfig = field(default_factory=ReleaseConfig)
    release: Mapping[str, Any] = field(default_factory=dict)
    agent: Mapping[str, Any] = field(default_factory=dict)


def the_one_file(found: Mapping[str, bytes]) -> ReleaseFile:
    """The settings of a repository.

    Args:
        found: Contents of those of `PATHS` that are there, by the name messages call them.

    Raises:
        UsageFault: There are two, or what is there does not fit.
    """
    if len(found) > 1:
        first, second = found
        raise UsageFault(
            "there are two files with release settings, and which one holds is not said",
            why=f"{first} and {second}",
            fix=f"put everything into {first} and delete {second}",
            file=second,
        )
    for file, content in found.items():
        return read_release_file(content, file)
    return ReleaseFile()


def read_release_file(content: bytes, file: str) -> ReleaseFile:
    """The settings in one file.

    Raises:
        UsageFault: It is not YAML, has a key twice, or one that nothing reads.
    """
    from aof.manifests.yaml_documents import parse_one  # scripts without a file pay nothing

    document = parse_one(content, file)
    if document.data is None:
        document.data = {}
    data = document.data
    if not isinstance(data, Mapping):
        read_config(data, file=file, line_of=document.line_of)  # says what was expected
    known = sorted([*(one.name for one in fields(ReleaseConfig)), *AGENT_KEYS])
    for key in data:
        if key not in known:
            raise UsageFault(
                f"unknown key '{key}' in the release settings",
                why="nothing reads it",
                fix=did_you_mean(key, known, otherwise=f"known: {', '.join(known)}"),
                file=file,
                line=document.line_of((key,)),
            )
    agent = {key: value for key, value in data.items() if key in AGENT_KEYS}
    release = {key: value for key, value in data.items() if key not in AGENT_KEYS}
    config = read_config(release, file=file, line_of=document.line_of)
    return ReleaseFile(document, config, release, agent)
