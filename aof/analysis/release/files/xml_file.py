"""pom.xml: the project's own version, not its parent's and not a dependency's."""

from __future__ import annotations

from xml.parsers import expat

from aof.analysis.release.files.located import Located, not_found
from aof.errors import UsageFault


def locate_pom(content: bytes, path: str) -> list[Located]:
    """The text of `/project/version`.

    Raises:
        UsageFault: It is inherited, a property, or the file has a document type.
    """
    seeker = _Seeker(content)
    parser = expat.ParserCreate()
    seeker.parser = parser
    parser.StartElementHandler = seeker.start
    parser.EndElementHandler = seeker.end
    parser.StartDoctypeDeclHandler = seeker.refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise UsageFault(f"{path} is not XML", why=str(error), file=path) from None
    if seeker.refused:
        raise UsageFault(f"{path} has a document type, which is not read", file=path)
    if seeker.found is None:
        raise not_found(path, "version of its own", "name the parent's pom.xml instead")
    if "${" in seeker.found.value or "<" in seeker.found.value:
        raise UsageFault(
            f"the version in {path} is '{seeker.found.value}'",
            why="it comes from elsewhere",
            fix="give a pattern that matches the property",
            file=path,
        )
    return [seeker.found]


class _Seeker:
    parser: expat.XMLParserType

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.stack: list[str] = []
        self.begin = 0
        self.found: Located | None = None
        self.refused = False

    def start(self, name: str, _: dict[str, str]) -> None:
        self.stack.append(name)
        if self.stack == ["project", "version"]:
            self.begin = self.content.index(b">", self.parser.CurrentByteIndex) + 1

    def end(self, _: str) -> None:
        if self.stack == ["project", "version"]:
            raw = self.content[self.begin : self.parser.CurrentByteIndex]
            value = raw.strip()
            start = self.begin + (raw.index(value) if value else 0)
            self.found = Located(start, start + len(value), value.decode("utf-8", "replace"))
        self.stack.pop()

    def refuse(self, *_: object) -> None:
        self.refused = True
