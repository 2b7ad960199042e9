from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.analysis.release.calver import CalendarFormat
from aof.errors import UsageFault

FORMATS = ["YYYY.MM.MICRO", "YY.0M.MICRO", "YYYY.0M.0D-MICRO", "YYYY.WW.MICRO", "0Y.MICRO"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("YYYY.MM.MICRO", "2026.3.0"),
        ("YY.0M.MICRO", "26.03.0"),
        ("YYYY.0M.0D-MICRO", "2026.03.07-0"),
        ("YYYY.WW.MICRO", "2026.10.0"),
    ],
)
def test_first_version_of_a_date(text: str, expected: str) -> None:
    assert CalendarFormat(text).next(None, date(2026, 3, 7)) == expected


def test_a_clock_behind_the_last_release_counts_on() -> None:
    calendar = CalendarFormat("YYYY.MM.MICRO")
    assert calendar.next(calendar.parse("2027.1.4"), date(2026, 12, 31)) == "2027.1.5"


@pytest.mark.parametrize("text", ["MM.MICRO", "YYYY.MM", "YYYY.YY.MICRO", "MICRO.YYYY", ""])
def test_formats_without_year_or_count_are_refused(text: str) -> None:
    with pytest.raises(UsageFault):
        CalendarFormat(text)


@given(
    st.sampled_from(FORMATS),
    st.dates(min_value=date(2010, 1, 1), max_value=date(2090, 1, 1)),
    st.dates(min_value=date(2010, 1, 1), max_value=date(2090, 1, 1)),
)
def test_the_next_version_is_above_whatever_the_clock_says(
    text: str, first: date, second: date
) -> None:
    calendar = CalendarFormat(text)
    before = calendar.parse(calendar.next(None, first))
    assert before is not None
    after = calendar.parse(calendar.next(before, second))
    assert after is not None
    assert after > before
