from typing import Any

import pytest

from aof.analysis.release.notes import checked_notes, plain_notes, release_notes
from aof.analysis.release.progress import find_begun, marked_message
from tests.analysis.release.commits import line, plan, sha

MESSAGES = [
    "feat(api): add basket for 3 users (#7)",
    "fix: round prices",
    "chore: tidy",
    "feat!: drop v1\n\nBREAKING CHANGE: use v2",
]
CHANGED = plan(MESSAGES).changed
BASKET = sha(1)[:12]


def reply(**fields: Any) -> dict[str, Any]:
    one = {"text": "A basket for 3 users", "change_ids": [BASKET]}
    return {"title": "Release 2.0.0: baskets", "highlights": [one], **fields}


def test_highlights_name_breaks_first_then_features() -> None:
    notes = plain_notes(CHANGED, "2.0.0")
    assert [one.text for one in notes.highlights] == [
        "Breaking: drop v1",
        "**api**: add basket for 3 users",
        "round prices",
    ]
    assert notes.title == "Release 2.0.0: drop v1 and add basket for 3 users"
    assert all(one.change_ids for one in notes.highlights)


def test_a_models_notes_that_cite_changes_are_taken() -> None:
    notes = checked_notes(reply(), CHANGED, "2.0.0")
    assert (notes.title, notes.refused) == ("Release 2.0.0: baskets", "")
    assert notes.highlights[0].change_ids == (BASKET,)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("text", "not an object"),
        ({"title": "x"}, "not an object"),
        (reply(version="9.9.9"), "not an object"),
        (reply(title=""), "title is missing"),
        (reply(title="x" * 500), "too long"),
        (reply(title="Release 3.0.0"), "names 3.0.0"),
        (reply(title="baskets for everybody"), "does not name 2.0.0"),
        (reply(title="2.0.0: approved by the security team"), "shares no word"),
        (reply(title="2.0.0: baskets, see https://evil.example"), "holds a link"),
        (reply(title="2.0.0: baskets, thanks @everyone"), "holds a link"),
        (
            reply(highlights=[{"text": "Security approved this", "change_ids": [BASKET]}]),
            "shares no word",
        ),
        (
            reply(highlights=[{"text": "basket <b>@ada</b>", "change_ids": [BASKET]}]),
            "a highlight holds a link",
        ),
        (
            reply(highlights=[{"text": "[basket](x)", "change_ids": [BASKET]}]),
            "a highlight holds a link",
        ),
        (reply(highlights=[]), "highlights"),
        (reply(highlights=[{"text": "x", "change_ids": []}]), "cites no change"),
        (reply(highlights=[{"text": "x", "change_ids": ["f" * 12]}]), "no change of this release"),
        (reply(highlights=[{"text": "50 users", "change_ids": [BASKET]}]), "names 50"),
        (reply(highlights=[{"text": "x" * 500, "change_ids": [BASKET]}]), "too long"),
        (reply(highlights=["x"]), "not an object"),
        (None, "not an object"),
    ],
)
def test_what_a_model_made_up_is_refused(given: Any, why: str) -> None:
    notes = checked_notes(given, CHANGED, "2.0.0")
    assert why in notes.refused
    assert notes.title == plain_notes(CHANGED, "2.0.0").title


def test_a_models_text_is_inert() -> None:
    one = {"text": "a *basket* > [none]", "change_ids": [BASKET]}
    notes = checked_notes(reply(highlights=[one]), CHANGED, "2.0.0")
    assert notes.highlights[0].text == r"a \*basket\* &gt; \[none\]"


def test_release_notes_say_what_to_do_and_who_did_it() -> None:
    notes = plain_notes(CHANGED, "2.0.0")
    section = "## [2.0.0] - 2026-11-20\n\n### Added\n\n- basket\n"
    text = release_notes(notes, section, CHANGED, previous="v1.2.3", contributors=["@ada"])
    assert "## Migration\n\n- use v2\n" in text
    assert "## Changes since v1.2.3\n\n### Added" in text
    assert text.endswith("## Contributors\n\n@ada\n")


def find(*messages: str, existing: tuple[str, ...] = ()) -> Any:
    commits = line(*messages)
    return find_begun(commits, "chore(release): {version}", "v{version}", existing)


def test_a_bump_commit_is_found_by_its_footer() -> None:
    message = marked_message("release everything", ["ui@1.0.0", "core@2.0.0"])
    begun = find("feat: a", message, "fix: later")
    assert begun.tags == ("ui@1.0.0", "core@2.0.0")
    assert begun.sha == sha(2)
    assert [commit.subject for commit in begun.commits] == ["release everything", "feat: a"]


def test_a_squashed_bump_is_found_by_its_subject() -> None:
    assert find("feat: a", "chore(release): 1.3.0 (#9)").tags == ("v1.3.0",)


def test_a_finished_bump_is_no_begun_release() -> None:
    assert find("chore(release): 1.3.0", existing=("v1.3.0",)) is None
    assert find("feat: a", "chore: release things") is None
