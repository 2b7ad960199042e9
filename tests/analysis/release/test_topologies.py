"""Every shape of history that is known to lead other tools astray, in real repositories."""

from pathlib import Path

import pytest

from aof.analysis.release import ReleaseConfig, ReleasePlan
from aof.analysis.release.history import read_plans
from aof.cli.release_repository import Clone
from aof.errors import Unreachable, UsageFault
from aof.transport.git_reader import GitReader
from tests.analysis.release.commits import TODAY
from tests.git_sandbox import GitSandbox


@pytest.fixture
def repo(tmp_path: Path) -> GitSandbox:
    return GitSandbox(tmp_path / "repo")


@pytest.fixture
def released(repo: GitSandbox) -> GitSandbox:
    repo.commit("feat: first")
    repo.tag("v1.2.3")
    return repo


def plan(repo: GitSandbox, config: ReleaseConfig | None = None, **options: bool) -> ReleasePlan:
    config = config or ReleaseConfig()
    clone = Clone(GitReader(repo.directory), "origin", **options)
    return read_plans(clone, config, today=TODAY).plans[0]


def codes(plan: ReleasePlan) -> set[str]:
    return {one.code for one in plan.diagnostics}


def test_no_tags(repo: GitSandbox) -> None:
    repo.commit("feat: first")
    assert (plan(repo).current, plan(repo).next) == (None, "v0.1.0")


def test_no_commit_yet(repo: GitSandbox) -> None:
    with pytest.raises(UsageFault, match="no commit yet"):
        plan(repo)


def test_chore_only(released: GitSandbox) -> None:
    released.commit("chore: tidy")
    assert plan(released).next is None


def test_rerun_on_the_tagged_head(released: GitSandbox) -> None:
    assert plan(released).next is None
    assert plan(released).changed.commits == 0


def test_rerun_after_a_release(released: GitSandbox) -> None:
    released.commit("feat: more")
    assert plan(released).next == "v1.3.0"
    released.commit("chore(release): 1.3.0", "CHANGELOG.md")
    released.tag("v1.3.0")
    assert (plan(released).current, plan(released).next) == ("v1.3.0", None)
    released.commit("docs: after")
    assert plan(released).next is None


def test_a_tag_that_is_no_version_stands_nearer(released: GitSandbox) -> None:
    released.commit("fix: x")
    for name in ("latest", "v1", "stable-2026", "v1.2", "v01.2.3"):
        released.tag(name)
    assert (plan(released).current, plan(released).next) == ("v1.2.3", "v1.2.4")
    assert "tag-ignored" in codes(plan(released))


def test_rc_and_final_on_one_commit(released: GitSandbox) -> None:
    released.commit("feat: x")
    released.tag("v1.3.0")
    released.tag("v1.3.0-rc.2")
    released.commit("fix: y")
    assert (plan(released).current, plan(released).next) == ("v1.3.0", "v1.3.1")


def test_release_tagged_beside_the_branch_is_not_proposed_again(released: GitSandbox) -> None:
    released.commit("feat: x")
    released.branch("release/v1.3.0")
    released.commit("chore: bump version to 1.3.0", "version.txt")
    released.tag("v1.3.0")
    released.switch("main")
    found = plan(released)
    assert (found.current, found.next) == ("v1.2.3", "v1.4.0")
    assert {"version-taken", "tag-off-branch"} <= codes(found)


def test_a_hotfix_of_an_old_line_does_not_disturb_main(released: GitSandbox) -> None:
    released.branch("maintenance")
    released.commit("fix: old")
    released.tag("v1.2.4")
    released.switch("main")
    released.commit("feat: new")
    assert (plan(released).current, plan(released).next) == ("v1.2.3", "v1.3.0")


def test_an_old_line_goes_on_below_main(released: GitSandbox) -> None:
    released.branch("maintenance")
    released.switch("main")
    released.commit("feat!: new")
    released.tag("v2.0.0")
    released.switch("maintenance")
    released.commit("fix: old")
    assert (plan(released).current, plan(released).next) == ("v1.2.3", "v1.2.4")


def test_detached_head(released: GitSandbox) -> None:
    released.commit("feat: x")
    released.git("checkout", "-q", "--detach")
    assert plan(released).next == "v1.3.0"


def test_latin_1_commit(released: GitSandbox) -> None:
    released.commit("feat: größer".encode("latin-1"), encoding="ISO-8859-1")
    assert plan(released).next == "v1.3.0"
    assert plan(released).changed.changes[0].parsed.description == "größer"


