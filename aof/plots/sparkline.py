"""A row of block characters: the shape of a series in one line of text."""

from __future__ import annotations

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"
_GAP = " "


def sparkline(values: Sequence[float | None], *, top: float | None = None, width: int = 60) -> str:
    """Draw `values` from 0 to `top` (their largest when None); None leaves a gap.

    Longer series are drawn by the largest value of each stretch: spikes stay visible.
    """
    shown = _fold(values, width)
    largest = top or max((value for value in shown if value is not None), default=0.0)
    return "".join(_bar(value, largest) for value in shown)


def _bar(value: float | None, top: float) -> str:
    if value is None:
        return _GAP
    share = value / top if top > 0 else 0.0
    return _BARS[min(max(int(share * len(_BARS)), 0), len(_BARS) - 1)]


def _fold(values: Sequence[float | None], width: int) -> list[float | None]:
    if len(values) <= width:
        return list(values)
    folded: list[float | None] = []
    for at in range(width):
        part = values[at * len(values) // width : (at + 1) * len(values) // width]
        folded.append(max((value for value in part if value is not None), default=None))
    return folded
