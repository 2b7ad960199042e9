"""Pictures are well-formed, complete and safe."""

from __future__ import annotations

from xml.etree import ElementTree

from aof.plots.chart import Band, Chart, Line, Mark, svg
from aof.plots.sparkline import sparkline

NAME = "{http://www.w3.org/2000/svg}"


def drawn(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(svg([chart], title="A & B"))


def test_lines_break_at_gaps() -> None:
    points = [(0.0, 1.0), (1.0, 2.0), (2.0, None), (3.0, 1.0), (4.0, 2.0)]
    root = drawn(Chart("t", "x", [Line("a", points)]))
    assert len(root.findall(f".//{NAME}polyline")) == 2


def test_text_from_outside_is_escaped() -> None:
    chart = Chart("<script>", "x", [Line("a<b", [(0.0, 1.0)])], [Band(0, 1, "5%")], [Mark(1, "&")])
    texts = [element.text for element in drawn(chart).iter(f"{NAME}text")]
    assert {"<script>", "a<b", "5%", "&"} <= set(texts)


def test_a_chart_without_data_is_still_a_picture() -> None:
    assert drawn(Chart("t", "x", [Line("a", [])])).tag == f"{NAME}svg"


def test_marks_stand_at_their_place() -> None:
    chart = Chart("t", "x", [Line("a", [(0.0, 1.0), (10.0, 1.0)])], marks=[Mark(10.0, "end")])
    lines = [line.get("x1") for line in drawn(chart).iter(f"{NAME}line")]
    assert "796.0" in lines


def test_a_mark_after_the_last_point_is_inside_the_chart() -> None:
    chart = Chart("t", "x", [Line("a", [(0.0, 1.0), (10.0, 1.0)])], marks=[Mark(20.0, "end")])
    lines = [float(line.get("x1") or 0) for line in drawn(chart).iter(f"{NAME}line")]
    assert max(lines) <= 796


def test_sparkline_shows_shape_gaps_and_spikes() -> None:
    assert sparkline([0, 1, None, 2], top=2) == "▁▅ █"
    assert "█" in sparkline([0.0] * 500 + [9.0] + [0.0] * 499, width=40)
    assert sparkline([]) == ""
