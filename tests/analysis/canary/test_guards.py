"""Hard rules, events and gauges."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aof.analysis.canary import CanaryLimits, Judgement, judge
from tests.analysis.canary.rollouts import START, evidence, rollout


def with_events(*events: tuple[str, str, float, str]) -> Judgement:
    data = rollout(5)
    data["events"] = [
        {
            "kind": kind,
            "arm": arm,
            "at": (START + timedelta(seconds=at)).isoformat(),
            "pod": pod if kind in ("oom", "crash", "restart") else "",
            "detail": pod if kind == "new-error" else "",
        }
        for kind, arm, at, pod in events
    ]
    return judge(evidence(data))


@pytest.mark.parametrize(
    ("events", "decision"),
    [
        ([("oom", "canary", 60, "a")], "NO-GO"),
        ([("oom", "canary", 60, "a"), ("crash", "canary", 90, "b")], "ROLLBACK"),
        ([("oom", "canary", 60, "a"), ("oom", "canary", 90, "a")], "NO-GO"),
        ([("oom", "canary", 60, "a"), ("oom", "baseline", 90, "x")], "PROCEED"),
        ([("new-error", "canary", 60, "panic: nil map")], "NO-GO"),
        (
            [("new-error", "canary", 60, "panic"), ("new-error", "baseline", 9, "panic")],
            "PROCEED",
        ),
        ([("health-fail", "canary", at, "") for at in (100, 160, 220)], "ROLLBACK"),
        ([("health-fail", "canary", at, "") for at in (200, 210, 220, 230)], "NO-GO"),
        ([("health-fail", "canary", at, "") for at in (200, 210, 220)], "PROCEED"),
        (
            [("health-fail", "canary", at, "") for at in (100, 160, 220)]
            + [("health-ok", "canary", 230, "")],
            "PROCEED",
        ),
    ],
)
def test_events(events: list[tuple[str, str, float, str]], decision: str) -> None:
    assert with_events(*events).decision == decision


def test_slowest_requests_above_ten_seconds_roll_back() -> None:
    data = rollout(2)
    for window in data["windows"]:
        for arm, slow in (("baseline", 0.0), ("canary", 0.1)):
            counts = window[arm]["latency_buckets"]
            fast = round(counts["+Inf"] * (1 - slow))
            capped = {le: min(count, fast) for le, count in counts.items() if le != "+Inf"}
            counts.update({**capped, "10": fast})
    found = judge(evidence(data))
    assert found.decision == "ROLLBACK"
    assert found.guards[0].name == "slow-requests"


def test_few_errors_do_not_trip_the_guard() -> None:
    assert judge(evidence(rollout(1, rps=0.5, canary=0.2))).decision == "HOLD"


def test_a_guard_looks_at_the_last_two_minutes_only() -> None:
    data = rollout(6)
    data["windows"][0] = rollout(1, canary=0.3)["windows"][0]
    assert judge(evidence(data)).decision == "HOLD"


def gauge(name: str, canary: list[Any], **more: Any) -> Judgement:
    data = rollout(30)
    data["gauges"] = {name: {"canary": canary, **more}}
    return judge(evidence(data))


@pytest.mark.parametrize(
    ("canary", "decision"),
    [
        ([0.5] * 30, "PROCEED"),
        ([0.5] * 28 + [0.95, 0.95], "PROCEED"),
        ([0.5] * 27 + [0.85] * 3, "NO-GO"),
        ([0.5] * 27 + [0.95] * 3, "ROLLBACK"),
        ([0.95] * 27 + [0.5] * 3, "PROCEED"),
        ([0.5] * 24 + [0.95, 0.7, 0.95, 0.95, 0.7, 0.95], "HOLD"),
        ([], "HOLD"),
        ([None] * 30, "HOLD"),
    ],
)
def test_cpu_against_its_limit(canary: list[Any], decision: str) -> None:
    assert gauge("cpu", canary, limit=1.0).decision == decision


def test_both_versions_out_of_cpu_hold() -> None:
    found = gauge("cpu", [0.95] * 30, baseline=[0.96] * 30, limit=1.0)
    assert found.decision == "HOLD"


def test_one_dip_of_the_baseline_leaves_it_a_shared_problem() -> None:
    found = gauge("cpu", [0.95] * 30, baseline=[*[0.96] * 28, 0.7, 0.96], limit=1.0)
    assert found.decision == "HOLD"


def test_leaking_memory_warns_before_its_limit() -> None:
    found = gauge("memory", [0.3 + 0.01 * minute for minute in range(30)], limit=1.0)
    assert (found.decision, found.verdict) == ("PROCEED", "warn")
    assert "limit is reached in about" in found.metric("memory").detail  # type: ignore[union-attr]


def test_more_cpu_per_request_is_a_no_go() -> None:
    wobble = [1.0, 1.02, 0.98] * 10
    found = gauge(
        "cpu_seconds_per_request", [0.013 * w for w in wobble], baseline=[0.01 * w for w in wobble]
    )
    assert found.decision == "NO-GO"


def test_other_gauges_only_warn() -> None:
    wobble = [1.0, 1.02, 0.98] * 10
    found = gauge("queue_length", [13 * w for w in wobble], baseline=[10 * w for w in wobble])
    assert (found.decision, found.verdict) == ("PROCEED", "warn")


def test_limits_can_be_set() -> None:
    data = rollout(30)
    data["gauges"] = {"cpu": {"canary": [0.7] * 30, "limit": 1.0}}
    assert judge(evidence(data), CanaryLimits(cpu=0.6)).decision == "NO-GO"
