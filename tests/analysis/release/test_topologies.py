"""Every shape of history that is known to lead other tools astray, in real repositories."""

from pathlib import Path

import pytest

from aof.analysis.release import ReleaseConfig, ReleasePlan
from aof.analysis.release.config import Package
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


def test_commit_that_says_it_is_utf_16_but_is_not(released: GitSandbox) -> None:
    released.commit_object(b"feat: x\n", more=b"encoding UTF-16\n")
    found = plan(released)
    assert (found.next, found.changed.changes[0].author) == ("v1.3.0", "Ada")


@pytest.mark.parametrize("name", ["SHIFT_JIS", "KLINGON"])
def test_commit_in_an_encoding_of_its_own(released: GitSandbox, name: str) -> None:
    text = "feat: 日本語".encode("shift_jis" if name == "SHIFT_JIS" else "utf-8")
    released.commit(text, encoding=name)
    assert plan(released).changed.changes[0].parsed.description == "日本語"


def test_date_that_is_none(released: GitSandbox) -> None:
    released.commit_object(b"feat: x\n", when=b"yesterday +0000")
    assert plan(released).next == "v1.3.0"


def test_message_with_a_nul_ends_there_as_for_git(released: GitSandbox) -> None:
    released.commit_object(b"feat: x\0\n\nBREAKING CHANGE: y\n")
    assert plan(released).next == "v1.3.0"


def test_signed_commit(released: GitSandbox) -> None:
    released.commit_object(b"feat: x\n", more=b"gpgsig -----BEGIN\n \n -----END\n")
    assert plan(released).next == "v1.3.0"


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
    assert found.changed.changes[0].request == "#12"


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


@pytest.mark.parametrize(
    "message",
    [
        "Merge pull request #7 from ada/topic\n\nfeat: x",
        "Merge branch 'topic' into 'main'\n\nfeat: x\n\nSee merge request team/app!7",
        "Merged in topic (pull request #7)\n\nfeat: x\n\nApproved-by: Ada",
        "Pull request #7: feat: x\n\nMerge in APP/app from topic to main",
        "Merged PR 7: feat: x\n\nRelated work items: #3",
        "Merge pull request 'feat: x' (#7) from topic into main",
    ],
)
def test_merged_request_of_every_host_and_its_revert(released: GitSandbox, message: str) -> None:
    released.branch("topic")
    released.commit("wip")
    released.switch("main")
    released.merge("topic", message)
    assert plan(released).next == "v1.3.0"
    assert plan(released).changed.changes[0].request in {"#7", "!7"}
    released.commit('Revert "feat: x"\n\nReverts owner/repo#7')
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


def test_tag_of_a_tag_of_a_tag(released: GitSandbox) -> None:
    released.commit("feat: x")
    released.tag("inner")
    released.git("tag", "-a", "-m", "x", "outer", "inner")
    released.git("tag", "-a", "-m", "x", "v1.3.0", "outer")
    assert (plan(released).current, plan(released).next) == ("v1.3.0", None)


def test_build_metadata_is_dropped_and_decides_nothing(repo: GitSandbox) -> None:
    repo.commit("feat: a")
    repo.tag("v1.2.3+build.9")
    repo.commit("fix: b")
    assert (plan(repo).current, plan(repo).next) == ("v1.2.3+build.9", "v1.2.4")


def test_several_versions_on_one_commit_the_highest_counts(released: GitSandbox) -> None:
    for name in ("v1.2.2", "v1.2.4", "v1.2.4-rc.1", "stable"):
        released.tag(name)
    released.commit("fix: x")
    assert (plan(released).current, plan(released).next) == ("v1.2.4", "v1.2.5")


def test_prereleases_count_on_by_number_not_by_letter(released: GitSandbox) -> None:
    released.commit("feat: a")
    for name in ("v1.3.0-alpha.2", "v1.3.0-alpha.10", "v1.3.0-alpha.beta"):
        released.tag(name)
    released.commit("fix: x")
    assert plan(released, ReleaseConfig(prerelease="alpha")).next is None  # below alpha.beta
    released.git("tag", "-d", "v1.3.0-alpha.beta")
    assert plan(released, ReleaseConfig(prerelease="alpha")).next == "v1.3.0-alpha.11"
    assert plan(released, ReleaseConfig(prerelease="rc")).next == "v1.3.0-rc.1"
    assert plan(released).next == "v1.3.0"


