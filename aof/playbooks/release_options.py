"""Settings of the playbook `release`: where a release goes after it is tagged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from aof.manifests.base import duration_s
from aof.playbooks.base import Options, Request

SETTINGS: Mapping[str, str] = {
    "version": "The version to release, instead of the next one.",
    "app": "Application that is promoted.",
    "package": "The package of a repository that releases several.",
    "rollback": "Roll this environment back.",
    "guardian": "File with the `-o json` answer of deployment-guardian, the gate to production.",
}
"""What `--set` can say."""

_VERSION = re.compile(r"(?<![\w.])v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]*[0-9A-Za-z])?)(?![\w.]*\w)")
_ROLLBACK = re.compile(r"\broll(?:ing)?[ -]?back\b", re.IGNORECASE)


class Stage(Options):
    """An environment, in the order given.

    Attributes:
        name: For people, e.g. `staging`.
        app: Argo CD application; `{app}` stands for the release's application.
        soak: How long it must have run there before the next stage is proposed.
        timeout: How long its deployment may take.
        needs_guardian: deployment-guardian must have said PROCEED for the stage before.
    """

    name: str
    app: str = ""
    soak: str = "0s"
    timeout: str = "10m"
    needs_guardian: bool = False

    @field_validator("soak", "timeout")
    @classmethod
    def _is_duration(cls, value: str) -> str:
        duration_s(value)
        return value

    def application(self, app: str) -> str:
        """Name of the Argo CD application."""
        return (self.app or "{app}-" + self.name).replace("{app}", app)


DEFAULT_STAGES = (
    Stage(name="dev"),
    Stage(name="staging", soak="30m"),
    Stage(name="prod", soak="24h", needs_guardian=True),
)


class ReleaseOptions(Options):
    """`playbook.with` of the release manager.

    Attributes:
        release: Settings as in `.aof/release.yaml`; used instead of that file.
        app: Application that is promoted; without one there is no promotion.
        stages: Environments; dev, staging and prod unless given.
        forge: Where releases are published; `auto` takes what the agent has.
        assets: Files, relative to the working directory, that belong to a release.
    """

    thresholds: ClassVar[tuple[str, ...]] = ("stages.*.soak",)

    release: dict[str, Any] = Field(default_factory=dict)
    app: str = ""
    stages: tuple[Stage, ...] = DEFAULT_STAGES
    forge: Literal["auto", "github", "gitlab", "none"] = "auto"
    assets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says: a version, a stage to roll back, an application."""

    version: str
    rollback: bool
    app: str
    package: str


def asked(request: Request, options: ReleaseOptions) -> Asked:
    """Read a request. Text of an event names no version: anybody may have written it."""
    text = "" if request.text_is_event else request.text
    found = _VERSION.search(text)
    return Asked(
        version=request.settings.get("version", found[1] if found else ""),
        rollback="rollback" in request.settings or bool(_ROLLBACK.search(text)),
        app=request.settings.get("app", options.app),
        package=request.settings.get("package", ""),
    )
