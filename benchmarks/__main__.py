"""The quick figures: what starting costs. Each part has a benchmark of its own, see the Makefile.

CPU seconds (user and system) of whole processes, beside the floor: an interpreter that does
nothing. Median of several runs.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS = 7
MAIN = "from aof.cli.main import main; main()"
REQUEST = (ROOT / "examples/requests/healthy-canary.txt").read_text()
TESTS = str(ROOT / "library/cicd/deployment-guardian.test.yaml")
COMMANDS: list[tuple[str, list[str]]] = [
    ("interpreter alone", ["-c", "pass"]),
    ("aofctl --help", ["-c", MAIN, "--help"]),
    ("aofctl validate library/", ["-c", MAIN, "validate", str(ROOT / "library")]),
    (
        "aofctl run agent, offline",
        ["-c", MAIN, "run", "agent", "library/cicd/deployment-guardian", REQUEST, "--llm", "off"],
    ),
    ("aofctl test, one file", ["-c", MAIN, "test", TESTS]),
]


def main() -> None:
    print(f"{'':28} {'CPU s':>8} {'wall s':>8} {'x floor':>8}")
    floor = 0.0
    for name, arguments in COMMANDS:
        cpu, wall = measured(arguments)
        floor = floor or cpu
        print(f"{name:28} {cpu:8.3f} {wall:8.3f} {cpu / floor:8.1f}")
    print()
    scenarios()


def measured(arguments: list[str]) -> tuple[float, float]:
    """Median CPU and wall seconds of a process."""
    cpu, wall = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(RUNS + 1):
            before, began = _children(), time.perf_counter()
            subprocess.run(
                [sys.executable, *arguments],
                cwd=folder,
                check=True,
                capture_output=True,
                timeout=60,
            )
            cpu.append(_children() - before)
            wall.append(time.perf_counter() - began)
    return statistics.median(cpu[1:]), statistics.median(wall[1:])


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def scenarios() -> None:
    """What one offline scenario costs once the process is warm, and two hundred of them."""
    from aof.scenarios.discover import find_cases
    from aof.scenarios.run import run_case

    cases = find_cases([ROOT / "library/cicd/deployment-guardian.test.yaml"], environment={})
    for case in cases:
        run_case(case)
    rounds = -(-200 // len(cases))
    began = time.process_time()
    single = []
    for case in cases * rounds:
        before = time.process_time()
        run_case(case)
        single.append(time.process_time() - before)
    total = time.process_time() - began
    each = statistics.median(single) * 1e3
    print(f"{len(single)} scenarios: {total:.2f} s CPU, median {each:.1f} ms each")


if __name__ == "__main__":
    main()
