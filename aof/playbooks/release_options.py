"""Settings of the playbook `release`: where a release goes after it is tagged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from aof.analysis.release.pins import Form
from aof.manifests.base import duration_s
from aof.playbooks.base import Options, Request

SETTINGS: Mapping[str, str] = {
    "version": "The version to release, instead of the next one.",
    "app": "Application that is promoted.",
    "package": "The package of a repository that releases several.",
    "rollback": "Roll this environment back.",
    "again": "Promote to this environment although the release was taken back there.",
    "guardian": "File with the `-o json` answer of deployment-guardian, the gate to production.",
}
"""What `--set` can say."""

_VERSION = re.compile(r"(?<![\w.])v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]*[0-9A-Za-z])?)(?![\w.]*\w)")
_CREATE = re.compile(r"\b(create|cut|make|start|new)\b.{0,40}\brelease\b", re.IGNORECASE)
_ROLLBACK = re.compile(r"\broll(?:ing)?[ -]?back\b", re.IGNORECASE)


class PinFile(Options):
    """The file in Git that says what an environment runs; a text is its path.

    Attributes:
        path: In the repository.
        field: Such as `spec.chart.spec.version`, `images[shop].newTag`; what is usual for
            the kind of object unless given.
        kind: `Kind` or `Kind/name`, where a file holds several objects.
        value: What is written: `version`, `tag` or `commit`; `auto` keeps to what is there.
    """

    path: str
    field: str = ""
    kind: str = ""
    value: Form = "auto"


class FluxTarget(Options):
    """What Flux makes of a pin. Objects are named `[namespace/]name`.

    Attributes:
        kustomization: Applies the file.
        waits_for: What must be ready besides, as `kind/[namespace/]name`.
    """

    kustomization: str = "{app}-{stage}"
    waits_for: tuple[str, ...] = ()

    @field_validator("waits_for")
    @classmethod
    def _are_known_kinds(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            kind, _, name = one.partition("/")
            if kind not in {"kustomization", "helmrelease"} or not name:
                raise ValueError(
                    f"'{one}': give kustomization/[namespace/]name or helmrelease/[namespace/]name"
                )
        return value


class Stage(Options):
    """An environment, in the order given. `{app}` and `{stage}` in texts are filled in.

    Attributes:
        name: For people, e.g. `staging`.
        app: Argo CD application, unless Flux deploys.
        pin: Where Git says what runs; without one the Argo CD application is set.
        flux: Flux deploys what the pin says.
        soak: How long it must have run there before the next stage is proposed.
        timeout: How long its deployment may take.
        needs_guardian: deployment-guardian must have said PROCEED for the stage before.
    """

    name: str
    app: str = "{app}-{stage}"
    pin: PinFile | None = None
    flux: FluxTarget | None = None
    soak: str = "0s"
    timeout: str = "10m"
    needs_guardian: bool = False

    @field_validator("pin", mode="before")
    @classmethod
    def _may_be_a_path(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _flux_follows_a_pin(self) -> Stage:
        if self.flux is not None and self.pin is None:
            raise ValueError(f"stage {self.name}: Flux follows Git, so say which file: pin")
        return self

    @field_validator("soak", "timeout")
    @classmethod
    def _is_duration(cls, value: str) -> str:
        duration_s(value)
        return value

    def filled(self, text: str, app: str) -> str:
        """`text` with the names of application and stage."""
        return text.replace("{app}", app).replace("{stage}", self.name)

    def application(self, app: str) -> str:
        """Name of the Argo CD application."""
        return self.filled(self.app or "{app}-{stage}", app)


DEFAULT_STAGES = (
    Stage(name="dev"),
    Stage(name="staging", soak="30m"),
    Stage(name="prod", soak="24h", needs_guardian=True),
)


class Gitops(Options):
    """Pins live in another repository than the one released: the clone of the tool `gitops`.

    Attributes:
        branch: That Flux or Argo CD follows.
        review: Changes go through a pull request.
        repository: On the forge, e.g. `acme/fleet`; needed for pull requests.
    """

    branch: str = "main"
    review: bool = False
    repository: str = ""


class ReleaseOptions(Options):
    """`playbook.with` of the release manager; `.aof/release.yaml` can say the same.

    Attributes:
        release: What version and changelog follow, as in that file; wins over it key by key.
        app: Application that is promoted; without one there is no promotion. In a monorepo
            `{package}` stands for the package.
        apps: Package to application, where `app` does not say it; an empty one is not
            promoted.
        gitops: Where pins live, when that is another repository.
        stages: Environments; dev, staging and prod unless given.
        forge: Where releases are published; `auto` takes what the agent has.
        assets: Files, relative to the working directory, that belong to a release.
    """

    thresholds: ClassVar[tuple[str, ...]] = ("stages.*.soak",)

    release: dict[str, Any] = Field(default_factory=dict)
    app: str = ""
    apps: dict[str, str] = Field(default_factory=dict)
    gitops: Gitops | None = None
    stages: tuple[Stage, ...] = DEFAULT_STAGES
    forge: Literal["auto", "github", "gitlab", "none"] = "auto"
    assets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says.

    Attributes:
        version: To release, without prefix.
        rollback: An environment is to be rolled back.
        create: A release is to be made, whether or not the last one is everywhere yet.
        app: What is promoted.
        package: The only one of a monorepo that is looked at.
        again: A stage that is promoted to although the release was taken back there.
    """

    version: str
    rollback: bool
    create: bool
    app: str
    package: str
    again: str

    def app_of(self, package: str, apps: Mapping[str, str]) -> str:
        """The application of a package, or of the only release; empty: not promoted."""
        if package in apps:
            return apps[package]
        return self.app.replace("{package}", package)


def asked(request: Request, options: ReleaseOptions) -> Asked:
    """Read a request. Text of an event names no version: anybody may have written it."""
    text = "" if request.text_is_event else request.text
    found = _VERSION.search(text)
    return Asked(
        version=request.settings.get("version", found[1] if found else ""),
        rollback="rollback" in request.settings or bool(_ROLLBACK.search(text)),
        create=bool(_CREATE.search(text)),
        app=request.settings.get("app", options.app),
        package=request.settings.get("package", ""),
        again=request.settings.get("again", ""),
    )
