from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.analysis.release import ReleaseConfig, find_releases, plan_release, read_config
from aof.analysis.release.model import Level, Tag
from aof.analysis.release.version import Version
from aof.errors import UsageFault
from tests.analysis.release.commits import TODAY, codes, line, plan, sha

MESSAGES = st.lists(
    st.sampled_from(
        [
            "feat: a",
            "fix: b",
            "feat(x)!: c",
            "docs: d",
            "chore: e\n\nBREAKING CHANGE: f",
            "free text",
            "perf: g",
            'Revert "feat: a"',
            "Merge branch 'x'",
            "feat: list (#9)\n\n* fix: one\n\n* feat!: two",
        ]
    ),
    max_size=12,
)


@pytest.mark.parametrize(
    ("messages", "expected", "level"),
    [
        (["fix: x"], "v1.2.4", "patch"),
        (["perf: x"], "v1.2.4", "patch"),
        (["feat: x", "fix: y"], "v1.3.0", "minor"),
        (["feat!: x"], "v2.0.0", "major"),
        (["feat(ui)!: redesign"], "v2.0.0", "major"),
        (["docs: x\n\nBREAKING-CHANGE: y", "feat: z"], "v2.0.0", "major"),
        (["FEAT: x"], "v1.3.0", "minor"),
        (["fix: x\n\nDEPRECATED: use y"], "v1.3.0", "minor"),
        (["deprecate: x"], "v1.3.0", "minor"),
        (["docs: a", "style: b", "refactor: c", "test: d", "ci: e", "chore: f"], None, "none"),
        (["some words"], None, "none"),
        ([], None, "none"),
    ],
)
def test_the_highest_change_decides(messages: list[str], expected: str | None, level: str) -> None:
    made = plan(messages)
    assert (made.current, made.next, made.level.word) == ("v1.2.3", expected, level)


@pytest.mark.parametrize(
    ("message", "expected"),
    [("feat!: x", "v0.4.0"), ("feat: x", "v0.4.0"), ("fix: x", "v0.3.2"), ("docs: x", None)],
)
def test_before_1_0_a_break_is_a_minor(message: str, expected: str | None) -> None:
    assert plan([message], ["v0.3.1"]).next == expected


def test_rules_before_1_0_can_be_chosen() -> None:
    config = ReleaseConfig(zero_breaking=Level.MAJOR, zero_feature=Level.PATCH)
    assert plan(["feat!: x"], ["v0.3.1"], config).next == "v1.0.0"
    assert plan(["feat: x"], ["v0.3.1"], config).next == "v0.3.2"


def test_first_release() -> None:
    assert plan(["feat: x"], []).next == "v0.1.0"
    assert plan(["feat: x"], []).current is None
    assert plan(["feat: x"], [], ReleaseConfig(initial_version="1.0.0")).next == "v1.0.0"


def test_chores_alone_make_no_first_release() -> None:
    assert plan(["chore: x", "docs: y"], []).next is None


def test_prerelease_starts_and_continues() -> None:
    config = ReleaseConfig(prerelease="rc")
    assert plan(["feat: x"], ["v1.2.3"], config).next == "v1.3.0-rc.1"
    more = plan(["feat: x"], ["v1.2.3", "v1.3.0-rc.1", "v1.3.0-rc.2"], config)
    assert more.next == "v1.3.0-rc.3"
    beyond = plan(["feat!: x"], ["v1.2.3", "v1.3.0-rc.2"], config)
    assert beyond.next == "v2.0.0-rc.1"


def test_no_further_prerelease_without_a_change_since_the_last() -> None:
    config = ReleaseConfig(prerelease="rc")
    history = line("feat: x", "docs: y")
    tags = [Tag("v1.2.3", sha(0)), Tag("v1.3.0-rc.1", sha(1))]
    releases = find_releases(tags, config, lambda _: True)
    made = plan_release(history, releases, config, head=sha(2), today=TODAY)
    assert made.next is None


def test_prerelease_comes_from_the_branch() -> None:
    config = ReleaseConfig(prerelease_branches={"next": "beta"})
    assert plan(["feat: x"], config=config, branch="next").next == "v1.3.0-beta.1"
    assert plan(["feat: x"], config=config, branch="main").next == "v1.3.0"


def test_prerelease_numbers_skip_those_on_other_branches() -> None:
    config = ReleaseConfig(prerelease="rc")
    made = plan(["feat: x"], ["v1.2.3"], config, off_branch=["v1.3.0-rc.1"])
    assert made.next == "v1.3.0-rc.2"


def test_finalising_keeps_the_version_unless_more_is_asked() -> None:
    tags = ["v1.2.3", "v1.3.0-rc.2"]
    assert plan(["feat: x"], tags).next == "v1.3.0"
    assert plan(["fix: x"], tags).next == "v1.3.0"
    assert plan(["docs: x"], tags).next == "v1.3.0"
    assert plan(["feat!: x"], tags).next == "v2.0.0"


def test_a_lower_prerelease_token_is_not_proposed() -> None:
    made = plan(["docs: x"], ["v1.2.3", "v1.3.0-rc.2"], ReleaseConfig(prerelease="beta"))
    assert made.next is None
    assert "prerelease-below" in codes(made)


def test_rc_and_final_on_one_commit_count_as_final() -> None:
    made = plan(["fix: x"], ["v1.3.0-rc.2", "v1.3.0"])
    assert (made.current, made.next, made.prerelease) == ("v1.3.0", "v1.3.1", None)


def test_release_as_sets_the_version_and_asks() -> None:
    made = plan(["chore: x\n\nRelease-As: 2.0.0"])
    assert made.next == "v2.0.0"
    assert [one.code for one in made.questions] == ["release-as"]


