"""PNG pictures: drawn with the extra, refused clearly without it or without fonts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from aof.errors import UsageFault
from aof.plots import raster
from aof.plots.chart import Chart, Line, svg


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    raster._renderer.cache_clear()
    yield
    raster._renderer.cache_clear()


def test_a_chart_becomes_a_png_of_twice_its_size() -> None:
    pytest.importorskip("resvg_py")
    try:
        drawn = raster.png(svg([Chart("t", "x", [Line("a", [(0.0, 1.0), (1.0, 2.0)])])], title="t"))
    except UsageFault as fault:
        pytest.skip(fault.what)
    assert drawn.startswith(b"\x89PNG\r\n")
    assert int.from_bytes(drawn[16:20]) == 2 * 820


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(UsageFault) as raised:
        raster.require_png()
    assert "aof[png]" in raised.value.fix
    assert raised.value.exit_code == 2


def test_without_a_font_there_is_no_picture_without_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    blank = SimpleNamespace(svg_to_bytes=lambda **_: b"nothing but background")
    monkeypatch.setitem(sys.modules, "resvg_py", blank)
    with pytest.raises(UsageFault, match="no font"):
        raster.png("<svg/>")
