"""A canary's report and picture as one HTML page, for artifacts of CI jobs and mail."""

from __future__ import annotations

from html import escape

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 60rem; margin: 2rem auto }
table { border-collapse: collapse } th, td { border: 1px solid #ccc; padding: .2rem .6rem }
svg { max-width: 100%; height: auto } pre { overflow-x: auto; background: #f4f6f8; padding: .6rem }
"""


def as_page(title: str, markdown: str, picture: str) -> str:
    """One page without anything to load; HTML within `markdown` is shown as text.

    Args:
        title: Of the window, as text.
        markdown: The report.
        picture: The rollout as SVG.
    """
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n{body}\n{picture}</html>\n"
    )
