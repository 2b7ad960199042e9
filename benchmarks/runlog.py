"""What recording costs. Run: python -m benchmarks.runlog."""

import tempfile
import time
from pathlib import Path

from aof.redaction import Redactor
from aof.runlog import RunLog
from aof.runs.audit import verify_run

EVENTS = 3000


def main() -> None:
    redactor = Redactor({"TOKEN": "value-of-the-token"})
    arguments = {"query": 'sum(rate(http_requests_total{app="myapp"}[5m]))', "time": "now"}
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "run"
        for durable, count in ((False, EVENTS), (True, 300)):
            with RunLog(folder, redactor=redactor) as log:
                began = time.perf_counter()
                for number in range(count):
                    log.append("tool.called", durable=durable, call=f"c{number}", tool="p",
                               operation="query", arguments=arguments)  # fmt: skip
                took = (time.perf_counter() - began) / count
            print(f"run log, {'durable' if durable else 'plain'} event: {took * 1000:.3f} ms")
        began = time.perf_counter()
        found = verify_run(folder)
        took = time.perf_counter() - began
        print(f"audit verify, {found.events} events: {took:.3f} s, ok={found.ok}")


if __name__ == "__main__":
    main()
