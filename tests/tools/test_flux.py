import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aof.clock import FrozenClock
from aof.errors import PlanRefused, Unreachable, UsageFault
from aof.tools.flux import Flux
from aof.tools.flux_objects import commit_of
from tests.servers.flux import NEW, OLD, FluxServer
from tests.servers.kubernetes import KubernetesServer
from tests.tools.kubernetes_samples import named

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
READY = [{"type": "Ready", "status": "True", "reason": "ReconciliationSucceeded"}]
HOME = {"namespace": "flux-system"}


def kustomization(name: str = "apps", **spec: Any) -> dict[str, Any]:
    return named(
        "Kustomization",
        name,
        "kustomize.toolkit.fluxcd.io/v1",
        metadata=HOME,
        spec={
            "path": "./apps",
            "prune": True,
            "sourceRef": {"kind": "GitRepository", "name": "fleet"},
            **spec,
        },
        status={
            "observedGeneration": 1,
            "conditions": READY,
            "lastAppliedRevision": OLD,
            "lastAttemptedRevision": OLD,
            "inventory": {"entries": [{"id": "default_shop_apps_Deployment", "v": "v1"}]},
        },
    )


def repository(**spec: Any) -> dict[str, Any]:
    return named(
        "GitRepository",
        "fleet",
        "source.toolkit.fluxcd.io/v1",
        metadata=HOME,
        spec={"url": "https://git.example.com/fleet", "ref": {"branch": "main"}, **spec},
        status={"observedGeneration": 1, "conditions": READY, "artifact": {"revision": OLD}},
    )


def release() -> dict[str, Any]:
    past = [
        {"version": 3, "chartVersion": "1.2.0", "status": "failed"},
        {"version": 2, "chartVersion": "1.1.0", "status": "deployed"},
    ]
    failed = [
        {"type": "Ready", "status": "False", "reason": "UpgradeFailed", "message": "timed out"}
    ]
    chart = {
        "chart": "cart",
        "version": "1.x",
        "sourceRef": {"kind": "HelmRepository", "name": "r"},
    }
    return named(
        "HelmRelease",
        "cart",
        "helm.toolkit.fluxcd.io/v2",
        metadata=HOME,
        spec={"chart": {"spec": chart}},
        status={"conditions": failed, "history": past, "lastAttemptedRevision": "1.2.0"},
    )


def controller(server: KubernetesServer, *lines: dict[str, Any] | str) -> None:
    labels = {"app": "kustomize-controller"}
    server.add(
        named(
            "Deployment",
            "kustomize-controller",
            "apps/v1",
            metadata={**HOME, "labels": {"app.kubernetes.io/part-of": "flux"}},
            spec={"selector": {"matchLabels": labels}},
        )
    )
    spec = {"containers": [{"name": "proxy"}, {"name": "manager"}]}
    server.add(named("Pod", "kc-1", metadata={**HOME, "labels": labels}, spec=spec))
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    server.logs["kc-1", "manager"] = text.encode()


@pytest.fixture
def server() -> Iterator[FluxServer]:
    cluster = FluxServer(kustomization(), repository())
    with cluster.running():
        yield cluster


@pytest.fixture
def call(server: FluxServer, tmp_path: Path) -> Any:
    settings = {"KUBECONFIG": str(server.kubeconfig(tmp_path))}
    tool = Flux.bind(settings, clock=FrozenClock(NOW))
    return lambda operation, /, **arguments: tool.invoke(operation, arguments)


def test_kustomizations_tell_revision_source_and_path(call: Any) -> None:
    output = call("get_kustomizations")
    found = output.data["kustomizations"][0]
    assert (found["ready"], found["revision"], found["commit"]) == (True, OLD, "a" * 40)
    assert found["source"] == {"kind": "GitRepository", "name": "fleet", "namespace": "flux-system"}
    assert (found["path"], found["inventory"]) == ("./apps", ["default_shop_apps_Deployment"])
    assert output.summary == "1 kustomizations, 0 not ready"


def test_ready_for_an_older_generation_is_not_ready(server: FluxServer, call: Any) -> None:
    server.object("kustomizations", "apps", "flux-system")["metadata"]["generation"] = 2
    found = call("get_kustomizations", name="apps").data["kustomizations"][0]
    assert (found["ready"], found["handled"]) == (False, False)


def test_kustomizations_of_all_namespaces(server: FluxServer, call: Any) -> None:
    server.add(
        {**kustomization("web", suspend=True), "metadata": {"name": "web", "namespace": "t"}}
    )
    assert call("get_kustomizations", namespace="t").data["kustomizations"][0]["name"] == "web"
    output = call("get_kustomizations", all_namespaces=True)
    assert output.summary == "2 kustomizations, 0 not ready, 1 suspended"


def test_helm_releases_tell_the_deployed_version_not_the_failed_one(
    server: FluxServer, call: Any
) -> None:
    server.add(release())
    output = call("get_helmreleases")
    found = output.data["helmreleases"][0]
    assert (found["revision"], found["attempted"], found["ready"]) == ("1.1.0", "1.2.0", False)
    assert found["history"][0]["status"] == "failed"
    assert output.summary == "1 helmreleases, 1 not ready (cart)"


def test_sources_of_every_kind_are_listed(server: FluxServer, call: Any) -> None:
    server.add(
        named(
            "HelmRepository",
            "charts",
            "source.toolkit.fluxcd.io/v1",
            metadata=HOME,
            spec={"url": "https://charts.example.com"},
        )
    )
    found = call("get_sources").data["sources"]
    assert [one["kind"] for one in found] == ["GitRepository", "HelmRepository"]
    assert found[0]["ref"] == {"branch": "main"}
    assert call("get_sources", kind="gitrepository", name="fleet").data["sources"][0]["commit"]


