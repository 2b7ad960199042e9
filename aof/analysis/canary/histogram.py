"""Cumulative latency histograms: quantiles and shares between real bucket bounds.

Between two bounds the cumulative share is interpolated on probit against log-seconds,
as latencies are near log-normal. Linear interpolation, as PromQL has it, reads 210 ms for
a true 150 ms in the default bucket 100 to 250 ms and hides a 50 % rise there.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import NormalDist

_NORMAL = NormalDist()


@dataclass(slots=True)
class Histogram:
    """Counts of requests no slower than each bound (seconds, rising, last is infinite)."""

    bounds: tuple[float, ...]
    counts: Sequence[float]
    _corners: dict[int, tuple[float, float]] = field(default_factory=dict, compare=False)

    @property
    def total(self) -> float:
        """All requests."""
        return self.counts[-1]

    @property
    def is_monotone(self) -> bool:
        """Cumulative counts never shrink."""
        return all(low <= high for low, high in pairwise(self.counts))

    def slower_than(self, bound: float) -> float:
        """Requests slower than `bound`, which must be one of the bounds."""
        return self.counts[-1] - self.counts[self.bounds.index(bound)]

    def on(self, bounds: tuple[float, ...]) -> Histogram | None:
        """The same counts on fewer bounds; None when one of them is not here."""
        if bounds == self.bounds:
            return self
        at = dict(zip(self.bounds, self.counts, strict=True))
        if any(bound not in at for bound in bounds):
            return None
        return Histogram(bounds, [at[bound] for bound in bounds])

    def around(self, level: float) -> tuple[float, float]:
        """The two bounds the quantile lies between; the lower may be 0, the upper infinite."""
        at = min(bisect_left(self.counts, level * self.total), len(self.counts) - 1)
        return (self.bounds[at - 1] if at else 0.0, self.bounds[at])

    def quantile(self, level: float) -> float | None:
        """Seconds below which `level` (0 to 1) of the requests lie; None when unknowable.

        Counts may be fractional, but half a request is none.
        """
        bounds, counts, total = self.bounds, self.counts, self.counts[-1]
        if total <= 0.5 or len(bounds) < 2:
            return None
        at = min(bisect_left(counts, level * total), len(counts) - 1)
        if at == 0:
            return bounds[0] * level * total / max(counts[0], 1e-300)
        segment = self._segment(at)
        if segment is None:
            return bounds[-2]
        (x0, z0), (x1, z1) = segment
        if z1 - z0 < 1e-9:
            return bounds[at - 1]
        found = x0 + (x1 - x0) * (_NORMAL.inv_cdf(level) - z0) / (z1 - z0)
        # Beyond the last finite bound the line is extrapolated: no further than tenfold.
        top = bounds[at] if at < len(bounds) - 1 else 10 * bounds[-2]
        return math.exp(min(max(found, math.log(bounds[at - 1])), math.log(top)))

    def share_above(self, seconds: float) -> float | None:
        """Estimated share of requests slower than `seconds`; None when unknowable."""
        if self.total <= 0.5 or len(self.bounds) < 2 or seconds <= 0:
            return None
        at = bisect_left(self.bounds, seconds)
        if self.bounds[at] == seconds:
            return 1 - self.counts[at] / self.total
        if at == 0:
            return 1 - self.counts[0] / self.total * seconds / self.bounds[0]
        segment = self._segment(at)
        if segment is None:
            return 1 - self.counts[at - 1] / self.total
        (x0, z0), (x1, z1) = segment
        return 1 - _NORMAL.cdf(z0 + (z1 - z0) * (math.log(seconds) - x0) / (x1 - x0))

    def _segment(self, at: int) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Log-seconds and probit at both ends of bucket `at`; the last one is extrapolated."""
        if at == len(self.bounds) - 1:
            at -= 1
        if at < 1 or self.bounds[at - 1] <= 0:
            return None
        return self._corner(at - 1), self._corner(at)

    def _corner(self, at: int) -> tuple[float, float]:
        # Remembered: several quantiles of one histogram lie in the same bucket.
        corner = self._corners.get(at)
        if corner is None:
            # Half a request from either end keeps the probit finite.
            least = 0.5 / self.total
            share = min(max(self.counts[at] / self.total, least), 1 - least)
            corner = self._corners[at] = math.log(self.bounds[at]), _NORMAL.inv_cdf(share)
        return corner
