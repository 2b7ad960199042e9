import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from aof.errors import NotBound, Unreachable
from aof.tools.kubectl import Kubectl
from tests.servers.kubernetes import TOKEN, KubernetesServer, failure
from tests.servers.loopback import Reply
from tests.servers.tls import serve_tls
from tests.tools.kubectl.refusal import refused
from tests.tools.kubernetes_samples import (
    deployment,
    named,
)


def test_reads_are_repeated_when_the_server_is_busy(server: KubernetesServer, call: Any) -> None:
    busy = failure(429, "TooManyRequests", "too many requests")
    busy.headers["retry-after"] = "0"
    server.plan("GET", "/deployments/shop", busy, failure(504, "Timeout", "etcd is slow"))
    assert call("get", resource="deploy/shop").data["kind"] == "Deployment"
    assert len(server.requests("GET", "/deployments/shop")) == 3


def test_a_server_that_stays_overloaded_is_reported(server: KubernetesServer, call: Any) -> None:
    slow = failure(504, "Timeout", "request did not complete within requested timeout")
    server.plan("GET", "/deployments/shop", slow, slow, slow)
    error = refused(call, "get", resource="deploy/shop")
    assert "504" in error.what
    assert "did not complete" in error.why


def test_an_expired_token_says_log_in_again(server: KubernetesServer, tmp_path: Path) -> None:
    config = server.kubeconfig(tmp_path, token="expired")
    with pytest.raises(Unreachable, match="401") as caught:
        Kubectl.bind({"KUBECONFIG": str(config)}).invoke("get", {"resource": "pods"})
    assert "log in again" in caught.value.fix


def test_answers_that_are_no_api_are_reported(server: KubernetesServer, call: Any) -> None:
    server.plan("GET", "/deployments/shop", Reply(200, b"<html>login</html>"))
    assert "<html>login" in refused(call, "get", resource="deploy/shop").why


@pytest.mark.parametrize("trust", ["nothing", "certificate-authority", "insecure-skip-tls-verify"])
def test_self_signed_tls_is_refused_unless_the_kubeconfig_trusts_it(
    tmp_path: Path, trust: str
) -> None:
    server = KubernetesServer(deployment())
    ca_file = serve_tls(server, tmp_path)
    settings = {
        "nothing": {},
        "certificate-authority": {"certificate-authority": str(ca_file)},
        "insecure-skip-tls-verify": {"insecure-skip-tls-verify": True},
    }[trust]
    tool = Kubectl.bind({"KUBECONFIG": str(server.kubeconfig(tmp_path, **settings))})
    with server.running():
        if trust != "nothing":
            assert tool.invoke("get", {"resource": "deploy/shop"}).data["kind"] == "Deployment"
            return
        with pytest.raises(Unreachable) as caught:
            tool.invoke("get", {"resource": "deploy/shop"})
        assert "certificate verify failed" in caught.value.why.lower()


def with_plugin(server: KubernetesServer, folder: Path, script: str) -> dict[str, str]:
    """Settings whose kubeconfig gets its credentials from an exec plugin."""
    plugin = folder / "plugin"
    plugin.write_text(f"#!/bin/sh\n{script}\n")
    plugin.chmod(0o755)
    config = server.kubeconfig(folder)
    api_version = "client.authentication.k8s.io/v1"
    user = {"exec": {"apiVersion": api_version, "command": str(plugin), "args": []}}
    content = yaml.safe_load(config.read_text())
    content["users"][0]["user"] = user
    config.write_text(yaml.safe_dump(content))
    return {"KUBECONFIG": str(config)}


def test_credentials_can_come_from_an_exec_plugin(server: KubernetesServer, tmp_path: Path) -> None:
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": TOKEN},
    }
    settings = with_plugin(server, tmp_path, f"echo '{json.dumps(credential)}'")
    found = Kubectl.bind(settings).invoke("get", {"resource": "deploy/shop"})
    assert found.data["kind"] == "Deployment"


