"""Line charts as SVG: lines over a shared x axis, bands behind them, marks across them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 820, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 24, 46, 44
_HEAD, _HEAD_LINE, _HEAD_CHARS = 16, 18, 96
# Distinguishable without red and green (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
# What browsers find as the system's own, and what renderers find on servers.
FONTS = (
    "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', 'Liberation Sans', "
    "'Open Sans', Ubuntu, Cantarell, Arial, Helvetica, Verdana, sans-serif"
)
_GREY, _INK = "#8a8a8a", "#222222"
_TICKS = 5


@dataclass(frozen=True, slots=True)
class Line:
    """Points in order of x; None breaks the line. Dashed lines are limits."""

    name: str
    points: Sequence[tuple[float, float | None]]
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """A labelled stretch of the x axis."""

    start: float
    end: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled vertical line."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One panel. `scale` and `unit` make axis labels: 0.001 with scale 100, unit % is 0.1%."""

    title: str
    x_label: str
    lines: Sequence[Line]
    bands: Sequence[Band] = ()
    marks: Sequence[Mark] = ()
    scale: float = 1.0
    unit: str = ""
    log_x: bool = False


def svg(charts: Sequence[Chart], *, title: str) -> str:
    """All panels below each other as one SVG document, `title` above them and as its name."""
    head = wrap(title, _HEAD_CHARS, max_lines=3, placeholder=" ...")
    top = _HEAD + _HEAD_LINE * len(head)
    height = top + _HEIGHT * len(charts)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" '
        f'font-family="{FONTS}" font-size="12">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    parts += [
        _text(_LEFT, _HEAD + 4 + _HEAD_LINE * at, line, "start", _INK, bold=not at)
        for at, line in enumerate(head)
    ]
    for at, chart in enumerate(charts):
        parts.append(f'<g transform="translate(0 {top + at * _HEIGHT})">')
        parts += _Panel(chart).parts()
        parts.append("</g>")
    return "\n".join([*parts, "</svg>"]) + "\n"


class _Panel:
    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        xs = [x for line in chart.lines for x, _ in line.points]
        xs += [edge for band in chart.bands for edge in (band.start, band.end)]
        xs += [mark.x for mark in chart.marks]
        ys = [y for line in chart.lines for _, y in line.points if y is not None]
        self.x0, self.x1 = min(xs, default=0.0), max(xs, default=1.0)
        if self.x1 <= self.x0:
            self.x1 = self.x0 + 1
        self.y1 = _round_up(max(ys, default=0.0) * chart.scale) / chart.scale

    def x(self, value: float) -> float:
        if self.chart.log_x:
            part = math.log(value / self.x0) / math.log(self.x1 / self.x0)
        else:
            part = (value - self.x0) / (self.x1 - self.x0)
        return round(_LEFT + part * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        return round(_HEIGHT - _BOTTOM - value / self.y1 * (_HEIGHT - _TOP - _BOTTOM), 1)

    def parts(self) -> list[str]:
        return [*self._bands(), *self._axes(), *self._lines(), *self._marks(), *self._legend()]

    def _bands(self) -> list[str]:
        found = []
        for at, band in enumerate(self.chart.bands):
            left, right = self.x(band.start), self.x(band.end)
            shade = "#f4f6f8" if at % 2 else "#e9edf1"
            found.append(
                f'<rect x="{left}" y="{_TOP}" width="{round(right - left, 1)}" '
                f'height="{_HEIGHT - _TOP - _BOTTOM}" fill="{shade}"/>'
            )
            if right - left > 7 * len(band.label):
                found.append(_text((left + right) / 2, _TOP + 13, band.label, "middle", _GREY))
        return found

    def _axes(self) -> list[str]:
        chart, found = self.chart, []
        found.append(_text(_LEFT, 18, chart.title, "start", _INK, bold=True))
        for step in range(_TICKS + 1):
            value = self.y1 * step / _TICKS
            y = self.y(value)
            found.append(
                f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" '
                'stroke="#dddddd" stroke-width="0.7"/>'
            )
            label = f"{value * chart.scale:.3g}{chart.unit}"
            found.append(_text(_LEFT - 6, y + 4, label, "end", _INK))
        found += [
            _text(self.x(value), _HEIGHT - _BOTTOM + 16, f"{value:g}", "middle", _INK)
            for value in _x_ticks(self.x0, self.x1, log=chart.log_x)
        ]
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        found.append(_text(middle, _HEIGHT - 8, chart.x_label, "middle", _GREY))
        return found

    def _lines(self) -> list[str]:
        found = []
        for at, line in enumerate(self.chart.lines):
            colour = _GREY if line.dashed else COLOURS[at % len(COLOURS)]
            dash = ' stroke-dasharray="6 4"' if line.dashed else ""
            for run in _runs(line.points):
                path = " ".join(f"{self.x(x)},{self.y(y)}" for x, y in run)
                found.append(
                    f'<polyline points="{path}" fill="none" stroke="{colour}" '
                    f'stroke-width="1.8"{dash}/>'
                )
        return found

    def _marks(self) -> list[str]:
        found = []
        for mark in self.chart.marks:
            x = self.x(mark.x)
            found.append(
                f'<line x1="{x}" x2="{x}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}" '
                f'stroke="{_INK}" stroke-width="1.2"/>'
            )
            anchor = "end" if x > _WIDTH * 0.7 else "start"
            shift = -5 if anchor == "end" else 5
            found.append(_text(x + shift, _TOP + 30, mark.label, anchor, _INK, bold=True))
        return found

    def _legend(self) -> list[str]:
        found, x = [], float(_LEFT)
        for at, line in enumerate(self.chart.lines):
            colour = _GREY if line.dashed else COLOURS[at % len(COLOURS)]
            dash = ' stroke-dasharray="6 4"' if line.dashed else ""
            found.append(
                f'<line x1="{x:g}" x2="{x + 22:g}" y1="33" y2="33" stroke="{colour}" '
                f'stroke-width="2.4"{dash}/>'
            )
            found.append(_text(x + 27, 37, line.name, "start", _INK))
            x += 44 + 7 * len(line.name)
        return found


def _text(x: float, y: float, text: str, anchor: str, colour: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    # A pale edge keeps text legible where a line runs behind it.
    edge = ' stroke="#ffffff" stroke-width="3" stroke-opacity="0.85" paint-order="stroke"'
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{colour}"{weight}{edge}>'
        f"{escape(text)}</text>"
    )


def _runs(points: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    """The stretches without gaps."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if y is None:
            runs.append([])
        else:
            runs[-1].append((x, y))
    return [run for run in runs if run]


def _round_up(value: float, steps: Sequence[float] = (1, 1.5, 2, 3, 5, 7.5, 10)) -> float:
    """The next of `steps` (1 to 10) times a power of ten; 1 for nothing."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in steps if value <= step * power * 1.001)


def _x_ticks(start: float, end: float, *, log: bool) -> list[float]:
    if log:
        powers = range(math.floor(math.log10(start)), math.ceil(math.log10(end)) + 1)
        ticks = [step * 10.0**power for power in powers for step in (1, 1.5, 2, 3, 5, 7)]
        return [tick for tick in ticks if start * 0.999 <= tick <= end * 1.001]
    step = _round_up((end - start) / 8, (1, 2, 5, 10))
    first = math.ceil(start / step - 1e-9)
    return [count * step for count in range(first, math.floor(end / step + 1e-9) + 1)]
