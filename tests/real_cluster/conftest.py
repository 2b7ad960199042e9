"""One real API server for all tests that want one; they skip where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real_cluster.recording import prepare
from tests.servers.real_kubernetes import RealCluster, missing, real_cluster


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    """A running API server with the namespace and the custom resource of the cases."""
    if reason := missing():
        pytest.skip(reason)
    folder: Path = tmp_path_factory.mktemp("cluster")
    with real_cluster(folder) as cluster:
        prepare(cluster)
        yield cluster
