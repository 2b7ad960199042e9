"""A release bench whose environments Flux deploys from pins in Git."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aof.clock import isoformat
from aof.tools.flux import Flux
from aof.verdict import Assessment
from tests.git_sandbox import GitSandbox
from tests.playbooks.release_bench import ReleaseBench, bound_tool, release_bench
from tests.servers.flux import FluxCluster

STAGES = ("dev", "staging", "prod")
HELM = """\
# {app} in {stage}; changed by release-manager
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: {app}
  namespace: {stage}
spec:
  chart:
    spec:
      chart: {app}   # ours
      version: "1.0.0"
"""
OPTIONS: dict[str, Any] = {
    "stages": [
        {"name": "dev", "pin": "deploy/{stage}/{app}.yaml", "flux": {}},
        {"name": "staging", "pin": "deploy/{stage}/{app}.yaml", "flux": {}, "soak": "30m"},
        {
            "name": "prod",
            "pin": "deploy/{stage}/{app}.yaml",
            "flux": {},
            "needs_guardian": True,
        },
    ]
}
_HOME = {"namespace": "flux-system"}


class FluxBench:
    """The bench, the cluster, and the clone that holds the pins."""

    def __init__(self, bench: ReleaseBench, fleet: GitSandbox, cluster: FluxCluster) -> None:
        self.bench, self.fleet, self.cluster = bench, fleet, cluster
        self.options: dict[str, Any] = OPTIONS

    def turn(self) -> None:
        """Flux acts, and half a minute passes."""
        self.bench.later(seconds=30)
        self.cluster.turn(isoformat(self.bench.now))

    def assess(self, text: str = "Go on") -> Assessment:
        return self.bench.assess(text, **self.options)

    def run(self, text: str = "Go on") -> Assessment:
        """Look, carry out what is proposed, and let Flux act."""
        found = self.assess(text)
        self.bench.apply(found.actions)
        self.turn()
        return found

    def pin(self, stage: str, app: str = "shop") -> str:
        """What the branch says for a stage."""
        text = self.cluster.git("show", f"main:deploy/{stage}/{app}.yaml")
        return text.rpartition("version: ")[2].strip('"\n')


def write_pins(repo: GitSandbox, *apps: str) -> None:
    for app in apps:
        for stage in STAGES:
            repo.write(f"deploy/{stage}/{app}.yaml", HELM.format(app=app, stage=stage))
    repo.commit("chore: environments")


def cluster_of(fleet: GitSandbox, *apps: str) -> FluxCluster:
    """A cluster that follows `main` of a bare repository."""
    source = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": "fleet", **_HOME},
        "spec": {"url": "https://git.example.com/fleet", "ref": {"branch": "main"}},
    }
    appliers = [
        {
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
            "kind": "Kustomization",
            "metadata": {"name": f"{app}-{stage}", **_HOME},
            "spec": {
                "path": f"./deploy/{stage}",
                "sourceRef": {"kind": "GitRepository", "name": "fleet"},
            },
        }
        for app in apps
        for stage in STAGES
    ]
    return FluxCluster(fleet.git, source, *appliers)


@contextmanager
def flux_bench(folder: Path, *, apps: tuple[str, ...] = ("shop",)) -> Iterator[FluxBench]:
    """v1.0.0 runs in every stage; a feature waits to be released."""
    with release_bench(folder) as bench:
        write_pins(bench.repo, *apps)
        bench.push()
        cluster = cluster_of(bench.remote, *apps)
        with cluster.running():
            settings = {"KUBECONFIG": str(cluster.kubeconfig(folder))}
            bench.more_tools["flux"] = bound_tool(Flux, **settings)
            bench.settings = {"app": "shop"}
            made = FluxBench(bench, bench.remote, cluster)
            made.turn()
            yield made