def test_bytes_that_are_no_text_at_all(released: GitSandbox) -> None:
    released.commit(b"feat: caf\xe9 \xff\xfe")
    found = plan(released)
    assert (found.next, found.changed.commits) == ("v1.3.0", 1)


def test_merge_commit_with_a_breaking_title(released: GitSandbox) -> None:
    released.branch("topic")
    released.commit("wip")
    released.switch("main")
    released.merge("topic", "feat!: new core")
    assert plan(released).next == "v2.0.0"


def test_the_title_of_a_merged_pull_request_counts_where_its_commits_say_nothing(
    released: GitSandbox,
) -> None:
    released.branch("topic")
    released.commit("wip")
    released.switch("main")
    released.merge("topic", "Merge pull request #12 from ada/topic\n\nfeat!: new core")
    found = plan(released)
    assert found.next == "v2.0.0"
    assert found.changed.changes[0].pull_request == "12"


def test_the_title_of_a_merged_pull_request_is_no_second_change(released: GitSandbox) -> None:
    released.branch("topic")
    released.commit("fix: core")
    released.switch("main")
    released.merge(
        "topic", "Merge branch 'topic' into 'main'\n\nfeat: core\n\nSee merge request a/b!3"
    )
    found = plan(released)
    assert (found.next, len(found.changed.changes)) == ("v1.2.4", 1)
    assert [one.code for one in found.questions] == ["merge-title"]


def test_merge_subjects_of_git_are_counted_but_ask_for_nothing(released: GitSandbox) -> None:
    released.branch("topic")
    released.commit("fix: x")
    released.switch("main")
    released.merge("topic")
    found = plan(released)
    assert found.next == "v1.2.4"
    assert [one.merge for one in found.changed.unconventional] == [True]


def test_commits_of_a_branch_that_started_before_the_release(repo: GitSandbox) -> None:
    repo.commit("feat: first")
    repo.branch("topic")
    repo.commit("feat: slow work")
    repo.switch("main")
    repo.commit("fix: quick")
    repo.tag("v1.2.3")
    repo.merge("topic")
    assert plan(repo).next == "v1.3.0"
    assert plan(repo).changed.commits == 2


def test_git_revert_and_reapply(released: GitSandbox) -> None:
    feature = released.commit("feat: x", "x")
    released.git("revert", "--no-edit", feature)
    assert plan(released).next is None
    released.git("revert", "--no-edit", "HEAD")
    found = plan(released)
    assert found.next == "v1.3.0"
    assert len(found.changed.cancelled) == 2


def test_reverting_a_released_feature_is_a_patch(repo: GitSandbox) -> None:
    feature = repo.commit("feat: x", "x")
    repo.tag("v1.2.3")
    repo.git("revert", "--no-edit", feature)
    assert plan(repo).next == "v1.2.4"
    repo.tag("v1.2.4")
    repo.git("revert", "--no-edit", "HEAD")
    assert plan(repo).next == "v1.3.0"


def test_github_revert_by_pull_request(released: GitSandbox) -> None:
    released.commit("feat: x (#7)")
    released.commit('Revert "feat: x (#7)" (#8)\n\nReverts owner/repo#7')
    assert plan(released).next is None


def test_reverted_merge(released: GitSandbox) -> None:
    released.branch("topic")
    released.commit("feat: x", "x")
    released.switch("main")
    merge = released.merge("topic")
    released.git("revert", "--no-edit", "-m", "1", merge)
    found = plan(released)
    assert found.next is None
    assert len(found.changed.cancelled) == 3


def test_crlf_messages(released: GitSandbox) -> None:
    released.commit("fix: x\r\n\r\nbody\r\n\r\nBREAKING CHANGE: y\r\n")
    assert plan(released).next == "v2.0.0"


def test_lightweight_nested_and_odd_tags(released: GitSandbox) -> None:
    released.commit("feat: x")
    released.tag("v1.3.0", annotated=False)
    released.git("tag", "-a", "-m", "tag of a tag", "v1.3.1", "v1.2.3")
    released.write("blob", "x")
    blob = released.git("hash-object", "-w", "blob")
    released.git("tag", "v9.0.0", blob)
    released.commit("fix: y")
    assert plan(released).current == "v1.3.1"


