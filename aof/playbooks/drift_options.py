"""Settings of the drift playbook (`playbook.with`)."""

from __future__ import annotations

from pydantic import Field

from aof.playbooks.base import Options


class DriftOptions(Options):
    """What is compared. Requests and `--set` values of the same names win."""

    argocd_apps: tuple[str, ...] = Field(
        default=(), description="Argo CD applications; all of the namespace if empty."
    )
    kustomizations: tuple[str, ...] = Field(
        default=(), description="Flux Kustomizations, as NAME or NAMESPACE/NAME; all if empty."
    )
    namespace: str = Field(default="", description="Namespace to look at.")
    repo: str = Field(default="", description="Clone that holds the manifests (Flux, plain Git).")
    path: str = Field(default="", description="Manifests inside the clone: plain Git mode.")
    revision: str = Field(default="HEAD", description="Revision that should be running.")
    last_synced: str = Field(default="", description="Revision that was last applied, if known.")
    manager: str = Field(default="", description="Field manager of the tool that applies.")
    verify: bool = Field(
        default=False, description="Also ask the server by dry run (needs the right to patch)."
    )
    most_apps: int = Field(default=50, ge=1, description="Most applications of one run.")
