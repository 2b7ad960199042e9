import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.templates.variables import Origin, expand


@pytest.mark.parametrize(
    ("text", "expected", "origin"),
    [
        ("plain", "plain", Origin.SET),
        ("${SET}", "value", Origin.SET),
        ("${SET:-other}", "value", Origin.SET),
        ("${UNSET:-other}", "other", Origin.DEFAULT),
        ("${EMPTY:-other}", "other", Origin.DEFAULT),
        ("${UNSET:-}", "", Origin.DEFAULT),
        ("${UNSET}", "", Origin.UNSET),
        ("a ${SET} b ${UNSET:-c}", "a value b c", Origin.DEFAULT),
        ("$${SET}", "${SET}", Origin.SET),
        ("${{ github.sha }}", "${{ github.sha }}", Origin.SET),
    ],
)
def test_variables_expand_as_in_a_shell(text: str, expected: str, origin: Origin) -> None:
    expanded = expand(text, {"SET": "value", "EMPTY": ""})
    assert (expanded.text, expanded.origin) == (expected, origin)


def test_a_demanded_variable_without_value_is_refused_with_its_message() -> None:
    assert expand("${UNSET:?say it}", {}).refused == (("UNSET", "say it"),)


def test_values_are_not_expanded_again() -> None:
    assert expand("${A}", {"A": "${B}", "B": "secret"}).text == "${B}"


@given(st.text())
def test_any_text_expands(text: str) -> None:
    assert isinstance(expand(text, {}).text, str)
