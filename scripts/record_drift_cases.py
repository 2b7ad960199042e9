"""Record drift cases on a real API server: `KUBEBUILDER_ASSETS=... python -m scripts.record_drift_cases`.

Starts etcd and kube-apiserver, carries out `tests/real_cluster/cases.py` and writes what the
server holds afterwards to `tests/fixtures/drift/recorded_here.json`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.real_cluster.cases import CASES
from tests.real_cluster.recording import prepare, record
from tests.servers.real_kubernetes import missing, real_cluster

TARGET = Path(__file__).parents[1] / "tests/fixtures/drift/recorded_here.json"


def main() -> int:
    """Record all cases."""
    if missing():
        print(missing(), file=sys.stderr)
        return 2
    with (
        tempfile.TemporaryDirectory(prefix="aof-record-") as folder,
        real_cluster(Path(folder)) as cluster,
    ):
        prepare(cluster)
        versions = json.loads(cluster.kubectl("version", "-o", "json"))
        cases = []
        for case in CASES:
            print(case.id, file=sys.stderr)
            cases.append(record(cluster, case))
    server, client = (versions[f"{side}Version"]["gitVersion"] for side in ("server", "client"))
    about = (
        f"Recorded by scripts/record_drift_cases.py on kube-apiserver {server}, kubectl {client}"
    )
    lines = ",\n".join(json.dumps(one, sort_keys=True, separators=(",", ":")) for one in cases)
    TARGET.write_text(f'{{"about":{json.dumps(about)},"cases":[\n{lines}\n]}}\n')
    print(f"{len(cases)} cases: {TARGET}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