def test_a_kind_flux_does_not_have_here_says_so(call: Any) -> None:
    with pytest.raises(Unreachable, match="no bucket: Flux is not installed"):
        call("get_sources", kind="bucket")


def test_a_source_name_needs_its_kind(call: Any) -> None:
    with pytest.raises(UsageFault, match="kind and name"):
        call("get_sources", name="fleet")


@pytest.mark.parametrize(
    ("revision", "commit"),
    [
        (f"main@sha1:{'a' * 40}", "a" * 40),
        (f"main/{'a' * 40}", "a" * 40),
        (f"v1.2@sha256:{'c' * 64}", "c" * 64),
        ("1.2.3", ""),
        ("", ""),
    ],
)
def test_the_commit_is_found_in_any_form_of_revision(revision: str, commit: str) -> None:
    assert commit_of(revision) == commit


def test_logs_are_filtered_and_sorted(server: FluxServer, call: Any) -> None:
    about = {"controllerKind": "Kustomization", "namespace": "flux-system"}
    controller(
        server,
        {"ts": "2026-11-20T10:02:00Z", "level": "error", "msg": "failed", "name": "apps", **about},
        "not json",
        {"ts": "2026-11-20T10:01:00Z", "level": "info", "msg": "done", "name": "apps", **about},
        {"ts": "2026-11-20T10:03:00Z", "level": "info", "msg": "other", "name": "web", **about},
    )
    entries = call("logs", kind="kustomization", name="apps").data["entries"]
    assert [entry["message"] for entry in entries] == ["done", "failed"]
    assert call("logs", level="error").summary == "1 entries, 1 errors"
    assert call("logs", tail=1).data["entries"][0]["message"] == "other"


def test_logs_without_controllers_name_the_namespace(call: Any) -> None:
    with pytest.raises(Unreachable, match="no Flux controllers in namespace flux-system"):
        call("logs")


def test_reconcile_annotates_and_can_wait(server: FluxServer, call: Any) -> None:
    output = call("reconcile", kind="kustomization", name="apps", wait_s=10)
    assert (output.data["handled"], output.data["ready"]) == (True, True)
    assert output.data["revision"] == OLD
    patch = server.requests("PATCH")[0]
    assert patch.query == {"fieldManager": "aofctl"}
    assert patch.json()["metadata"]["annotations"] == {
        "reconcile.fluxcd.io/requestedAt": "2026-11-20T10:30:00.000Z"
    }


def test_reconcile_with_source_applies_what_the_source_fetched(
    server: FluxServer, call: Any
) -> None:
    output = call("reconcile", kind="kustomization", name="apps", with_source=True, wait_s=10)
    assert output.data["revision"] == NEW
    assert [one.path.rsplit("/", 1)[1] for one in server.requests("PATCH")] == ["fleet", "apps"]


def test_reconcile_does_not_run_on_a_source_that_was_not_fetched(
    server: FluxServer, call: Any
) -> None:
    server.stuck.add("fleet")
    with pytest.raises(Unreachable, match="gitrepository/fleet was not fetched within 120 s"):
        call("reconcile", kind="kustomization", name="apps", with_source=True)
    assert len(server.requests("PATCH")) == 1


def test_reconcile_tells_when_nobody_handled_it(server: FluxServer, call: Any) -> None:
    server.stuck.add("apps")
    output = call("reconcile", kind="kustomization", name="apps", wait_s=4)
    assert output.data["handled"] is False
    assert "asked for" in output.summary


def test_reconcile_of_a_suspended_object_is_refused(server: FluxServer, call: Any) -> None:
    server.object("kustomizations", "apps", "flux-system")["spec"]["suspend"] = True
    with pytest.raises(PlanRefused, match="is suspended") as caught:
        call("reconcile", kind="kustomization", name="apps")
    assert "flux resume kustomization apps" in caught.value.fix
    assert server.requests("PATCH") == []


def test_suspend_and_resume_are_safe_to_repeat(server: FluxServer, call: Any) -> None:
    target = {"kind": "kustomization", "name": "apps"}
    assert call("suspend", **target).data == {"suspended": True, "changed": True}
    assert call("get_kustomizations", name="apps").data["kustomizations"][0]["suspended"] is True
    assert call("suspend", **target).data == {"suspended": True, "changed": False}
    assert call("resume", **target).data == {"suspended": False, "changed": True}
    assert call("get_kustomizations", name="apps").data["kustomizations"][0]["suspended"] is False


def test_the_probe_says_what_is_installed(server: FluxServer, tmp_path: Path) -> None:
    tool = Flux.bind({"KUBECONFIG": str(server.kubeconfig(tmp_path))})
    assert tool.probe() == (
        "Flux (kustomize.toolkit.fluxcd.io/v1, source.toolkit.fluxcd.io/v1) "
        "in Kubernetes v1.33.0, test"
    )


def test_a_cluster_without_flux_says_so(tmp_path: Path) -> None:
    bare = KubernetesServer()
    with bare.running():
        tool = Flux.bind({"KUBECONFIG": str(bare.kubeconfig(tmp_path))})
        with pytest.raises(Unreachable, match="Flux is not installed"):
            tool.probe()


def test_commands_read_as_a_person_would_type_them() -> None:
    said = {name: one.command for name, one in Flux.operations().items()}
    assert said["suspend"]({"kind": "kustomization", "name": "apps"}) == (
        "flux suspend kustomization apps"
    )
    arguments = {"kind": "helmrelease", "name": "cart", "namespace": "t", "with_source": True}
    assert said["reconcile"](arguments) == "flux reconcile helmrelease cart -n t --with-source"
    assert said["resume"]({"kind": "gitrepository", "name": "a b"}) == (
        "flux resume source git 'a b'"
    )
