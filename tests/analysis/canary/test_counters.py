"""The e-process and its intervals against figures published or computed by hand."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.analysis.canary.counters import RatioSeries
from aof.analysis.canary.intervals import newcombe, theil_sen, wilson, z_of


def series(*counts: tuple[float, float, float, float]) -> RatioSeries:
    found = RatioSeries()
    for number, (bad_c, n_c, bad_b, n_b) in enumerate(counts):
        found.add(number, (number * 60.0, number * 60.0 + 60), (bad_c, n_c), (bad_b, n_b))
    return found


def test_wilson_agrees_with_newcombes_first_example() -> None:
    # Newcombe, Statistics in Medicine 17 (1998) 857, table I: 81 of 263.
    low, up = wilson(81 / 263, 263, z_of(0.975))
    assert (low, up) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))


def test_difference_agrees_with_newcombes_first_example() -> None:
    # Newcombe, Statistics in Medicine 17 (1998) 873, table II (a), method 10: 56/70 - 48/80.
    low, up = newcombe(56 / 70, 70, 48 / 80, 80, z=z_of(0.975))
    assert (low, up) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))


def test_theil_sen_ignores_an_outlier() -> None:
    assert theil_sen([0, 1, 2, 30, 4, 5]) == pytest.approx(1.0)


def test_e_value_is_the_mixture_written_out() -> None:
    found = series((9, 500, 3, 1500))
    thetas = [1.1 * (50 / 1.1) ** (i / 47) for i in range(48)]
    ratios = [t**9 / (1 + 0.25 * (t - 1)) ** 12 for t in thetas]
    mean = sum(r / t for r, t in zip(ratios, thetas, strict=True)) / sum(1 / t for t in thetas)
    assert found.log_e(1.0) == pytest.approx(math.log(mean))


def test_windows_of_one_block_are_judged_as_one() -> None:
    whole, parts = series((8, 400, 2, 400)), RatioSeries()
    for part in range(4):
        parts.add(0, (part * 15.0, part * 15.0 + 15), (2, 100), (0.5, 100))
    assert parts.log_e(1.0) == pytest.approx(whole.log_e(1.0))
    assert len(parts.blocks) == 1


def test_shared_drift_is_no_evidence() -> None:
    calm = series((5, 1000, 5, 1000), (5, 1000, 5, 1000))
    outage = series((5, 1000, 5, 1000), (200, 1000, 200, 1000))
    assert outage.log_e(1.0) < calm.log_e(1.0) < 0


def test_a_growing_share_of_traffic_is_no_rise() -> None:
    # Pooled, the canary has 1.7 times the errors: it had more traffic when all was bad.
    found = series((1, 1000, 19, 19000), (200, 10000, 200, 10000))
    rates = found.totals.rates
    assert rates is not None
    assert rates.rise == pytest.approx(0.0)


def test_false_alarms_stay_below_alpha_at_any_look() -> None:
    rng = random.Random(5)
    alarms = 0
    for _ in range(400):
        found, highest = RatioSeries(), 0.0
        for number in range(40):
            bad_c = sum(rng.random() < 0.02 for _ in range(40))
            bad_b = sum(rng.random() < 0.02 for _ in range(80))
            found.add(number, (0.0, 1.0), (bad_c, 40), (bad_b, 80))
            highest = max(highest, found.log_e(1.0))
        alarms += highest >= math.log(20)
    assert alarms / 400 <= 0.05


def test_noise_between_windows_raises_the_dispersion() -> None:
    calm = series(*[(10, 1000, 10, 1000)] * 20)
    wild = series(*[(10 + 8 * (-1) ** n, 1000, 10, 1000) for n in range(20)])
    assert calm.dispersion(0.0) == 1.0
    assert wild.dispersion(0.0) > 2


COUNTS = st.tuples(
    st.integers(0, 60), st.integers(100, 5000), st.integers(0, 60), st.integers(100, 5000)
)


@given(st.lists(COUNTS, min_size=1, max_size=40))
def test_dispersion_is_that_of_the_residuals_written_out(
    counts: list[tuple[int, int, int, int]],
) -> None:
    ratio = series(*counts).totals.rate_ratio
    residuals = []
    variances = 0.0
    for bad_c, n_c, bad_b, n_b in counts:
        if bad_c + bad_b:
            share = ratio * n_c / (ratio * n_c + n_b)
            variance = (bad_c + bad_b) * share * (1 - share)
            residuals.append((bad_c - (bad_c + bad_b) * share) / math.sqrt(variance))
            variances += variance
    expected, size = 1.0, len(residuals)
    if residuals:
        squares = sum(one * one for one in residuals)
        prior = 1 + 0.25**2 * variances / size
        pearson = max((squares + 6 * prior) / (size - 1 + 6), 1.0)
        lag = sum(a * b for a, b in pairwise(residuals)) / squares if squares > 1e-12 else 0.0
        lag += (1 + 3 * lag) / size if size > 1 and squares > 1e-12 else 0.0
        weight = size / (size + 16)
        lag = weight * lag + (1 - weight) * 0.6 * (pearson - 1) / pearson
        lag = min(max(lag, 0.0), 0.8)
        expected = pearson * (1 + lag) / (1 - lag)
    assert series(*counts).dispersion(0.25) == pytest.approx(expected, rel=1e-6)


@given(st.lists(COUNTS, min_size=1, max_size=40), st.sampled_from([1.0, 1.3, 4.0]))
def test_e_value_is_that_of_all_points_of_the_mixture(
    counts: list[tuple[int, int, int, int]], null: float
) -> None:
    thetas = [1.1 * (50 / 1.1) ** (i / 47) for i in range(48)]
    logs = []
    for theta in thetas:
        log = -math.log(theta)
        for bad_c, n_c, bad_b, n_b in counts:
            share = n_c / (n_c + n_b)
            lost = math.log((1 + share * (null * theta - 1)) / (1 + share * (null - 1)))
            log += bad_c * math.log(theta) - (bad_c + bad_b) * lost
        logs.append(log)
    top = max(logs)
    mean = sum(math.exp(log - top) for log in logs) / sum(1 / theta for theta in thetas)
    assert series(*counts).log_e(1.0, null=null) == pytest.approx(top + math.log(mean), abs=1e-6)


@given(st.lists(COUNTS, min_size=2, max_size=20), st.integers(1, 19), st.booleans())
def test_what_follows_a_mark_is_a_series_of_its_own(
    counts: list[tuple[int, int, int, int]], at: int, looked: bool
) -> None:
    at = min(at, len(counts) - 1)
    whole = series(*counts[:at])
    if looked:
        whole.log_e(1.0)
    mark = whole.mark()
    for number, (bad_c, n_c, bad_b, n_b) in enumerate(counts[at:], start=at):
        whole.add(number, (number * 60.0, number * 60.0 + 60), (bad_c, n_c), (bad_b, n_b))
    part, alone = whole.since(mark), series(*counts[at:])
    assert part.log_e(2.0) == pytest.approx(alone.log_e(2.0), abs=1e-6)
    assert part.dispersion(0.25) == pytest.approx(alone.dispersion(0.25), rel=1e-6)
    rates, expected = whole.totals_since(mark).rates, alone.totals.rates
    assert rates is not None
    assert expected is not None
    assert rates.rise == pytest.approx(expected.rise, abs=1e-9)


def test_nothing_counted_is_no_evidence() -> None:
    assert RatioSeries().log_e(1.0) == pytest.approx(0.0)
    assert RatioSeries().totals.rates is None
    assert series((0, 100, 0, 100)).log_e(1.0) == pytest.approx(0.0)
