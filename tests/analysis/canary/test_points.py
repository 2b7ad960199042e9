"""Numbers without counts: the specification's limits on point estimates."""

from __future__ import annotations

import pytest

from aof.analysis.canary import CanaryEvidence, CanaryLimits, Judgement, judge


def of(*points: tuple[str, float, float | None, str]) -> Judgement:
    data = [
        {"name": name, "canary": canary, "baseline": baseline, "unit": unit}
        for name, canary, baseline, unit in points
    ]
    return judge(CanaryEvidence.model_validate({"points": data}), CanaryLimits())


def test_specification_healthy_canary_proceeds() -> None:
    found = of(
        ("error_rate", 0.0012, 0.0010, "ratio"),
        ("latency_p95", 0.165, 0.150, "s"),
        ("cpu", 48, 45, "percent"),
    )
    assert (found.decision, found.verdict) == ("PROCEED", "pass")
    assert "Error rate within threshold (+0.02 pp, limit +0.10 pp)" in found.reasons


def test_specification_unhealthy_canary_rolls_back() -> None:
    found = of(("Error rate", 5.2, 0.10, "%"), ("P95 latency", 450, 150, "ms"))
    assert (found.decision, found.verdict) == ("ROLLBACK", "fail")
    assert found.reasons[0] == (
        "Error rate spike: 5.20% against 0.10% (+5.10 pp; limit +0.10 pp, which is 0.20%)"
    )


def test_numbers_without_counts_are_labelled_unverified() -> None:
    found = of(("error_rate", 0.001, 0.001, "ratio"))
    assert found.unverified
    assert all(metric.unverified for metric in found.metrics)


@pytest.mark.parametrize(
    ("error_rate", "decision", "verdict"),
    [
        (0.00174, "PROCEED", "pass"),
        (0.0018, "PROCEED", "warn"),
        (0.0020, "PROCEED", "warn"),
        (0.0021, "NO-GO", "fail"),
        (0.0030, "NO-GO", "fail"),
        (0.0031, "ROLLBACK", "fail"),
    ],
)
def test_error_rate_at_each_limit(error_rate: float, decision: str, verdict: str) -> None:
    found = of(("error_rate", error_rate, 0.001, "ratio"))
    assert (found.decision, found.verdict) == (decision, verdict)


@pytest.mark.parametrize(
    ("p95_ms", "decision"), [(180, "PROCEED"), (181, "NO-GO"), (225, "NO-GO"), (226, "ROLLBACK")]
)
def test_latency_at_each_limit(p95_ms: float, decision: str) -> None:
    assert of(("latency_p95", p95_ms, 150, "ms")).decision == decision


@pytest.mark.parametrize(
    ("name", "share", "decision"),
    [
        ("cpu", 0.80, "PROCEED"),
        ("cpu", 0.85, "NO-GO"),
        ("cpu", 0.91, "ROLLBACK"),
        ("memory", 0.85, "PROCEED"),
        ("memory", 0.96, "ROLLBACK"),
    ],
)
def test_saturation_needs_no_baseline(name: str, share: float, decision: str) -> None:
    assert of((name, share, None, "ratio")).decision == decision


def test_conversion_drop_beyond_ten_percent_rolls_back() -> None:
    assert of(("conversion", 2.8, 3.2, "percent")).decision == "ROLLBACK"
    assert of(("conversion", 3.3, 3.2, "percent")).decision == "PROCEED"


def test_error_rate_without_baseline_holds() -> None:
    assert of(("error_rate", 0.01, None, "ratio")).decision == "HOLD"


def test_error_rate_above_ten_percent_rolls_back_without_baseline() -> None:
    assert of(("error_rate", 0.12, None, "ratio")).decision == "ROLLBACK"


def test_outage_of_both_versions_holds() -> None:
    found = of(("error_rate", 0.12, 0.11, "ratio"))
    assert found.decision == "HOLD"
    assert "shared outage" in found.summary


def test_number_without_known_limit_is_shown_and_never_passes_alone() -> None:
    found = of(("thread_count", 400, 200, ""))
    assert found.decision == "HOLD"
    assert found.metrics[0].verdict == "info"
