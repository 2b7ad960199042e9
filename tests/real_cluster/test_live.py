"""The cases carried out and judged on a real API server, and every kind it has."""

from __future__ import annotations

import copy

import pytest

from aof.analysis.drift import compare
from tests.real_cluster.case import RealCase
from tests.real_cluster.cases import CASES
from tests.real_cluster.kinds import KINDS
from tests.real_cluster.manifests import Manifest
from tests.real_cluster.recording import record
from tests.real_cluster.steps import csa, ssa
from tests.real_cluster.test_recorded import check, judged
from tests.servers.real_kubernetes import RealCluster, program

NEEDS_CONTROLLERS = {"csa-undo", "agg-role"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case_is_judged_as_expected(real: RealCluster, case: RealCase) -> None:
    if case.id in NEEDS_CONTROLLERS and program("kube-controller-manager") is None:
        pytest.skip("needs kube-controller-manager")
    recorded = record(real, case)
    check(recorded, judged(recorded))


@pytest.mark.parametrize("how", ["client-side", "server-side"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_what_was_just_applied_is_no_drift(real: RealCluster, kind: Manifest, how: str) -> None:
    manifest = copy.deepcopy(real.adapted(kind))
    definition = kind["kind"] == "CustomResourceDefinition"  # whose name is given
    manifest["metadata"]["name"] += "" if definition else f"-{how}"
    {"client-side": csa(), "server-side": ssa()}[how](real, manifest)
    live = real.get(manifest)
    for last_synced in (manifest, None):
        result = compare(desired=manifest, live=live, last_synced=last_synced)
        assert not result.drifted, [change.as_dict() for change in result.changes]
    wait = str(definition).lower()
    real.kubectl("delete", f"--wait={wait}", "-f", "-", stdin=manifest)
