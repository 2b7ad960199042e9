"""An API server with Flux installed: its kinds, and controllers that handle requests at once."""

from __future__ import annotations

from typing import Any

from tests.servers.kubernetes import KubernetesServer
from tests.servers.kubernetes_discovery import KINDS, Kind
from tests.servers.loopback import Asked, Reply

_SOURCE = "source.toolkit.fluxcd.io"
FLUX_KINDS = [
    Kind("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization", short=("ks",)),
    Kind("helm.toolkit.fluxcd.io", "v2", "helmreleases", "HelmRelease", short=("hr",)),
    Kind(_SOURCE, "v1", "gitrepositories", "GitRepository"),
    Kind(_SOURCE, "v1", "ocirepositories", "OCIRepository"),
    Kind(_SOURCE, "v1", "helmrepositories", "HelmRepository"),
    Kind(_SOURCE, "v1", "helmcharts", "HelmChart"),
]
OLD, NEW = f"main@sha1:{'a' * 40}", f"main@sha1:{'b' * 40}"


class FluxServer(KubernetesServer):
    """`head` is what sources fetch. Objects named in `stuck` are never handled."""

    def __init__(self, *manifests: dict[str, Any]) -> None:
        super().__init__(*manifests, kinds=[*KINDS, *FLUX_KINDS])
        self.head = NEW
        self.stuck: set[str] = set()

    def answer(self, asked: Asked) -> Reply:
        reply = super().answer(asked)
        if asked.method == "PATCH":
            for stored in self.stored.values():
                self._handle(stored.body)
        return reply

    def _handle(self, body: dict[str, Any]) -> None:
        about = body["metadata"]
        token = (about.get("annotations") or {}).get("reconcile.fluxcd.io/requestedAt")
        status = body.setdefault("status", {})
        asleep = body.get("spec", {}).get("suspend") or about["name"] in self.stuck
        if asleep or token in {None, status.get("lastHandledReconcileAt")}:
            return
        status["lastHandledReconcileAt"] = token
        if body["kind"] == "Kustomization":
            source = body["spec"]["sourceRef"]["name"]
            fetched = self.object("gitrepositories", source, "flux-system")
            status["lastAppliedRevision"] = fetched["status"]["artifact"]["revision"]
        elif body["kind"] == "GitRepository":
            status["artifact"] = {"revision": self.head}