def test_an_exec_plugin_that_fails_is_quoted(
    server: KubernetesServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = with_plugin(server, tmp_path, "echo 'session expired' >&2; exit 1")
    with pytest.raises(NotBound, match="context test gives no credentials") as caught:
        Kubectl.bind(settings).invoke("get", {"resource": "pods"})
    assert "session expired" in caught.value.why
    assert capfd.readouterr().err == ""


def test_a_pod_uses_its_service_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kubernetes.config import incluster_config

    server = KubernetesServer(deployment(), named("Pod", "a", metadata={"namespace": "team"}))
    ca_file = serve_tls(server, tmp_path)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "namespace").write_text("team")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(ca_file))
    monkeypatch.setattr("aof.transport.kubernetes_config._SERVICE_ACCOUNT", tmp_path)
    host, port = server.url.removeprefix("https://").split(":")
    for name, value in [("HOST", host), ("PORT", port)]:
        monkeypatch.setenv(f"KUBERNETES_SERVICE_{name}", value)
    monkeypatch.setenv("HOME", str(tmp_path))
    with server.running():
        assert len(Kubectl.bind({}).invoke("get", {"resource": "pods"}).data["items"]) == 1


def test_without_any_cluster_the_tool_is_unbound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(NotBound, match="no cluster is configured"):
        Kubectl.bind({})


def test_a_missing_kubeconfig_leaves_the_tool_unbound(tmp_path: Path) -> None:
    with pytest.raises(NotBound, match="cannot be read") as caught:
        Kubectl.bind({"KUBECONFIG": str(tmp_path / "none")})
    assert caught.value.why == "no such file"


def test_a_kubeconfig_that_is_a_folder_leaves_the_tool_unbound(tmp_path: Path) -> None:
    with pytest.raises(NotBound, match="cannot be read") as caught:
        Kubectl.bind({"KUBECONFIG": str(tmp_path)})
    assert caught.value.why == "Is a directory"


@pytest.mark.parametrize(
    "content", ["", "just text", "[1, 2]", "a: [", "contexts: 5", "apiVersion: v1\nkind: Config"]
)
def test_a_broken_kubeconfig_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "config"
    file.write_text(content)
    with pytest.raises(NotBound) as caught:
        Kubectl.bind({"KUBECONFIG": str(file)}).invoke("get", {"resource": "pods"})
    assert str(file) in caught.value.what + caught.value.why


def test_a_wrong_context_lists_the_right_ones(server: KubernetesServer, tmp_path: Path) -> None:
    settings = {"KUBECONFIG": str(server.kubeconfig(tmp_path)), "KUBE_CONTEXT": "prod"}
    with pytest.raises(NotBound, match="no context 'prod'") as caught:
        Kubectl.bind(settings).invoke("get", {"resource": "pods"})
    assert caught.value.why.endswith("has: other, test")


def test_a_token_is_not_sent_unencrypted_to_another_machine(
    server: KubernetesServer, tmp_path: Path
) -> None:
    server.url = "http://cluster.example.com"
    config = server.kubeconfig(tmp_path)
    with pytest.raises(NotBound, match="cannot be used") as caught:
        Kubectl.bind({"KUBECONFIG": str(config)}).invoke("get", {"resource": "pods"})
    assert "unencrypted to http://cluster.example.com" in caught.value.why


def test_context_and_namespace_can_be_chosen(server: KubernetesServer, tmp_path: Path) -> None:
    server.add(named("Pod", "a", metadata={"namespace": "team"}))
    settings = {"KUBECONFIG": str(server.kubeconfig(tmp_path)), "KUBE_CONTEXT": "other"}
    tool = Kubectl.bind({**settings, "KUBE_NAMESPACE": "team"})
    assert len(tool.invoke("get", {"resource": "pods"}).data["items"]) == 1


def test_a_server_that_is_not_there_is_reported(tmp_path: Path) -> None:
    server = KubernetesServer()
    config = server.kubeconfig(tmp_path)
    server._server.server_close()
    with pytest.raises(Unreachable, match="no connection"):
        Kubectl.bind({"KUBECONFIG": str(config)}).invoke("get", {"resource": "pods"})


def test_the_probe_says_version_context_and_namespace(
    server: KubernetesServer, tmp_path: Path
) -> None:
    tool = Kubectl.bind({"KUBECONFIG": str(server.kubeconfig(tmp_path))})
    assert tool.probe() == "Kubernetes v1.33.0, test, namespace default"


@pytest.mark.parametrize("answer", [b"[]", b"null", b"5", b""])
def test_answers_that_are_no_objects_are_reported(
    server: KubernetesServer, call: Any, answer: bytes
) -> None:
    server.plan("GET", "/deployments/shop", Reply(200, answer))
    assert "the answer is not" in refused(call, "get", resource="deploy/shop").what
