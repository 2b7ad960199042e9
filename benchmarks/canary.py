"""How often the canary judge is wrong: simulated rollouts with a known truth.

    python -m benchmarks.canary                    all scenarios, 1,000 runs each
    python -m benchmarks.canary --only null --runs 4000 --noise 1.6 --seed 7

A rollout is judged after each window and ends at the first ROLLBACK. Printed is how many
percent of the rollouts ended in ROLLBACK, how many were stopped by NO-GO (at any look),
and how many of the others were sent on (PROCEED) or held at their end.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from statistics import median

import numpy as np

from aof.analysis.canary import CanaryEvidence, Judge
from aof.analysis.canary.intervals import wilson
from benchmarks.canary_model import MINUTES, Noise, Runs, Scenario, simulate
from benchmarks.canary_peers import PEERS

RATES = (10, 100, 1000, 10_000)
SCENARIOS = [
    Scenario("null, 0.1 % errors", fine=False, near_goal=True),
    Scenario("null, 1 % errors", errors=0.01, fine=False, near_goal=True),
    Scenario("null + 1-min 20x burst", burst=20, fine=False),
    Scenario("null + warm-up, fine", warm_up=3.0),
    Scenario("+0.05 pp on 0.1 %", canary_errors=0.0015, fine=False),
    Scenario("+10 % p95, fine", slower=1.1),
    Scenario("+10 % p95, default", slower=1.1, fine=False),
    Scenario("+0.1 pp on 0.1 % (= limit)", canary_errors=0.002, fine=False),
    Scenario("2x errors on 1 %", errors=0.01, canary_errors=0.02, fine=False, near_goal=True),
    Scenario("2x on 1 % from minute 24", errors=0.01, canary_errors=0.02, fine=False, onset=24),
    Scenario("+20 % p95 (= limit), fine", slower=1.2),
    Scenario("+50 % p95, fine", slower=1.5),
    Scenario("+50 % p95, default", slower=1.5, fine=False),
    Scenario("2x p95, default", slower=2.0, fine=False),
    Scenario("1 % of requests 10x slower", tail=10.0),
    Scenario("5 % errors", canary_errors=0.05, fine=False),
    Scenario("20 % errors", canary_errors=0.2, fine=False),
    Scenario("at 100 %: as good", alone=True, fine=False),
    Scenario("at 100 %: as good, 1 %", alone=True, errors=0.01, fine=False),
    Scenario("at 100 %: 5 % errors", alone=True, canary_errors=0.05, fine=False),
    Scenario("at 100 %: 20 % errors", alone=True, canary_errors=0.2, fine=False),
    Scenario("at 100 %: 2x p95", alone=True, slower=2.0, fine=False),
]
# Gauges do not depend on traffic: one rate. CPU may reach 80 % and stops above 90 %, memory
# 85 and 95 %; work per request may rise by 20 %.
GAUGES = [
    Scenario("cpu 55 %, as the baseline", gauges=(("cpu", 0.55, 0.55, 0.0),), fine=False),
    Scenario("cpu 70 %, baseline 55 %", gauges=(("cpu", 0.55, 0.70, 0.0),), fine=False),
    Scenario("cpu 86 %, baseline 55 %", gauges=(("cpu", 0.55, 0.86, 0.0),), fine=False),
    Scenario("cpu 98 %, baseline 55 %", gauges=(("cpu", 0.55, 0.98, 0.0),), fine=False),
    Scenario("cpu 95 % on both", gauges=(("cpu", 0.95, 0.95, 0.0),), fine=False),
    Scenario("memory 60 % + 1.5 pp a minute", gauges=(("memory", 0.6, 0.6, 0.015),), fine=False),
    Scenario(
        "cpu a request, as good", gauges=(("cpu_seconds_per_request", 0.02, 0.02, 0.0),), fine=False
    ),
    Scenario(
        "cpu a request +10 %", gauges=(("cpu_seconds_per_request", 0.02, 0.022, 0.0),), fine=False
    ),
    Scenario(
        "cpu a request +50 %", gauges=(("cpu_seconds_per_request", 0.02, 0.03, 0.0),), fine=False
    ),
]
PEER_NAMES = tuple(PEERS)


@dataclass
class Tally:
    """How simulated rollouts of one cell ended; tallies of several blocks add up."""

    runs: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    stopped_at: list[int] = field(default_factory=list)
    peers: Counter[str] = field(default_factory=Counter)
    took_s: float = 0.0

    def line(self, name: str, rps: int) -> str:
        """One line of the table: our judge, then the peers."""
        cells = [share(self.ends[word], self.runs) for word in ("ROLLBACK", "NO-GO", "PROCEED")]
        found = f"{median(self.stopped_at):.0f}" if self.stopped_at else "-"
        peers = [share(self.peers[peer], self.runs) if self.peers else "-" for peer in PEER_NAMES]
        head = [f"{name:30}", f"{rps:>6}", f"{self.runs:>5}"]
        return " | ".join([*head, *cells, found, *peers, f"{self.took_s:.0f} s"])


def judge_run(runs: Runs, run: int) -> tuple[str, int]:
    """How one rollout ends, and at which minute it was first stopped (0: never).

    Where the stage at 100 % is looked at, what was said before it does not count.
    """
    windows = list(runs.windows(run))
    before = MINUTES if len(windows) > MINUTES else 0
    judge = Judge(evidence=CanaryEvidence.model_construct(windows=tuple(windows[:before])))
    stopped_at, last = 0, "HOLD"
    for minute, window in enumerate(windows[before:], start=before + 1):
        known = runs.readings(run, minute)
        if known is not None:
            judge.know(known)
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


def tally(scenario: Scenario, rps: int, count: int, seed: list[int], noise: Noise) -> Tally:
    """Simulate and judge `count` rollouts of one cell."""
    runs = simulate(scenario, rps, count, np.random.default_rng(seed), noise)
    started = time.process_time()
    ends = [judge_run(runs, run) for run in range(count)]
    took_s = time.process_time() - started
    # Their rules compare; at 100 % and on gauges there is nothing they would be asked.
    compared = not (scenario.alone or scenario.gauges)
    return Tally(
        runs=count,
        ends=Counter(end for end, _ in ends),
        stopped_at=[minute for _, minute in ends if minute],
        peers=Counter({name: int(rule(runs).sum()) for name, rule in PEERS.items()})
        if compared
        else Counter(),
        took_s=took_s,
    )


def cells(rates: Iterable[int]) -> Iterator[tuple[Scenario, int]]:
    """Every scenario at every rate; those of gauges at one."""
    yield from product(SCENARIOS, rates)
    for scenario in GAUGES:
        yield scenario, 100


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=1000, help="of a cell; four times near a goal")
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    parser.add_argument("--rates", type=int, nargs="*", default=RATES)
    parser.add_argument("--noise", type=float, default=1.0, help="multiplies each version's noise")
    parser.add_argument("--seed", type=int, default=20261120)
    options = parser.parse_args()
    heads = ["scenario", "rps", "n", "ROLLBACK %", "NO-GO %", "PROCEED %", "stopped at min"]
    print(f"noise x{options.noise:g}, seed {options.seed}; [95 % interval]; CPU time")
    print(" | ".join([*heads, *PEER_NAMES]))
    for scenario, rps in cells(options.rates):
        if options.only not in scenario.name:
            continue
        count = options.runs * (4 if scenario.near_goal else 1)
        seed = [options.seed, *scenario.name.encode(), rps]
        found = tally(scenario, rps, count, seed, Noise(scale=options.noise))
        print(found.line(scenario.name, rps), flush=True)


if __name__ == "__main__":
    main()
