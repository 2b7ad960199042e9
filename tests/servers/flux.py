"""An API server with Flux installed: its kinds, and controllers that act at once or in turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

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


class FluxCluster(FluxServer):
    """Flux that follows a real repository: sources fetch, Kustomizations apply, releases upgrade.

    Nothing happens by itself: `turn` is the controllers' turn. `failing` names Kustomizations
    whose health checks fail, `broken` chart versions that cannot be installed.
    """

    def __init__(self, git: Callable[..., str], *manifests: dict[str, Any]) -> None:
        super().__init__(*manifests)
        self.git = git
        self.failing: set[str] = set()
        self.broken: set[str] = set()

    def turn(self, at: str) -> None:
        """All controllers act once, sources first."""
        for kind, act in (
            ("GitRepository", self._fetch),
            ("Kustomization", self._apply_files),
            ("HelmRelease", self._upgrade),
        ):
            for body in [one.body for one in self.stored.values() if one.body["kind"] == kind]:
                asleep = body["spec"].get("suspend") or body["metadata"]["name"] in self.stuck
                if not asleep:
                    act(body, at)

    def _fetch(self, body: dict[str, Any], at: str) -> None:
        ref = body["spec"].get("ref") or {"branch": "main"}
        name = ref.get("tag") or ref.get("branch", "")
        sha = ref.get("commit") or self.git("rev-parse", f"{name}^{{commit}}")
        revision = f"{name}@sha1:{sha}" if name else f"sha1:{sha}"
        status = body.setdefault("status", {})
        if (status.get("artifact") or {}).get("revision") != revision:
            status["artifact"] = {"revision": revision, "lastUpdateTime": at}
        _settle(body, at, ready=True)

    def _apply_files(self, body: dict[str, Any], at: str) -> None:
        source = self.object("gitrepositories", body["spec"]["sourceRef"]["name"], "flux-system")
        revision = source["status"]["artifact"]["revision"]
        status, name = body.setdefault("status", {}), body["metadata"]["name"]
        status["lastAttemptedRevision"] = revision
        if name in self.failing:
            words = "timeout waiting for: [Deployment/shop/shop status: 'InProgress']"
            _settle(body, at, ready=False, reason="HealthCheckFailed", message=words)
            return
        sha, folder = revision.rpartition(":")[2], body["spec"]["path"].removeprefix("./")
        for path in self.git("ls-tree", "-r", "--name-only", sha, f"{folder}/").splitlines():
            for manifest in yaml.safe_load_all(self.git("show", f"{sha}:{path}")):
                self._put(manifest)
        status["lastAppliedRevision"] = revision
        _settle(body, at, ready=True)

    def _put(self, manifest: dict[str, Any]) -> None:
        kind = self._kind_of(manifest)
        about = manifest["metadata"]
        stored = self.stored.get((kind.plural, about.get("namespace", "default"), about["name"]))
        if stored is None:
            self.add(manifest)
        elif stored.body["spec"] != manifest["spec"]:
            stored.body["spec"] = manifest["spec"]
            stored.body["metadata"]["generation"] += 1

    def _upgrade(self, body: dict[str, Any], at: str) -> None:
        status = body.setdefault("status", {})
        version = body["spec"]["chart"]["spec"]["version"]
        if status.get("observedGeneration") == body["metadata"]["generation"]:
            return
        status["lastAttemptedRevision"] = version
        if version in self.broken:
            _settle(body, at, ready=False, reason="UpgradeFailed", message="timed out")
            return
        entry = {"chartVersion": version, "status": "deployed", "lastDeployed": at}
        status["history"] = [entry, *status.get("history", [])]
        _settle(body, at, ready=True)


def _settle(
    body: dict[str, Any], at: str, *, ready: bool, reason: str = "Succeeded", message: str = ""
) -> None:
    status, word = body["status"], "True" if ready else "False"
    before = next(iter(status.get("conditions") or [{}]))
    since = before.get("lastTransitionTime") if before.get("status") == word else at
    condition = {"type": "Ready", "status": word, "reason": reason, "message": message}
    status["conditions"] = [{**condition, "lastTransitionTime": since}]
    status["observedGeneration"] = body["metadata"]["generation"]
