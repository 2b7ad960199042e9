import pytest

from aof.analysis.release import parse_commit
from aof.analysis.release.model import Footer


def codes(message: str) -> list[str]:
    return [one.code for one in parse_commit(message).diagnostics]


def test_body_starts_after_one_blank_line_and_may_hold_paragraphs() -> None:
    parsed = parse_commit("fix: x\n\nfirst\nstill first\n\nsecond")
    assert parsed.body == "first\nstill first\n\nsecond"
    assert parsed.footers == ()


def test_crlf_is_the_same_as_lf() -> None:
    text = "feat(a)!: x\n\nbody\n\nBREAKING CHANGE: y\nRefs: #1\n"
    assert parse_commit(text.replace("\n", "\r\n")) == parse_commit(text)


def test_extra_blank_lines_before_the_body_collapse() -> None:
    assert parse_commit("fix: x\n\n\n\nbody").body == "body"


def test_body_right_below_the_header_is_noted() -> None:
    parsed = parse_commit("fix: x\nbody")
    assert parsed.body == "body"
    assert codes("fix: x\nbody") == ["body-without-blank-line"]


@pytest.mark.parametrize(
    ("line", "footer"),
    [
        ("Reviewed-by: Z", Footer("Reviewed-by", "Z", ": ")),
        ("Refs #133", Footer("Refs", "133", " #")),
        ("Fixes: #1, #2", Footer("Fixes", "#1, #2", ": ")),
        ("BREAKING CHANGE: x", Footer("BREAKING CHANGE", "x", ": ")),
        ("BREAKING-CHANGE: x", Footer("BREAKING-CHANGE", "x", ": ")),
    ],
)
def test_footer_is_token_separator_value(line: str, footer: Footer) -> None:
    assert parse_commit(f"fix: x\n\nbody\n\n{line}").footers == (footer,)


@pytest.mark.parametrize(
    "line", ["Reviewed by: Z", "Token:", "Token: ", "Token:x", "https://x.y/z", "Token #", ": x"]
)
def test_what_is_no_footer_stays_in_the_body(line: str) -> None:
    parsed = parse_commit(f"fix: x\n\nbody\n\n{line}")
    assert parsed.footers == ()
    assert line.strip() in parsed.body


def test_footers_need_no_body() -> None:
    parsed = parse_commit("fix: x\n\nRefs: #1\nSigned-off-by: A <a@example.org>")
    assert [footer.token for footer in parsed.footers] == ["Refs", "Signed-off-by"]
    assert parsed.body == ""


def test_value_runs_over_lines_and_blank_lines_to_the_next_token() -> None:
    parsed = parse_commit("fix: x\n\nBREAKING CHANGE: one\ntwo\n\nthree\nRefs: #1")
    assert parsed.breaking_notes == ("one\ntwo\n\nthree",)
    assert parsed.footers[1] == Footer("Refs", "#1", ": ")


def test_token_in_mid_paragraph_is_body() -> None:
    parsed = parse_commit("fix: x\n\nSome text.\nIMPORTANT: read on")
    assert parsed.footers == ()
    assert parsed.body.endswith("IMPORTANT: read on")


def test_indented_yaml_is_body() -> None:
    body = "---\nupdated-dependencies:\n- dependency-name: x\n  dependency-type: direct\n..."
    parsed = parse_commit(f"chore(deps): bump x\n\n{body}")
    assert parsed.footers == ()


@pytest.mark.parametrize("token", ["BREAKING CHANGE", "BREAKING-CHANGE"])
def test_both_spellings_break(token: str) -> None:
    parsed = parse_commit(f"docs: x\n\n{token}: y")
    assert parsed.breaking
    assert parsed.breaking_notes == ("y",)


@pytest.mark.parametrize(
    "line",
    [
        "BREAKING CHANGES: y",
        "BREAKING CHANGE:y",
        "BREAKING CHANGE #12",
        "BREAKING CHANGE y",
        "breaking change: y",
        "Breaking Change: y",
        "breaking-change: y",
        "BREAKING_CHANGE: y",
        "BREAKING  CHANGE: y",
        "this is no BREAKING CHANGE: y",
        "  BREAKING CHANGE: y",
        "> BREAKING CHANGE: y",
        "* BREAKING CHANGE: y",
        "warning!: y",
    ],
)
def test_what_only_looks_like_breaking_does_not_break(line: str) -> None:
    assert not parse_commit(f"fix: x\n\nbody\n\n{line}").breaking


@pytest.mark.parametrize(
    "line",
    [
        "BREAKING CHANGES: y",
        "BREAKING CHANGE:y",
        "BREAKING CHANGE #12",
        "breaking change: y",
        "> BREAKING CHANGE: y",
        "  BREAKING CHANGE: y",
    ],
)
def test_what_was_perhaps_meant_as_breaking_asks(line: str) -> None:
    found = parse_commit(f"fix: x\n\nbody\n\n{line}").diagnostics
    assert [(one.code, one.severity, one.line) for one in found] == [
        ("breaking-not-counted", "ask", 5)
    ]


def test_prose_is_noted_but_does_not_ask() -> None:
    found = parse_commit("fix: x\n\nThis is not a breaking change at all.").diagnostics
    assert [(one.code, one.severity) for one in found] == [("breaking-mentioned", "info")]


def test_several_breaking_footers_are_all_kept() -> None:
    parsed = parse_commit("feat: x\n\nBREAKING CHANGE: a\nBREAKING-CHANGE: b")
    assert parsed.breaking_notes == ("a", "b")


def test_breaking_line_without_blank_line_counts_and_asks() -> None:
    message = "fix: x\n\nbody\nBREAKING CHANGE: y"
    assert parse_commit(message).breaking
    assert codes(message) == ["breaking-without-blank-line"]


def test_breaking_footer_under_a_free_header_counts_and_asks() -> None:
    message = "Remove v1\n\nBREAKING CHANGE: v1 is gone"
    assert parse_commit(message).breaking
    assert not parse_commit(message).conventional
    assert codes(message) == ["breaking-in-unconventional"]


@pytest.mark.parametrize("fence", ["```", "~~~"])
def test_fenced_keyword_does_not_break(fence: str) -> None:
    message = f"docs: x\n\nExample:\n\n{fence}\nfeat: y\n\nBREAKING CHANGE: z\n{fence}\n"
    assert not parse_commit(message).breaking
    assert "breaking-not-counted" in codes(message)


def test_a_fence_that_never_closes_hides_nothing() -> None:
    assert parse_commit("fix: x\n\n```\noops\n\nBREAKING CHANGE: y").breaking


def test_release_notes_quoted_by_a_bot_do_not_break() -> None:
    notes = "<details>\n<summary>Release notes</summary>\n\nBREAKING CHANGE: upstream\n</details>"
    message = f"chore(deps): bump x\n\n{notes}\n\nSigned-off-by: bot <b@example.org>"
    parsed = parse_commit(message)
    assert not parsed.breaking
    assert parsed.footers[-1].token == "Signed-off-by"
