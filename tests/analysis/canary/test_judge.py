"""The judge on whole rollouts with exact counts."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from aof.analysis.canary import CanaryEvidence, Judge, judge
from tests.analysis.canary.rollouts import START, evidence, rollout, window


@pytest.mark.parametrize("minutes", [5, 15, 30])
def test_healthy_canary_proceeds_at_the_end_of_each_stage(minutes: int) -> None:
    found = judge(evidence(rollout(minutes)))
    assert (found.decision, found.verdict) == ("PROCEED", "pass")


@pytest.mark.parametrize(("minutes", "needs"), [(1, 4.0), (4, 1.0), (6, 9.0), (16, 14.0)])
def test_healthy_canary_is_held_for_the_rest_of_a_stage(minutes: int, needs: float) -> None:
    found = judge(evidence(rollout(minutes)))
    assert (found.decision, found.needs_minutes) == ("HOLD", needs)


def test_fiftyfold_errors_roll_back_after_five_compared_minutes() -> None:
    early = judge(evidence(rollout(6, rps=1000, canary=0.05)))
    late = judge(evidence(rollout(7, rps=1000, canary=0.05)))
    assert (early.decision, late.decision) == ("HOLD", "ROLLBACK")
    assert late.reasons[0].startswith("Error rate spike: 5.00% against 0.10%")


def test_slow_canary_is_stopped() -> None:
    found = judge(evidence(rollout(12, slower=1.7)))
    metric = found.metric("latency_p95")
    assert found.decision == "ROLLBACK"
    assert metric is not None
    assert metric.delta == pytest.approx(0.7, abs=0.1)


def test_ten_percent_slower_canary_proceeds() -> None:
    assert judge(evidence(rollout(30, slower=1.1))).decision == "PROCEED"


def test_judging_window_by_window_gives_the_same_answer() -> None:
    data = rollout(20, canary=0.004)
    one_by_one = Judge()
    for each in evidence(data).windows:
        last = one_by_one.add(each)
    assert last == judge(evidence(data))


def test_little_traffic_holds_and_says_how_long() -> None:
    found = judge(evidence(rollout(30, rps=2)))
    assert found.decision == "HOLD"
    assert found.needs_minutes is not None
    assert "not proven harmless" in found.summary


def test_missing_canary_at_the_end_of_a_stage_is_no_data() -> None:
    data = rollout(30)
    data["windows"][-1]["canary"] = None
    found = judge(evidence(data))
    assert found.decision == "HOLD"
    assert found.metric("error_rate").verdict == "nodata"  # type: ignore[union-attr]


def test_no_windows_yet_holds() -> None:
    assert judge(CanaryEvidence.model_validate({"windows": []})).decision == "HOLD"


def test_one_bad_minute_does_not_stop_a_rollout() -> None:
    data = rollout(30)
    data["windows"][10] = window(10, canary=0.02)
    assert judge(evidence(data)).decision == "PROCEED"


def test_bad_minutes_at_the_end_of_a_stage_hold_it() -> None:
    data = rollout(15)
    data["windows"][13:] = [window(minute, canary=0.02) for minute in (13, 14)]
    found = judge(evidence(data))
    assert found.decision == "HOLD"
    assert "lately worse" in found.summary


@pytest.mark.parametrize("harm", [{"canary": 0.02}, {"canary": 0.01, "slower": 1.35}])
def test_harm_in_the_last_minutes_of_the_comparison_holds_it(harm: dict[str, float]) -> None:
    data = rollout(30, stable=0.01, canary=0.01)
    assert judge(evidence(data)).decision == "PROCEED"
    data["windows"][25:] = [window(minute, stable=0.01, **harm) for minute in range(25, 30)]
    found = judge(evidence(data))
    assert found.decision == "HOLD"
    assert "lately worse" in found.summary


@pytest.mark.parametrize("stable", [0.0, 0.00001, 0.0002])
def test_a_baseline_with_next_to_no_errors_does_not_shield_the_canary(stable: float) -> None:
    sick = evidence(rollout(30, rps=1000, stable=stable, canary=0.01))
    assert judge(sick).decision == "ROLLBACK"
    tolerable = evidence(rollout(30, rps=1000, stable=stable, canary=stable + 0.0005))
    assert judge(tolerable).decision == "PROCEED"


def test_guard_fires_in_the_first_minute() -> None:
    found = judge(evidence(rollout(1, canary=0.2)))
    assert found.decision == "ROLLBACK"
    assert found.guards[0].name == "error-rate"


def test_shared_outage_holds() -> None:
    found = judge(evidence(rollout(3, stable=0.2, canary=0.2)))
    assert found.decision == "HOLD"
    assert "shared outage" in found.summary


def merged(minutes: int, length: int, **rates: float) -> dict[str, object]:
    """The same rollout in windows of `length` minutes."""
    fine = rollout(minutes, **rates)["windows"]
    windows = []
    for at in range(0, minutes, length):
        part = fine[at : at + length]
        one = {**part[0], "seconds": 60 * len(part)}
        for name in ("baseline", "canary"):
            one[name] = {
                "requests": sum(w[name]["requests"] for w in part),
                "errors": sum(w[name]["errors"] for w in part),
            }
        windows.append(one)
    return {"windows": windows}


def test_five_minute_windows_stop_a_sick_canary_too() -> None:
    assert judge(evidence(merged(10, 5, rps=1000, canary=0.05))).decision == "ROLLBACK"


def test_one_long_window_cannot_confirm_harm_and_does_not_pass() -> None:
    found = judge(evidence(merged(5, 5, rps=1000, canary=0.05)))
    assert found.decision == "HOLD"
    assert not found.firm


def test_a_stage_is_extended_only_so_far() -> None:
    data = rollout(30, rps=0.7)
    data["windows"] += [
        {**window(29, rps=0.7), "start": (START + timedelta(minutes=n)).isoformat()}
        for n in range(30, 62)
    ]
    found = judge(evidence(data))
    assert (found.decision, found.firm) == ("HOLD", True)
    assert "extended as far as it may" in found.summary


def test_harm_that_begins_with_a_stage_is_not_diluted_by_good_minutes_before() -> None:
    data = rollout(30, rps=1000)
    data["windows"][15:] = [window(n, rps=1000, canary=0.05) for n in range(15, 30)]
    found = judge(evidence({"windows": data["windows"][:20]}))
    assert found.decision == "ROLLBACK"
    assert "since stage 3 began" in found.summary


def test_ratios_are_reported_in_the_order_of_their_names() -> None:
    data = rollout(10)
    for one in data["windows"]:
        for arm in ("baseline", "canary"):
            counts = {"bad": 3, "total": 900}
            one[arm]["ratios"] = dict.fromkeys(("search", "checkout", "login", "4xx"), counts)
    names = [metric.name for metric in judge(evidence(data)).metrics]
    assert names[1:5] == ["4xx", "checkout", "login", "search"]


@pytest.mark.parametrize(
    ("lost", "says", "advises"),
    [
        (("baseline",), "no window has it for the baseline", "missing for the baseline"),
        (("canary",), "no window has it for the canary", "missing for the canary"),
        (("baseline", "canary"), "no window has it for either", "missing for either"),
    ],
)
def test_a_missing_version_is_named_with_what_to_do(
    lost: tuple[str, ...], says: str, advises: str
) -> None:
    data = rollout(30)
    for one in data["windows"]:
        for arm in lost:
            one[arm] = {}
    metric = judge(evidence(data)).metric("error_rate")
    assert metric is not None
    assert says in metric.title
    assert advises in metric.detail


def test_versions_never_measured_together_point_at_the_clocks() -> None:
    data = rollout(30)
    for number, one in enumerate(data["windows"]):
        one["canary" if number % 2 else "baseline"] = None
    metric = judge(evidence(data)).metric("latency_p95")
    assert metric is not None
    assert "clocks" in metric.detail


def test_hours_without_a_window_are_named() -> None:
    data = rollout(30)
    for one in data["windows"][12:]:
        one["start"] = (datetime.fromisoformat(one["start"]) + timedelta(hours=5)).isoformat()
    notes = judge(evidence(data)).notes
    assert "Nothing was measured for 300 minutes before 15:12 UTC: not judged." in notes
