"""How often a disturbed release ends released or cleanly refused.

python -m benchmarks.release_faults [--runs N] [--seed N] [--forge github|gitlab]

Each run releases a small repository with a file on real git and a loopback GitHub or GitLab,
under one or two faults of `tests.playbooks.release_faults.FAULTS`, and is started again as a
person would.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from tests.playbooks.release_faults import FORGES, faulty_release


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--forge", choices=FORGES, help="only this one")
    given = parser.parse_args()
    for forge in [given.forge] if given.forge else FORGES:
        _measure(forge, range(given.seed, given.seed + given.runs))


def _measure(forge: str, seeds: range) -> None:
    ends: Counter[str] = Counter()
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            outcome = faulty_release(Path(folder), seed, forge)
        ends[outcome.ended] += 1
        if outcome.ended not in {"released", "refused"}:
            print(seed, outcome)
    well = 100 * (ends["released"] + ends["refused"]) / len(seeds)
    print(f"{forge}: {len(seeds)} disturbed releases: {dict(ends)}; {well:.1f} % well", flush=True)


if __name__ == "__main__":
    main()
