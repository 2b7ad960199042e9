"""A real API server on 127.0.0.1: etcd, kube-apiserver and, if there, its controllers.

The programs are looked for in the folder `KUBEBUILDER_ASSETS` (as the Go test tools have it)
and on PATH. Nothing leaves the machine; there are no nodes, so pods never start.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ADMIN, READER = "admin-token", "reader-token"
_START_S = 120.0
_TOKENS = f"{ADMIN},admin,1,system:masters\n{READER},reader,2,readers\n"
_AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "Metadata", "verbs": ["create", "update", "patch", "delete"]},
        {"level": "None"},
    ],
}


def program(name: str) -> str | None:
    """Where a program of the control plane is, or None."""
    assets = os.environ.get("KUBEBUILDER_ASSETS", "")
    return shutil.which(name, path=assets or None) or shutil.which(name)


def missing() -> str:
    """Why no server can be started; empty when one can."""
    absent = [name for name in ("etcd", "kube-apiserver", "kubectl") if program(name) is None]
    return f"needs {', '.join(absent)} in KUBEBUILDER_ASSETS or on PATH" if absent else ""


_OLDER = {
    ("batch/v1", "CronJob"): "batch/v1beta1",
    ("policy/v1", "PodDisruptionBudget"): "policy/v1beta1",
    ("autoscaling/v2", "HorizontalPodAutoscaler"): "autoscaling/v2beta2",
}


@dataclass(frozen=True)
class RealCluster:
    """A running API server."""

    folder: Path
    url: str

    @property
    def kubeconfig(self) -> Path:
        """The administrator's, with the namespace `default`."""
        return self.write_kubeconfig("admin", ADMIN)

    def write_kubeconfig(self, user: str, token: str, **cluster: Any) -> Path:
        """A kubeconfig for one of the users; `cluster` replaces parts of its cluster."""
        file = self.folder / f"{user}.kubeconfig"
        where = {"server": self.url, "certificate-authority": str(self.folder / "apiserver.crt")}
        context = {"cluster": "real", "user": user, "namespace": "default"}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "real",
            "contexts": [{"name": "real", "context": context}],
            "clusters": [{"name": "real", "cluster": {**where, **cluster}}],
            "users": [{"name": user, "user": {"token": token}}],
        }
        text = yaml.safe_dump(content)
        if not file.exists() or file.read_text() != text:  # others may be reading it
            file.write_text(text)
        return file

    @property
    def audit_log(self) -> Path:
        """Changes, one JSON event a line."""
        return self.folder / "audit.log"

    def kubectl(
        self, *words: str, stdin: Any = None, environment: Mapping[str, str] | None = None
    ) -> str:
        """What kubectl says; manifests given as `stdin` go there as JSON."""
        content = None if stdin is None else json.dumps(stdin).encode()
        done = subprocess.run(
            [str(program("kubectl")), "--kubeconfig", str(self.kubeconfig), *words],
            input=content,
            capture_output=True,
            timeout=60,
            check=False,
            env={
                **os.environ,
                "KUBECACHEDIR": str(self.folder / "cache"),
                **(environment or {}),
            },
        )
        if done.returncode:
            raise AssertionError(f"kubectl {' '.join(words)}: {done.stderr.decode()}")
        return done.stdout.decode()

    def adapted(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """The manifest in a version this server has: some kinds were beta for long."""
        version = manifest["apiVersion"]
        older = _OLDER.get((version, manifest["kind"]))
        served = self.kubectl("api-versions").split() if older else []
        if older in served:
            listed = (
                json.loads(self.kubectl("get", "--raw", f"/apis/{version}"))
                if version in served
                else {}
            )
            kinds = {one["kind"] for one in listed.get("resources", [])}
            if manifest["kind"] not in kinds:
                return {**manifest, "apiVersion": older}
        return manifest

    def edit(self, expression: str, manifest: dict[str, Any]) -> None:
        """`kubectl edit` with `sed -i EXPRESSION` as the editor."""
        about = manifest["metadata"]
        where = ["-n", about["namespace"]] if about.get("namespace") else []
        editor = {"KUBE_EDITOR": f"sed -i {expression}"}
        self.kubectl("edit", manifest["kind"], about["name"], *where, environment=editor)

    def get(self, manifest: dict[str, Any]) -> Any:
        """The live object of a manifest, in the manifest's version, with its managedFields."""
        words = ("get", "-f", "-", "-o", "json", "--show-managed-fields")
        found = json.loads(self.kubectl(*words, stdin=manifest))
        return found["items"][0] if found["kind"] == "List" else found

    def send(self, method: str, path: str, body: Any, content_type: str, agent: str) -> Any:
        """One request as any other client makes it, without a field manager of its own."""
        headers = {
            "authorization": f"Bearer {ADMIN}",
            "content-type": content_type,
            "user-agent": agent,
        }
        asked = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), headers, method=method
        )
        with urllib.request.urlopen(asked, timeout=30, context=self._trust()) as answer:
            return json.loads(answer.read())

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.folder / "apiserver.crt"))


