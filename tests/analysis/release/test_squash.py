from aof.analysis.release.config import ReleaseConfig
from aof.analysis.release.squash import split_squash
from tests.analysis.release.commits import codes, plan

GITHUB = """Dark mode (#12)

* feat(ui): add toggle

With a body.

* fix: colour of links

* wip

---------

Co-authored-by: Ada <ada@example.org>
"""
GIT = """Squashed commit of the following:

commit 1234567890abcdef1234567890abcdef12345678
Author: Ada <ada@example.org>
Date:   Fri Nov 20 10:00:00 2026 +0000

    feat: one

    BREAKING CHANGE: gone

commit 2234567890abcdef1234567890abcdef12345678
Author: Ada <ada@example.org>
Date:   Fri Nov 20 09:00:00 2026 +0000

    fix: two
"""


def test_github_squash_is_split_into_its_commits() -> None:
    own, parts = split_squash(GITHUB)
    assert own == "Dark mode (#12)\n\nCo-authored-by: Ada <ada@example.org>"
    assert parts == ("feat(ui): add toggle\n\nWith a body.", "fix: colour of links")


def test_gitlab_squash_is_split() -> None:
    message = "Dark mode\n\n* feat: one\n\n* fix: two\n\nSee merge request team/app!34\n"
    own, parts = split_squash(message)
    assert parts == ("feat: one", "fix: two")
    assert "See merge request team/app!34" in own


def test_git_squash_is_split() -> None:
    _, parts = split_squash(GIT)
    assert [part.split("\n", 1)[0] for part in parts] == ["feat: one", "fix: two"]


def test_a_breaking_footer_belongs_to_its_own_commit() -> None:
    made = plan(["feat: x (#1)\n\n* fix: a\n\nBREAKING CHANGE: gone\n\n* docs: b"])
    assert made.next == "v2.0.0"
    (change,) = made.changed.changes
    assert [part.breaking for part in change.parts] == [True, False]
    assert change.parts[0].parsed.breaking_notes == ("gone",)


def test_the_highest_part_decides_and_the_commit_counts_once() -> None:
    made = plan([GITHUB])
    assert made.next == "v1.3.0"
    assert made.changed.commits == len(made.changed.changes) == 1
    assert made.changed.changes[0].request == "#12"
    assert "squash-split" in codes(made)


def test_a_list_that_names_no_pull_request_is_not_counted_but_asks() -> None:
    made = plan(["docs: how to write commits\n\n* feat!: an example\n* fix: another"])
    assert made.next is None
    assert [one.code for one in made.questions] == ["squash-like"]


def test_splitting_can_be_turned_off() -> None:
    made = plan(["docs: x (#1)\n\n* feat: y"], config=ReleaseConfig(squash="title"))
    assert made.next is None


def test_a_plain_list_is_left_alone() -> None:
    message = "fix: x (#1)\n\n* handle nulls\n* log them"
    assert split_squash(message) == (message, ())
