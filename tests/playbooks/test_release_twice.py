"""Two releases of one remote at the same time, from two clones, in two processes."""

import threading
import time
from pathlib import Path

import pytest

from tests.cli.aofctl import Ran, aofctl
from tests.playbooks.release_world import World


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_of_two_at_once_one_releases_and_the_other_is_refused(tmp_path: Path, forge: str) -> None:
    first = World(tmp_path, forge)
    worlds = [first, first.beside(tmp_path / "second")]
    with first.server.running():
        plans = [worlds[0].plan() or ""]
        time.sleep(1.1)  # of one second, both commits would be the same one, and so the releases
        plans.append(worlds[1].plan() or "")
        for world, plan in zip(worlds, plans, strict=True):
            assert world.run("approve", plan).code == 0
        ran: dict[int, Ran] = {}

        def apply(number: int) -> None:
            world = worlds[number]
            ran[number] = aofctl(
                "apply", plans[number], cwd=world.repo.directory, **world.environment()
            )

        threads = [threading.Thread(target=apply, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        winners = [number for number, one in ran.items() if one.code == 0]
        assert len(winners) == 1, ran
        (loser,) = {0, 1} - set(winners)
        assert "has not moved" in ran[loser].err + ran[loser].out or "not here" in ran[loser].err
        assert [one["tag_name"] for one in first.server.changes.releases] == ["v1.1.0"]
        assert worlds[winners[0]].plan() is None
        behind = worlds[loser]
        held = behind.run("run", "agent", "agent.yaml", "Create release", "-o", "json").json()
        assert (held["decision"], held["plan_id"]) == ("HOLD", None)
        behind.repo.git("fetch", "-q", "--force", "--tags", "origin")
        behind.repo.git("reset", "-q", "--hard", "origin/main")
        assert behind.plan() is None
        behind.state()
