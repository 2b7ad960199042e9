"""From raw counter samples to increments per window. Pure.

`rate()` and `increase()` lose the first increment of a new series, and every series of a
canary is new; so counters are read raw, per series, and counted here: resets are noticed,
and a series born while Prometheus was already watching others counts from zero.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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


def increments(series: Series, edges: Sequence[float], *, born_after: float) -> list[float | None]:
    """How much a counter rose in each window.

    Args:
        series: Raw samples; may begin before the first edge, which is what makes the first
            window whole.
        edges: n+1 edges of n windows, rising.
        born_after: A series whose first sample is later than this counts from zero: others
            were being watched by then, so it did not exist before.

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
            rise = 0.0 if previous is None else (value - previous if value >= previous else value)
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
