"""Kubernetes objects in files: JSON, YAML with several documents, lists, folders.

YAML is read the way kubectl reads it: times and `12:30` are text, `1e3` is a number, keys
are strings.
"""

from __future__ import annotations

import codecs
import json
import math
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from aof.errors import UsageFault
from aof.nesting import nests_too_deeply

Object = dict[str, Any]
SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_INT = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$")
_BEGINNING = re.compile(r"\S")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Not allowed in YAML as they are; pairs of escapes for letters beyond are neither."""
_DEEPEST = 200
_MOST_BY_ALIAS = 1_000_000
_MOST_GROWTH = 20


def read_objects(path: Path) -> list[Object]:
    """All objects of a file, of standard input (`-`), or of the manifests below a folder.

    Raises:
        UsageFault: It cannot be read, or is not made of Kubernetes objects.
    """
    if str(path) == "-":
        return parse_objects(sys.stdin.buffer.read(), name="standard input")
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.suffix in SUFFIXES and one.is_file())
        return [obj for one in files if not _hidden(one, path) for obj in _folder_file(one)]
    return parse_objects(_bytes(path), name=str(path))


def read_given(path: Path) -> list[Object]:
    """The same of what was named as one side of a comparison: it must say something.

    A list without items is an answer, a file without documents is none.

    Raises:
        UsageFault: Also when there is no document in it.
    """
    if path.is_dir():
        return require_objects(read_objects(path), str(path))
    name = "standard input" if str(path) == "-" else str(path)
    content = sys.stdin.buffer.read() if str(path) == "-" else _bytes(path)
    objects = parse_objects(content, name=name)
    if objects or parse_values(content, name=name):
        return objects
    return require_objects(objects, name)


def require_objects(objects: list[Object], name: str) -> list[Object]:
    """The objects; `name` is where they come from.

    Raises:
        UsageFault: There are none.
    """
    if not objects:
        raise UsageFault(
            "there are no Kubernetes objects",
            why=f"{name} holds none, so nothing can be compared",
            fix="check that the command which wrote it succeeded, and that the path is right",
        )
    return objects


def write_objects(path: Path, objects: Iterable[Mapping[str, Any]]) -> None:
    """Write objects as YAML documents, in JSON's spelling: every reader agrees on its scalars."""
    texts = (json.dumps(one, ensure_ascii=False) for one in objects)
    path.write_text(_UNPRINTABLE.sub(_escaped, "\n---\n".join(texts)) + "\n", encoding="utf-8")


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def read_value(path: Path) -> Any:
    """One YAML or JSON value of a file, whatever it is."""
    values = parse_values(_bytes(path), name=str(path))
    return values[0] if values else None


