"""Blue/green, rolling, A/B, the stage at 100 %, and the ratios of business."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aof.analysis.canary import CanaryLimits, judge
from tests.analysis.canary.rollouts import START, arm, evidence, rollout


def alone(minute: int, error_rate: float, slower: float = 1.0) -> dict[str, Any]:
    return {
        "start": (START + timedelta(minutes=minute)).isoformat(),
        "seconds": 60,
        "weight": 1.0,
        "canary": arm(6000, error_rate, slower),
    }


def before(minute: int, error_rate: float = 0.001) -> dict[str, Any]:
    return {
        "start": (START + timedelta(minutes=minute)).isoformat(),
        "seconds": 60,
        "weight": 0.0,
        "baseline": arm(6000, error_rate),
    }


def test_stage_at_100_percent_is_no_comparison() -> None:
    data = rollout(30)
    data["windows"] += [alone(30 + n, 0.001) for n in range(30)]
    found = judge(evidence(data))
    assert found.decision == "PROCEED"
    assert found.stage is not None
    assert not found.stage.concurrent
    assert any("not a comparison" in note for note in found.notes)


def test_errors_at_100_percent_pause_and_do_not_roll_back() -> None:
    data = rollout(30)
    data["windows"] += [alone(30 + n, 0.01) for n in range(10)]
    found = judge(evidence(data))
    assert found.decision == "NO-GO"
    assert "frozen reference" in found.summary


def test_drift_the_reference_showed_is_no_harm_at_100_percent() -> None:
    rates = [0.006, 0.01, 0.016]
    data = {"windows": [before(n, rates[n % 3]) for n in range(30)]}
    data["windows"] += [alone(30 + n, 0.018) for n in range(3)]
    assert judge(evidence(data)).decision == "HOLD"
    data["windows"][30:] = [alone(30 + n, 0.09) for n in range(3)]
    assert judge(evidence(data)).decision == "NO-GO"


def test_guard_holds_at_100_percent_too() -> None:
    data = rollout(30)
    data["windows"] += [alone(30 + n, 0.2) for n in range(2)]
    assert judge(evidence(data)).decision == "ROLLBACK"


def test_slo_is_judged_where_nothing_runs_beside() -> None:
    data = rollout(30)
    data["windows"] += [alone(30 + n, 0.002) for n in range(30)]
    assert judge(evidence(data), CanaryLimits(slo_error_rate=0.001)).decision == "NO-GO"
    assert judge(evidence(data), CanaryLimits(slo_error_rate=0.01)).decision == "PROCEED"


def test_missing_canary_at_100_percent_holds() -> None:
    data = rollout(30)
    data["windows"] += [{**alone(30, 0.001), "canary": None}]
    assert judge(evidence(data)).decision == "HOLD"


def test_blue_green_compares_with_the_reference_from_before_the_switch() -> None:
    windows = [before(n) for n in range(10)]
    healthy = {
        "strategy": "blue-green",
        "windows": windows + [alone(10 + n, 0.001) for n in range(30)],
    }
    sick = {**healthy, "windows": windows + [alone(10 + n, 0.02) for n in range(5)]}
    assert judge(evidence(healthy)).decision == "PROCEED"
    assert judge(evidence(sick)).decision == "NO-GO"


def test_rolling_update_is_judged_per_batch() -> None:
    windows = []
    for minute in range(15):
        share = (minute // 5 + 1) / 4
        windows.append(
            {
                "start": (START + timedelta(minutes=minute)).isoformat(),
                "seconds": 60,
                "weight": share,
                "baseline": arm(round(6000 * (1 - share)), 0.001),
                "canary": arm(round(6000 * share), 0.001),
            }
        )
    decisions = [
        judge(evidence({"strategy": "rolling", "windows": windows[:n]})).decision
        for n in (5, 7, 10, 15)
    ]
    assert decisions == ["PROCEED", "HOLD", "PROCEED", "PROCEED"]


def cohorts(minutes: int, bad_canary: float, *, total: float = 500) -> dict[str, Any]:
    windows = []
    for minute in range(minutes):
        one: dict[str, Any] = {
            "start": (START + timedelta(minutes=minute)).isoformat(),
            "seconds": 60,
            "weight": 0.5,
        }
        for name, bad in (("baseline", 0.968), ("canary", bad_canary)):
            one[name] = {
                **arm(3000, 0.001),
                "ratios": {"conversion": {"bad": round(total * bad), "total": total}},
            }
        windows.append(one)
    stages = [{"weight": 0.5, "seconds": minutes * 60}]
    return {"strategy": "ab", "stages": stages, "windows": windows}


def test_ab_test_proceeds_when_conversion_is_no_worse() -> None:
    found = judge(evidence(cohorts(600, 0.966)))
    assert found.decision == "PROCEED"
    metric = found.metric("conversion")
    assert metric is not None
    assert metric.baseline is not None
    assert abs(metric.baseline - 0.968) < 1e-6


def test_ab_test_stops_when_a_third_of_the_conversions_is_lost() -> None:
    found = judge(evidence(cohorts(300, 0.98)))
    metric = found.metric("conversion")
    assert found.decision in ("NO-GO", "ROLLBACK")
    assert metric is not None
    assert metric.strength == "overwhelming"


def test_ab_test_with_few_visitors_is_not_decided() -> None:
    assert judge(evidence(cohorts(60, 0.97, total=50))).decision == "HOLD"


def test_more_client_errors_stop_a_canary() -> None:
    data = rollout(20)
    for window in data["windows"]:
        for name, share in (("baseline", 0.02), ("canary", 0.08)):
            total = window[name]["requests"]
            window[name]["ratios"] = {"4xx": {"bad": round(total * share), "total": total}}
    assert judge(evidence(data)).decision in ("NO-GO", "ROLLBACK")


def test_skewed_traffic_is_noted() -> None:
    data = rollout(15)
    for window in data["windows"][5:]:
        window["weight"] = 0.5
    assert any("same kind of traffic" in note for note in judge(evidence(data)).notes)
