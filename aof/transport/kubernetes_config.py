"""Finding the cluster: kubeconfig, context, or the service account of the pod we run in.

The official client reads the configuration (contexts, certificates, exec plugins); this
module says what is wrong with it.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aof.errors import NotBound

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_IN_CLUSTER = "in-cluster"


@dataclass(frozen=True, slots=True)
class Connection:
    """A client of the official library, set up, and the namespace used when none is given."""

    client: ApiClient
    namespace: str
    context: str


def kubeconfig_paths(kubeconfig: str) -> str:
    """The kubeconfig that would be used (several joined by `:`), or '' when in a cluster.

    Args:
        kubeconfig: What is configured, as in the variable KUBECONFIG; may be ''.

    Raises:
        NotBound: There is none and we run in no cluster, or one cannot be read.
    """
    if kubeconfig:
        names = [name for name in kubeconfig.split(os.pathsep) if name]
        readable = [name for name in names if _readable(Path(name).expanduser())]
        if not readable:
            raise NotBound(
                f"the kubeconfig {kubeconfig} cannot be read",
                why="no such file",
                fix="set KUBECONFIG to the file that describes the cluster",
            )
        return os.pathsep.join(readable)
    usual = Path("~/.kube/config").expanduser()
    if _readable(usual):
        return str(usual)
    if os.environ.get("KUBERNETES_SERVICE_HOST") and (_SERVICE_ACCOUNT / "token").exists():
        return ""
    raise NotBound(
        "no cluster is configured",
        why=f"KUBECONFIG is not set, {usual} does not exist, and this is not a pod",
        fix="set KUBECONFIG, or run where a service account is mounted",
    )


def connect(kubeconfig: str, context: str, namespace: str) -> Connection:
    """Read the configuration; makes no request (an exec plugin, if configured, runs).

    Raises:
        NotBound: The configuration cannot be read or used, or has no such context.
    """
    import urllib3
    from kubernetes import client, config
    from kubernetes.config.config_exception import ConfigException

    paths = kubeconfig_paths(kubeconfig)
    settings = client.Configuration()
    settings.retries = urllib3.Retry(0)
    if not paths:
        config.load_incluster_config(client_configuration=settings)
        own = (_SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
        return Connection(client.ApiClient(settings), namespace or own, _IN_CLUSTER)
    used = _context(paths, context)
    try:
        with _said() as words:
            config.load_kube_config(
                paths, context=used["name"], client_configuration=settings, persist_config=False
            )
    except (ConfigException, OSError, ValueError, TypeError, KeyError) as error:
        raise _unusable(paths, error) from error
    _require_server(settings, paths, used)
    _require_credentials(settings, used, words)
    _require_privacy(settings, paths)
    if not settings.verify_ssl:  # the user chose that in the kubeconfig; say nothing each time
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    chosen = namespace or used["context"].get("namespace") or "default"
    return Connection(client.ApiClient(settings), chosen, used["name"])


def _readable(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with path.open("rb"):
            return True
    except OSError as error:
        raise NotBound(
            f"the kubeconfig {path} cannot be read",
            why=error.strerror or str(error),
            fix="set KUBECONFIG to a file this user may read",
        ) from error


def _context(paths: str, wanted: str) -> dict[str, Any]:
    """The context to use, as the kubeconfig has it."""
    import yaml
    from kubernetes import config
    from kubernetes.config.config_exception import ConfigException

    try:
        known, current = config.list_kube_config_contexts(paths)
    except (ConfigException, yaml.YAMLError, OSError, ValueError, TypeError, KeyError) as error:
        raise _unusable(paths, error) from error
    except AttributeError as error:  # the client's own fault on a file that is no mapping
        raise _unusable(paths, ValueError("it is not a kubeconfig")) from error
    for context in known:
        if wanted in {"", context["name"]} and (wanted or context["name"] == current["name"]):
            return dict(context)
    names = ", ".join(sorted(context["name"] for context in known)) or "none"
    raise NotBound(
        f"the kubeconfig has no context '{wanted}'",
        why=f"{paths} has: {names}",
        fix="set KUBE_CONTEXT to one of them",
    )


def _require_server(settings: Any, paths: str, used: dict[str, Any]) -> None:
    if not settings.host or settings.host == "http://localhost":
        raise _unusable(paths, ValueError(f"context {used['name']} has no cluster with a server"))


@contextlib.contextmanager
def _said() -> Iterator[list[str]]:
    """What the client logs meanwhile: it reports a failed exec plugin only there."""
    words: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: words.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    root.addHandler(listener)
    try:
        yield words
    finally:
        root.removeHandler(listener)


def _require_credentials(settings: Any, used: dict[str, Any], words: list[str]) -> None:
    if words and not settings.auth_settings() and not settings.cert_file:
        raise NotBound(
            f"the context {used['name']} gives no credentials",
            why=" ".join("; ".join(words).split())[:400],
            fix="log in again, or run the exec plugin of the kubeconfig by hand",
        )


def _require_privacy(settings: Any, paths: str) -> None:
    """A token goes over plain HTTP to this machine only (a proxy of the cluster's API)."""
    parts = urlsplit(settings.host)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if settings.auth_settings() and parts.scheme == "http" and not local:
        raise _unusable(paths, ValueError(f"it would send a token unencrypted to {settings.host}"))


def _unusable(paths: str, error: Exception) -> NotBound:
    words = " ".join(str(error).split())[:400]
    return NotBound(
        f"the kubeconfig {paths} cannot be used",
        why=words or type(error).__name__,
        fix="check it with: kubectl config view",
    )