def read_events(path: Path) -> list[Object]:
    """Events of an audit log: JSON lines, or one list. Lines that are no JSON are passed over."""
    events: list[Object] = []
    for line in _bytes(path).decode("utf-8", "replace").splitlines():
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        found = value.get("items", [value]) if isinstance(value, dict) else value
        events += [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return events


def parse_objects(content: bytes, *, name: str) -> list[Object]:
    """Objects in a text; lists are taken apart.

    Args:
        content: UTF-8 (a byte order mark is allowed).
        name: For messages.
    """
    objects: list[Object] = []
    for value in parse_values(content, name=name):
        objects.extend(_flatten(value, name))
    return objects


def parse_values(content: bytes, *, name: str) -> list[Any]:
    """The documents of a text as plain values; empty documents are left out."""
    try:
        text = content.decode(_encoding(content))
    except UnicodeDecodeError as error:
        raise UsageFault("the file is not UTF-8 text", why=str(error), file=name) from None
    if text.lstrip()[:1] in {"{", "["}:
        try:
            return list(_json_documents(text))
        except RecursionError:
            raise UsageFault("the file is nested too deeply", file=name) from None
        except ValueError:
            pass  # YAML in flow style
    return _parse_yaml(text, name)


def _encoding(content: bytes) -> str:
    """UTF-8, but for what PowerShell writes when output is redirected."""
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return "utf-16" if content.startswith(marks) else "utf-8-sig"


def _json_documents(text: str) -> Iterator[Any]:
    """One after the other, as several commands write them into one file."""
    decoder = json.JSONDecoder(parse_float=_float, parse_constant=str)
    position = 0
    while found := _BEGINNING.search(text, position):
        value, position = decoder.raw_decode(text, found.start())
        yield value


def _parse_yaml(text: str, name: str) -> list[Any]:
    import yaml

    if nests_too_deeply(text):
        raise UsageFault("the file is nested too deeply", file=name)
    try:
        values = list(yaml.load_all(text, Loader=_loader()))
        return [_Plain().of(value) for value in values if value is not None]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise UsageFault(
            "the file is not valid YAML",
            why=str(getattr(error, "problem", None) or error),
            file=name,
            line=mark.line + 1 if mark else None,
        ) from None
    except (RecursionError, ValueError) as error:
        raise UsageFault("the file cannot be read", why=str(error), file=name) from None


def _loader() -> Any:
    """PyYAML's safe loader with the scalars of the YAML library Kubernetes uses."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class KubernetesLoader(base):  # type: ignore[misc]  # chosen at run time
        yaml_implicit_resolvers = {  # noqa: RUF012 - the name PyYAML looks for
            first: [
                (tag, pattern)
                for tag, pattern in resolvers
                if tag.rsplit(":", 1)[-1] in {"bool", "null", "merge"}
            ]
            for first, resolvers in base.yaml_implicit_resolvers.items()
        }

        def construct_number(self, node: Any) -> Any:
            return _number(self.construct_scalar(node))

    KubernetesLoader.add_implicit_resolver("tag:yaml.org,2002:int", _INT, list("-+0123456789"))
    KubernetesLoader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
    for kind in ("int", "float"):
        KubernetesLoader.add_constructor(
            f"tag:yaml.org,2002:{kind}", KubernetesLoader.construct_number
        )
    return KubernetesLoader


def _number(text: str) -> Any:
    """The number a plain scalar stands for; the text itself when it stands for none."""
    digits = text.replace("_", "")
    try:
        if re.fullmatch(r"[-+]?0[0-7]+", digits):
            return int(digits, 8)
        return int(digits, 0)
    except ValueError:
        pass
    return _float(text)


def _float(text: str) -> Any:
    """A number the server could hold, else the text: infinity is in no JSON."""
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


class _Plain:
    """Makes values of YAML plain: keys are text, as in JSON, and aliases do not explode.

    An alias stands for a whole value again; a few of aliases of aliases would fill any memory.
    """

    def __init__(self) -> None:
        self._made: dict[int, tuple[Any, int]] = {}

    def of(self, value: Any) -> Any:
        """The plain value; `ValueError` when it is too deep or grows out of hand."""
        made, size = self._visit(value, 0)
        if size > _MOST_BY_ALIAS and size > _MOST_GROWTH * max(len(self._made), 1):
            raise ValueError(f"aliases make {size} values out of {len(self._made)}")
        return made

    def _visit(self, value: Any, depth: int) -> tuple[Any, int]:
        """The plain value, and how many values it holds, aliases written out."""
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        if not isinstance(value, (dict, list, tuple, set)):
            return _scalar(value), 1
        if id(value) not in self._made:
            self._made[id(value)] = self._container(value, depth + 1)
        return self._made[id(value)]

    def _container(self, value: Any, depth: int) -> tuple[Any, int]:
        if isinstance(value, (list, tuple)):
            items = [self._visit(one, depth) for one in value]
            return [made for made, _ in items], 1 + sum(size for _, size in items)
        pairs = value.items() if isinstance(value, dict) else ((one, None) for one in value)
        entries = {_key(key): self._visit(one, depth) for key, one in pairs}
        return (
            {key: made for key, (made, _) in entries.items()},
            1 + sum(size for _, size in entries.values()),
        )


def _scalar(value: Any) -> Any:
    """Values of explicit tags (`!!binary`, `!!timestamp`) as text."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def _key(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return "null" if key is None else str(key)


def _flatten(value: Any, name: str) -> Iterable[Object]:
    if isinstance(value, list):
        for one in value:
            yield from _flatten(one, name)
        return
    if not isinstance(value, dict):
        raise UsageFault(
            "the file holds something that is no Kubernetes object",
            why=f"found {type(value).__name__}",
            file=name,
        )
    kind = str(value.get("kind") or "")
    if _is_list(value, kind):
        yield from _items(value, kind, name)
    elif kind:
        yield value
    elif value:
        raise UsageFault(
            "the file holds an object without a kind",
            fix="give manifests, or the output of kubectl get -o yaml --show-managed-fields",
            file=name,
        )


def _is_list(value: Mapping[str, Any], kind: str) -> bool:
    listed = value.get("items", ...)
    if kind.endswith("List"):
        return listed is None or isinstance(listed, list)
    return not kind and isinstance(listed, list)


def _items(listed: Mapping[str, Any], kind: str, name: str) -> Iterable[Object]:
    """Items of typed lists carry neither kind nor version: the list says both."""
    for item in listed["items"] or []:
        if not isinstance(item, dict):
            continue
        if item.get("kind"):
            yield from _flatten(item, name)
        elif kind not in {"", "List"}:
            yield {
                "apiVersion": listed.get("apiVersion"),
                "kind": kind.removesuffix("List"),
                **item,
            }


def _folder_file(path: Path) -> list[Object]:
    """Objects of one file of a folder; files that hold no objects are not manifests."""
    try:
        values = parse_values(path.read_bytes(), name=str(path))
    except OSError as error:
        raise UsageFault("a manifest cannot be read", why=str(error), file=str(path)) from None
    found: list[Object] = []
    for value in values:
        if isinstance(value, dict) and value.get("kind") and value.get("apiVersion"):
            found.extend(_flatten(value, str(path)))
    return found


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageFault("the file cannot be read", why=str(error), file=str(path)) from None
