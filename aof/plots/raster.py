"""SVG documents as PNG, for places that show no SVG (chat, tickets, slides).

The extra `png` brings resvg, a renderer in one wheel without system libraries. Fonts are the
machine's own.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from aof.errors import UsageFault
from aof.plots.chart import FONTS

_ZOOM = 2.0  # legible on a screen with many dots
_PROBE = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">{}</svg>'


def png(document: str) -> bytes:
    """Draw an SVG document, two pixels for each of its units.

    Raises:
        UsageFault: The extra is not installed, or the machine has no font for the labels.
    """
    drawn: bytes = _renderer().svg_to_bytes(svg_string=document, zoom=_ZOOM)
    return drawn


def require_png() -> None:
    """Raise now what `png` would raise when the work is done."""
    _renderer()


@lru_cache(maxsize=1)
def _renderer() -> Any:
    try:
        import resvg_py
    except ImportError as error:
        raise UsageFault(
            "PNG pictures need the extra 'png'",
            why=str(error),
            fix="pip install 'aof[png]', or name the file NAME.svg",
        ) from error
    # Without fonts resvg leaves all text out and says nothing.
    letter = f'<text x="2" y="15" font-family="{FONTS}">M</text>'
    empty, written = (
        resvg_py.svg_to_bytes(svg_string=_PROBE.format(text)) for text in ("", letter)
    )
    if empty == written:
        raise UsageFault(
            "a PNG picture would have no labels: no font was found",
            fix="install one (apt-get install fonts-dejavu-core), or name the file NAME.svg",
        )
    return resvg_py
