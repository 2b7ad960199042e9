"""A small stand-in for the API server: applies, updates, defaults, and who owns which field.

It follows what was recorded on a real server: server-side apply owns what it declares and
nobody owns defaults; an update owns what it changes, takes that from everybody else, and a
create by update owns the defaults, too; a deletion leaves no owner.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aof.analysis.drift import ResourceResult, compare
from aof.analysis.drift.schema import UNKNOWN, Field, Schema, Shape, builtin_schema

FIXTURES = Path(__file__).parents[2] / "fixtures/drift"
DEFAULTS: dict[str, dict[str, Any]] = json.loads((FIXTURES / "server_defaults.json").read_text())[
    "by_kind"
]
ARGO = "argocd-controller"
_ATOMIC = {"LabelSelector", "ObjectFieldSelector", "SecretKeySelector", "ConfigMapKeySelector"}
Names = tuple[str, ...]


class Cluster:
    """One object in a cluster. Times count up by a minute per request."""

    def __init__(self, *definitions: dict[str, Any]) -> None:
        self.definitions = list(definitions)
        self.schema: Schema = builtin_schema().with_custom(self.definitions)
        self.live: dict[str, Any] = {}
        self.owned: dict[tuple[str, str, str], set[Names]] = {}
        self.times: dict[tuple[str, str, str], str] = {}
        self._minute = 0

    def apply(
        self,
        manifest: dict[str, Any],
        manager: str = ARGO,
        *,
        webhook: Callable[[dict[str, Any]], None] | None = None,
    ) -> Cluster:
        """Server-side apply by force; `webhook` mutates afterwards, owned by nobody."""
        before = copy.deepcopy(self.live)
        entry = (manager, "Apply", "")
        sent = self._sent(manifest)
        declared = set(self._leaves(sent))
        for gone in self.owned.get(entry, set()) - declared:
            if not any(gone in names for key, names in self.owned.items() if key != entry):
                _remove(self.live, gone)
        _overlay(self.live, sent, self._shape(manifest))
        if webhook is not None:
            webhook(self.live)
        self._fill_in()
        self._changed(before, entry, own_changes=False)
        self.owned[entry] = declared
        self._stamp(entry)
        return self

    def client_side_apply(self, manifest: dict[str, Any], manager: str = ARGO) -> Cluster:
        """What `kubectl apply` and Argo CD's default sync do: an update with an annotation."""

        def write(live: dict[str, Any]) -> None:
            _overlay(live, self._sent(manifest), self._shape(manifest))
            text = json.dumps(manifest, separators=(",", ":"))
            annotations = live.setdefault("metadata", {}).setdefault("annotations", {})
            annotations["kubectl.kubernetes.io/last-applied-configuration"] = text

        return self.update(manager, write)

    def update(
        self, manager: str, write: Callable[[dict[str, Any]], None], subresource: str = ""
    ) -> Cluster:
        """Change the live object in place, as edit, patch, set, scale and controllers do."""
        before = copy.deepcopy(self.live)
        write(self.live)
        self._fill_in()
        entry = (manager, "Update", subresource)
        self._changed(before, entry, own_changes=True)
        self._stamp(entry)
        return self

    def get(self) -> dict[str, Any]:
        """The object with its managedFields, as `kubectl get --show-managed-fields` gives it."""
        shown = copy.deepcopy(self.live)
        entries = []
        for (manager, operation, subresource), names in self.owned.items():
            if not names:
                continue
            entry = {
                "manager": manager,
                "operation": operation,
                "apiVersion": shown["apiVersion"],
                "time": self.times[manager, operation, subresource],
                "fieldsType": "FieldsV1",
                "fieldsV1": _tree(names),
            }
            entries.append(entry | ({"subresource": subresource} if subresource else {}))
        shown.setdefault("metadata", {})["managedFields"] = entries
        return shown

    def judge(
        self, desired: dict[str, Any] | None, last_synced: dict[str, Any] | None = None, **more: Any
    ) -> ResourceResult:
        """Compare; what was last synced is the same as `desired` unless given."""
        return compare(
            desired=desired,
            live=self.get(),
            last_synced=desired if last_synced is None else last_synced,
            definitions=self.definitions,
            **more,
        )

    def _shape(self, obj: dict[str, Any]) -> Field:
        shape = self.schema.of(obj["apiVersion"], obj["kind"])
        if shape.fields is None:
            return Field(Shape.ANY, fields={"metadata": self.schema.metadata()})
        return shape

    def _sent(self, manifest: dict[str, Any]) -> dict[str, Any]:
        sent = copy.deepcopy(manifest)
        for key, value in sent.pop("stringData", {}).items():
            import base64

            sent.setdefault("data", {})[key] = base64.b64encode(value.encode()).decode()
        return sent

    def _leaves(self, obj: dict[str, Any]) -> dict[Names, Any]:
        found: dict[Names, Any] = {}
        skipped = {"apiVersion", "kind", "status"}
        body = {name: value for name, value in obj.items() if name not in skipped}
        metadata = body.get("metadata", {})
        kept = ("labels", "annotations", "finalizers", "ownerReferences")
        body["metadata"] = {name: metadata[name] for name in kept if metadata.get(name)}
        _collect(body, self._shape(obj) if obj else UNKNOWN, (), found)
        return found

    def _changed(
        self, before: dict[str, Any], entry: tuple[str, str, str], *, own_changes: bool
    ) -> None:
        old = self._leaves(before) if before else {}
        new = self._leaves(self.live)
        touched = {name for name, value in new.items() if name not in old or old[name] != value}
        gone = set(old) - set(new)
        for key, names in self.owned.items():
            if key != entry:
                names.difference_update(touched | gone)
        if own_changes:
            self.owned[entry] = (self.owned.get(entry, set()) | touched) - gone

    def _stamp(self, entry: tuple[str, str, str]) -> None:
        self._minute += 1
        time = f"2026-11-20T12:{self._minute:02d}:00Z"
        self.times[entry] = time
        self.live.setdefault("metadata", {}).setdefault("creationTimestamp", time)

    def _fill_in(self) -> None:
        for path, value in DEFAULTS.get(self.live["kind"], {}).items():
            if value is not None and path.rsplit(".", 1)[-1] != "[]":
                _default(self.live, path.split("."), value)
        for definition in self.definitions:
            spec = definition["spec"]
            if spec["names"]["kind"] == self.live["kind"]:
                schema = spec["versions"][0]["schema"]["openAPIV3Schema"]
                _custom_defaults(self.live, schema)


