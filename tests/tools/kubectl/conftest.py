"""A cluster and the tool bound to it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aof.clock import FrozenClock
from aof.tools.kubectl import Kubectl
from tests.servers.kubernetes import KubernetesServer
from tests.tools.kubernetes_samples import (
    deployment,
)

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[KubernetesServer]:
    cluster = KubernetesServer(deployment())
    with cluster.running():
        yield cluster


@pytest.fixture
def call(server: KubernetesServer, tmp_path: Path) -> Any:
    tool = Kubectl.bind({"KUBECONFIG": str(server.kubeconfig(tmp_path))}, clock=FrozenClock(NOW))
    return lambda operation, /, **arguments: tool.invoke(operation, arguments)
