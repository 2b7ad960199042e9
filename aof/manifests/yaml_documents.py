"""YAML that remembers its lines and refuses duplicate keys."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import yaml

from aof.errors import AofError, ManifestError, UsageFault
from aof.nesting import nests_too_deeply

_MOST_NODES = 200_000
_MERGE = "tag:yaml.org,2002:merge"
_TEXT = "tag:yaml.org,2002:str"

Field = tuple[str | int, ...]
"""The way to a value: keys and indexes."""


@dataclass(slots=True)
class Document:
    """One YAML document.

    Attributes:
        file: Where it stands, as the user named it.
        data: Its value.
        lines: 1-based line of every key and list item, by path; `()` is the document.
    """

    file: str
    data: Any
    lines: dict[Field, int] = field(default_factory=dict)

    def line_of(self, path: Field) -> int:
        """The line of `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def without(self, path: Field) -> Document:
        """The document with the value at `path` left out; every other keeps its line."""
        *above, last = path
        data = copy.deepcopy(self.data)
        container = data
        for part in above:
            container = container[part]
        del container[last]
        size = len(path)
        lines = {}
        for place, line in self.lines.items():
            if place[:size] == path:
                continue
            moved = place
            if place[: size - 1] == tuple(above) and len(place) >= size:
                part = place[size - 1]
                if isinstance(last, int) and isinstance(part, int) and part > last:
                    moved = (*above, part - 1, *place[size:])
            lines[moved] = line
        return Document(self.file, data, lines)


def parse_documents(text: str, file: str) -> tuple[list[Document], list[AofError]]:
    """All documents of a text, and what is wrong with them as YAML.

    A syntax error ends the parsing: documents before it are returned beside the problem.
    """
    documents: list[Document] = []
    problems: list[AofError] = []
    if nests_too_deeply(text):
        return [], [UsageFault("not valid YAML", why="nested too deeply", file=file)]
    loader = yaml.CSafeLoader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            builder = _Builder(loader, file, problems)
            document = Document(file, None, builder.lines)
            document.data = builder.build(node, ())
            if document.data is not None:
                documents.append(document)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problems.append(
            UsageFault(
                "not valid YAML",
                why=" ".join(part for part in (error.context, error.problem) if part),
                fix="check indentation, quotes and colons on this line and the one above",
                file=file,
                line=mark.line + 1 if mark else None,
            )
        )
    except yaml.YAMLError as error:
        problems.append(UsageFault("not valid YAML", why=str(error), file=file))
    except RecursionError:
        problems.append(UsageFault("not valid YAML", why="nested too deeply", file=file))
    finally:
        loader.dispose()
    return documents, problems


def parse_one(content: bytes, file: str) -> Document:
    """The only document of a file; `data` is None when the file is empty.

    Raises:
        ManifestError: It is not UTF-8 or YAML, has a key twice, or holds several documents.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError(
            [UsageFault("not UTF-8 text", why=str(error), fix="save it as UTF-8", file=file)]
        ) from None
    documents, problems = parse_documents(text, file)
    if problems:
        raise ManifestError(problems)
    if len(documents) > 1:
        line = documents[1].line_of(())
        raise ManifestError(
            [UsageFault("expected one document", fix="take out `---`", file=file, line=line)]
        )
    return documents[0] if documents else Document(file, None)


class _Builder:
    def __init__(self, loader: Any, file: str, problems: list[AofError]) -> None:
        self.lines: dict[Field, int] = {}
        self._loader = loader
        self._file = file
        self._problems = problems
        self._nodes = 0
        self._checked: set[int] = set()

    def build(self, node: Any, path: Field) -> Any:
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            raise yaml.YAMLError(f"more than {_MOST_NODES} values: aliases nested in aliases?")
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        if node.tag == _TEXT:
            return node.value
        return self._loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, path: Field) -> dict[str, Any]:
        self._refuse_duplicates(node)
        self._loader.flatten_mapping(node)
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(getattr(key_node, "value", key_node))
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            built[key] = self.build(value_node, (*path, key))
        return built

    def _refuse_duplicates(self, node: yaml.MappingNode) -> None:
        # An anchored mapping comes again with every alias, its merge keys by then replaced by
        # what they merged: keys it overrides would look like duplicates.
        if id(node) in self._checked:
            return
        self._checked.add(id(node))
        seen: dict[str, int] = {}
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            line = key_node.start_mark.line + 1
            key = str(key_node.value)
            if key in seen:
                self._problems.append(
                    UsageFault(
                        f"duplicate key '{key}'",
                        why=f"it already stands on line {seen[key]}; one of the two would be lost",
                        fix="keep one",
                        file=self._file,
                        line=line,
                    )
                )
            seen.setdefault(key, line)