def test_release_as_below_the_current_version_is_refused() -> None:
    made = plan(["fix: x\n\nRelease-As: 1.0.0"])
    assert made.next == "v1.2.4"
    assert "release-as-refused" in codes(made)


def test_a_person_may_ask_for_a_version() -> None:
    assert plan(["fix: x"], wanted="v1.3.0").next == "v1.3.0"
    below = plan(["feat!: x"], wanted="1.3.0")
    assert "version-below-changes" in codes(below)


@pytest.mark.parametrize("wanted", ["1.2.3", "1.0.0", "banana"])
def test_a_version_that_cannot_be_is_refused(wanted: str) -> None:
    with pytest.raises(UsageFault):
        plan(["feat: x"], wanted=wanted)


def test_a_version_tagged_elsewhere_is_never_proposed_again() -> None:
    made = plan(["feat: x"], off_branch=["v1.3.0"])
    assert made.next == "v1.4.0"
    assert [one.code for one in made.questions] == ["version-taken"]


def test_off_branch_and_odd_tags_are_named() -> None:
    made = plan(["fix: x"], ["v1.2.3", "latest", "v1"], off_branch=["v9.0.0"])
    assert made.next == "v1.2.4"
    assert {"tag-off-branch", "tag-ignored"} <= set(codes(made))


def test_prefix_is_read_off_the_tags() -> None:
    assert plan(["fix: x"], ["1.2.3"]).next == "1.2.4"
    assert plan(["fix: x"], ["release-1.2.3"]).next == "release-1.2.4"


def test_several_unknown_prefixes_are_refused() -> None:
    with pytest.raises(UsageFault, match="cannot tell which tags"):
        plan(["fix: x"], ["api-1.0.0", "web-2.0.0"])


def test_configured_template_wins_over_other_tags() -> None:
    config = ReleaseConfig(tag="web-{version}")
    assert plan(["fix: x"], ["api-9.0.0", "web-2.0.0"], config).next == "web-2.0.1"


def test_calendar_versions_count_within_the_month() -> None:
    config = ReleaseConfig(scheme="YYYY.MM.MICRO", tag="{version}")
    assert plan(["docs: x"], [], config).next is None
    assert plan(["fix: x"], ["2026.10.4"], config).next == "2026.11.0"
    assert plan(["feat!: x"], ["2026.11.0"], config).next == "2026.11.1"


def test_configured_levels_hold() -> None:
    config = read_config({"levels": {"docs": "patch", "feat": "none"}, "unconventional": "patch"})
    assert plan(["docs: x"], config=config).next == "v1.2.4"
    assert plan(["feat: x"], config=config).next is None
    assert plan(["words"], config=config).next == "v1.2.4"
    assert plan(["fix: x"], config=config).next == "v1.2.4"


@given(MESSAGES)
def test_every_commit_is_accounted_for(messages: list[str]) -> None:
    found = plan(messages).as_dict()
    placed = len(found["changes"]) + len(found["unconventional"]) + len(found["cancelled"])
    assert placed == found["commits"] == len(messages)


@given(MESSAGES, st.sampled_from(["1.2.3", "0.0.1", "0.9.9", "10.0.0", "1.2.3-rc.1"]))
def test_next_is_above_current_and_the_plan_is_the_same_again(
    messages: list[str], current: str
) -> None:
    made = plan(messages, [f"v{current}"])
    again = plan(messages, [f"v{current}"])
    assert made.as_dict() == again.as_dict()
    if made.version is not None:
        version, before = Version.parse(made.version), Version.parse(current)
        assert version is not None
        assert before is not None
        assert version > before


def test_the_id_covers_commits_tags_and_settings() -> None:
    ids = {
        plan(["fix: x"]).id,
        plan(["fix: x", "fix: y"]).id,
        plan(["fix: x"], ["v1.2.2"]).id,
        plan(["fix: x"], config=ReleaseConfig(prerelease="rc")).id,
        plan(["fix: x"], wanted="3.0.0").id,
    }
    assert len(ids) == 5


def test_date_is_the_one_given() -> None:
    assert plan(["fix: x"]).day == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("tags", "messages", "version"),
    [
        (["v1.2.3", "v1.3.0-rc1"], ["feat: x"], "v1.3.0-rc2"),
        (["v1.2.3", "v1.3.0-rc1", "v1.3.0-rc.1"], ["feat: x"], None),
        (["v1.2.3", "v1.3.0-rc1"], ["feat!: x"], "v2.0.0-rc.1"),
        (["v1.2.3", "v1.3.0-rc8", "v1.3.0-rc9"], ["feat: x"], None),
        (["v1.2.3", "v1.3.0-rc1"], ["docs: x"], None),
    ],
)
def test_prereleases_go_on_in_the_form_they_have(
    tags: list[str], messages: list[str], version: str | None
) -> None:
    made = plan(messages, tags, ReleaseConfig(prerelease="rc"))
    assert made.next == version


def test_of_equal_versions_the_one_tagged_last_is_the_last_release() -> None:
    tags = [Tag("v1.2.3+b", sha("b"), 20), Tag("v1.2.3", sha("a"), 10)]
    assert find_releases(tags, ReleaseConfig(), lambda _: True).known[0].tag.name == "v1.2.3+b"
    later = [Tag("v1.2.3+b", sha("b"), 20), Tag("v1.2.3", sha("a"), 30)]
    assert find_releases(later, ReleaseConfig(), lambda _: True).known[0].tag.name == "v1.2.3"
