import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.analysis.release.model import Level
from aof.analysis.release.version import Version, pep440

NUMBERS = st.integers(min_value=0, max_value=10**9)
IDENTIFIERS = st.lists(st.from_regex(r"0|[1-9][0-9]{0,5}|[a-z-][a-z0-9-]{0,5}", fullmatch=True))
VERSIONS = st.builds(Version, NUMBERS, NUMBERS, NUMBERS, IDENTIFIERS.map(tuple))


def version(text: str) -> Version:
    parsed = Version.parse(text)
    assert parsed is not None
    return parsed


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0",
        "1.2.3",
        "10.20.30",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-0.3.7",
        "1.0.0-x-y-z.--",
        "1.0.0-rc.1+build.5",
        "1.0.0+001",
        "1.0.0-0A.is.legal",
    ],
)
def test_versions_of_the_grammar_are_read_and_written_back(text: str) -> None:
    assert str(version(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "1.2",
        "v1.2.3",
        "01.2.3",
        "1.02.3",
        "1.2.03",
        "1.2.3-01",
        "1.2.3-",
        "1.2.3-a..b",
        "1.2.3+",
        "1.2.3-é",
        "1.2.3.4",
        " 1.2.3",
        "1.2.3\n",
        "\u0661.\u0662.\u0663",
        "",
    ],
)
def test_what_the_grammar_does_not_know_is_refused(text: str) -> None:
    assert Version.parse(text) is None


def test_precedence_is_that_of_the_specification() -> None:
    ascending = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "2.0.0",
        "2.1.0",
        "2.1.1",
    ]
    for lower, higher in itertools.pairwise(ascending):
        assert version(lower) < version(higher)


def test_build_metadata_does_not_count() -> None:
    assert version("1.0.0+a") == version("1.0.0+b")
    assert str(version("1.0.0+a").bump(Level.PATCH)) == "1.0.1"


@pytest.mark.parametrize(
    ("level", "expected"),
    [(Level.MAJOR, "2.0.0"), (Level.MINOR, "1.3.0"), (Level.PATCH, "1.2.4"), (Level.NONE, "1.2.3")],
)
def test_bump_resets_lower_fields(level: Level, expected: str) -> None:
    assert str(version("1.2.3").bump(level)) == expected


@given(VERSIONS, st.sampled_from([Level.PATCH, Level.MINOR, Level.MAJOR]))
def test_a_bump_is_always_higher(one: Version, level: Level) -> None:
    assert one < one.bump(level)


@given(VERSIONS)
def test_what_is_written_is_read_back(one: Version) -> None:
    assert version(str(one)).key == one.key


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.3.0", "1.3.0"),
        ("1.3.0-rc.2", "1.3.0rc2"),
        ("1.3.0-alpha", "1.3.0a0"),
        ("1.3.0-dev.4", "1.3.0.dev4"),
        ("1.3.0+a-b", "1.3.0+a.b"),
    ],
)
def test_python_packaging_has_its_own_spelling(text: str, expected: str) -> None:
    from packaging.version import Version as Oracle

    assert pep440(version(text)) == expected
    assert str(Oracle(expected)) == expected


def test_a_prerelease_python_packaging_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="PEP 440"):
        pep440(version("1.0.0-canary.1"))
