"""Rollouts for tests: windows with exactly the counts asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aof.analysis.canary import CanaryEvidence

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
PLAN = [(1, 0.05)] * 5 + [(2, 0.25)] * 10 + [(3, 0.5)] * 15

# Cumulative shares of a service with a p95 of about 150 ms, on fine bounds.
SHARES = {0.05: 0.3, 0.1: 0.8, 0.125: 0.9, 0.15: 0.95, 0.18: 0.975, 0.25: 0.992, 0.5: 0.999}


def buckets(requests: float, slower: float = 1.0) -> dict[str, float]:
    """Latency buckets when everything takes `slower` times as long, bounds moved back."""
    from aof.analysis.canary.histogram import Histogram

    bounds = (*(bound * slower for bound in SHARES), float("inf"))
    moved = Histogram(bounds, [share * 1e6 for share in SHARES.values()] + [1e6])
    found = {}
    for bound in SHARES:
        above = moved.share_above(bound)
        found[f"{bound}"] = round(requests * (1 - (above or 0.0)))
    return {**found, "+Inf": requests}


def arm(requests: float, error_rate: float, slower: float = 1.0) -> dict[str, Any]:
    """One version's counts in one window."""
    return {
        "requests": requests,
        "errors": round(requests * error_rate),
        "latency_buckets": buckets(requests, slower),
    }


def window(
    minute: int,
    *,
    rps: float = 100.0,
    stable: float = 0.001,
    canary: float = 0.001,
    slower: float = 1.0,
) -> dict[str, Any]:
    """Minute `minute` of the standard plan at `rps` total requests per second."""
    stage, weight = PLAN[min(minute, len(PLAN) - 1)]
    served = rps * 60
    return {
        "start": (START + timedelta(minutes=minute)).isoformat(),
        "seconds": 60,
        "stage": stage,
        "weight": weight,
        "baseline": arm(round(served * (1 - weight)), stable),
        "canary": arm(round(served * weight), canary, slower),
    }


def rollout(minutes: int = 30, **rates: float) -> dict[str, Any]:
    """Evidence of the first `minutes` minutes, every minute alike."""
    return {"windows": [window(minute, **rates) for minute in range(minutes)]}


def evidence(data: dict[str, Any]) -> CanaryEvidence:
    """The same, validated."""
    return CanaryEvidence.model_validate(data)
