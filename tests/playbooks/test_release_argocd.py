"""Promotion through Argo CD: environments that stay busy, packages with an application each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aof.errors import PlanRefused
from aof.verdict import Verdict
from tests.playbooks.release_bench import ReleaseBench, release_bench
from tests.servers.argocd import application


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ReleaseBench]:
    """v1.1.0 is released and not promoted yet."""
    with release_bench(tmp_path) as made:
        made.run()
        made.settings = {"app": "shop"}
        yield made


def dev(bench: ReleaseBench) -> dict[str, Any]:
    found: dict[str, Any] = bench.argocd.applications["shop-dev"]
    return found


def test_a_stage_that_is_not_healthy_in_time_is_taken_back(bench: ReleaseBench) -> None:
    before = dev(bench)["status"]["history"][-1]["revision"]
    bench.run("Go on")
    bench.argocd.reconcile("shop-dev", health="Progressing")
    found = bench.assess("Go on")
    assert (found.decision, found.verdict) == ("HOLD", Verdict.INCONCLUSIVE)
    assert "is on its way to dev" in found.summary
    bench.later(minutes=30)
    found = bench.assess("Go on")
    assert (found.decision, found.verdict) == ("ROLLBACK", Verdict.FAIL)
    assert "failed in dev: not synced and healthy within 10m: " in found.summary
    assert [one.arguments.get("revision") for one in found.actions] == [before, None]
    bench.apply(found.actions)
    bench.argocd.reconcile("shop-dev", health="Healthy")
    found = bench.assess("Go on")
    assert (found.decision, found.actions) == ("HOLD", ())
    assert "v1.1.0 ran there and was taken back" in found.summary


def test_a_push_that_argocd_notices_makes_no_plan_stale(bench: ReleaseBench) -> None:
    deployed = dev(bench)["status"]["history"][-1]["revision"]
    found = bench.assess("Go on")
    assert found.facts["stages"][0]["revision"] == deployed
    dev(bench)["status"]["sync"] |= {"revision": "f" * 40, "status": "OutOfSync"}
    assert bench.assess("Go on").facts["stages"][0]["revision"] == deployed
    outcome = bench.apply_plan(found)
    assert (outcome.code, outcome.stopped) == (0, "")


def test_an_application_that_somebody_set_to_something_else_meanwhile_is_left_alone(
    bench: ReleaseBench,
) -> None:
    found = bench.assess("Go on")
    dev(bench)["spec"]["source"]["targetRevision"] = "hotfix"
    with pytest.raises(PlanRefused, match="nobody has set it to something else"):
        bench.apply_plan(found)
    assert dev(bench)["spec"]["source"]["targetRevision"] == "hotfix"


def test_a_stage_that_becomes_healthy_late_is_gone_on_from(bench: ReleaseBench) -> None:
    bench.run("Go on")
    bench.argocd.reconcile("shop-dev", health="Progressing")
    bench.later(minutes=30)
    assert bench.assess("Go on").decision == "ROLLBACK"
    bench.argocd.reconcile("shop-dev", health="Healthy")
    assert bench.assess("Go on").summary == "Promote v1.1.0 to staging."


def test_what_was_healthy_and_restarts_gets_its_time_again(bench: ReleaseBench) -> None:
    bench.run("Go on")
    bench.argocd.reconcile("shop-dev", health="Progressing")
    bench.later(hours=5)
    just_now = bench.now.isoformat().replace("+00:00", "Z")
    dev(bench)["status"]["health"]["lastTransitionTime"] = just_now
    assert "is on its way to dev" in bench.assess("Go on").summary


def test_an_operation_that_does_not_end_is_put_to_a_person(bench: ReleaseBench) -> None:
    bench.argocd.stuck = True
    bench.run("Go on")
    dev(bench)["status"]["operationState"] |= {
        "phase": "Running",
        "startedAt": "2026-11-20T11:00:00Z",
    }
    bench.later(minutes=30)
    found = bench.assess("Go on")
    assert (found.decision, found.verdict, found.actions) == ("HOLD", Verdict.INCONCLUSIVE, ())
    assert "not synced and healthy within 10m" in found.summary
    assert found.blocks["fix"] == "argocd app terminate-op shop-dev, then run again"
    bench.argocd.reconcile("shop-dev")
    assert bench.assess("Go on").summary == "Promote v1.1.0 to staging."


def test_a_sync_that_has_not_begun_is_not_late_by_the_time_of_the_last(
    bench: ReleaseBench,
) -> None:
    bench.argocd.stuck = True
    bench.run("Go on")
    bench.later(hours=5)
    assert "is on its way to dev" in bench.assess("Go on").summary


def test_apply_that_waits_in_vain_fails_with_the_time_it_gave(bench: ReleaseBench) -> None:
    bench.argocd.stuck = True
    options = {"stages": [{"name": "dev", "timeout": "5s"}]}
    outcome = bench.apply_plan(bench.assess("Go on", **options))
    assert "shop-dev is synced and healthy at" in outcome.stopped
    assert outcome.stopped.endswith("within 5s")
    assert outcome.code == 1
    bench.argocd.reconcile("shop-dev")
    assert bench.assess("Go on", **options).decision == "NO-RELEASE"


def test_packages_go_to_their_own_applications_stage_by_stage(tmp_path: Path) -> None:
    packages = [
        {"name": "ui", "paths": ["ui"], "depends_on": ["core"]},
        {"name": "core", "paths": ["core"]},
        {"name": "docs", "paths": ["docs"]},
    ]
    options: dict[str, Any] = {
        "release": {"packages": packages},
        "apps": {"core": "shop-core", "docs": ""},
        "stages": [{"name": "dev"}, {"name": "prod"}],
    }
    with release_bench(tmp_path) as bench:
        bench.settings = {"app": "{package}"}
        names = [f"{app}-{stage}" for app in ("shop-core", "ui") for stage in ("dev", "prod")]
        bench.argocd.applications.update({name: application(name) for name in names})
        bench.repo.commit("feat: first", "core/a", "ui/a", "docs/a")
        bench.push()
        bench.run(**options)

        def go_on(text: str = "Go on") -> tuple[str, list[str]]:
            found = bench.run(text, **options)
            targets = list(dict.fromkeys(one.target for one in found.actions))
            for target in targets:
                bench.argocd.reconcile(target.removeprefix("argocd/"))
            return found.summary, targets

        both = "core@0.1.0, ui@0.1.0"
        assert go_on() == (f"Promote {both} to dev.", ["argocd/shop-core-dev", "argocd/ui-dev"])
        assert go_on() == (f"Promote {both} to prod.", ["argocd/shop-core-prod", "argocd/ui-prod"])
        assert bench.assess("Go on", **options).decision == "NO-RELEASE"
        found = bench.assess("Please roll back prod", **options)
        assert found.decision == "ROLLBACK"
        targets = {one.target for one in found.actions}
        assert targets == {"argocd/shop-core-prod", "argocd/ui-prod"}