def _collect(value: Any, shape: Field, path: Names, found: dict[Names, Any]) -> None:
    atomic = shape.type_name in _ATOMIC or shape.shape in {Shape.EXACT_MAP}
    if isinstance(value, dict) and value and not atomic:
        for name, one in value.items():
            _collect(one, shape.child(name), (*path, f"f:{name}"), found)
    elif isinstance(value, list) and shape.shape is Shape.KEYED and _keyable(value, shape.keys):
        for item in value:
            token = _item_token(item, shape.keys)
            found[*path, token, "."] = None
            for name, one in item.items():
                child = (shape.item or UNKNOWN).child(name)
                _collect(one, child, (*path, token, f"f:{name}"), found)
    elif isinstance(value, list) and shape.shape is Shape.SET:
        for one in value:
            found[*path, "v:" + json.dumps(one)] = one
    else:
        found[path] = copy.deepcopy(value)


def _keyable(items: list[Any], keys: tuple[str, ...]) -> bool:
    tokens = [_item_token(item, keys) for item in items]
    return len(set(tokens)) == len(tokens)


def _item_token(item: dict[str, Any], keys: tuple[str, ...]) -> str:
    values = {key: item.get(key, "TCP" if key == "protocol" else None) for key in keys}
    return "k:" + json.dumps(values, sort_keys=True, separators=(",", ":"))


def _tree(names: set[Names]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for path in sorted(names):
        node = root
        for token in path:
            node = node.setdefault(token, {})
    return root


def _overlay(live: dict[str, Any], manifest: dict[str, Any], shape: Field) -> None:
    for name, value in manifest.items():
        child = shape.child(name)
        if value is None:
            live.pop(name, None)
        elif isinstance(value, dict) and child.shape is not Shape.EXACT_MAP:
            held = live.get(name)
            live[name] = held if isinstance(held, dict) else {}
            _overlay(live[name], value, child)
        elif isinstance(value, list) and child.shape is Shape.KEYED:
            live[name] = _merged_list(live.get(name) or [], value, child)
        else:
            live[name] = copy.deepcopy(value)


def _merged_list(live: list[Any], declared: list[Any], shape: Field) -> list[Any]:
    if not _keyable(declared, shape.keys):
        return copy.deepcopy(declared)
    held = {_item_token(item, shape.keys): item for item in live}
    for item in declared:
        target = held.setdefault(_item_token(item, shape.keys), {})
        _overlay(target, item, shape.item or UNKNOWN)
    return list(held.values())


def _remove(value: Any, path: Names) -> None:
    for position, token in enumerate(path[:-1]):
        if token.startswith("f:"):
            value = value.get(token[2:]) if isinstance(value, dict) else None
        elif token.startswith("k:") and isinstance(value, list):
            keys = json.loads(token[2:])
            fitting = [one for one in value if all(one.get(k, "TCP") == v for k, v in keys.items())]
            if fitting and path[position + 1 :] == (".",):
                value.remove(fitting[0])
                return
            value = fitting[0] if fitting else None
        if value is None:
            return
    if path[-1].startswith("f:") and isinstance(value, dict):
        value.pop(path[-1][2:], None)


def _default(value: Any, path: list[str], default: Any) -> None:
    name, rest = path[0], path[1:]
    if name == "[]":
        for one in value if isinstance(value, list) else []:
            _default(one, rest, default)
    elif isinstance(value, dict):
        if not rest:
            value.setdefault(name, copy.deepcopy(default))
        elif rest[0] == "[]":
            _default(value.get(name), rest, default)
        elif name in value:
            _default(value[name], rest, default)


def _custom_defaults(value: Any, schema: dict[str, Any]) -> None:
    if isinstance(value, dict):
        for name, inner in schema.get("properties", {}).items():
            if "default" in inner:
                value.setdefault(name, copy.deepcopy(inner["default"]))
            if name in value:
                _custom_defaults(value[name], inner)
    elif isinstance(value, list):
        for one in value:
            _custom_defaults(one, schema.get("items", {}))
