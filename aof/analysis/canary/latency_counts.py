"""Latency histograms of both versions, window by window, on the bounds they share."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from operator import add

from aof.analysis.canary.blocks import Block
from aof.analysis.canary.counters import Mark, RatioSeries
from aof.analysis.canary.histogram import Histogram
from aof.analysis.canary.look import Coverage
from aof.analysis.canary.timeline import Placed


@dataclass(slots=True)
class _Block:
    """Canary's counts, and the baseline's as if it had served the canary's requests."""

    id: int
    start_s: float
    end_s: float
    canary: Sequence[float]
    baseline: Sequence[float]
    quantiles: dict[float, tuple[float | None, float | None]] = field(default_factory=dict)

    def join(self, end_s: float, canary: Sequence[float], baseline: Sequence[float]) -> None:
        """Make it longer by one window."""
        self.end_s = end_s
        self.canary, self.baseline = _plus(self.canary, canary), _plus(self.baseline, baseline)
        self.quantiles.clear()


@dataclass(frozen=True, slots=True)
class _Before:
    """What had been counted when the current stage began."""

    blocks: int
    canary: Sequence[float]
    baseline: Sequence[float]
    baseline_square: float
    baseline_total: float
    marks: dict[int, Mark]


@dataclass(slots=True)
class LatencyTrack:
    """Both versions' latency so far.

    Attributes:
        bounds: The bucket bounds both have, seconds; other tuples and lists are along them.
        canary, baseline: Cumulative counts; the baseline's re-weighted to the canary's exposure.
        around: For each level the bounds its quantile lies between, as places in `bounds`.
        slower: Requests slower than such a bound: what is tested.
    """

    levels: tuple[float, ...] = (0.95, 0.99)
    bounds: tuple[float, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    blocks: list[_Block] = field(default_factory=list)
    canary: Sequence[float] = ()
    baseline: Sequence[float] = ()
    baseline_square: float = 0.0
    baseline_total: float = 0.0
    around: dict[float, list[int]] = field(default_factory=dict)
    slower: dict[int, RatioSeries] = field(default_factory=dict)
    stage: int = 0
    _learned: Histogram | None = None
    _before: _Before | None = None

    def learn(self, baseline: Histogram | None) -> None:
        """Baseline before anything is compared: where its quantiles lie picks the bounds."""
        if baseline is None or baseline.total <= 0:
            return
        known = self._learned
        if known is None or known.bounds != baseline.bounds:
            self._learned = baseline
            return
        self._learned = Histogram(known.bounds, _plus(known.counts, baseline.counts))

    def add(self, placed: Placed, canary: Histogram | None, baseline: Histogram | None) -> None:
        """Add one compared window."""
        if not self.bounds and canary is not None and baseline is not None:
            self._start(canary, baseline)
        # Without bounds: measured, but without a request so far.
        if self.bounds:
            canary = canary and canary.on(self.bounds)
            baseline = baseline and baseline.on(self.bounds)
        self.coverage.add(canary=canary is not None, baseline=baseline is not None)
        if not self.bounds:
            return
        if canary is None or baseline is None or canary.total <= 0 or baseline.total <= 0:
            return
        if placed.stage != self.stage:
            self._before = self._so_far() if self.stage else None
            self.stage = placed.stage
        self._count(placed, canary, baseline)

    def _start(self, canary: Histogram, baseline: Histogram) -> None:
        if baseline.total <= 0:
            return
        self.bounds = tuple(sorted(set(canary.bounds) & set(baseline.bounds)))
        self.canary = self.baseline = [0.0] * len(self.bounds)
        learned = self._learned.on(self.bounds) if self._learned else None
        known = learned or baseline.on(self.bounds)
        for level in self.levels:
            around = known.around(level) if known else (0.0, math.inf)
            chosen = [self.bounds.index(bound) for bound in around if 0 < bound < math.inf]
            self.around[level] = chosen
            for at in chosen:
                # In wide buckets two levels share a bound.
                self.slower.setdefault(at, RatioSeries())

    def _count(self, placed: Placed, canary: Histogram, baseline: Histogram) -> None:
        all_c, all_b = canary.total, baseline.total
        scale = all_c / all_b
        like = [count * scale for count in baseline.counts]
        self.canary = _plus(self.canary, canary.counts)
        self.baseline = _plus(self.baseline, like)
        self.baseline_square += all_c * scale
        self.baseline_total += all_b
        block = self.blocks[-1] if self.blocks else None
        if block is None or block.id != placed.block:
            self.blocks.append(_Block(placed.block, *placed.span, canary.counts, like))
        else:
            block.join(placed.end_s, canary.counts, like)
        for at, series in self.slower.items():
            slow_c, slow_b = all_c - canary.counts[at], all_b - baseline.counts[at]
            series.add(placed.block, placed.span, (slow_c, all_c), (slow_b, all_b))

    def _so_far(self) -> _Before:
        return _Before(
            len(self.blocks),
            self.canary,
            self.baseline,
            self.baseline_square,
            self.baseline_total,
            {at: series.mark() for at, series in self.slower.items()},
        )

    def series(self, level: float) -> list[RatioSeries]:
        """Requests slower than each bound around the quantile."""
        return [self.slower[at] for at in self.around[level]]

    def stage_alone(self, level: float, *, least: float) -> LatencyTrack | None:
        """The current stage as a track of its own, when more requests are slow in it.

        `least` is by how much more, relative; None where it is less.
        """
        before, places = self._before, self.around[level] if self.bounds else []
        if before is None or not places:
            return None
        rates = self.slower[places[0]].totals_since(before.marks[places[0]]).rates
        if rates is None or rates.rise <= least * rates.baseline:
            return None
        return LatencyTrack(
            levels=(level,),
            bounds=self.bounds,
            coverage=self.coverage,
            blocks=self.blocks[before.blocks :],
            canary=[a - b for a, b in zip(self.canary, before.canary, strict=True)],
            baseline=[a - b for a, b in zip(self.baseline, before.baseline, strict=True)],
            baseline_square=self.baseline_square - before.baseline_square,
            baseline_total=self.baseline_total - before.baseline_total,
            around={level: places},
            slower={at: self.slower[at].since(before.marks[at]) for at in places},
        )

    @property
    def canary_total(self) -> float:
        """Canary requests compared."""
        return self.canary[-1] if self.canary else 0.0

    def recent_ratio(self, level: float, since_s: float) -> float | None:
        """Canary's quantile over the baseline's in the blocks that end after `since_s`."""
        newest = takewhile(lambda block: block.end_s > since_s, reversed(self.blocks))
        return self._ratio(level, newest)

    def ratio_without(self, level: float, left_out: Block) -> float | None:
        """The same over all blocks but one."""
        return self._ratio(level, [b for b in self.blocks if b.start_s != left_out.start_s])

    def _ratio(self, level: float, blocks: Iterable[_Block]) -> float | None:
        kept = list(blocks)
        if not kept:
            return None
        canary = [sum(column) for column in zip(*(b.canary for b in kept), strict=True)]
        baseline = [sum(column) for column in zip(*(b.baseline for b in kept), strict=True)]
        slow = Histogram(self.bounds, canary).quantile(level)
        base = Histogram(self.bounds, baseline).quantile(level)
        return slow / base if slow and base else None

    def quantiles_in(self, level: float, start_s: float) -> tuple[float | None, float | None]:
        """Canary's and baseline's quantile in the block that began at `start_s`."""
        at = bisect_left(self.blocks, start_s, key=lambda block: block.start_s)
        block = self.blocks[at]
        if level not in block.quantiles:
            block.quantiles[level] = (
                Histogram(self.bounds, block.canary).quantile(level),
                Histogram(self.bounds, block.baseline).quantile(level),
            )
        return block.quantiles[level]


def _plus(sums: Sequence[float], counts: Sequence[float]) -> list[float]:
    return list(map(add, sums, counts))
