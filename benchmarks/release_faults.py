"""How often a disturbed release ends released or cleanly refused.

python -m benchmarks.release_faults [--runs N] [--seed N]

Each run releases a small repository on real git with a loopback GitHub, under one or two
faults (kills, server errors, lost answers, push races, rejected tags, a remote that is gone),
and is started again as a person would.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from tests.playbooks.release_faults import faulty_release


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    ends: Counter[str] = Counter()
    for seed in range(given.seed, given.seed + given.runs):
        with tempfile.TemporaryDirectory() as folder:
            outcome = faulty_release(Path(folder), seed)
        ends[outcome.ended] += 1
        if outcome.ended not in {"released", "refused"}:
            print(seed, outcome)
    well = ends["released"] + ends["refused"]
    print(f"{given.runs} disturbed releases: {dict(ends)}; {100 * well / given.runs:.1f} % well")


if __name__ == "__main__":
    main()
