"""The one table of limits, and the page that prints it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from aof.analysis.canary import CanaryLimits
from aof.analysis.canary.limits import RatioLimits, limits_markdown, limits_table

PAGE = Path(__file__).parents[3] / "docs" / "canary.md"


def test_page_prints_the_table_of_today() -> None:
    assert PAGE.read_text(encoding="utf-8").endswith("## Limits\n\n" + limits_markdown())


def test_every_limit_says_what_it_is_and_where_it_comes_from() -> None:
    assert all(row.about and row.source for row in limits_table())


def test_unknown_limits_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        CanaryLimits.model_validate({"error_rise": 0.1})


def test_a_single_ratio_may_have_limits_of_its_own() -> None:
    limits = CanaryLimits(ratios={"checkout": RatioLimits(rise_rel=0.01)})
    assert limits.for_ratio("checkout").rise_rel == 0.01
    assert limits.for_ratio("cart").rise_rel == 0.05
    assert limits.for_ratio("4xx").of == "bad"


@pytest.mark.parametrize(
    ("baseline", "allowed", "stopping"),
    [(0.0, 0.001, 0.002), (0.001, 0.001, 0.002), (0.01, 0.0025, 0.005), (0.1, 0.025, 0.05)],
)
def test_allowances_are_the_larger_of_points_and_part(
    baseline: float, allowed: float, stopping: float
) -> None:
    errors = CanaryLimits().errors
    assert errors.allowed(baseline) == pytest.approx(allowed)
    assert errors.stopping(baseline) == pytest.approx(stopping)
