"""How often the canary judge is wrong: simulated rollouts with a known truth.

    python -m benchmarks.canary                    all scenarios, 1,000 runs each
    python -m benchmarks.canary --only null --runs 4000 --noise 1.6 --seed 7

A rollout is judged after each window and ends at the first ROLLBACK. Printed is how many
percent of the rollouts ended in ROLLBACK, how many were stopped by NO-GO (at any look),
and how many of the others were sent on (PROCEED) or held at their end.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter
from collections.abc import Iterable
from statistics import median

import numpy as np

from aof.analysis.canary import Judge, Window
from aof.analysis.canary.intervals import wilson
from benchmarks.canary_model import Noise, Runs, Scenario, simulate
from benchmarks.canary_peers import PEERS

RATES = (10, 100, 1000, 10_000)
SCENARIOS = [
    Scenario("null, 0.1 % errors", fine=False),
    Scenario("null, 1 % errors", errors=0.01, fine=False),
    Scenario("null, 0.1 %, fine buckets"),
    Scenario("null + 1-min 20x burst", burst=20, fine=False),
    Scenario("null + warm-up, fine", warm_up=3.0),
    Scenario("+0.05 pp on 0.1 %", canary_errors=0.0015, fine=False),
    Scenario("+10 % p95, fine", slower=1.1),
    Scenario("+10 % p95, default", slower=1.1, fine=False),
    Scenario("+0.1 pp on 0.1 % (= limit)", canary_errors=0.002, fine=False),
    Scenario("2x errors on 1 %", errors=0.01, canary_errors=0.02, fine=False),
    Scenario("+20 % p95 (= limit), fine", slower=1.2),
    Scenario("+50 % p95, fine", slower=1.5),
    Scenario("+50 % p95, default", slower=1.5, fine=False),
    Scenario("2x p95, default", slower=2.0, fine=False),
    Scenario("1 % of requests 10x slower", tail=10.0),
    Scenario("5 % errors", canary_errors=0.05, fine=False),
    Scenario("20 % errors", canary_errors=0.2, fine=False),
]


def judge_run(windows: Iterable[Window]) -> tuple[str, int]:
    """How one rollout ends, and at which minute it was first stopped (0: never)."""
    judge, stopped_at, last = Judge(), 0, "HOLD"
    for minute, window in enumerate(windows, start=1):
        last = judge.add(window).decision
        if last in ("ROLLBACK", "NO-GO") and not stopped_at:
            stopped_at = minute
        if last == "ROLLBACK":
            return "ROLLBACK", stopped_at
    return ("NO-GO" if stopped_at else last), stopped_at


def share(hits: int, runs: int) -> str:
    """Percent with its 95 % interval."""
    low, high = wilson(hits / runs, runs, 1.96)
    return f"{100 * hits / runs:5.1f} [{100 * low:.1f}-{100 * high:.1f}]"


def report(name: str, rps: int, runs: Runs, count: int) -> str:
    """One line of the table: our judge, then the peers."""
    started = time.perf_counter()
    ends = [judge_run(runs.windows(run)) for run in range(count)]
    took = time.perf_counter() - started
    outcomes = Counter(end for end, _ in ends)
    minutes = [minute for _, minute in ends if minute]
    cells = [share(outcomes[word], count) for word in ("ROLLBACK", "NO-GO", "PROCEED")]
    found = f"{median(minutes):.0f}" if minutes else "-"
    peers = [f"{100 * float(rule(runs).mean()):5.1f}" for rule in PEERS.values()]
    return " | ".join([f"{name:28}", f"{rps:>6}", *cells, found, *peers, f"{took:.0f} s"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    parser.add_argument("--rates", type=int, nargs="*", default=RATES)
    parser.add_argument("--noise", type=float, default=1.0, help="multiplies each version's noise")
    parser.add_argument("--seed", type=int, default=20261120)
    options = parser.parse_args()
    heads = ["scenario", "rps", "ROLLBACK %", "NO-GO %", "PROCEED %", "stopped at min", *PEERS]
    print(f"noise x{options.noise:g}, {options.runs} runs a cell, seed {options.seed}")
    print(" | ".join(heads))
    for at, scenario in enumerate(SCENARIOS):
        if options.only not in scenario.name:
            continue
        for rps in options.rates:
            rng = np.random.default_rng([options.seed, at, rps])
            runs = simulate(scenario, rps, options.runs, rng, Noise(scale=options.noise))
            print(report(scenario.name, rps, runs, options.runs), flush=True)
    assert math.isfinite(options.noise)


if __name__ == "__main__":
    main()
