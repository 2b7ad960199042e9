"""Raw counters become increments: resets, gaps, births and unequal buckets."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from aof.playbooks.canary_windows import Series, by_bound, increments

EDGES = [0.0, 60.0, 120.0, 180.0]
OLD = float("inf")


def counter(*values: float, first_at: float = 0.0, **labels: str) -> Series:
    return Series(labels, [(first_at + 30.0 * at, value) for at, value in enumerate(values)])


def test_a_rise_belongs_to_the_window_of_its_later_sample() -> None:
    assert increments(counter(5, 6, 8, 12, 12, 13, 20), EDGES, born_after=OLD) == [3, 4, 8]


def test_windows_without_a_sample_are_unknown_not_zero() -> None:
    series = Series({}, [(0.0, 1.0), (50.0, 4.0), (170.0, 9.0)])
    assert increments(series, EDGES, born_after=OLD) == [3, None, 5]


def test_a_series_born_while_others_were_watched_counts_from_zero() -> None:
    born = counter(7, 9, first_at=70.0)
    assert increments(born, EDGES, born_after=30.0) == [None, 9, None]
    assert increments(born, EDGES, born_after=OLD) == [None, 2, None]


def test_not_a_number_and_negative_samples_are_no_samples() -> None:
    assert increments(counter(1, float("nan"), 3, -5, 4), EDGES, born_after=OLD) == [2, 1, None]


@given(
    st.lists(st.integers(0, 50), min_size=6, max_size=6),
    st.sets(st.integers(1, 5)),
)
def test_restarts_lose_nothing_that_was_scraped(rises: list[int], restarts: set[int]) -> None:
    """A counter that starts anew just after a scrape: every rise is still counted."""
    total, samples = 0, [(0.0, 0.0)]
    for at, rise in enumerate(rises):
        total = rise if at in restarts else total + rise
        samples.append((30.0 * (at + 1), float(total)))
    known = frozenset(30.0 * (at + 1) for at in restarts)
    found = increments(Series({}, samples), EDGES, born_after=OLD, resets=known)
    assert sum(value or 0 for value in found) == sum(rises)


@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=2, max_size=7))
def test_buckets_of_a_restarted_pod_never_shrink_with_le(rises: list[list[int]]) -> None:
    """The first bucket may pass its old count by the next scrape, the others not."""
    life = [list(accumulate(row)) for row in rises]
    half = len(life) // 2
    samples: list[list[float]] = []
    for at, row in enumerate(life):
        fresh = at in (0, half)
        before = [0.0] * 3 if fresh else samples[-1]
        samples.append([a + b for a, b in zip(before, row, strict=True)])
    series = [
        counter(*(row[at] for row in samples), le=le) for at, le in enumerate(("0.1", "1", "+Inf"))
    ]
    found = by_bound(series, EDGES, OLD)
    for low, mid, top in zip(found["0.1"], found["1"], found["+Inf"], strict=True):
        assert (low is None) == (mid is None) == (top is None)
        assert low is None or mid is None or top is None or low <= mid <= top


def test_a_bound_that_one_pod_lacks_is_left_out() -> None:
    pods = [
        counter(0, 5, le="0.1", pod="a"),
        counter(0, 9, le="+Inf", pod="a"),
        counter(0, 4, le="0.2", pod="b"),
        counter(0, 6, le="+Inf", pod="b"),
    ]
    assert by_bound(pods, EDGES, OLD) == {"+Inf": [15, None, None]}
