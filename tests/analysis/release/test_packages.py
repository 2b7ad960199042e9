from pathlib import Path

import pytest

from aof.analysis.release import ReleaseConfig, read_config
from aof.analysis.release.history import Plans, read_plans
from aof.analysis.release.packages import PathOwners
from aof.cli.release_repository import Clone
from aof.errors import UsageFault
from aof.transport.git_reader import GitReader
from tests.analysis.release.commits import TODAY
from tests.git_sandbox import GitSandbox

CONFIG = read_config(
    {
        "packages": [
            {"name": "app", "paths": ["apps/app"], "depends_on": ["ui"]},
            {"name": "ui", "paths": ["packages/ui"], "depends_on": ["core"]},
            {"name": "core", "paths": ["packages/core"]},
            {"name": "docs", "paths": ["docs"], "tag": "docs-v{version}"},
        ]
    }
)


@pytest.fixture
def repo(tmp_path: Path) -> GitSandbox:
    repo = GitSandbox(tmp_path)
    repo.commit("feat: all", "apps/app/a", "packages/ui/a", "packages/core/a", "docs/a")
    for name in ("app@1.0.0", "ui@2.0.0", "core@3.0.0", "docs-v4.0.0"):
        repo.tag(name)
    return repo


def plans(repo: GitSandbox, config: ReleaseConfig = CONFIG, **options: str) -> Plans:
    clone = Clone(GitReader(repo.directory), "origin")
    return read_plans(clone, config, today=TODAY, **options)


def versions(found: Plans) -> dict[str, str | None]:
    return {plan.package: plan.next for plan in found.plans}


def test_a_package_is_released_for_what_touches_it(repo: GitSandbox) -> None:
    repo.commit("feat: page", "docs/b")
    expected = {"app": None, "ui": None, "core": None, "docs": "docs-v4.1.0"}
    assert versions(plans(repo)) == expected


def test_dependants_follow_as_a_patch(repo: GitSandbox) -> None:
    repo.commit("feat!: core", "packages/core/b")
    found = plans(repo)
    assert versions(found) == {"app": "app@1.0.1", "ui": "ui@2.0.1", "core": "core@4.0.0"} | {
        "docs": None
    }
    assert found.plans[0].dependencies == ("ui@2.0.1",)


def test_each_package_counts_from_its_own_tag(repo: GitSandbox) -> None:
    repo.commit("feat: ui", "packages/ui/b")
    repo.tag("ui@2.1.0")
    repo.commit("fix: both", "packages/ui/c", "docs/c")
    assert versions(plans(repo))["ui"] == "ui@2.1.1"
    assert versions(plans(repo))["docs"] == "docs-v4.0.1"


def test_commits_outside_every_package_are_named(repo: GitSandbox) -> None:
    repo.commit("feat: tooling", "Makefile")
    repo.commit("feat!: nothing touched")
    found = plans(repo)
    assert set(versions(found).values()) == {None}
    assert [one.subject for one in found.outside] == ["feat!: nothing touched", "feat: tooling"]


def test_a_merge_counts_for_what_it_brought_in(repo: GitSandbox) -> None:
    repo.branch("topic")
    repo.commit("wip", "packages/core/x y")
    repo.switch("main")
    repo.merge("topic", "feat: spaces in names")
    assert versions(plans(repo))["core"] == "core@3.1.0"


def test_one_package_alone(repo: GitSandbox) -> None:
    repo.commit("fix: x", "packages/core/b")
    assert versions(plans(repo, package="ui")) == {"ui": "ui@2.0.1"}
    assert versions(plans(repo, package="core", wanted="5.0.0")) == {"core": "core@5.0.0"}


def test_what_does_not_fit_is_refused(repo: GitSandbox) -> None:
    with pytest.raises(UsageFault, match="no package"):
        plans(repo, package="nope")
    with pytest.raises(UsageFault, match="not of which package"):
        plans(repo, wanted="1.0.0")
    circle = {"packages": [{"name": "a", "paths": ["a"], "depends_on": ["a"]}]}
    with pytest.raises(UsageFault, match="circle"):
        plans(repo, read_config(circle))


def test_paths_match_whole_parts() -> None:
    owners = PathOwners(CONFIG.packages)
    assert owners.of(["packages/ui2/a", "packages/u"]) == set()
    assert owners.of(["packages/ui/deep/er"]) == {"ui"}
