"""pom.xml: the project's own version or its parent's, not a dependency's."""

from __future__ import annotations

import re
from xml.parsers import expat

from aof.analysis.release.files.located import Located, not_found
from aof.errors import UsageFault

FIELDS = {
    "": ("project", "version"),
    "version": ("project", "version"),
    "parent": ("project", "parent", "version"),
}


def locate_pom(content: bytes, path: str, field: str = "") -> list[Located]:
    """The text of `/project/version`, or of the property it stands for.

    Args:
        content: The file.
        path: Its path, for messages.
        field: `parent` for the version of the parent, which modules repeat.

    Raises:
        UsageFault: It is inherited, made of several parts, or the file has a document type.
    """
    if field not in FIELDS:
        raise UsageFault(f"{path} has no '{field}'", fix="set field: version or parent", file=path)
    seeker = _Seeker(content)
    try:
        seeker.parser.Parse(content, True)
    except expat.ExpatError as error:
        raise UsageFault(f"{path} is not XML", why=str(error), file=path) from None
    if seeker.refused:
        raise UsageFault(f"{path} has a document type, which is not read", file=path)
    found = seeker.found.get(FIELDS[field])
    if found is None:
        fix = "name the parent's pom.xml instead, or set field: parent"
        raise not_found(path, "version of its own", fix)
    if stands_for := _PROPERTY.fullmatch(found.value):
        found = seeker.found.get(("project", "properties", stands_for[1]), found)
    if "${" in found.value or "<" in found.value:
        raise UsageFault(
            f"the version in {path} is '{found.value}'",
            why="it comes from elsewhere, or is made of several parts",
            fix="give a pattern that matches the property",
            file=path,
        )
    return [found]


_TAG = re.compile(rb"""<(?:[^<>"']|"[^"]*+"|'[^']*+')*+>""")
_PROPERTY = re.compile(r"\$\{([^{}]+)\}")


class _Seeker:
    """Remembers the text of every element at most three deep, the first of each path."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.stack: list[tuple[str, int]] = []
        self.found: dict[tuple[str, ...], Located] = {}
        self.refused = False
        self.prefix = ""
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.refuse

    def start(self, name: str, _: dict[str, str]) -> None:
        tag = _TAG.match(self.content, self.parser.CurrentByteIndex)
        begin = tag.end() if tag else len(self.content)
        if not self.stack:
            self.prefix = name[: name.find(":") + 1]
        self.stack.append((name.removeprefix(self.prefix), begin))

    def end(self, _: str) -> None:
        path, begin = tuple(name for name, _ in self.stack), self.stack[-1][1]
        if len(path) in {2, 3}:
            raw = self.content[begin : self.parser.CurrentByteIndex]
            value = raw.strip()
            start = begin + (raw.index(value) if value else 0)
            place = Located(start, start + len(value), value.decode("utf-8", "replace"))
            self.found.setdefault(path, place)
        self.stack.pop()

    def refuse(self, *_: object) -> None:
        self.refused = True