def test_prefix_is_kept(repo: GitSandbox) -> None:
    repo.commit("feat: a")
    repo.tag("0.9.0")
    repo.commit("feat: b")
    repo.tag("0.10.0")
    repo.commit("fix: c")
    assert (plan(repo).current, plan(repo).next) == ("0.10.0", "0.10.1")


def test_many_releases_elsewhere_are_passed_over(released: GitSandbox) -> None:
    released.branch("other")
    for number in range(12):
        released.commit("feat: elsewhere")
        released.tag(f"v9.{number}.0")
    released.switch("main")
    released.commit("fix: here")
    assert (plan(released).current, plan(released).next) == ("v1.2.3", "v1.2.4")


def shallow(repo: GitSandbox, directory: Path) -> GitSandbox:
    return repo.clone(directory, "--depth=1", "--no-tags")


@pytest.fixture
def long(released: GitSandbox) -> GitSandbox:
    for number in range(20):
        released.commit(f"fix: number {number}")
    released.commit("feat: last")
    return released


def test_depth_1_clone_gets_exactly_what_it_lacks(long: GitSandbox, tmp_path: Path) -> None:
    clone = shallow(long, tmp_path / "clone")
    found = plan(clone)
    assert (found.current, found.next, found.changed.commits) == ("v1.2.3", "v1.3.0", 21)
    assert clone.git("rev-list", "--count", "HEAD") == "21"


def test_depth_1_clone_of_the_release_itself(released: GitSandbox, tmp_path: Path) -> None:
    found = plan(shallow(released, tmp_path / "clone"))
    assert (found.current, found.next) == ("v1.2.3", None)


def test_depth_1_clone_with_a_higher_release_elsewhere(long: GitSandbox, tmp_path: Path) -> None:
    long.branch("other", "v1.2.3")
    long.commit("feat!: other")
    long.tag("v5.0.0")
    long.switch("main")
    found = plan(shallow(long, tmp_path / "clone"))
    assert (found.current, found.next, found.changed.commits) == ("v1.2.3", "v1.3.0", 21)


def test_depth_1_clone_without_any_release(repo: GitSandbox, tmp_path: Path) -> None:
    repo.commit("feat: a")
    repo.commit("feat: b")
    found = plan(shallow(repo, tmp_path / "clone"))
    assert (found.next, found.changed.commits) == ("v0.1.0", 2)


def test_depth_1_clone_whose_remote_is_gone_is_refused(long: GitSandbox, tmp_path: Path) -> None:
    clone = shallow(long, tmp_path / "clone")
    clone.git("remote", "set-url", "origin", str(tmp_path / "gone"))
    with pytest.raises(Unreachable):
        plan(clone)


def test_depth_1_clone_is_refused_where_fetching_is_not_allowed(
    long: GitSandbox, tmp_path: Path
) -> None:
    with pytest.raises(Unreachable, match="cut off"):
        plan(shallow(long, tmp_path / "clone"), may_fetch=False)


def test_deepening_leaves_the_working_tree_and_refs_alone(long: GitSandbox, tmp_path: Path) -> None:
    clone = shallow(long, tmp_path / "clone")
    before = clone.git("for-each-ref"), clone.git("status", "--porcelain")
    plan(clone)
    assert (clone.git("for-each-ref"), clone.git("status", "--porcelain")) == before


def test_a_full_clone_without_tags_asks_the_remote(long: GitSandbox, tmp_path: Path) -> None:
    clone = long.clone(tmp_path / "clone", "--no-tags")
    assert (plan(clone).current, plan(clone).next) == ("v1.2.3", "v1.3.0")
    clone.git("remote", "set-url", "origin", str(tmp_path / "gone"))
    assert plan(clone).current is None


def test_bare_repository(long: GitSandbox, tmp_path: Path) -> None:
    assert plan(long.clone(tmp_path / "bare", "--bare")).next == "v1.3.0"


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="not a git repository"):
        Clone(GitReader(tmp_path), "origin")


def test_programs_of_the_repository_do_not_run(released: GitSandbox, tmp_path: Path) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "core.pager", "gpg.program", "core.editor"):
        released.git("config", key, str(trap))
    released.git("config", "log.showSignature", "true")
    released.commit("fix: x", "a")
    (tmp_path / "sprung").unlink(missing_ok=True)
    assert plan(released).next == "v1.2.4"
    assert not (tmp_path / "sprung").exists()


def test_a_revision_that_looks_like_an_option_is_only_a_name(released: GitSandbox) -> None:
    assert GitReader(released.directory).commit_of("--output=/tmp/x") is None
