"""CPU time of the canary judge: one judgement, one more window, very many windows.

python -m benchmarks.canary_speed
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta

from aof.analysis.canary import CanaryEvidence, Judge, judge

BOUNDS = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf")
SHARES = (0.0, 0.01, 0.1, 0.35, 0.8, 0.985, 0.997, 0.999, 1.0, 1.0, 1.0, 1.0)


def evidence(minutes: int) -> CanaryEvidence:
    """Half the traffic on each version, errors and latency in default buckets."""
    rng, start = random.Random(1), datetime(2026, 11, 20, 10, tzinfo=UTC)
    windows = []
    for minute in range(minutes):
        arms = {}
        for name in ("baseline", "canary"):
            requests = 3000 + rng.randrange(200)
            counts = [int(requests * share) for share in SHARES]
            arms[name] = {
                "requests": requests,
                "errors": rng.randrange(10),
                "latency_buckets": dict(zip(BOUNDS, counts, strict=True)),
            }
        at = start + timedelta(minutes=minute)
        windows.append({"start": at, "seconds": 60, "stage": 3, "weight": 0.5, **arms})
    return CanaryEvidence.model_validate({"windows": windows})


def fastest_ms(minutes: int, tries: int) -> float:
    """Best of several judgements over fresh evidence."""
    times = []
    for _ in range(tries):
        fresh = evidence(minutes)
        started = time.process_time()
        judge(fresh)
        times.append(time.process_time() - started)
    return 1000 * min(times)


def main() -> None:
    """Print the figures."""
    judging, times = Judge(), []
    for window in evidence(120).windows:
        started = time.process_time()
        judging.add(window)
        times.append(1000 * (time.process_time() - started))
    times.sort()
    print(f"judge, 120 windows:      {fastest_ms(120, 9):7.1f} ms")
    print(
        f"Judge.add, mean of 120:  {sum(times) / len(times):7.2f} ms, 95 % below {times[113]:.2f}"
    )
    print(f"judge, 10,000 windows:   {fastest_ms(10_000, 3):7.0f} ms")


if __name__ == "__main__":
    main()