@contextlib.contextmanager
def real_cluster(folder: Path, *, controllers: bool = True) -> Iterator[RealCluster]:
    """Start the programs, wait until they answer, and end them."""
    etcd, api = _free_port(), _free_port()
    cluster = RealCluster(folder, f"https://127.0.0.1:{api}")
    (folder / "tokens.csv").write_text(_TOKENS)
    (folder / "audit.yaml").write_text(yaml.safe_dump(_AUDIT))
    key = ["openssl", "genrsa", "-out", str(folder / "accounts.key"), "2048"]
    subprocess.run(key, check=True, capture_output=True, timeout=60)
    with contextlib.ExitStack() as running:
        running.enter_context(_program(folder, "etcd", _etcd_flags(folder, etcd)))
        running.enter_context(_program(folder, "kube-apiserver", _api_flags(folder, etcd, api)))
        _wait_until_ready(cluster)
        if controllers and program("kube-controller-manager"):
            flags = _controller_flags(folder, cluster)
            running.enter_context(_program(folder, "kube-controller-manager", flags))
        yield cluster


def _etcd_flags(folder: Path, port: int) -> list[str]:
    peer = f"http://127.0.0.1:{_free_port()}"
    return [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls=http://127.0.0.1:{port}",
        f"--advertise-client-urls=http://127.0.0.1:{port}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
    ]


def _api_flags(folder: Path, etcd: int, port: int) -> list[str]:
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        f"--service-account-key-file={folder / 'accounts.key'}",
        f"--service-account-signing-key-file={folder / 'accounts.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.96.0.0/16",
        f"--audit-policy-file={folder / 'audit.yaml'}",
        f"--audit-log-path={folder / 'audit.log'}",
        "--disable-admission-plugins=ServiceAccount",
    ]


def _controller_flags(folder: Path, cluster: RealCluster) -> list[str]:
    told = subprocess.run(
        [str(program("kube-controller-manager")), "--help"],
        capture_output=True,
        timeout=60,
        check=True,
    )
    plain = ["--port=0"] if b"--port int " in told.stdout else []  # before 1.24 also without TLS
    return [
        *plain,
        "--bind-address=127.0.0.1",
        f"--kubeconfig={cluster.kubeconfig}",
        f"--service-account-private-key-file={folder / 'accounts.key'}",
        "--leader-elect=false",
        f"--secure-port={_free_port()}",
        f"--cert-dir={folder}",
        "--use-service-account-credentials=false",
    ]


@contextlib.contextmanager
def _program(folder: Path, name: str, flags: Sequence[str]) -> Iterator[None]:
    with (folder / f"{name}.log").open("wb") as log:
        started = subprocess.Popen([str(program(name)), *flags], stdout=log, stderr=log, cwd=folder)
        try:
            yield
        finally:
            started.terminate()
            try:
                started.wait(timeout=20)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait(timeout=20)


def _wait_until_ready(cluster: RealCluster) -> None:
    ends = time.monotonic() + _START_S
    said = "nothing"
    while time.monotonic() < ends:
        try:
            asked = urllib.request.Request(
                f"{cluster.url}/readyz", headers={"authorization": f"Bearer {ADMIN}"}
            )
            with urllib.request.urlopen(asked, timeout=5, context=cluster._trust()):
                return
        except (OSError, urllib.error.URLError) as error:
            said = str(error)
            time.sleep(0.3)
    log = (cluster.folder / "kube-apiserver.log").read_text(errors="replace")[-2000:]
    raise AssertionError(f"the API server did not become ready: {said}\n{log}")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
