"""`postBuild` of Flux: which text becomes which value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.playbooks.drift_flux_build import _scalar
from aof.playbooks.flux_variables import Variables

VALUES = {"N": "3", "REGION": "eu", "EMPTY": "", "FLAG": "true", "ID": "007"}


def applied(value: Any, *, complete: bool = True, **about: Any) -> Any:
    obj = {"kind": "ConfigMap", "metadata": about, "spec": value}
    return Variables(VALUES, complete, _scalar).applied([obj])[0]["spec"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${REGION}", "eu"),
        ("a-${REGION}-${N}", "a-eu-3"),
        ("${N}", 3),
        ("${FLAG}", True),
        ("${UNSET}", None),
        ("x${UNSET}", "x"),
        ("${UNSET:=7}", 7),
        ("${UNSET:-seven}", "seven"),
        ("${EMPTY:=full}", "full"),
        ("x${EMPTY-full}", "x"),
        ("$${REGION}", "${REGION}"),
        ("$REGION", "$REGION"),
        ("'${N}'", "'3'"),
        ("key: ${N}", "key: 3"),
        ("two\nlines ${N}", "two\nlines 3"),
        ("${REGION/e/a}", "${REGION/e/a}"),
    ],
)
def test_text_becomes_what_flux_makes_of_it(text: str, value: Any) -> None:
    assert applied(text) == value


def test_lists_keys_and_nested_values_are_reached() -> None:
    assert applied({"${REGION}": [{"n": "${N}"}]}) == {"eu": [{"n": 3}]}


@pytest.mark.parametrize("place", ["labels", "annotations"])
def test_an_object_may_opt_out(place: str) -> None:
    mark = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
    assert applied("${N}", **{place: mark}) == "${N}"


def test_where_a_source_is_not_known_nothing_is_guessed() -> None:
    variables = Variables(VALUES, complete=False, read=_scalar)
    (built,) = variables.applied([{"spec": "${SECRET_HOST}/${N}"}])
    assert built["spec"] == "${SECRET_HOST}/3"
    assert variables.unknown == {"SECRET_HOST"}


@given(st.text().filter(lambda text: "${" not in text))
def test_text_without_variables_is_left_alone(text: str) -> None:
    assert applied(text) == text


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    applied(["${N" + text, "${" + text + "}", text + "${UNSET}"])
