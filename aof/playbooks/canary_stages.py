"""Which stage of a rollout each window belongs to, told from the observed traffic. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def placed_in_stages(
    windows: Sequence[dict[str, Any]], weights: Sequence[float]
) -> list[dict[str, Any]]:
    """The windows with the stage whose declared weight is nearest to the observed traffic.

    The share of one window is noisy, so the median of five decides; all windows of a
    stage get their mean share as weight.
    """
    shares = [_share(window) for window in windows]
    stages = [_nearest(_median_near(shares, index), weights) for index in range(len(windows))]
    placed = []
    for window, stage in zip(windows, stages, strict=True):
        if stage is None:
            placed.append(window)
            continue
        of_stage = [
            share
            for share, other in zip(shares, stages, strict=True)
            if other == stage and share is not None
        ]
        weight = round(sum(of_stage) / len(of_stage), 3)
        placed.append({**window, "stage": stage, "weight": weight})
    return placed


def _share(window: Mapping[str, Any]) -> float | None:
    """The canary's share of the requests; None when an arm is missing or idle."""
    if "baseline" not in window or "canary" not in window:
        return None
    both = float(window["baseline"]["requests"] + window["canary"]["requests"])
    return window["canary"]["requests"] / both if both > 0 else None


def _median_near(shares: Sequence[float | None], index: int) -> float | None:
    near = sorted(share for share in shares[max(0, index - 2) : index + 3] if share is not None)
    return near[len(near) // 2] if near else None


def _nearest(share: float | None, weights: Sequence[float]) -> int | None:
    if share is None:
        return None
    return min(range(len(weights)), key=lambda number: abs(weights[number] - share)) + 1
