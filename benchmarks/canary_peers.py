"""How common rules decide the same simulated rollouts: thresholds and Mann-Whitney.

Each returns, per run, whether the rollout was stopped at any time. Latency quantiles are
read from the buckets by linear interpolation, as PromQL does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.canary_model import MINUTES, STAGE_ENDS, Floats, Runs

Bools = NDArray[np.bool_]


def _trailing(counts: Floats, minutes: int) -> Floats:
    """Sums over the last `minutes` minutes, along axis 1."""
    total = np.cumsum(counts, axis=1)
    before = np.zeros_like(total)
    before[:, minutes:] = total[:, :-minutes]
    return total - before


def _p95(buckets: Floats, bounds: tuple[float, ...]) -> Floats:
    edges = np.array((0.0, *bounds[:-1], bounds[-2]))
    total = buckets[..., -1:]
    rank = 0.95 * total
    at = np.argmax(buckets >= rank, axis=-1)[..., None]
    padded = np.concatenate([np.zeros_like(total), buckets], axis=-1)
    low = np.take_along_axis(padded, at, -1)
    high = np.take_along_axis(padded, at + 1, -1)
    part = np.where(high > low, (rank - low) / np.maximum(high - low, 1e-9), 0.0)
    width = edges[at + 1] - edges[at]
    found: Floats = (edges[at] + part * width)[..., 0]
    return np.where(total[..., 0] > 0, found, np.nan)


def _rates(runs: Runs, minutes: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Error rate of canary and baseline, p95 of canary and baseline, trailing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        errors_c = _trailing(runs.errors_c, minutes) / _trailing(runs.requests_c, minutes)
        errors_b = _trailing(runs.errors_b, minutes) / _trailing(runs.requests_b, minutes)
    p95_c = _p95(_trailing(runs.buckets_c, minutes), runs.bounds)
    p95_b = _p95(_trailing(runs.buckets_b, minutes), runs.bounds)
    return errors_c, errors_b, p95_c, p95_b


def _threshold(errors: float, latency: float) -> Callable[[Runs], Bools]:
    def stopped(runs: Runs) -> Bools:
        errors_c, errors_b, p95_c, p95_b = _rates(runs, 5)
        bad = (errors_c > errors * errors_b) | (p95_c > latency * p95_b)
        any_stage: Bools = bad[:, STAGE_ENDS].any(axis=1)
        return any_stage

    return stopped


def argo_style(runs: Runs) -> Bools:
    """Each minute: error rate above the baseline's + 0.1 pp or p95 above 1.2x; four misses."""
    errors_c, errors_b, p95_c, p95_b = _rates(runs, 1)
    bad = (errors_c > errors_b + 0.001) | (p95_c > 1.2 * p95_b)
    stopped: Bools = bad.sum(axis=1) > 3
    return stopped


def mann_whitney(runs: Runs) -> Bools:
    """At each stage end: minutes of the canary above the baseline's, one-sided 1 %."""
    errors_c, errors_b, p95_c, p95_b = _rates(runs, 1)
    stopped = np.zeros(len(errors_c), dtype=bool)
    for end in STAGE_ENDS:
        for canary, baseline in ((errors_c, errors_b), (p95_c, p95_b)):
            stopped |= _greater(canary[:, : end + 1], baseline[:, : end + 1])
    return stopped


def _greater(canary: Floats, baseline: Floats) -> Bools:
    """Mann-Whitney U by its normal approximation with tie correction."""
    n = canary.shape[1]
    above = (canary[:, :, None] > baseline[:, None, :]).sum(axis=(1, 2))
    ties = (canary[:, :, None] == baseline[:, None, :]).sum(axis=(1, 2))
    u = above + 0.5 * ties
    joined = np.concatenate([canary, baseline], axis=1)
    equal = (joined[:, :, None] == joined[:, None, :]).sum(axis=2)
    tied = (equal.astype(float) ** 2 - 1).sum(axis=1)
    spread = np.sqrt(np.maximum(n * n / 12 * ((2 * n + 1) - tied / (2 * n * (2 * n - 1))), 1e-9))
    greater: Bools = (u - n * n / 2 - 0.5) / spread > 2.326
    return greater


PEERS: dict[str, Callable[[Runs], Bools]] = {
    "spec 1.1x/1.2x": _threshold(1.1, 1.2),
    "spec 1.5x/1.5x": _threshold(1.5, 1.5),
    "Argo-style": argo_style,
    "Mann-Whitney": mann_whitney,
}

assert STAGE_ENDS[-1] == MINUTES - 1
