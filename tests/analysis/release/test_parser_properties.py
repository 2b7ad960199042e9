import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aof.analysis.release import parse_commit
from aof.analysis.release.commit_parser import HEADER
from aof.analysis.release.squash import split_squash

PIECES = st.sampled_from(
    [
        "feat",
        "(scope)",
        "!",
        ": ",
        " #",
        "\n",
        "\n\n",
        "\r\n",
        "BREAKING CHANGE",
        "BREAKING-CHANGE",
        "Refs",
        "```",
        "<details>",
        "</details>",
        "> ",
        "* ",
        "  ",
        "Squashed commit of the following:",
        "commit 0123456789",
        "(#12)",
        "---------",
        "é",
        "\x00",
    ]
)
MESSAGES = st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join))


@given(MESSAGES)
@settings(max_examples=400)
def test_any_text_is_parsed_and_nothing_is_invented(message: str) -> None:
    parsed = parse_commit(message)
    text = message.replace("\r\n", "\n").replace("\r", "\n")
    assert parsed.conventional == (parsed.type is not None)
    assert bool(parsed.breaking_notes) == parsed.breaking
    for footer in parsed.footers:
        assert footer.value
        assert footer.token in text
    if parsed.conventional:
        assert HEADER.match(parsed.header)


@given(MESSAGES)
def test_splitting_never_fails_and_gives_conventional_parts(message: str) -> None:
    _, parts = split_squash(message)
    assert all(parse_commit(part.lstrip("\n")).header for part in parts)


@pytest.mark.parametrize(
    "line",
    ["a", "a" * 40, "(", "feat(", "BREAKING CHANGE", "```", "<details>", "x: y", "* feat: x", "-"],
)
def test_a_huge_message_is_read_in_linear_time(line: str) -> None:
    # A quadratic parser would need hours for these hundred thousand lines.
    message = "feat: x (#1)\n\n" + f"{line}\n" * 100_000
    split_squash(message)
    assert parse_commit(message).type == "feat"


def test_one_endless_line_is_no_problem() -> None:
    for text in ("a" * 1_000_000, "feat(" * 200_000, "(" * 1_000_000, "a-" * 500_000 + ": x"):
        assert parse_commit(f"fix: x\n\n{text}").type == "fix"
        parse_commit(text)


LINES = ["a: b", "Refs #1", "text", "", "Fixes: #1, #2", "- y: z", " k: v", "Token:", "x #y z"]


@given(st.lists(st.sampled_from(LINES)))
def test_the_word_breaking_changes_nothing_but_how_carefully_a_body_is_read(
    lines: list[str],
) -> None:
    quick = parse_commit("\n".join(["fix: x", "", *lines]))
    careful = parse_commit("\n".join(["fix: x", "", *lines, "", "Note: no breaking news"]))
    assert quick.body == careful.body
    assert quick.footers == careful.footers[:-1]
