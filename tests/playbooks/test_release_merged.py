"""The request that raises the version is merged, in each way forges know, while main goes on."""

from pathlib import Path
from typing import Any

import pytest

from tests.playbooks.release_bench import ReleaseBench, release_bench

OPTIONS: dict[str, Any] = {"release": {"protected": True}}
BRANCH = "release/v1.1.0"


def by_merge(bench: ReleaseBench) -> None:
    bench.repo.merge(BRANCH, f"Merge pull request #9 from acme/{BRANCH}\n\nchore(release): 1.1.0")


def by_squash(bench: ReleaseBench) -> None:
    body = bench.repo.git("log", "-1", "--format=%b", BRANCH)
    bench.repo.git("merge", "-q", "--squash", BRANCH)
    bench.repo.commit(f"chore(release): 1.1.0 (#9)\n\n{body}")


def by_squash_without_body(bench: ReleaseBench) -> None:
    bench.repo.git("merge", "-q", "--squash", BRANCH)
    bench.repo.commit("chore(release): 1.1.0 (#9)")


def by_rebase(bench: ReleaseBench) -> None:
    bench.repo.time += 600
    bench.repo.git("cherry-pick", BRANCH)


def by_fast_forward(bench: ReleaseBench) -> None:
    bench.repo.git("merge", "-q", "--ff-only", BRANCH)


@pytest.mark.parametrize(
    ("merge", "meanwhile"),
    [
        (by_merge, True),
        (by_squash, True),
        (by_squash_without_body, True),
        (by_rebase, True),
        (by_rebase, False),
        (by_fast_forward, False),
    ],
)
def test_a_merged_request_is_recognised_and_its_commit_on_main_is_tagged(
    tmp_path: Path, merge: Any, meanwhile: bool
) -> None:
    with release_bench(tmp_path) as bench:
        bench.run(**OPTIONS)
        proposed = bench.repo.git("rev-parse", BRANCH)
        if meanwhile:
            bench.repo.commit("docs: meanwhile", "docs")
        merge(bench)
        bench.repo.commit("feat: later", "later")
        bench.push()
        bench.repo = bench.remote.clone(tmp_path / "fresh")  # as the next pipeline has it
        found = bench.run(**OPTIONS)
        assert [one.operation for one in found.actions][:2] == ["tag", "push"], found.summary
        tagged = bench.remote.git("rev-parse", "v1.1.0^{commit}")
        assert bench.remote.git("branch", "--contains", tagged, "--list", "main") != ""
        assert bench.remote.git("show", f"{tagged}:package.json").count('"1.1.0"') == 1
        if merge in {by_squash, by_squash_without_body, by_rebase} and meanwhile:
            assert tagged != proposed
        assert "later" not in bench.remote.git("ls-tree", "--name-only", tagged).split()
        assert bench.assess(**OPTIONS).facts["next"] == "v1.2.0"
