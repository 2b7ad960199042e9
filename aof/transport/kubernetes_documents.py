"""Kubernetes objects in files: JSON, YAML with several documents, lists, folders.

YAML is read the way kubectl reads it: times and `12:30` are text, `1e3` is a number, keys
are strings.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aof.errors import UsageFault

Object = dict[str, Any]
SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_INT = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$")
_DEEPEST = 200


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


def write_objects(path: Path, objects: Iterable[Mapping[str, Any]]) -> None:
    """Write objects as YAML documents, in JSON's spelling: every reader agrees on its scalars."""
    path.write_text("\n---\n".join(map(json.dumps, objects)) + "\n", encoding="utf-8")


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
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageFault("the file is not UTF-8 text", why=str(error), file=name) from None
    if text.lstrip()[:1] in {"{", "["}:
        try:
            return [json.loads(text)]
        except RecursionError:
            raise UsageFault("the file is nested too deeply", file=name) from None
        except ValueError:
            pass  # YAML in flow style, or several JSON documents
    return _parse_yaml(text, name)


def _parse_yaml(text: str, name: str) -> list[Any]:
    import yaml

    try:
        values = list(yaml.load_all(text, Loader=_loader()))
        return [_plain(value, 0) for value in values if value is not None]
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
    try:
        return float(text)
    except ValueError:
        return text


def _plain(value: Any, depth: int) -> Any:
    """String keys everywhere, as in JSON."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        return {_key(key): _plain(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, depth + 1) for one in value]
    return value.decode("latin-1") if isinstance(value, bytes) else value


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
    if isinstance(value.get("items"), list) and (kind.endswith("List") or not kind):
        yield from _items(value, kind)
    elif kind:
        yield value
    elif value:
        raise UsageFault(
            "the file holds an object without a kind",
            fix="give manifests, or the output of kubectl get -o yaml --show-managed-fields",
            file=name,
        )


def _items(listed: Mapping[str, Any], kind: str) -> Iterable[Object]:
    """Items of typed lists carry neither kind nor version: the list says both."""
    for item in listed["items"]:
        if not isinstance(item, dict):
            continue
        if not item.get("kind") and kind not in {"", "List"}:
            yield {
                "apiVersion": listed.get("apiVersion"),
                "kind": kind.removesuffix("List"),
                **item,
            }
        elif item.get("kind"):
            yield item


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
