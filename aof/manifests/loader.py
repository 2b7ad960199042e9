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
from aof.manifests.yaml_documents import Document, parse_documents

_LARGEST_FILE = 8 * 1024 * 1024


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


def load_file(path: Path) -> tuple[list[Loaded], list[AofError]]:
    """The manifests of one file and everything wrong in it."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise OSError("larger than 8 MiB")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return [], [UsageFault("cannot be read", why=why, file=str(path))]
    documents, problems = parse_documents(text, str(path))
    loaded: list[Loaded] = []
    for document in documents:
        if any(problem.what.startswith("duplicate key") for problem in problems):
            continue
        manifest, wrong = _validated(document)
        problems.extend(wrong)
        if manifest is not None:
            loaded.append(Loaded(manifest, document, path))
    if not documents and not problems:
        problems.append(UsageFault("there is no manifest in this file", file=str(path)))
    return loaded, problems


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
                and _is_ours(file)
            )
        else:
            yield path


def _is_ours(file: Path) -> bool:
    try:
        return b"aof.dev/" in file.read_bytes()
    except OSError:
        return True  # reading it again says what is wrong


def _validated(document: Document) -> tuple[Manifest | None, list[AofError]]:
    head = _check_head(document)
    if head is not None:
        return None, [head]
    model = model_of(document.data["kind"])
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        return None, [_problem(item, document, model) for item in error.errors()]


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


def _problem(item: Any, document: Document, model: type[Manifest]) -> AofError:
    path = _existing(document, item["loc"])
    shown = ".".join(map(str, path)) or model.__name__
    where: dict[str, Any] = {"file": document.file, "line": document.line_of(path)}
    if item["type"] == "extra_forbidden":
        names = _fields_at(model, path[:-1])
        return UsageFault(
            f"unknown field '{path[-1]}' in {'.'.join(map(str, path[:-1])) or model.__name__}",
            why=f"there are: {', '.join(names)}" if names else "it has no such field",
            fix=did_you_mean(str(path[-1]), names),
            **where,
        )
    if item["type"] == "missing":
        shown = ".".join(map(str, item["loc"]))
        return UsageFault(f"`{shown}` is missing", fix="add it", **where)
    got = item.get("input")
    why = item["msg"].removeprefix("Value error, ")
    if isinstance(got, str | int | float | bool):
        why += f"; it is {got!r}"
    return UsageFault(f"`{shown}` cannot be used", why=why, **where)


def _existing(document: Document, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """`path` without the parts that are not in the document (pydantic adds union tags)."""
    found: list[str | int] = []
    node = document.data
    for part in path:
        in_mapping = isinstance(node, dict) and part in node
        in_list = isinstance(node, list) and isinstance(part, int) and part < len(node)
        if in_mapping or in_list:
            node = node[part]
            found.append(part)
    return tuple(found)


def _fields_at(model: type[Manifest], path: tuple[str | int, ...]) -> list[str]:
    """Field names of the object at `path`, read from the model's JSON Schema."""
    schema = model.model_json_schema(by_alias=True)
    node: dict[str, Any] = schema
    for part in path:
        node = _step(_resolved(node, schema), part)
    return sorted(_resolved(node, schema).get("properties", {}))


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for option in node.get("anyOf", []):
        if option.get("type") != "null":
            node = option
            break
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[-1]
        found: dict[str, Any] = schema["$defs"][name]
        return found
    return node


def _step(node: dict[str, Any], part: str | int) -> dict[str, Any]:
    if isinstance(part, int):
        found = node.get("items", {})
    else:
        found = node.get("properties", {}).get(part, {})
    return found if isinstance(found, dict) else {}


def _name_of(data: Any) -> str:
    return "a list" if isinstance(data, list) else f"the value {data!r}"
