import pytest

from aof.analysis.release import parse_commit


@pytest.mark.parametrize(
    ("header", "kind", "scope", "breaking", "description"),
    [
        ("feat: add login", "feat", None, False, "add login"),
        ("feat(auth): add login", "feat", "auth", False, "add login"),
        ("feat(auth)!: add login", "feat", "auth", True, "add login"),
        ("chore!: drop Node 6", "chore", None, True, "drop Node 6"),
        ("Feat(Auth)!: Add", "feat", "Auth", True, "Add"),
        ("fix(@org/pkg): x", "fix", "@org/pkg", False, "x"),
        ("fix(two words): x", "fix", "two words", False, "x"),
        ("fix(a.b-c_d/e): x", "fix", "a.b-c_d/e", False, "x"),
        ("fix: a: b (c)!", "fix", None, False, "a: b (c)!"),
        ("fix:  two spaces", "fix", None, False, "two spaces"),
        ("docs: warning!: read this", "docs", None, False, "warning!: read this"),
        ("dépendances: x", "dépendances", None, False, "x"),
        ("build-deps: x", "build-deps", None, False, "x"),
    ],
)
def test_header_follows_the_grammar(
    header: str, kind: str, scope: str | None, breaking: bool, description: str
) -> None:
    parsed = parse_commit(header)
    assert parsed.conventional
    found = (parsed.type, parsed.scope, parsed.breaking, parsed.description)
    assert found == (kind, scope, breaking, description)


@pytest.mark.parametrize(
    "header",
    [
        "feat:no space",
        "feat : space before",
        "feat (a): space before scope",
        "feat(): empty scope",
        "feat( ): blank scope",
        "feat(a)(b): two scopes",
        "feat((a)): nested",
        "feat!(a): mark before scope",
        "feat(a) !: space before mark",
        "feat!!: two marks",
        "feat: ",
        "feat:",
        "feat!:",
        ": no type",
        "(a): no type",
        "!: no type",
        "Merge branch 'x' into y",
        "fixup! feat: x",
        "two words: x",
        "http://example.org",
        "",
        " feat: indented",
    ],
)
def test_header_outside_the_grammar_is_unconventional(header: str) -> None:
    parsed = parse_commit(header)
    assert not parsed.conventional
    assert parsed.type is None
    assert not parsed.breaking


def test_mark_makes_the_description_the_breaking_text() -> None:
    assert parse_commit("feat!: drop v1").breaking_notes == ("drop v1",)


def test_a_footer_says_what_breaks_when_both_are_given() -> None:
    parsed = parse_commit("feat!: new api\n\nBREAKING CHANGE: v1 is gone")
    assert parsed.breaking_notes == ("v1 is gone",)


def test_original_spelling_is_kept_for_display() -> None:
    assert parse_commit("FIX(UI): Button").header == "FIX(UI): Button"


def test_leading_blank_lines_are_not_the_header() -> None:
    assert parse_commit("\n\nfeat: x\n").type == "feat"


def test_unconventional_keeps_its_subject() -> None:
    assert parse_commit("Bump version\n\ntext").description == "Bump version"
