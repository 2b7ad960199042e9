"""kill -9 during apply: nothing is done twice, nothing is lost, the log says what is true.

`python -m benchmarks.kill_apply` does the same at every place and at hundreds of moments.
"""

import random
from pathlib import Path

from tests.kill.trials import Trials


def test_a_killed_apply_is_taken_up_where_it_stopped(tmp_path: Path) -> None:
    rng = random.Random(11)
    with Trials(tmp_path) as trials:
        for number in range(6):
            trials.at_random(number, rng)
        for point in range(5, 80, 9):
            trials.at_point(point)
    assert trials.wrong == []
    assert trials.killed >= 8
