"""Quantiles from buckets, and latency judged by them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.analysis.canary import judge
from aof.analysis.canary.histogram import Histogram
from tests.analysis.canary.rollouts import evidence, rollout

DEFAULT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf)


def lognormal(median_s: float, spread: float) -> Histogram:
    shares = [
        0.5 * math.erfc(-(math.log(bound / median_s) / spread) / math.sqrt(2)) for bound in DEFAULT
    ]
    return Histogram(DEFAULT, [share * 1e6 for share in shares])


@pytest.mark.parametrize("p95_s", [0.03, 0.08, 0.15, 0.225, 0.4, 3.0])
def test_lognormal_quantiles_are_exact_between_coarse_bounds(p95_s: float) -> None:
    histogram = lognormal(p95_s / math.exp(1.6449 * 0.5), 0.5)
    assert histogram.quantile(0.95) == pytest.approx(p95_s, rel=0.01)


def test_share_above_and_quantile_are_inverse() -> None:
    histogram = lognormal(0.08, 0.5)
    slow = histogram.quantile(0.97)
    assert slow is not None
    assert histogram.share_above(slow) == pytest.approx(0.03, abs=1e-6)


@given(
    st.lists(st.floats(0, 1000), min_size=len(DEFAULT), max_size=len(DEFAULT)),
    st.floats(0.01, 0.99),
)
def test_quantiles_are_finite_and_rise_with_the_level(steps: list[float], level: float) -> None:
    counts = [sum(steps[: at + 1]) for at in range(len(steps))]
    histogram = Histogram(DEFAULT, counts)
    low, high = histogram.quantile(level * 0.9), histogram.quantile(level)
    if low is None or high is None:
        assert counts[-1] <= 0.5
        return
    assert 0 <= low <= high * (1 + 1e-9) < math.inf


def test_no_requests_have_no_quantile() -> None:
    assert Histogram(DEFAULT, [0.0] * len(DEFAULT)).quantile(0.95) is None


def test_less_than_half_a_request_has_no_quantile() -> None:
    part = Histogram(DEFAULT, [0.0] * 5 + [0.3] * (len(DEFAULT) - 5))
    assert part.quantile(0.95) is None
    assert part.share_above(0.2) is None


def test_coarse_buckets_are_named() -> None:
    data = rollout(10)
    for window in data["windows"]:
        for arm in ("baseline", "canary"):
            kept = window[arm]["latency_buckets"]
            window[arm]["latency_buckets"] = {le: kept[le] for le in ("0.1", "0.25", "+Inf")}
    metric = judge(evidence(data)).metric("latency_p95")
    assert metric is not None
    assert "Coarse" in metric.detail


def test_versions_with_different_buckets_are_compared_on_shared_ones() -> None:
    data = rollout(30)
    for window in data["windows"]:
        del window["canary"]["latency_buckets"]["0.125"]
    assert judge(evidence(data)).decision == "PROCEED"


def test_buckets_that_change_in_between_are_no_data() -> None:
    data = rollout(30)
    for window in data["windows"][20:]:
        kept = window["canary"]["latency_buckets"]
        window["canary"]["latency_buckets"] = {"0.05": kept["0.05"], "+Inf": kept["+Inf"]}
    found = judge(evidence(data))
    assert found.decision == "HOLD"
    assert found.metric("latency_p95").verdict == "nodata"  # type: ignore[union-attr]


def test_latency_alone_can_be_judged() -> None:
    data = rollout(30)
    for window in data["windows"]:
        for arm in ("baseline", "canary"):
            window[arm] = {"latency_buckets": window[arm]["latency_buckets"]}
    found = judge(evidence(data))
    assert found.decision == "PROCEED"
    assert found.metric("error_rate") is None


def test_slow_tail_alone_pauses_and_does_not_roll_back() -> None:
    data = rollout(30, rps=200)
    for window in data["windows"]:
        counts = window["canary"]["latency_buckets"]
        everything = counts["+Inf"]
        for bound in ("0.18", "0.25", "0.5"):
            counts[bound] = min(counts[bound], round(everything * 0.975))
    assert judge(evidence(data)).decision == "NO-GO"