def test_prerelease_under_way_gives_way_to_a_break(released: GitSandbox) -> None:
    released.commit("feat: a")
    released.tag("v1.3.0-rc.1")
    released.commit("fix!: x")
    assert plan(released).next == "v2.0.0"
    assert plan(released, ReleaseConfig(prerelease="rc")).next == "v2.0.0-rc.1"


@pytest.mark.parametrize("name", ["v1.2", "v7", "1.2.3.4", "2026.01.0"])
def test_tags_like_versions_are_asked_about_where_there_is_no_other(
    repo: GitSandbox, name: str
) -> None:
    repo.commit("feat: a")
    repo.tag(name)
    assert [one.code for one in plan(repo).questions] == ["tag-unreadable"]


def test_a_repository_that_changed_its_prefix_goes_on_with_the_newer_one(repo: GitSandbox) -> None:
    for name in ("0.1.0", "0.2.0", "0.3.0", "v1.0.0"):
        repo.commit("feat: a")
        repo.tag(name)
    repo.commit("fix: b")
    assert (plan(repo).current, plan(repo).next) == ("v1.0.0", "v1.0.1")
    assert [one.code for one in plan(repo).questions] == ["tag-prefix"]


def test_a_template_that_fits_no_tag_asks(released: GitSandbox) -> None:
    found = plan(released, ReleaseConfig(tag="{version}"))
    assert found.next == "0.1.0"
    assert [one.code for one in found.questions] == ["tag-prefix"]


def test_a_branch_named_like_the_tag_does_not_matter(released: GitSandbox) -> None:
    released.branch("v1.2.3")
    released.commit("feat!: on the branch")
    released.switch("main")
    released.commit("fix: x")
    assert (plan(released).next, plan(released).changed.commits) == ("v1.2.4", 1)


def test_a_tag_named_head_does_not_matter(released: GitSandbox) -> None:
    released.git("update-ref", "refs/tags/HEAD", released.head())
    released.commit("feat: x")
    assert plan(released).next == "v1.3.0"


def test_octopus_merge(released: GitSandbox) -> None:
    for name in "bc":
        released.branch(name, "v1.2.3")
        released.commit(f"fix: {name}", name)
    released.switch("main")
    released.git("merge", "-q", "-m", "Merge branches 'b' and 'c'", "b", "c")
    assert (plan(released).next, plan(released).changed.commits) == ("v1.2.4", 3)


def test_history_of_another_root(released: GitSandbox) -> None:
    released.git("checkout", "-q", "--orphan", "other")
    released.commit("feat: imported", "z")
    assert plan(released).current is None
    released.switch("main")
    released.git("merge", "-q", "--allow-unrelated-histories", "-m", "Merge branch 'o'", "other")
    assert plan(released).next == "v1.3.0"


def test_sha_256_repository(tmp_path: Path) -> None:
    repo = GitSandbox(tmp_path / "repo", hash_name="sha256")
    repo.commit("feat: a", "a")
    repo.tag("v1.2.3")
    repo.commit("feat: b", "b")
    repo.git("revert", "--no-edit", "HEAD")
    repo.commit("fix: c", "c")
    assert (plan(repo).next, len(plan(repo).changed.cancelled)) == ("v1.2.4", 2)


def test_history_rewritten_in_this_clone_alone_does_not_count(released: GitSandbox) -> None:
    released.commit("feat: x")
    fix = released.commit("fix: y")
    released.git("replace", "--graft", fix)
    assert plan(released).next == "v1.3.0"
    (released.directory / ".git/info/grafts").write_text(f"{fix}\n")
    assert plan(released).next == "v1.3.0"


def test_linked_worktree_submodule_and_subdirectory(released: GitSandbox, tmp_path: Path) -> None:
    released.commit("feat: x", "below/file")
    released.git("worktree", "add", "-q", str(tmp_path / "linked"))
    outer = GitSandbox(tmp_path / "outer")
    outer.git("submodule", "add", "-q", released.directory.as_uri(), "inner")
    for directory in (tmp_path / "linked", tmp_path / "outer/inner", released.directory / "below"):
        assert read_plans(Clone(GitReader(directory)), ReleaseConfig(), today=TODAY).plans[0].next


