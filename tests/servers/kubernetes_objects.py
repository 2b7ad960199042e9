"""How an API server changes objects: patches, server-side apply with field owners, validation."""

from __future__ import annotations

import copy
from typing import Any

Path = tuple[str, ...]


def merge(target: Any, patch: Any, *, strategic: bool = False) -> Any:
    """RFC 7386; with `strategic`, lists of named objects are merged by name."""
    if not isinstance(patch, dict):
        if strategic and _named(patch) and _named(target):
            return _merge_named(target, patch)
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif key != "$patch":
            result[key] = merge(result.get(key), value, strategic=strategic)
    return result


def _named(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) and "name" in one for one in value)


def _merge_named(target: list[Any], patch: list[Any]) -> list[Any]:
    by_name = {one["name"]: one for one in target}
    for one in patch:
        by_name[one["name"]] = merge(by_name.get(one["name"]), one, strategic=True)
    return list(by_name.values())


def json_patch(target: Any, steps: list[dict[str, Any]]) -> str:
    """RFC 6902 in place; returns what is wrong, '' when nothing is."""
    for step in steps:
        problem = _step(target, step)
        if problem:
            return problem
    return ""


def _step(root: Any, step: dict[str, Any]) -> str:
    keys = [one.replace("~1", "/").replace("~0", "~") for one in step["path"].split("/")[1:]]
    *parents, last = keys
    for key in parents:
        root = root[int(key)] if isinstance(root, list) else root.get(key)
        if root is None:
            return f"{step['op']} operation does not apply: doc is missing path: {step['path']}"
    place: Any = int(last) if isinstance(root, list) and last != "-" else last
    held = root[place] if isinstance(root, list) and last != "-" else None
    held = root.get(place) if isinstance(root, dict) else held
    if step["op"] == "test":
        return "" if held == step["value"] else f"testing value {step['path']} failed: test failed"
    if step["op"] == "remove":
        if isinstance(root, dict) and place not in root:
            return f"unable to remove nonexistent key: {last}: missing value"
        del root[place]
    elif isinstance(root, list) and step["op"] == "add":
        root.insert(len(root) if last == "-" else place, step["value"])
    else:
        root[place] = step["value"]
    return ""


def leaves(value: Any, path: Path = ()) -> dict[Path, Any]:
    """Leaf paths of an object; lists count as one leaf."""
    if not isinstance(value, dict):
        return {path: value}
    found: dict[Path, Any] = {}
    for key, item in value.items():
        found.update(leaves(item, (*path, key)))
    return found


def owned_leaves(manifest: dict[str, Any]) -> dict[Path, Any]:
    """The leaves an applier owns: identity left out."""
    skipped = {("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")}
    return {path: value for path, value in leaves(manifest).items() if path not in skipped}


def apply(
    live: dict[str, Any],
    owners: dict[Path, tuple[str, str]],
    manifest: dict[str, Any],
    manager: str,
    *,
    force: bool,
) -> tuple[dict[str, Any], list[str]]:
    """Server-side apply.

    Returns:
        The merged object and the conflicts; `owners` is brought up to date when there are none.
    """
    wanted = owned_leaves(manifest)
    current = leaves(live)
    conflicts = [
        f'conflict with "{owners[path][0]}": .{".".join(path)}'
        for path, value in wanted.items()
        if path in owners and owners[path][0] != manager and current.get(path) != value
    ]
    if conflicts and not force:
        return live, conflicts
    merged = merge(live, manifest)
    for path in [one for one, owner in owners.items() if owner == (manager, "Apply")]:
        if path not in wanted:
            _remove(merged, path)
            del owners[path]
    owners.update(dict.fromkeys(wanted, (manager, "Apply")))
    return merged, []


def _remove(value: dict[str, Any], path: Path) -> None:
    for key in path[:-1]:
        value = value.get(key, {})
    value.pop(path[-1], None)


def managed_fields(owners: dict[Path, tuple[str, str]], api_version: str) -> list[dict[str, Any]]:
    """`metadata.managedFields` for these owners."""
    entries = []
    for manager, how in sorted(set(owners.values())):
        fields: dict[str, Any] = {}
        for path, owner in owners.items():
            if owner == (manager, how):
                place = fields
                for key in path:
                    place = place.setdefault(f"f:{key}", {})
        entries.append(
            {
                "manager": manager,
                "operation": how,
                "apiVersion": api_version,
                "time": "2026-11-20T10:00:00Z",
                "fieldsType": "FieldsV1",
                "fieldsV1": fields,
            }
        )
    return entries
