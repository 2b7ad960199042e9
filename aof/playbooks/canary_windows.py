"""From raw counter samples to increments per window. Pure.

`rate()` and `increase()` lose the first increment of a new series, and every series of a
canary is new; so counters are read raw, per series, and counted here: resets are noticed,
and a series born while Prometheus was already watching others counts from zero.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_BOUND = re.compile(r"[+]Inf|\d+(\.\d*)?(e[+-]?\d+)?", re.IGNORECASE)
Samples = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Series:
    """One time series: its labels and `(unix seconds, value)` samples in order."""

    labels: Mapping[str, str]
    samples: Samples

    @classmethod
    def from_matrix(cls, result: Iterable[Mapping[str, object]]) -> list[Series]:
        """The series of a Prometheus matrix answer."""
        series = []
        for item in result:
            labels, values = item.get("metric"), item.get("values")
            if isinstance(labels, dict) and isinstance(values, list):
                samples = [(float(at), float(value)) for at, value in values]
                series.append(cls(labels, samples))
        return series


def window_edges(start: float, end: float, seconds: float) -> list[float]:
    """Edges of whole windows from `start`; a last part shorter than a window is left out."""
    count = int((end - start) / seconds + 1e-9)
    return [start + index * seconds for index in range(count + 1)]


def watched_since(series: Iterable[Series]) -> float:
    """When the first sample of any series was taken; infinity when there is none."""
    return min((one.samples[0][0] for one in series if one.samples), default=float("inf"))


def restarted_at(buckets: Iterable[Series]) -> frozenset[float]:
    """By which samples the process behind these buckets, in order of `le`, had started anew.

    Buckets restart together, though some may have passed their old count by the next scrape:
    the rises of one scrape must be none below zero and not shrink with `le`.
    """
    rises: dict[float, list[float]] = {}
    for one in buckets:
        for (_, before), (at, now) in pairwise(one.samples):
            rises.setdefault(at, [0.0]).append(now - before)
    return frozenset(
        at for at, found in rises.items() if any(high < low for low, high in pairwise(found))
    )


def increments(
    series: Series,
    edges: Sequence[float],
    *,
    born_after: float,
    resets: frozenset[float] = frozenset(),
) -> list[float | None]:
    """How much a counter rose in each window.

    Args:
        series: Raw samples; may begin before the first edge, which is what makes the first
            window whole.
        edges: n+1 edges of n windows, rising.
        born_after: A series whose first sample is later than this counts from zero: others
            were being watched by then, so it did not exist before.
        resets: Moments by which the process is known to have started anew.

    Returns:
        n numbers; None where no sample fell into the window. A rise belongs to the window
        in which its later sample was taken. A fall is a reset: the new value is the rise.
    """
    risen: list[float | None] = [None] * (len(edges) - 1)
    previous: float | None = None
    for index, (at, value) in enumerate(series.samples):
        if math.isnan(value) or value < 0:
            continue
        if index == 0:
            previous = 0.0 if at > born_after else None
        window = bisect_left(edges, at) - 1
        if 0 <= window < len(risen):
            restarted = previous is not None and (value < previous or at in resets)
            rise = 0.0 if previous is None else value - (0.0 if restarted else previous)
            # The first sample of an old series tells nothing about its window but that it lives.
            if previous is not None:
                risen[window] = (risen[window] or 0.0) + rise
        previous = value
    return risen


def summed(columns: Iterable[Sequence[float | None]], windows: int) -> list[float | None]:
    """Sum over series, window by window; None where no series had a sample."""
    totals: list[float | None] = [None] * windows
    for column in columns:
        for index, value in enumerate(column):
            if value is not None:
                totals[index] = (totals[index] or 0.0) + value
    return totals


def by_bound(
    buckets: Sequence[Series], edges: Sequence[float], born_after: float
) -> dict[str, list[float | None]]:
    """Observations up to each bound in each window, over all pods that were scraped."""
    processes: dict[tuple[tuple[str, str], ...], list[Series]] = {}
    for one in buckets:
        if _BOUND.fullmatch(one.labels.get("le", "")):
            process = tuple(sorted((k, v) for k, v in one.labels.items() if k != "le"))
            processes.setdefault(process, []).append(one)
    rises: dict[str, list[list[float | None]]] = {}
    for series in processes.values():
        series.sort(key=lambda one: float(one.labels["le"]))
        resets = restarted_at(series)
        for one in series:
            rise = increments(one, edges, born_after=born_after, resets=resets)
            rises.setdefault(one.labels["le"], []).append(rise)
    # A bound that some pods lack says nothing about all of them.
    shared = [le for le, columns in rises.items() if len(columns) == len(processes)]
    return {le: summed(rises[le], len(edges) - 1) for le in sorted(shared, key=float)}
