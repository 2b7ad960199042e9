"""Replaying, backtesting, calibrating and planning."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from aof.analysis.canary import CanaryLimits
from aof.analysis.canary.backtest import backtest_of
from aof.analysis.canary.calibration import calibrate
from aof.analysis.canary.evidence import Stage, Window
from aof.analysis.canary.power import power_of
from aof.analysis.canary.replay import replay
from aof.verdict import Verdict
from tests.analysis.canary.rollouts import START, evidence, rollout, window

PLAN = (
    Stage(weight=0.05, seconds=300),
    Stage(weight=0.25, seconds=600),
    Stage(weight=0.5, seconds=900),
    Stage(weight=1.0, seconds=1800),
)


def test_replay_says_where_a_rollout_would_have_been_stopped() -> None:
    data = rollout(30, rps=1000)
    data["windows"][10:] = [window(n, rps=1000, canary=0.05) for n in range(10, 30)]
    run = replay(evidence(data))
    assert run.outcome == "ROLLBACK"
    assert 11 < run.stopped_at < 19
    assert run.proceeded == (5,)


def test_replay_knows_only_the_events_of_its_time() -> None:
    data = rollout(10)
    data["events"] = [
        {"kind": "oom", "pod": pod, "at": (START + timedelta(minutes=7)).isoformat()}
        for pod in ("a", "b")
    ]
    assert replay(evidence(data)).stopped_at == 7


def test_backtest_counts_by_folder() -> None:
    recorded = [
        ("healthy/one.json", evidence(rollout(30))),
        ("bad/errors.json", evidence(rollout(30, canary=0.05))),
        ("bad/unseen.json", evidence(rollout(30, canary=0.0012))),
        ("other.json", evidence(rollout(3))),
    ]
    found = backtest_of(recorded, CanaryLimits())
    assert (found.false_rollbacks.hits, found.false_rollbacks.tries) == (0, 1)
    assert (found.misses.hits, found.misses.tries) == (1, 2)
    assert found.passed.hits == 1
    assert "bad/errors.json | bad | ROLLBACK" in found.markdown()


def stable_pairs(minutes: int, noise: float, errors: float = 60) -> list[Window]:
    rng = random.Random(3)
    windows = []
    for minute in range(minutes):
        arms: dict[str, Any] = {}
        for name in ("baseline", "canary"):
            # Slow waves: what makes one half of the pods worse lasts some minutes.
            if minute % 8 == 0 or minute == 0:
                wave = {n: rng.gauss(0, noise) for n in ("baseline", "canary")}
            arms[name] = {"requests": 6000, "errors": round(errors * 2.718 ** wave[name])}
        start = START + timedelta(minutes=minute)
        windows.append(Window.model_validate({"start": start, "seconds": 60, **arms}))
    return windows


def test_calm_service_may_be_rolled_back_automatically() -> None:
    found = calibrate(stable_pairs(600, 0.05), CanaryLimits())
    assert found.verdict is Verdict.PASS
    assert found.rollbacks.tries == 40
    assert found.suggested == {}


def test_wild_service_is_refused_automatic_rollback_and_told_what_to_set() -> None:
    found = calibrate(stable_pairs(600, 0.9), CanaryLimits())
    assert found.verdict is Verdict.FAIL
    assert "Do not roll back automatically" in found.markdown()
    assert found.suggested["noise"] > 0.25
    assert found.rollbacks_suggested is not None
    assert found.rollbacks_suggested.share < found.rollbacks.share


def test_an_hour_of_windows_is_too_little_to_calibrate() -> None:
    found = calibrate(stable_pairs(60, 0.05), CanaryLimits())
    assert found.verdict is Verdict.INCONCLUSIVE


def test_noise_is_not_measured_from_a_handful_of_errors() -> None:
    assert calibrate(stable_pairs(60, 0.05, errors=0.4), CanaryLimits()).noise is None


def test_power_grows_with_effect_traffic_and_time() -> None:
    little, much = (power_of(PLAN, rps, 0.01, CanaryLimits()) for rps in (10, 100))
    last = little.stages[-1].detects
    assert last["1.5"] < last["2"] < last["3"]
    assert little.stages[0].detects["10"] <= little.stages[2].detects["10"]
    assert little.stages[-1].detects["2"] < much.stages[-1].detects["2"]


def test_power_agrees_with_simulated_rollouts() -> None:
    # Simulated (benchmarks/canary.py, n = 4000): 2x errors on 1 % at 10 rps stopped in 76 %.
    found = power_of(PLAN, 10, 0.01, CanaryLimits())
    assert found.stages[-1].detects["2"] == pytest.approx(0.76, abs=0.06)


def test_power_says_when_a_stage_can_see_nothing() -> None:
    found = power_of(PLAN, 1, 0.001, CanaryLimits())
    assert found.stages[0].smallest is None
    assert "nothing" in found.markdown()
