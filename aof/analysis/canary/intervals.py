"""Small statistics: Wilson and Newcombe intervals, normal quantiles, Theil-Sen slope."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from statistics import NormalDist, median


@lru_cache(maxsize=64)
def z_of(confidence: float) -> float:
    """One-sided normal quantile: 0.95 -> 1.645."""
    return NormalDist().inv_cdf(confidence)


def wilson(share: float, n: float, z: float) -> tuple[float, float]:
    """Wilson score interval of a share observed in `n` trials; (0, 1) when n is 0.

    Source: Wilson 1927; Newcombe, Statistics in Medicine 17 (1998) 857, method 3.
    """
    if n <= 0:
        return 0.0, 1.0
    centre = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def newcombe(
    share_a: float, n_a: float, share_b: float, n_b: float, *, z: float
) -> tuple[float, float]:
    """Interval of share_a - share_b from two Wilson intervals.

    Source: Newcombe, Statistics in Medicine 17 (1998) 873, method 10.
    """
    low_a, up_a = wilson(share_a, n_a, z)
    low_b, up_b = wilson(share_b, n_b, z)
    delta = share_a - share_b
    low = delta - math.hypot(share_a - low_a, up_b - share_b)
    up = delta + math.hypot(up_a - share_a, share_b - low_b)
    return low, up


def theil_sen(values: Sequence[float]) -> float:
    """Median slope per step over all pairs; 0 for fewer than two values."""
    slopes = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in combinations(enumerate(values), 2)]
    return median(slopes) if slopes else 0.0
