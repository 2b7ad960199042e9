"""What must hold for any evidence, not for examples alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from aof.analysis.canary import CanaryEvidence, Judge, judge
from tests.analysis.canary.rollouts import PLAN, evidence, rollout, window

RPS = st.sampled_from([5.0, 20.0, 100.0, 1000.0])
ERRORS = st.sampled_from([0.0, 0.0005, 0.001, 0.004, 0.01, 0.03])


@st.composite
def rollouts(draw: st.DrawFn) -> dict[str, Any]:
    """Any rollout of 6 to 30 minutes: noisy rates, some minutes without one version."""
    rps, stable = draw(RPS), draw(ERRORS)
    windows = []
    for minute in range(draw(st.integers(6, 30))):
        canary, slower = draw(ERRORS), draw(st.sampled_from([0.9, 1.0, 1.1, 1.5]))
        one = window(minute, rps=rps, stable=stable, canary=canary, slower=slower)
        lost = draw(st.sampled_from(["", "", "", "", "canary", "baseline"]))
        if lost:
            one[lost] = None
        windows.append(one)
    return {"windows": windows}


@settings(max_examples=60, deadline=None)
@given(rollouts())
def test_same_evidence_gives_the_same_bytes(data: dict[str, Any]) -> None:
    first, second = (json.dumps(judge(evidence(data)).as_dict()) for _ in range(2))
    assert first == second


@settings(max_examples=40, deadline=None)
@given(rollouts())
def test_one_by_one_is_the_same_as_all_at_once(data: dict[str, Any]) -> None:
    judging = Judge()
    answers = [judging.add(each) for each in evidence(data).windows]
    assert answers[-1] == judge(evidence(data))


@settings(max_examples=40, deadline=None)
@given(rollouts(), st.integers(1, 10))
def test_clean_windows_never_turn_anything_into_a_rollback(data: dict[str, Any], more: int) -> None:
    before = judge(evidence(data))
    if before.decision == "ROLLBACK":
        return
    minute = len(data["windows"])
    clean = [window(minute + n, rps=1000, stable=0.01, canary=0.0) for n in range(more)]
    after = judge(evidence({"windows": data["windows"] + clean}))
    assert after.decision != "ROLLBACK"


@settings(max_examples=60, deadline=None)
@given(rollouts())
def test_swapping_the_versions_mirrors_the_difference(data: dict[str, Any]) -> None:
    swapped = [
        {**one, "baseline": one["canary"], "canary": one["baseline"]} for one in data["windows"]
    ]
    one = judge(evidence(data)).metric("error_rate")
    other = judge(evidence({"windows": swapped})).metric("error_rate")
    assert one is not None
    assert other is not None
    if one.delta is None or other.delta is None:
        assert one.delta is other.delta
        return
    assert not (one.stop and other.stop)
    # What is said of a stage alone is said of fewer windows.
    if "since stage" not in one.title + other.title:
        assert one.delta == pytest.approx(-other.delta, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(rollouts())
def test_a_gap_at_the_end_never_passes(data: dict[str, Any]) -> None:
    data["windows"][-1]["canary"] = None
    assert judge(evidence(data)).decision != "PROCEED"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(PLAN) - 1), st.sampled_from(["canary", "baseline"]))
def test_a_rollout_without_one_version_holds(minutes: int, lost: str) -> None:
    data = rollout(minutes + 1)
    for one in data["windows"]:
        one[lost] = None
    assert judge(evidence(data)).decision == "HOLD"


NAN, BELOW = float("nan"), -1.0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"requests": NAN}, "finite"),
        ({"requests": BELOW}, "greater than or equal to 0"),
        ({"errors": NAN}, "finite"),
        ({"errors": 7000}, "exceed requests"),
        ({"requests": 1e16}, "less than or equal to 1000000000000000"),
        ({"requests": None, "errors": 1}, "without requests"),
        ({"latency_buckets": {"0.1": 5, "+Inf": 4}}, "must not shrink"),
        ({"latency_buckets": {"0.1": 5}}, '"+Inf" bucket is missing'),
        ({"latency_buckets": {"fast": 5, "+Inf": 6}}, "must be numbers"),
        ({"latency_buckets": {"NaN": 5, "+Inf": 6}}, "+Inf"),
        ({"latency_buckets": {"0.1": BELOW, "+Inf": 6}}, "greater than or equal to 0"),
        ({"latency_buckets": {"0.1": 1, "0.10": 1, "+Inf": 6}}, "given twice"),
        ({"ratios": {"checkout": {"bad": 5, "total": 4}}}, "exceeds total"),
        ({"latencies": {}}, "not permitted"),
    ],
)
def test_impossible_counts_are_refused(change: dict[str, Any], says: str) -> None:
    data = rollout(6)
    data["windows"][3]["canary"].update(change)
    with pytest.raises(ValidationError) as caught:
        CanaryEvidence.model_validate(data)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"seconds": 1e300},
        {"start": "9999-12-31T23:59:59Z"},
        {"start": "0001-01-01T00:00:00+02:00"},
        {"weight": 5},
    ],
)
def test_impossible_windows_are_refused(change: dict[str, Any]) -> None:
    data = rollout(1)
    data["windows"][0].update(change)
    with pytest.raises(ValidationError):
        CanaryEvidence.model_validate(data)


def test_bounds_may_be_numbers() -> None:
    data = rollout(30)
    for one in data["windows"]:
        for name in ("baseline", "canary"):
            found = one[name]["latency_buckets"]
            one[name]["latency_buckets"] = {float(le): n for le, n in found.items()}
    assert judge(evidence(data)) == judge(evidence(rollout(30)))


def test_numbers_below_zero_are_refused_without_counts_too() -> None:
    with pytest.raises(ValidationError):
        CanaryEvidence.model_validate({"points": [{"name": "error_rate", "canary": -0.1}]})


def test_overlapping_windows_are_refused() -> None:
    data = rollout(3)
    data["windows"][2]["start"] = data["windows"][1]["start"]
    with pytest.raises(ValidationError, match="overlap"):
        CanaryEvidence.model_validate(data)


def test_absent_counts_are_no_data() -> None:
    data = rollout(30)
    for one in data["windows"]:
        one["canary"]["errors"] = None
    found = judge(evidence(data))
    metric = found.metric("error_rate")
    assert found.decision == "HOLD"
    assert metric is not None
    assert metric.verdict == "nodata"


def test_canary_without_traffic_is_no_data() -> None:
    data = rollout(30)
    for one in data["windows"]:
        one["canary"] = {
            "requests": 0,
            "errors": 0,
            "latency_buckets": dict.fromkeys(one["canary"]["latency_buckets"], 0),
        }
    assert judge(evidence(data)).decision == "HOLD"


@pytest.mark.parametrize("lost", [1, 2])
def test_some_missing_scrapes_do_not_hold_a_rollout(lost: int) -> None:
    data = rollout(30)
    for minute in range(6, 6 + lost):
        data["windows"][minute]["canary"] = None
    assert judge(evidence(data)).decision == "PROCEED"


@st.composite
def anything(draw: st.DrawFn) -> dict[str, Any]:
    """Any possible counts at all, however odd: empty, huge, fractional, all slow."""
    counts = st.one_of(st.integers(0, 5), st.integers(0, 10**7), st.floats(0, 50))
    bounds = sorted(draw(st.sets(st.sampled_from([0.001, 0.05, 0.1, 0.3, 1.0, 10.0, 60.0]))))
    windows = []
    for minute in range(draw(st.integers(1, 20))):
        one = window(minute)
        for name in ("baseline", "canary"):
            requests = draw(counts)
            steps = [draw(counts) for _ in bounds]
            sums = [sum(steps[: at + 1]) for at in range(len(steps))]
            keys = [f"{bound}" for bound in bounds]
            one[name] = {
                "requests": requests,
                "errors": requests * draw(st.sampled_from([0.0, 0.001, 0.5, 1.0])),
                "latency_buckets": {
                    **dict(zip(keys, sums, strict=True)),
                    "+Inf": (sums[-1] if sums else 0) + draw(counts),
                },
            }
        windows.append(one)
    return {"windows": windows}


# Shrinking such rollouts takes minutes and rarely says more.
@settings(max_examples=100, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(anything())
def test_any_possible_counts_give_finite_json(data: dict[str, Any]) -> None:
    judging = Judge()
    for each in evidence(data).windows:
        found = judging.add(each)
        json.dumps(found.as_dict(), allow_nan=False)
    assert found.decision in ("PROCEED", "HOLD", "NO-GO", "ROLLBACK")