@pytest.mark.parametrize("form", ["blob:none", "tree:0"])
def test_partial_clone_fetches_what_it_needs(
    released: GitSandbox, tmp_path: Path, form: str
) -> None:
    released.commit("feat: y", "a/y")
    released.git("config", "uploadpack.allowFilter", "true")
    released.git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = released.clone(tmp_path / "clone", f"--filter={form}", "--no-checkout")
    packages = (Package("a", ("a",), tag="v{version}"),)
    assert plan(clone).next == "v1.3.0"
    assert plan(clone, ReleaseConfig(packages=packages)).changed.commits == 1


def test_configuration_of_git_changes_nothing(released: GitSandbox) -> None:
    released.commit("feat: größer", "a")
    released.git("notes", "add", "-m", "feat!: a note")
    settings = {
        "i18n.logOutputEncoding": "UTF-16",
        "format.pretty": "oneline",
        "log.decorate": "full",
        "log.diffMerges": "on",
        "log.follow": "true",
        "notes.displayRef": "refs/notes/*",
        "color.ui": "always",
        "tag.sort": "-creatordate",
    }
    for key, value in settings.items():
        released.git("config", key, value)
    assert plan(released).changed.changes[0].parsed.description == "größer"


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


@pytest.mark.parametrize("depth", [2, 3, 20, 21, 22, 23, 40])
def test_clone_of_any_depth(long: GitSandbox, tmp_path: Path, depth: int) -> None:
    long.branch("side", "v1.2.3")
    long.commit("docs: beside")
    long.switch("main")
    long.merge("side")
    found = plan(long.clone(tmp_path / "clone", f"--depth={depth}", "--no-tags"))
    assert (found.current, found.next, found.changed.commits) == ("v1.2.3", "v1.3.0", 23)


@pytest.mark.parametrize("commits_between", [20, 0])
def test_checkout_of_a_merge_ref_as_ci_makes_it(
    released: GitSandbox, tmp_path: Path, commits_between: int
) -> None:
    for number in range(commits_between):
        released.commit(f"fix: number {number}")
    released.branch("topic")
    released.commit("feat: topic")
    released.git("checkout", "-q", "--detach", "main")
    released.git("merge", "-q", "--no-ff", "-m", "Merge 1a2b into 3c4d", "topic")
    released.git("update-ref", "refs/pull/1/merge", "HEAD")
    clone = GitSandbox(tmp_path / "clone")
    clone.git("remote", "add", "origin", released.directory.as_uri())
    wanted = f"+{released.head()}:refs/remotes/pull/1/merge"
    clone.git("config", "remote.origin.fetch", "+refs/heads/main:refs/remotes/origin/main")
    clone.git("fetch", "-q", "--no-tags", "--prune", "--depth=1", "origin", wanted)
    clone.git("checkout", "-q", "--detach", "refs/remotes/pull/1/merge")
    assert (plan(clone).current, plan(clone).next) == ("v1.2.3", "v1.3.0")


def test_shallow_prerelease(released: GitSandbox, tmp_path: Path) -> None:
    for name in ("rc.1", "rc.2"):
        released.commit("feat: a")
        released.tag(f"v1.3.0-{name}")
    released.commit("fix: b")
    clone = shallow(released, tmp_path / "clone")
    assert plan(clone, ReleaseConfig(prerelease="rc")).next == "v1.3.0-rc.3"


def test_clone_of_a_shallow_clone_is_refused(long: GitSandbox, tmp_path: Path) -> None:
    cut = long.clone(tmp_path / "cut", "--depth=3", "--no-tags")
    with pytest.raises(Unreachable, match="rest cannot be fetched"):
        plan(cut.clone(tmp_path / "clone"))


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


def test_a_full_clone_without_tags_knows_what_is_taken_on_other_branches(
    long: GitSandbox, tmp_path: Path
) -> None:
    long.branch("other", "v1.2.3")
    for minor in range(3, 13):
        long.commit("feat: other")
        long.tag(f"v1.{minor}.0")
    long.switch("main")
    for options in (["--single-branch"], []):
        clone = long.clone(tmp_path / f"clone{len(options)}", "--no-tags", *options)
        assert (plan(clone).current, plan(clone).next) == ("v1.2.3", "v1.13.0")


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
