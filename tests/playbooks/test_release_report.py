"""What the release manager says of a release that is out, of packages, and of a dead remote."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aof.errors import ExitCode, Unreachable
from aof.verdict import Verdict
from tests.playbooks.release_bench import ReleaseBench, release_bench
from tests.servers.github_changes import REPO

PACKAGES = [
    {"name": "core", "paths": ["core"], "changelog": "core/CHANGELOG.md"},
    {"name": "ui", "paths": ["ui"], "depends_on": ["core"]},
    {"name": "docs", "paths": ["docs"]},
]
MONOREPO = {"release": {"packages": PACKAGES}}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ReleaseBench]:
    with release_bench(tmp_path) as made:
        yield made


@pytest.fixture
def packages(bench: ReleaseBench) -> ReleaseBench:
    bench.repo.commit("feat: core begins", "core/a")
    bench.repo.commit("feat(ui)!: ui begins", "ui/a")
    bench.repo.commit("docs: words", "docs/a")
    bench.push()
    return bench


def test_a_release_that_is_out_is_named_with_commit_remote_and_page(bench: ReleaseBench) -> None:
    bench.run()
    found = bench.assess()
    sha = bench.remote.git("rev-parse", "v1.1.0^{commit}")
    (released,) = found.facts["released"]
    assert released["sha"] == sha
    assert (released["tag"], released["pushed"], released["release"]) == (
        "v1.1.0",
        True,
        "published",
    )
    assert released["url"].endswith(f"/{REPO}/releases/tag/v1.1.0")
    assert found.summary == "v1.1.0 is released; there is no commit since."
    words = f"commit `{sha[:12]}`, pushed to origin, published: {released['url']}"
    assert f"**Current release**: {words}" in found.blocks["heading"]
    assert found.blocks["fix"].startswith("the next stage is dev, once")


def test_what_is_promoted_everywhere_names_no_next_stage(bench: ReleaseBench) -> None:
    bench.run()
    found = bench.assess("Go on", app="shop", stages=[])
    assert found.summary == "v1.1.0 is released everywhere; there is no commit since."
    assert found.blocks["fix"] == ""


def test_without_forge_and_remote_no_more_is_said_than_is_known(tmp_path: Path) -> None:
    with release_bench(tmp_path, github=False) as bench:
        pushed = bench.assess("look").blocks["heading"]
        assert f"commit `{bench.repo.git('rev-parse', 'v1.0.0^{}')[:12]}`, pushed to origin  " in (
            pushed
        )
        bench.repo.git("remote", "remove", "origin")
        assert "there is no remote to push to" in bench.assess("look").blocks["heading"]


@pytest.mark.parametrize("text", ["Create release", "Go on", "Create release v3.0.0"])
def test_a_remote_that_cannot_be_read_gives_no_verdict(bench: ReleaseBench, text: str) -> None:
    bench.remote.directory.rename(bench.folder / "gone")
    with pytest.raises(Unreachable) as caught:
        bench.assess(text)
    assert caught.value.exit_code is ExitCode.UNREACHABLE
    assert "the remote origin cannot be read" in caught.value.what
    assert "aofctl analyze release" in caught.value.fix


def test_nothing_is_called_released_while_the_remote_cannot_be_read(bench: ReleaseBench) -> None:
    bench.run()
    bench.remote.directory.rename(bench.folder / "gone")
    with pytest.raises(Unreachable):
        bench.assess()


def test_promotion_and_the_way_back_need_no_remote(bench: ReleaseBench) -> None:
    bench.run()
    bench.settings = {"app": "shop"}
    bench.remote.directory.rename(bench.folder / "gone")
    found = bench.assess("Go on")
    assert found.summary == "Promote v1.1.0 to dev."
    assert found.verdict is Verdict.WARN
    (finding,) = [one for one in found.findings if one.id == "remote"]
    assert "whether the release is complete is not known" in finding.title
    assert found.facts["released"][0]["pushed"] is None
    bench.settings["rollback"] = "dev"
    assert bench.assess("").decision == "ROLLBACK"


def test_packages_stand_in_one_table_and_a_labelled_block_each(packages: ReleaseBench) -> None:
    found = packages.assess(**MONOREPO)
    table, blocks = found.blocks["heading"], found.blocks["packages"]
    assert "| core | none yet | core@0.1.0 | minor | 1 |" in table
    assert "| docs | none yet | - | none | 1 |" in table
    titles = [line for line in blocks.splitlines() if line.startswith("### ") and "->" in line]
    assert titles == [
        "### core: no release yet -> core@0.1.0 (minor)",
        "### ui: no release yet -> ui@0.1.0 (minor)",
        "### docs: no release yet -> no release needed",
    ]
    assert "**Files**: `core/CHANGELOG.md` (`version_files` is not set for core)" in blocks
    assert "(`changelog` and `version_files` are not set for ui)" in blocks
    assert "**Follows**: core@0.1.0" in blocks
    assert found.summary == "Release core@0.1.0, ui@0.1.0 (2 packages, 2 commits)."
    assert any(one.title.startswith("ui: a breaking change") for one in found.findings)


def test_commits_outside_of_every_package_are_named_up_to_a_number(packages: ReleaseBench) -> None:
    for number in range(12):
        packages.repo.commit(f"ci: try {number}", "Makefile")
    packages.push()
    found = packages.assess(**MONOREPO)
    note = found.blocks["packages"].partition("**Outside**: ")[2]
    assert note.startswith("15 commits touch no package")
    assert "ci: try 11" in note
    assert "ci: try 1\n" not in note
    assert "and 5 more" in note
    assert len(found.facts["outside"]) == 15


def test_tags_and_commits_of_packages_say_which_package(packages: ReleaseBench) -> None:
    packages.run(**MONOREPO)
    subjects = packages.remote.git("tag", "--format=%(contents:subject)", "--list", "*@*")
    assert subjects.split("\n") == ["Release core@0.1.0", "Release ui@0.1.0"]
    packages.repo.commit("fix: small", "docs/b")
    packages.push()
    packages.run(**MONOREPO)
    assert packages.remote.git("tag", "--list", "docs@*") == "docs@0.1.0"
    found = packages.assess(**MONOREPO)
    assert found.summary == (
        "core@0.1.0, ui@0.1.0, docs@0.1.0 are released; there is no commit since."
    )
    assert packages.github is not None
    names = [one["name"] for one in packages.github.changes.releases]
    assert names[0] == "Release core@0.1.0: core begins"


@pytest.mark.parametrize("steps", [1, 3, 4])
def test_a_package_that_is_gone_on_with_holds_its_own_commits_alone(
    packages: ReleaseBench, steps: int
) -> None:
    packages.apply(packages.assess(**MONOREPO).actions[:steps])
    found = packages.run(**MONOREPO)
    assert found.summary.startswith("Go on with core@0.1.0, ui@0.1.0")
    assert packages.github is not None
    bodies = {one["tag_name"]: one["body"] for one in packages.github.changes.releases}
    assert "core begins" in bodies["core@0.1.0"]
    assert "ui begins" not in bodies["core@0.1.0"]
    assert "ui begins" in bodies["ui@0.1.0"]
    assert "core begins" not in bodies["ui@0.1.0"]
