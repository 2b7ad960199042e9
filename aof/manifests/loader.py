"""From files to manifests. Every problem is collected, with file, line and advice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aof.errors import AofError, ManifestError, UsageFault, did_you_mean
from aof.manifests.base import API_VERSION, Manifest
from aof.manifests.kinds import KINDS, model_of
from aof.manifests.shape_problems import shape_problems
from aof.manifests.yaml_documents import Document, Field, parse_documents
from aof.transport.files import read_bounded

_LARGEST_FILE = 8 * 1024 * 1024
_MOST_REPAIRS = 50


@dataclass(frozen=True, slots=True)
class Loaded:
    """A manifest and where it came from."""

    manifest: Manifest
    document: Document
    path: Path

    @property
    def kind(self) -> str:
        """`Agent`, `Trigger`, ..."""
        return str(self.document.data["kind"])

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return self.manifest.metadata.name

    def at(self, *path: str | int) -> dict[str, Any]:
        """`file` and `line` of a field, as keyword arguments of an error."""
        return {"file": self.document.file, "line": self.document.line_of(path)}


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds.

    Attributes:
        loaded: Its manifests.
        remains: Manifests of a wrong shape without the fields that are wrong: what is left
            may hold further mistakes, and nobody should be told of them one by one.
        problems: Everything wrong with YAML and shapes.
    """

    loaded: list[Loaded]
    remains: list[Loaded]
    problems: list[AofError]


def read_contents(path: Path) -> Contents:
    """Everything in a file; nothing is raised."""
    try:
        text = read_bounded(path, most=_LARGEST_FILE).decode("utf-8")
    except UsageFault as error:
        return Contents([], [], [error])
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return Contents([], [], [UsageFault("cannot be read", why=why, file=str(path))])
    documents, problems = parse_documents(text, str(path))
    contents = Contents([], [], problems)
    for document in documents:
        if any(problem.what.startswith("duplicate key") for problem in problems):
            continue
        manifest, wrong = _validated(document)
        problems.extend(problem for problem, _ in wrong)
        if manifest is not None:
            contents.loaded.append(Loaded(manifest, document, path))
        elif rest := _remains(document, path):
            contents.remains.append(rest)
    if not documents and not problems:
        problems.append(UsageFault("there is no manifest in this file", file=str(path)))
    return contents


def load_file(path: Path) -> tuple[list[Loaded], list[AofError]]:
    """The manifests of one file and everything wrong in it."""
    contents = read_contents(path)
    return contents.loaded, contents.problems


def load_one(path: Path, kind: str) -> Loaded:
    """The only manifest of `kind` in a file; `ManifestError` otherwise."""
    loaded, problems = load_file(path)
    if problems:
        raise ManifestError(problems)
    matching = [item for item in loaded if item.kind == kind]
    if len(matching) != 1:
        found = ", ".join(f"{item.kind} {item.name}" for item in loaded) or "nothing"
        raise ManifestError(
            [
                UsageFault(
                    f"expected one {kind}, found {len(matching)}",
                    why=f"the file holds: {found}",
                    file=str(path),
                )
            ]
        )
    return matching[0]


def manifest_files(paths: list[Path]) -> Iterator[Path]:
    """The files of `paths`: themselves, and below folders the YAML files that are ours.

    Folders hold other YAML, too (workflows, charts): there a file counts when it names our
    apiVersion anywhere.
    """
    for path in paths:
        if path.is_dir():
            yield from sorted(
                file
                for pattern in ("*.yaml", "*.yml")
                for file in path.rglob(pattern)
                if not any(part.startswith(".") for part in file.relative_to(path).parts)
                and file.is_file()
                and _is_ours(file)
            )
        else:
            yield path


def _is_ours(file: Path) -> bool:
    try:
        return b"aof.dev/" in file.read_bytes()
    except OSError:
        return True  # reading it again says what is wrong


def _validated(document: Document) -> tuple[Manifest | None, list[tuple[AofError, Field]]]:
    """The manifest, or its problems, each with the field it is about."""
    head = _check_head(document)
    if head is not None:
        return None, [(head, ())]
    model = model_of(document.data["kind"])
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        return None, [
            (
                UsageFault(
                    one.what,
                    why=one.why,
                    fix=one.fix,
                    file=document.file,
                    line=document.line_of(one.path),
                ),
                one.path,
            )
            for one in shape_problems(error, document.data, model)
        ]


def _remains(document: Document, path: Path) -> Loaded | None:
    """What is left of a manifest of a wrong shape; None when nothing sensible is."""
    for _ in range(_MOST_REPAIRS):
        manifest, wrong = _validated(document)
        if manifest is not None:
            return Loaded(manifest, document, path)
        _, field = wrong[0]
        if field[:1] == ("metadata",):
            data = {**document.data, "metadata": {"name": "nameless"}}
            document = Document(document.file, data, document.lines)
        elif len(field) > 1:
            document = document.without(field)
        else:
            return None
    return None


def _check_head(document: Document) -> AofError | None:
    data = document.data
    where: dict[str, Any] = {"file": document.file, "line": document.line_of(())}
    if not isinstance(data, dict):
        return UsageFault("a manifest is a mapping", why=f"this is {_name_of(data)}", **where)
    kind, version = data.get("kind"), data.get("apiVersion")
    if kind is None:
        return UsageFault(
            "`kind` is missing", fix=f"add one of: {', '.join(sorted(KINDS))}", **where
        )
    if kind not in KINDS:
        return UsageFault(
            f"unknown kind '{kind}'",
            why=f"there are: {', '.join(sorted(KINDS))}",
            fix=did_you_mean(str(kind), KINDS),
            file=document.file,
            line=document.line_of(("kind",)),
        )
    if version != API_VERSION:
        return UsageFault(
            f"unknown apiVersion {version!r}",
            fix=f"write apiVersion: {API_VERSION}",
            file=document.file,
            line=document.line_of(("apiVersion",)),
        )
    return None


def _name_of(data: Any) -> str:
    return "a list" if isinstance(data, list) else f"the value {data!r}"
