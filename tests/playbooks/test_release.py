"""release-manager from the first look to production, on real git, with servers that keep state."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aof.errors import Unreachable, UsageFault
from aof.verdict import Verdict
from tests.playbooks.release_bench import Killed, ReleaseBench, release_bench
from tests.servers.gitlab import GitlabServer
from tests.servers.loopback import Reply


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ReleaseBench]:
    with release_bench(tmp_path) as made:
        yield made


def operations(found: object) -> list[str]:
    return [action.operation for action in found.actions]  # type: ignore[attr-defined]


def test_the_first_plan_is_the_release_and_nothing_beyond(bench: ReleaseBench) -> None:
    found = bench.assess()
    assert (found.decision, found.verdict) == ("RELEASE", Verdict.PASS)
    assert operations(found) == ["commit", "tag", "push", "create_release", "publish_release"]
    assert found.facts["next"] == "v1.1.0"
    assert "add basket (#7)" in found.blocks["changelog"]
    assert found.actions[0].command == (
        "git commit -m 'chore(release): 1.1.0' -- CHANGELOG.md package.json"
    )
    assert all(finding.evidence for finding in found.findings)


def test_nothing_is_changed_by_looking(bench: ReleaseBench) -> None:
    before = bench.state()
    bench.assess()
    assert bench.state() == before


def test_applying_it_releases(bench: ReleaseBench) -> None:
    bench.run()
    remote = bench.remote
    assert remote.git("rev-parse", "v1.1.0^{commit}") == remote.git("rev-parse", "main")
    assert json.loads(remote.git("show", "main:package.json"))["version"] == "1.1.0"
    changelog = remote.git("show", "main:CHANGELOG.md")
    assert "## [1.1.0] - 2026-11-20" in changelog
    assert "- by hand" in changelog
    assert bench.github is not None
    (release,) = bench.github.changes.releases
    assert (release["draft"], release["tag_name"]) == (False, "v1.1.0")
    assert "add basket" in release["body"]
    assert bench.repo.git("status", "--porcelain") == ""


def test_running_again_after_a_release_finds_nothing_to_do(bench: ReleaseBench) -> None:
    bench.run()
    found = bench.assess()
    assert (found.decision, found.actions) == ("NO-RELEASE", ())
    bench.repo.commit("chore: tidy")
    bench.push()
    assert bench.assess().decision == "NO-RELEASE"


def test_a_commit_that_would_publish_a_secret_is_named(bench: ReleaseBench) -> None:
    token = "ghp_" + "a1B2c3D4e5" * 4
    sha = bench.repo.commit(f"fix: take {token} out of the log")
    bench.push()
    found = {one.id: one for one in bench.assess().findings}["secret"]
    assert found.verdict is Verdict.WARN
    assert sha[:8] in found.detail
    assert token not in found.title + found.detail


def test_commits_without_a_convention_come_with_a_way_to_release_them(bench: ReleaseBench) -> None:
    bench.run()
    bench.repo.commit("Tidy up")
    bench.push()
    found = bench.assess()
    assert found.decision == "NO-RELEASE"
    assert "`--set version=VERSION`" in found.blocks["fix"]
    assert bench.assess("Create release v1.1.1").decision == "RELEASE"


def test_where_nothing_was_ever_released_no_checkpoint_is_behind(bench: ReleaseBench) -> None:
    for tag in bench.repo.git("tag").split():
        bench.repo.git("tag", "-d", tag)
    bench.repo.git("checkout", "-q", "--orphan", "fresh")
    bench.repo.commit("Begin")
    found = bench.assess()
    assert found.decision == "NO-RELEASE"
    assert "✔" not in found.blocks["way"]


def test_asking_again_for_the_version_that_is_out_is_no_mistake(bench: ReleaseBench) -> None:
    bench.run()
    assert bench.assess("Create release v1.1.0").summary == "v1.1.0 is released already."


def test_a_version_can_be_asked_for(bench: ReleaseBench) -> None:
    assert bench.assess("Create release v2.0.0").facts["next"] == "v2.0.0"
    with pytest.raises(UsageFault, match="not above the current release"):
        bench.assess("Create release v0.9.0")


def test_a_version_that_nothing_but_the_request_asks_for_is_a_warning(
    bench: ReleaseBench,
) -> None:
    assert not any(one.id == "wanted" for one in bench.assess("Create release v2.0.0").findings)
    bench.run()
    found = bench.assess("Create release v2.0.0")
    assert (found.decision, found.verdict) == ("RELEASE", Verdict.WARN)
    (finding,) = [one for one in found.findings if one.id == "wanted"]
    assert finding.title.startswith("nothing since v1.1.0 (0 commits) asks for a release")


def test_text_of_an_event_names_no_version(bench: ReleaseBench) -> None:
    bench.event = True
    assert bench.assess("Create release v9.0.0").facts["next"] == "v1.1.0"


def test_promotion_goes_stage_by_stage(bench: ReleaseBench) -> None:
    bench.run()
    bench.settings = {"app": "shop"}
    sha = bench.remote.git("rev-parse", "main")
    found = bench.run("Go on")
    assert found.summary == "Promote v1.1.0 to dev."
    assert [action.target for action in found.actions] == ["argocd/shop-dev"] * 2
    assert found.actions[0].arguments["revision"] == sha
    waiting = bench.assess("Go on")
    assert "Promote v1.1.0 to staging" in waiting.summary
    bench.apply(waiting.actions)
    soaking = bench.assess("Go on")
    assert (soaking.decision, soaking.verdict) == ("HOLD", Verdict.INCONCLUSIVE)
    assert soaking.wait_s is not None


def at_prod(bench: ReleaseBench) -> None:
    bench.run()
    bench.settings = {"app": "shop"}
    bench.run("Go on")
    bench.run("Go on")
    bench.assess("Go on")
    bench.later(hours=2)


def test_production_waits_for_the_guardian(bench: ReleaseBench) -> None:
    at_prod(bench)
    found = bench.assess("Go on")
    assert (found.decision, found.verdict) == ("HOLD", Verdict.INCONCLUSIVE)
    assert not any(action.executable for action in found.actions)


def test_the_guardian_is_the_gate(bench: ReleaseBench) -> None:
    at_prod(bench)
    expected = {
        "PROCEED": ("RELEASE", Verdict.PASS),
        "HOLD": ("HOLD", Verdict.INCONCLUSIVE),
        "ROLLBACK": ("NO-GO", Verdict.FAIL),
        "NO-GO": ("NO-GO", Verdict.FAIL),
    }
    for said, conclusion in expected.items():
        bench.previous = {"deployment-guardian": {"decision": said}}
        found = bench.assess("Go on")
        assert (found.decision, found.verdict) == conclusion
        assert any(action.executable for action in found.actions) == (said == "PROCEED")


def test_the_guardians_answer_can_be_a_file(bench: ReleaseBench) -> None:
    at_prod(bench)
    (bench.folder / "guardian.json").write_text('{"decision": "PROCEED"}')
    bench.settings["guardian"] = "guardian.json"
    found = bench.run("Go on")
    assert found.summary == "Promote v1.1.0 to prod."
    assert bench.assess("Go on").decision == "NO-RELEASE"


def test_a_degraded_environment_is_taken_back_by_the_same_path(bench: ReleaseBench) -> None:
    bench.run()
    bench.settings = {"app": "shop"}
    before = bench.argocd.applications["shop-dev"]["status"]["history"][-1]["revision"]
    bench.run("Go on")
    bench.argocd.reconcile("shop-dev", health="Degraded")
    found = bench.assess("Go on")
    assert (found.decision, found.verdict) == ("ROLLBACK", Verdict.FAIL)
    assert operations(found) == ["app_set", "app_sync"]
    assert found.actions[0].arguments["revision"] == before


def test_a_person_can_roll_an_environment_back(bench: ReleaseBench) -> None:
    bench.run()
    bench.settings = {"app": "shop"}
    bench.run("Go on")
    bench.argocd.reconcile("shop-dev")
    found = bench.assess("Please roll back dev")
    assert found.decision == "ROLLBACK"
    assert found.actions[0].target == "argocd/shop-dev"
    bench.settings["rollback"] = "nowhere"
    with pytest.raises(UsageFault, match="which environment"):
        bench.assess("")


def test_an_application_that_git_owns_is_not_set_behind_its_back(bench: ReleaseBench) -> None:
    bench.run()
    bench.settings = {"app": "shop"}
    metadata = bench.argocd.applications["shop-dev"]["metadata"]
    metadata["ownerReferences"] = [{"kind": "ApplicationSet", "name": "all"}]
    found = bench.assess("Go on")
    assert not found.actions[0].executable
    assert "ApplicationSet all" in found.actions[0].reason


def test_a_protected_branch_goes_through_a_pull_request(bench: ReleaseBench) -> None:
    options = {"release": {"protected": True}}
    found = bench.run(**options)
    assert operations(found) == ["commit", "push", "create_pull_request"]
    waiting = bench.assess(**options)
    assert "waits for pull request" in waiting.summary
    assert waiting.actions == ()
    # Merged as a squash, which is another commit with the same message.
    bench.repo.git("merge", "-q", "--squash", "release/v1.1.0")
    bench.repo.commit("chore(release): 1.1.0 (#9)")
    bench.push()
    after = bench.run(**options)
    assert operations(after) == ["tag", "push", "create_release", "publish_release"]
    tagged = bench.remote.git("rev-parse", "v1.1.0^{commit}")
    assert tagged == bench.remote.git("rev-parse", "main")


@pytest.mark.parametrize("done", [0, 1])
def test_a_pull_request_that_was_interrupted_is_gone_on_with(
    bench: ReleaseBench, done: int
) -> None:
    options = {"release": {"protected": True}}
    with pytest.raises(Killed):
        bench.apply(bench.assess(**options).actions, die_after=done)
    bench.later(days=1)
    found = bench.run(**options)
    assert operations(found) == ["push", "create_pull_request"][done:]
    assert "waits for pull request" in bench.assess(**options).summary
    assert bench.remote.git("rev-parse", "release/v1.1.0~1") == bench.repo.head()


def test_a_fresh_clone_goes_on_with_a_pull_request(bench: ReleaseBench) -> None:
    options = {"release": {"protected": True}}
    bench.apply(bench.assess(**options).actions[:2])
    bench.repo = bench.remote.clone(bench.folder / "fresh")
    assert operations(bench.run(**options)) == ["create_pull_request"]


def test_without_a_forge_a_person_is_told_to_open_the_pull_request(tmp_path: Path) -> None:
    options = {"release": {"protected": True}}
    with release_bench(tmp_path, github=False) as bench:
        assert operations(bench.run(**options)) == ["commit", "push"]
        found = bench.assess(**options)
        assert (found.decision, found.verdict) == ("HOLD", Verdict.INCONCLUSIVE)
        assert "a pull request of release/v1.1.0 into main" in found.summary
        assert found.blocks["fix"].startswith("open a pull request of release/v1.1.0 into main")
        bench.repo.git("merge", "-q", "release/v1.1.0")
        bench.push()
        assert operations(bench.run(**options)) == ["tag", "push"]


def test_a_release_branch_of_another_commit_is_not_taken_over(bench: ReleaseBench) -> None:
    options = {"release": {"protected": True}}
    bench.apply(bench.assess(**options).actions[:2])
    bench.repo.commit("fix: later", "later")
    bench.push()
    found = bench.assess(**options)
    assert (found.decision, found.actions) == ("HOLD", ())
    assert "git push origin --delete release/v1.1.0" in found.findings[-1].detail


def test_what_a_failed_push_leaves_can_be_taken_back(bench: ReleaseBench) -> None:
    base = bench.repo.head()
    found = bench.assess()
    bench.apply(found.actions[:2])
    for action in reversed(found.actions[:2]):
        bench.repo.git(*action.undo.split()[1:])
    assert (bench.repo.head(), bench.repo.git("tag")) == (base, "v1.0.0")
    assert bench.repo.git("status", "--porcelain") == ""


def test_commits_after_the_bump_wait_for_the_next_release(bench: ReleaseBench) -> None:
    actions = bench.assess().actions
    bench.apply(actions[:1])
    bench.repo.commit("feat!: later", "late")
    found = bench.assess()
    assert found.summary.startswith("Go on with v1.1.0, which was begun")
    bench.apply(found.actions)
    assert bench.remote.git("log", "-1", "--format=%s", "v1.1.0") == "chore(release): 1.1.0"
    assert bench.assess().facts["next"] == "v2.0.0"


def test_a_clone_behind_its_remote_is_refused(bench: ReleaseBench) -> None:
    other = bench.remote.clone(bench.folder / "other")
    other.commit("fix: theirs")
    other.git("push", "-q", "origin", "main")
    found = bench.assess()
    assert (found.decision, found.verdict, found.actions) == ("HOLD", Verdict.INCONCLUSIVE, ())
    assert "commits that are not here" in found.summary


def test_a_clone_without_the_remotes_tags_is_refused(bench: ReleaseBench) -> None:
    bench.run()
    bench.repo.commit("fix: y", "y")
    bench.push()
    bench.repo.git("tag", "-d", "v1.1.0")
    found = bench.assess()
    assert found.actions == ()
    assert found.verdict is Verdict.INCONCLUSIVE


def test_edits_in_the_way_are_refused_before_anything_is_planned(bench: ReleaseBench) -> None:
    bench.repo.write("package.json", "{}")
    found = bench.assess()
    assert found.actions == ()
    assert "not committed" in found.summary


def test_a_question_makes_it_a_warning(bench: ReleaseBench) -> None:
    bench.repo.commit("fix: x\n\nBREAKING CHANGES: perhaps", "x")
    bench.push()
    found = bench.assess()
    assert (found.decision, found.verdict) == ("RELEASE", Verdict.WARN)
    assert any(one.detail == "breaking-not-counted" for one in found.findings)


def test_a_break_without_migration_note_is_a_warning(bench: ReleaseBench) -> None:
    bench.repo.commit("feat!: drop v1", "x")
    bench.push()
    assert any(one.id == "migration" for one in bench.assess().findings)


@pytest.mark.parametrize(("stated", "told"), [("0.0.0", True), ("0.1.0", False)])
def test_the_first_release_says_which_version_file_it_leaves_alone(
    bench: ReleaseBench, stated: str, told: bool
) -> None:
    bench.repo.git("tag", "-d", "v1.0.0")
    bench.remote.git("tag", "-d", "v1.0.0")
    bench.repo.write("package.json", f'{{"name": "shop", "version": "{stated}"}}\n')
    bench.repo.commit("fix: begin again")
    bench.push()
    found = bench.assess()
    assert found.facts["next"] == "v0.1.0"
    notes = [one.title for one in found.findings if one.id == "file-1"]
    assert notes == (["package.json is left alone: it says 0.0.0"] if told else [])


def test_a_version_file_that_says_something_else_is_an_error(bench: ReleaseBench) -> None:
    config = {"release": {"version_files": ["package.json"]}}
    bench.repo.write("package.json", '{"version": "7.0.0"}')
    bench.repo.commit("chore: odd")
    bench.push()
    with pytest.raises(UsageFault, match=r"states version 7\.0\.0"):
        bench.assess(**config)


def test_packages_are_released_together_with_a_tag_each(bench: ReleaseBench) -> None:
    packages = [
        {"name": "ui", "paths": ["ui"], "depends_on": ["core"], "changelog": "ui/CHANGELOG.md"},
        {"name": "core", "paths": ["core"]},
    ]
    bench.repo.commit("feat: core", "core/a", "ui/a")
    bench.push()
    found = bench.run(release={"packages": packages})
    assert operations(found)[:4] == ["commit", "tag", "tag", "push"]
    tags = bench.remote.git("tag", "--points-at", "main").split()
    assert tags == ["core@0.1.0", "ui@0.1.0"]
    assert bench.assess(release={"packages": packages}).decision == "NO-RELEASE"


def test_assets_are_uploaded_before_publication(bench: ReleaseBench) -> None:
    (bench.folder / "app.tar.gz").write_bytes(b"content")
    found = bench.assess(assets=["app.tar.gz"])
    assert operations(found)[-3:] == ["create_release", "upload_asset", "publish_release"]
    assert found.actions[-1].arguments["assets"] == ["app.tar.gz"]
    with pytest.raises(UsageFault, match="cannot be read"):
        bench.assess(assets=["missing"])


def test_settings_in_the_repository_hold(bench: ReleaseBench) -> None:
    bench.repo.write(".aof/release.yaml", "prerelease: rc\nchangelog: {file: ''}\n")
    bench.repo.commit("chore: settings")
    bench.push()
    found = bench.assess()
    assert found.facts["next"] == "v1.1.0-rc.1"
    assert found.actions[0].command.endswith("-- package.json")
    bench.apply(found.actions)
    assert bench.github is not None
    assert bench.github.changes.releases[0]["prerelease"] is True


@pytest.mark.parametrize("ignored", [False, True])
def test_settings_that_are_not_committed_do_not_hold_and_are_told(
    bench: ReleaseBench, ignored: bool
) -> None:
    if ignored:
        bench.repo.write(".git/info/exclude", ".aof/\n")
    bench.repo.write(".aof/release.yaml", "protected: true\n")
    found = bench.assess()
    assert operations(found)[:2] == ["commit", "tag"]
    (finding,) = [one for one in found.findings if one.id == "settings"]
    assert (finding.verdict, found.verdict) == (Verdict.WARN, Verdict.WARN)
    bench.repo.git("add", "--force", ".aof/release.yaml")
    bench.repo.git("commit", "-q", "-m", "chore: settings")
    bench.push()
    found = bench.assess()
    assert not any(one.id == "settings" for one in found.findings)
    bench.repo.write(".aof/release.yaml", "protected: false\n")
    assert any(one.id == "settings" for one in bench.assess().findings)


def test_without_forge_and_remote_a_release_is_a_tag(tmp_path: Path) -> None:
    with release_bench(tmp_path, github=False) as bench:
        bench.repo.git("remote", "remove", "origin")
        assert operations(bench.run()) == ["commit", "tag"]
        assert bench.repo.git("tag", "--points-at", "HEAD") == "v1.1.0"
        assert bench.assess().decision == "NO-RELEASE"


def test_without_a_token_the_report_says_that_nothing_is_published(tmp_path: Path) -> None:
    with release_bench(tmp_path, github=False) as bench:
        found = bench.assess()
        assert operations(found) == ["commit", "tag", "push"]
        (finding,) = [one for one in found.findings if one.id == "forge"]
        assert (finding.verdict, finding.detail) == (Verdict.PASS, "not configured")
        assert finding.title.startswith("the plan ends with the push")


def test_a_detached_head_left_behind_is_told_how_to_catch_up(bench: ReleaseBench) -> None:
    bench.repo.git("checkout", "-q", "--detach")
    bench.run()
    behind = bench.assess()
    assert (behind.decision, behind.actions) == ("HOLD", ())
    command = behind.blocks["fix"]
    assert command == "git fetch --tags && git checkout --detach origin/main"
    bench.repo.git("fetch", "-q", "--tags")
    bench.repo.git("checkout", "-q", "--detach", "origin/main")
    assert bench.assess().decision == "NO-RELEASE"


def test_a_detached_head_of_ci_is_released_from_its_branch(bench: ReleaseBench) -> None:
    bench.repo.git("checkout", "-q", "--detach")
    bench.repo.git("branch", "-q", "-D", "main")
    found = bench.run()
    assert operations(found)[:2] == ["commit", "tag"]
    assert bench.remote.git("tag", "--points-at", "main") == "v1.1.0"


def test_a_detached_head_goes_to_the_branch_the_remote_calls_its_default(
    bench: ReleaseBench,
) -> None:
    bench.remote.git("branch", "-q", "-m", "main", "master")
    bench.remote.git("symbolic-ref", "HEAD", "refs/heads/master")
    bench.repo.git("checkout", "-q", "--detach")
    bench.repo.git("branch", "-q", "-D", "main")
    bench.repo.git("fetch", "-q", "--prune", "origin")
    bench.run()
    assert bench.remote.git("tag", "--points-at", "master") == "v1.1.0"
    assert bench.remote.git("branch", "--list", "main") == ""


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[tuple[ReleaseBench, GitlabServer]]:
    server = GitlabServer()
    with server.running(), release_bench(tmp_path, github=False) as bench:
        bench.use_gitlab(server)
        yield bench, server


def test_gitlab_publishes_in_one_step(gitlab: tuple[ReleaseBench, GitlabServer]) -> None:
    bench, server = gitlab
    found = bench.run()
    assert operations(found) == ["commit", "tag", "push", "create_release"]
    (release,) = server.changes.releases
    assert (release["tag_name"], release["name"]) == ("v1.1.0", "Release 1.1.0: add basket")
    assert bench.assess().decision == "NO-RELEASE"


@pytest.mark.parametrize("trouble", ["lost", "500"])
def test_a_disturbed_gitlab_release_ends_the_same(
    gitlab: tuple[ReleaseBench, GitlabServer], trouble: str
) -> None:
    bench, server = gitlab
    if trouble == "lost":
        server.lose("POST", "/releases")
    else:
        server.plan("POST", "/releases", Reply(500, {"message": "500 Internal Server Error"}))
    told = bench.until_released()
    assert told[-1].startswith("NO-RELEASE"), told
    assert [one["tag_name"] for one in server.changes.releases] == ["v1.1.0"]


def test_a_protected_gitlab_branch_gets_a_merge_request(
    gitlab: tuple[ReleaseBench, GitlabServer],
) -> None:
    bench, _ = gitlab
    found = bench.run(release={"protected": True})
    assert operations(found)[-1] == "create_merge_request"


def on_a_topic(bench: ReleaseBench) -> None:
    bench.remote.git("symbolic-ref", "HEAD", "refs/heads/main")
    bench.repo.git("checkout", "-q", "-b", "topic")
    bench.repo.commit("feat: half done", "half")


def test_nothing_is_released_from_a_topic_branch(bench: ReleaseBench) -> None:
    on_a_topic(bench)
    found = bench.assess()
    assert (found.decision, found.verdict, found.actions) == ("HOLD", Verdict.INCONCLUSIVE, ())
    assert "releases are made from main, and this clone is on topic" in found.summary
    assert found.blocks["fix"].startswith("git switch main;")


def test_a_branch_is_released_from_where_the_settings_name_it(bench: ReleaseBench) -> None:
    assert bench.assess(release={"branch": "stable"}).decision == "HOLD"
    on_a_topic(bench)
    for settings in ({"branch": "topic"}, {"prerelease_branches": {"topic": "beta"}}):
        assert operations(bench.assess(release=settings))[:2] == ["commit", "tag"]


def test_a_default_branch_of_another_name_is_released_from(bench: ReleaseBench) -> None:
    bench.repo.git("checkout", "-q", "-b", "trunk")
    bench.repo.git("push", "-q", "origin", "trunk")
    bench.remote.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    assert bench.assess().decision == "RELEASE"


def test_a_remote_that_is_gone_is_told_in_gits_words(bench: ReleaseBench) -> None:
    bench.repo.git("remote", "set-url", "origin", str(bench.folder / "gone.git"))
    with pytest.raises(Unreachable, match="does not appear to be a git repository"):
        bench.assess()
