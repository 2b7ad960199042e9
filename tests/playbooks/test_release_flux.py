"""Promotion by pins in Git, on real repositories, with a Flux that acts when it is told to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aof.errors import Unreachable
from aof.playbooks.release_stages import spoken
from aof.tools.git import Gitops
from aof.verdict import Verdict
from tests.git_sandbox import GitSandbox
from tests.playbooks.flux_bench import HELM, FluxBench, flux_bench, write_pins
from tests.playbooks.release_bench import Killed, bound_tool


@pytest.fixture
def flux(tmp_path: Path) -> Iterator[FluxBench]:
    with flux_bench(tmp_path) as made:
        yield made


def released(flux: FluxBench) -> None:
    flux.run()
    assert flux.bench.remote.git("tag", "--list", "v1.1.0") == "v1.1.0"


def test_a_release_goes_from_dev_to_production(flux: FluxBench) -> None:
    released(flux)
    found = flux.assess()
    assert found.summary == "Promote v1.1.0 to dev."
    assert [one.operation for one in found.actions] == ["commit", "push"]
    flux.bench.apply(found.actions)
    assert "is on its way to dev" in flux.assess().summary
    flux.turn()
    assert flux.run().summary == "Promote v1.1.0 to staging."
    soaking = flux.assess()
    assert (soaking.decision, soaking.verdict) == ("HOLD", Verdict.INCONCLUSIVE)
    assert soaking.wait_s == pytest.approx(1800 - 0, abs=60)
    assert soaking.summary.endswith("proves itself in staging for 30 min more.")
    flux.bench.later(minutes=31)
    waiting = flux.assess()
    assert "waits before prod: deployment-guardian has not been asked" in waiting.summary
    assert not any(action.executable for action in waiting.actions)
    flux.bench.previous = {"deployment-guardian": {"decision": "PROCEED"}}
    assert flux.run().summary == "Promote v1.1.0 to prod."
    assert flux.assess().decision == "NO-RELEASE"
    assert [flux.pin(stage) for stage in ("dev", "staging", "prod")] == ["1.1.0"] * 3


def test_a_promotion_changes_the_bytes_of_one_pin(flux: FluxBench) -> None:
    released(flux)
    before = flux.bench.remote.git("rev-parse", "main")
    flux.run()
    git = flux.bench.remote.git
    assert git("diff", "--name-only", before, "main") == "deploy/dev/shop.yaml"
    old = HELM.format(app="shop", stage="dev")
    assert git("show", "main:deploy/dev/shop.yaml") == old.replace("1.0.0", "1.1.0").strip()
    assert git("log", "-1", "--format=%B", "main").strip() == (
        "chore(dev): promote v1.1.0\n\nPromotion: dev shop v1.1.0"
    )


@pytest.mark.parametrize("step", [0, 1])
def test_killed_in_a_promotion_and_run_again_ends_the_same(flux: FluxBench, step: int) -> None:
    released(flux)
    count = int(flux.bench.remote.git("rev-list", "--count", "main"))
    with pytest.raises(Killed):
        flux.bench.apply(flux.assess().actions, die_after=step)
    flux.bench.later(minutes=3)
    again = flux.assess()
    flux.bench.apply(again.actions)
    assert [one.operation for one in again.actions] == ([], ["push"])[step == 0]
    assert int(flux.bench.remote.git("rev-list", "--count", "main")) == count + 1
    flux.turn()
    assert flux.assess().summary == "Promote v1.1.0 to staging."


def test_a_broken_release_is_taken_back_and_not_tried_again(flux: FluxBench) -> None:
    released(flux)
    flux.cluster.broken.add("1.1.0")
    flux.run()
    found = flux.run()
    assert (found.decision, found.verdict) == ("ROLLBACK", Verdict.FAIL)
    assert "HelmRelease dev/shop is not ready (UpgradeFailed: timed out)" in found.summary
    assert flux.pin("dev") == "1.0.0"
    after = flux.assess()
    assert (after.decision, after.actions) == ("HOLD", ())
    assert "v1.1.0 ran in dev and was taken back; now 1.0.0" in after.summary
    flux.bench.settings["again"] = "dev"
    assert flux.assess().summary == "Promote v1.1.0 to dev."


def test_a_kustomization_that_fails_its_health_checks_is_a_failure(flux: FluxBench) -> None:
    released(flux)
    flux.cluster.failing.add("shop-dev")
    flux.run()
    found = flux.assess()
    assert found.decision == "ROLLBACK"
    assert "HealthCheckFailed" in found.summary


def test_a_source_that_does_not_fetch_is_put_to_a_person(flux: FluxBench) -> None:
    released(flux)
    flux.cluster.stuck.add("fleet")
    flux.run()
    waiting = flux.assess()
    assert "GitRepository flux-system/fleet has not fetched it yet" in waiting.summary
    assert (waiting.decision, waiting.firm) == ("HOLD", False)
    flux.bench.later(minutes=20)
    stuck = flux.assess()
    assert (stuck.decision, stuck.firm) == ("HOLD", True)
    assert "flux reconcile kustomization shop-dev" in str(stuck.blocks)


def test_a_release_that_stays_unready_is_late_and_taken_back(flux: FluxBench) -> None:
    released(flux)
    flux.cluster.stuck.add("shop")
    flux.run()
    assert flux.assess().decision == "HOLD"
    flux.bench.later(minutes=20)
    found = flux.assess()
    assert found.decision == "ROLLBACK"
    assert "10m after it was fetched" in found.summary


def test_suspended_objects_are_named_with_the_way_on(flux: FluxBench) -> None:
    released(flux)
    flux.cluster.object("kustomizations", "shop-dev", "flux-system")["spec"]["suspend"] = True
    found = flux.assess()
    assert (found.decision, found.actions) == ("HOLD", ())
    assert "flux resume kustomization shop-dev -n flux-system" in str(found.blocks)


def test_a_cluster_that_does_not_answer_promotes_nothing(flux: FluxBench) -> None:
    released(flux)
    for _ in range(8):
        flux.cluster.lose("GET", "/kustomizations")
    with pytest.raises(Unreachable):
        flux.assess()
    flux.cluster.lost.clear()
    assert flux.assess().summary == "Promote v1.1.0 to dev."


def test_a_person_rolls_back_by_the_same_path(flux: FluxBench) -> None:
    released(flux)
    flux.run()
    found = flux.run("Please roll back dev")
    assert (found.decision, flux.pin("dev")) == ("ROLLBACK", "1.0.0")


def test_a_new_release_does_not_wait_for_the_last_one_to_be_everywhere(flux: FluxBench) -> None:
    released(flux)
    flux.run()
    flux.bench.repo.commit("feat: more", "more")
    flux.bench.push()
    assert flux.assess("Go on").summary == "Promote v1.1.0 to staging."
    assert flux.assess("Create release").summary.startswith("Release v1.2.0")


def test_an_environment_that_is_ahead_is_not_taken_down(flux: FluxBench) -> None:
    released(flux)
    text = HELM.format(app="shop", stage="dev").replace("1.0.0", "1.2.0")
    flux.bench.repo.write("deploy/dev/shop.yaml", text)
    flux.bench.repo.commit("chore: hotfix")
    flux.bench.push()
    found = flux.assess()
    assert "says 1.2.0, which is newer than v1.1.0" in found.summary
    assert found.actions == ()


def test_a_clone_behind_the_branch_promotes_nothing(flux: FluxBench) -> None:
    released(flux)
    other = flux.bench.remote.clone(flux.bench.folder / "other")
    other.commit("docs: theirs", "theirs")
    other.git("push", "-q", "origin", "main")
    found = flux.assess()
    assert (found.decision, found.actions) == ("HOLD", ())
    assert "git pull" in str(found.blocks)


def test_a_protected_branch_is_promoted_by_pull_request(flux: FluxBench) -> None:
    released(flux)
    flux.options = {**flux.options, "release": {"protected": True}}
    found = flux.assess()
    assert [one.operation for one in found.actions] == ["commit", "push", "create_pull_request"]
    with pytest.raises(Killed):
        flux.bench.apply(found.actions, die_after=1)
    rest = flux.run()
    assert [one.operation for one in rest.actions] == ["create_pull_request"]
    waiting = flux.assess()
    assert "pull request #" in waiting.summary
    assert (waiting.decision, waiting.actions) == ("HOLD", ())
    assert flux.bench.github is not None
    flux.bench.repo.git("merge", "-q", "--squash", "promote/dev-v1.1.0")
    flux.bench.repo.time = int(flux.bench.now.timestamp())
    flux.bench.repo.commit("chore(dev): promote v1.1.0 (#9)")
    flux.bench.push()
    for pull in flux.bench.github.changes.pulls:
        pull["state"] = "closed"
    flux.turn()
    assert flux.assess().summary == "Promote v1.1.0 to staging."


def test_pins_may_live_in_a_repository_of_their_own(tmp_path: Path) -> None:
    with flux_bench(tmp_path) as flux:
        fleet = GitSandbox(tmp_path / "fleet.git", bare=True)
        clone = GitSandbox(tmp_path / "fleet")
        clone.git("remote", "add", "origin", str(fleet.directory))
        write_pins(clone, "shop")
        clone.git("push", "-q", "origin", "main")
        flux.cluster.git = fleet.git
        flux.options = {**flux.options, "gitops": {}}
        identity = {"GIT_COMMITTER_NAME": "Rel", "GIT_COMMITTER_EMAIL": "rel@example.org"}
        flux.bench.more_tools["gitops"] = bound_tool(
            Gitops, GITOPS_CLONE=str(clone.directory), **identity
        )
        flux.turn()
        released(flux)
        main = flux.bench.remote.git("rev-parse", "main")
        found = flux.run()
        assert {one.tool for one in found.actions} == {"gitops"}
        assert flux.pin("dev") == "1.1.0"
        assert flux.bench.remote.git("rev-parse", "main") == main
        assert flux.assess().summary == "Promote v1.1.0 to staging."


def test_packages_are_promoted_together_stage_by_stage(tmp_path: Path) -> None:
    packages = [
        {"name": "ui", "paths": ["ui"], "depends_on": ["core"]},
        {"name": "core", "paths": ["core"]},
        {"name": "docs", "paths": ["docs"]},
    ]
    with flux_bench(tmp_path, apps=("core", "ui")) as flux:
        flux.bench.settings = {"app": "{package}"}
        flux.options = {**flux.options, "release": {"packages": packages}, "apps": {"docs": ""}}
        for name in ("core", "ui", "docs"):
            flux.bench.repo.commit(f"feat: first {name}", f"{name}/a")
            flux.bench.repo.tag(f"{name}@1.0.0")
        flux.bench.repo.commit("feat: better core", "core/b")
        flux.bench.push()
        flux.turn()
        flux.run()
        tags = flux.bench.remote.git("tag", "--list", "core@1.1.0", "ui@1.0.1").split()
        assert tags == ["core@1.1.0", "ui@1.0.1"]
        found = flux.run()
        assert found.summary == "Promote core@1.1.0, ui@1.0.1 to dev."
        assert [one.operation for one in found.actions] == ["commit", "push"]
        assert (flux.pin("dev", "core"), flux.pin("dev", "ui")) == ("1.1.0", "1.0.1")
        flux.cluster.broken.add("1.0.1")
        assert flux.run().summary == "Promote core@1.1.0, ui@1.0.1 to staging."
        broken = flux.assess()
        assert (broken.decision, broken.actions[0].target) == ("ROLLBACK", "main")
        assert broken.summary.startswith("ui@1.0.1 failed in staging")
        flux.bench.apply(broken.actions)
        assert (flux.pin("staging", "core"), flux.pin("staging", "ui")) == ("1.1.0", "1.0.0")


def test_argo_cd_may_follow_pins_too(flux: FluxBench) -> None:
    stages = [{"name": "dev", "pin": "deploy/{stage}/{app}.yaml"}]
    released(flux)
    flux.options = {"stages": stages}
    argocd = flux.bench.argocd
    found = flux.assess()
    assert [one.operation for one in found.actions] == ["commit", "push"]
    flux.bench.apply(found.actions)
    assert "shop-dev has not synced it yet" in flux.assess().summary
    argocd.head = flux.bench.remote.git("rev-parse", "main")
    argocd.applications["shop-dev"]["operation"] = {
        "sync": {
            "revision": argocd.head,
            "source": argocd.applications["shop-dev"]["spec"]["source"],
            "dryRun": False,
        }
    }
    argocd.reconcile("shop-dev")
    assert flux.assess().decision == "NO-RELEASE"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (120, "120 s"), (121, "3 min"), (7140, "119 min"), (7200, "2 h"),
     (86399, "24 h"), (83700, "23 h 15 min")],
)  # fmt: skip
def test_times_to_wait_are_said_as_people_do(seconds: float, words: str) -> None:
    assert spoken(seconds) == words
