"""Commit text made safe for markdown: it is shown, and does nothing else.

No HTML, no links or images, no mentions that notify people, no headings, no control or
direction characters. Code spans stay, for subjects are full of them.
"""

from __future__ import annotations

import re

_CLEAN = re.compile(r"[A-Za-z0-9 .,:;'\"()/+#%=?$^{}-]*")
_WWW = re.compile(r"www\.", re.IGNORECASE)
_CODE = re.compile(r"(?<!`)(`+)(?!`)[^`\n]+?(?<!`)\1(?!`)")
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\U000e0000-\U000e007f]"
)
# Mentions and addresses: forges make links of both, and notify people of the first.
_LIVE = re.compile(
    r"(?<!\w)@[A-Za-z0-9][\w-]*(?:/[\w.-]*\w)?"
    r"|(?<![A-Za-z0-9])(?:https?://|ftp://|www\.)[^\s`<>]*[^\s`<>.,;:!?'\")\]]",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?=#?\w+;)")
_MARKUP = re.compile(r"[\\*\[\]`~|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_BLOCK_START = re.compile(r"(#{1,6}(?=\s|$)|[-+](?=\s|$)|=+$|-{3,}$)")
_NUMBERED = re.compile(r"(\d+)([.)])(?=\s|$)")


def escape(text: str) -> str:
    """One line of untrusted text as inert markdown."""
    if _CLEAN.fullmatch(text) and text[:1].isalpha() and not _holds_address(text):
        return text
    text = _CONTROL.sub("", text.replace("\n", " ").replace("\t", " "))
    pieces = []
    end = 0
    for code in _CODE.finditer(text):
        pieces += [_plain(text[end : code.start()]), code[0]]
        end = code.end()
    pieces.append(_plain(text[end:]))
    line = "".join(pieces)
    line = _NUMBERED.sub(r"\1\\\2", line, count=1) if _NUMBERED.match(line) else line
    return "\\" + line if _BLOCK_START.match(line) else line


def _holds_address(text: str) -> bool:
    return "//" in text or ("." in text and _WWW.search(text) is not None)


def escape_block(text: str, indent: str) -> str:
    """Several lines of untrusted text; lines after the first are indented below a list item."""
    lines = [escape(line.strip()) for line in text.split("\n") if line.strip()]
    return f"\n{indent}".join(lines)


def _plain(text: str) -> str:
    pieces = []
    end = 0
    for live in _LIVE.finditer(text):
        pieces += [_inert(text[end : live.start()]), f"`{live[0]}`"]
        end = live.end()
    pieces.append(_inert(text[end:]))
    return "".join(pieces)


def _inert(text: str) -> str:
    text = _MARKUP.sub(lambda found: "\\" + found[0], _ENTITY.sub("&amp;", text))
    return text.replace("<", "&lt;").replace(">", "&gt;")
