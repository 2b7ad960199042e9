"""Where the settings of a release come from: the repository, its manifest, the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aof.errors import UsageFault
from tests.playbooks.release_bench import ReleaseBench, release_bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ReleaseBench]:
    """A repository whose last release is published and pushed, without changes since."""
    with release_bench(tmp_path) as made:
        yield made


def commit(bench: ReleaseBench, text: str, path: str = ".aof/release.yaml") -> None:
    bench.repo.write(path, text)
    bench.repo.commit("chore: settings")
    bench.push()


@pytest.mark.parametrize("path", [".aof/release.yaml", ".aof/release.yml"])
def test_the_repository_says_what_is_promoted_and_where(bench: ReleaseBench, path: str) -> None:
    commit(bench, "app: shop\nstages: [{name: staging}]\n", path)
    bench.run()
    found = bench.assess("Go on")
    assert found.summary == "Promote v1.1.0 to staging."
    assert found.actions[0].target == "argocd/shop-staging"


def test_the_manifest_wins_key_by_key_and_the_command_line_over_both(bench: ReleaseBench) -> None:
    commit(bench, "app: other\ntag: v{version}\nstages: [{name: staging}]\n")
    found = bench.run(app="shop", release={"prerelease": "rc"})
    assert found.facts["next"] == "v1.1.0-rc.1"
    bench.run("v1.1.0", app="shop")
    assert bench.assess("Go on", app="shop").actions[0].target == "argocd/shop-staging"
    stages = [{"name": "dev"}]
    there = bench.assess("Go on", app="shop", stages=stages)
    assert there.actions[0].target == "argocd/shop-dev"
    bench.settings = {"app": "shop"}
    assert bench.assess("Go on", app="nobody").actions[0].target == "argocd/shop-staging"


def test_two_files_are_refused_and_both_are_named(bench: ReleaseBench) -> None:
    commit(bench, "", ".aof/release.yml")
    commit(bench, "")
    with pytest.raises(UsageFault, match="two files") as caught:
        bench.assess()
    assert caught.value.why == ".aof/release.yaml and .aof/release.yml"


def test_a_wrong_stage_is_refused_with_file_and_line(bench: ReleaseBench) -> None:
    commit(bench, "app: shop\nstages:\n- name: dev\n  soaks: 1h\n")
    with pytest.raises(UsageFault) as caught:
        bench.assess()
    assert (caught.value.file, caught.value.line) == (".aof/release.yaml", 4)
    assert caught.value.fix == "did you mean 'soak'?"


@pytest.mark.parametrize("asset", ["/dev/zero", "../outside", "repo"])
def test_a_repository_names_no_asset_elsewhere_on_the_machine(
    bench: ReleaseBench, asset: str
) -> None:
    commit(bench, f"assets: [{asset}]\n")
    with pytest.raises(UsageFault, match=r"not below the working directory|cannot be read"):
        bench.assess()
