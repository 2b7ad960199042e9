"""A release that is killed or disturbed anywhere ends like one that was not, or is refused."""

from pathlib import Path

import pytest

from aof.verdict import Verdict
from tests.playbooks.release_bench import Killed, release_bench
from tests.playbooks.release_faults import FAULTS, FORGES, HTTP_FAULTS, faulty_release
from tests.servers.faulty import TRUNCATED, Faulty
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


ON_EACH_FORGE = [*HTTP_FAULTS, "kill before a step", "kill after a step"]
DISTURBED = [
    pytest.param(seed, forge, id=f"{fault}-{forge}")
    for seed, fault in enumerate(FAULTS)
    for forge in (FORGES if fault in ON_EACH_FORGE else ["github"])
]


@pytest.mark.parametrize(("seed", "forge"), DISTURBED)
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


@pytest.mark.parametrize("forge", FORGES)
def test_a_release_without_a_commit_of_its_own_is_unfinished_also_after_more_commits(
    tmp_path: Path, forge: str
) -> None:
    options = {"release": {"changelog": {"file": ""}}}
    server = GitlabServer()
    with release_bench(tmp_path, github=forge == "github") as bench, server.running():
        if forge == "gitlab":
            bench.use_gitlab(server)
        bench.repo.git("rm", "-q", "package.json")
        bench.repo.commit("chore: no file follows the version")
        bench.push()
        actions = bench.assess(**options).actions
        assert [action.operation for action in actions][:2] == ["tag", "push"]
        with pytest.raises(Killed):
            bench.apply(actions, die_after=1)
        bench.repo.commit("docs: later")
        bench.push()
        bench.repo = bench.remote.clone(tmp_path / "fresh")
        assert "Go on with v1.1.0" in bench.run(**options).summary
        assert bench.assess(**options).decision == "NO-RELEASE"
        made = bench.github.changes if bench.github else server.changes
        assert [one["tag_name"] for one in made.releases] == ["v1.1.0"]


def test_a_tag_made_by_hand_is_not_published_after_more_commits(tmp_path: Path) -> None:
    with release_bench(tmp_path) as bench:
        bench.repo.tag("v1.1.0")
        bench.repo.commit("docs: later")
        bench.push()
        assert bench.assess().decision == "NO-RELEASE"


def test_a_tag_that_the_remote_has_elsewhere_is_no_release(tmp_path: Path) -> None:
    with release_bench(tmp_path, github=False) as bench:
        bench.apply(bench.assess().actions[:2])
        bench.remote.git("tag", "v1.1.0", "main")
        found = bench.assess()
        assert (found.decision, found.verdict) == ("HOLD", Verdict.INCONCLUSIVE)
        assert "git tag -d v1.1.0 && git fetch --tags" in found.findings[-1].detail


@pytest.mark.parametrize("later", [False, True])
def test_what_somebody_else_published_without_our_files_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.zip").write_bytes(b"content")
    with release_bench(tmp_path) as bench:
        bench.apply(bench.assess().actions[:3])
        assert bench.github is not None
        bench.github.changes.release("v1.1.0", draft=False)
        if later:
            bench.repo.commit("docs: later")
            bench.push()
        found = bench.assess(assets=["app.zip"])
        assert (found.decision, found.verdict) == ("NO-RELEASE", Verdict.WARN)
        assert found.findings[-1].title == "v1.1.0 is published without app.zip"


def test_a_file_that_arrived_in_part_stops_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.zip").write_bytes(b"content")
    with release_bench(tmp_path) as bench:
        assert bench.github is not None
        Faulty(bench.github, ["none", TRUNCATED], changes_only=True)
        outcome = bench.apply_plan(bench.assess(assets=["app.zip"]))
        assert "did not arrive as it is here" in outcome.stopped
        assert [one["draft"] for one in bench.github.changes.releases] == [True]
        outcome = bench.apply_plan(bench.assess(assets=["app.zip"]))
        assert outcome.stopped == ""
        (release,) = bench.github.changes.releases
        assert [(one["name"], one["size"]) for one in release["assets"]] == [("app.zip", 7)]


def test_a_shallow_clone_without_the_last_tag_finds_the_release_done(tmp_path: Path) -> None:
    with release_bench(tmp_path) as bench:
        bench.run()
        bench.repo.commit("docs: later")
        bench.push()
        bench.repo = bench.remote.clone(tmp_path / "shallow", "--depth=1")
        assert bench.assess().decision == "NO-RELEASE"
