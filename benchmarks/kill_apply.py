"""kill -9 at every counted place of apply and at random moments. Run: python -m
benchmarks.kill_apply [RANDOM_KILLS]."""

import random
import sys
import tempfile
import time
from pathlib import Path

from tests.kill.trials import Trials


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    rng, began = random.Random(20261120), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, Trials(Path(folder)) as trials:
        point = 1
        while trials.at_point(point):
            point += 1
        for number in range(wanted):
            trials.at_random(number, rng)
        print(
            f"apply killed {trials.killed} times ({point - 1} counted places, the rest at random; "
            f"{trials.killed_twice} killed again while recovering, {trials.ended_before} ended "
            f"before the kill) in {time.perf_counter() - began:.0f} s: {len(trials.wrong)} wrong"
        )
        for line in trials.wrong:
            print(" ", line)


if __name__ == "__main__":
    main()
