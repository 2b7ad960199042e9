"""A release that is killed or disturbed anywhere ends like one that was not, or is refused."""

from pathlib import Path

import pytest

from tests.playbooks.release_bench import Killed, release_bench
from tests.playbooks.release_faults import FAULTS, FORGES, faulty_release
from tests.servers.gitlab import GitlabServer

STEPS = ["commit", "tag", "push", "create_release", "publish_release"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> object:
    with release_bench(tmp_path_factory.mktemp("undisturbed")) as bench:
        assert [action.operation for action in bench.run().actions] == STEPS
        return bench.state()


@pytest.mark.parametrize("step", range(len(STEPS)), ids=STEPS)
def test_killed_after_a_step_and_run_again_gives_the_same(
    tmp_path: Path, step: int, undisturbed: object
) -> None:
    with release_bench(tmp_path) as bench:
        with pytest.raises(Killed):
            bench.apply(bench.assess().actions, die_after=step)
        bench.later(minutes=5)
        told = bench.until_released()
        assert bench.state() == undisturbed, told


@pytest.mark.parametrize("step", range(len(STEPS)), ids=STEPS)
def test_applying_the_same_plan_again_gives_the_same(
    tmp_path: Path, step: int, undisturbed: object
) -> None:
    with release_bench(tmp_path) as bench:
        actions = bench.assess().actions
        with pytest.raises(Killed):
            bench.apply(actions, die_after=step)
        bench.apply(actions)
        assert bench.state() == undisturbed


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize("seed", range(len(FAULTS)), ids=FAULTS)
def test_a_disturbed_release_ends_released_or_refused(
    tmp_path: Path, seed: int, forge: str
) -> None:
    outcome = faulty_release(tmp_path, seed, forge)
    assert outcome.ended in {"released", "refused"}, outcome


def test_a_release_gitlab_never_got_is_unfinished_also_after_more_commits(tmp_path: Path) -> None:
    server = GitlabServer()
    with release_bench(tmp_path, github=False) as bench, server.running():
        bench.use_gitlab(server)
        with pytest.raises(Killed):
            bench.apply(bench.assess().actions, die_after=2)
        bench.repo.commit("docs: later")
        bench.push()
        assert bench.assess().decision == "RELEASE"
        assert "1 steps of its publication are left" in bench.until_released()[0]
        assert [one["tag_name"] for one in server.changes.releases] == ["v1.1.0"]
