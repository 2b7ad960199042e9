"""Native histograms as the cumulative series a classic histogram has. Pure.

Prometheus answers a range of a native histogram with every sample's buckets, whose edges are
real bounds: counts up to an edge are exact, nothing is interpolated (`histogram_fraction`
would, between edges). Kept are the edges that no sample's bucket straddles, so that servers
with different resolutions, or one that lowered its own, are compared where all of them count.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from aof.playbooks.canary_windows import Series

# Eight bounds to a doubling, as of schema 3: more would say no more about a p95.
_LEAST_RATIO = 2 ** (1 / 8) * (1 - 1e-6)

_Buckets = Sequence[tuple[float, float, float]]  # from, to (seconds), observations


def cumulative_series(
    results: Mapping[str, Iterable[Mapping[str, Any]]],
) -> dict[str, list[Series]]:
    """Series with an `le` label for each arm, on bounds all samples of all arms share.

    Args:
        results: For each arm the matrix answer of a range selector on a histogram.

    Returns:
        For each arm the series; none for an arm without a native histogram.
    """
    read = {arm: [_samples(item) for item in items] for arm, items in results.items()}
    every = [buckets for series in read.values() for _, taken in series for _, _, buckets in taken]
    bounds = _thinned(_unstraddled(every))
    return {
        arm: [
            one for labels, taken in series if taken for one in _cumulative(labels, taken, bounds)
        ]
        for arm, series in read.items()
    }


def _samples(
    item: Mapping[str, Any],
) -> tuple[Mapping[str, str], list[tuple[float, float, _Buckets]]]:
    """Labels, and of each sample its time, count and buckets in rising order."""
    taken: list[tuple[float, float, _Buckets]] = []
    for at, histogram in item.get("histograms") or ():
        buckets = [
            (float(low), float(high), float(count))
            for _, low, high, count in histogram.get("buckets") or ()
        ]
        taken.append((float(at), float(histogram["count"]), sorted(buckets)))
    return item.get("metric") or {}, taken


def _unstraddled(every: Sequence[_Buckets]) -> list[float]:
    """Upper edges no bucket reaches across, rising."""
    spans = {(low, high) for buckets in every for low, high, _ in buckets}
    edges = sorted({high for _, high in spans if 0 < high < float("inf")})
    straddled = {
        edge
        for low, high in spans
        for edge in edges[bisect_right(edges, low) :]
        if low * (1 + 1e-9) < edge < high * (1 - 1e-9)
    }
    return [edge for edge in edges if edge not in straddled]


def _thinned(bounds: Sequence[float]) -> list[float]:
    kept: list[float] = []
    for bound in bounds:
        if not kept or bound >= kept[-1] * _LEAST_RATIO:
            kept.append(bound)
    return kept


def _cumulative(
    labels: Mapping[str, str], taken: Sequence[tuple[float, float, _Buckets]], bounds: list[float]
) -> list[Series]:
    columns: list[list[tuple[float, float]]] = [[] for _ in bounds]
    totals = []
    for at, count, buckets in taken:
        uppers = [high for _, high, _ in buckets]
        sums = [0.0, *accumulate(observed for _, _, observed in buckets)]
        for column, bound in zip(columns, bounds, strict=True):
            column.append((at, sums[bisect_right(uppers, bound * (1 + 1e-9))]))
        totals.append((at, count))
    named = [(repr(bound), column) for bound, column in zip(bounds, columns, strict=True)]
    return [Series({**labels, "le": le}, samples) for le, samples in [*named, ("+Inf", totals)]]
