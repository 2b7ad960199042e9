"""What must hold for every object: no drift from itself, and no change that stays unseen."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aof.analysis.drift import compare
from aof.analysis.drift.quantities import parse_duration, parse_quantity
from aof.analysis.drift.schema import Shape, builtin_schema
from tests.analysis.drift.cluster import DEFAULTS, FIXTURES, Cluster
from tests.analysis.drift.manifests import (
    ROUTE_DEFINITION,
    autoscaler,
    claim,
    cluster_role,
    config_map,
    deployment,
    route,
    secret,
    service,
    stateful_set,
    webhook,
    with_pod,
)

RECORDED = json.loads((FIXTURES / "recorded.json").read_text())["cases"]
CLEAN = [case for case in RECORDED if case["expect"]["class"] == "clean"]
MANIFESTS = [
    deployment(),
    with_pod(
        initContainers=[{"name": "init", "image": "busybox", "args": ["--once"]}],
        volumes=[{"name": "tmp", "emptyDir": {}}, {"name": "c", "configMap": {"name": "c"}}],
        tolerations=[{"key": "spot", "operator": "Exists"}],
        nodeSelector={"disk": "ssd"},
        securityContext={"runAsNonRoot": True},
        automountServiceAccountToken=False,
    ),
    service(ports=[{"port": 53, "name": "a"}, {"port": 53, "name": "b", "protocol": "UDP"}]),
    config_map(),
    secret(stringData={"password": "x"}, data={"user": "YWRtaW4="}),
    webhook(caBundle="Y2E="),
    cluster_role(rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]),
    autoscaler(),
    stateful_set(claim()),
    route(free={"x": {"y": [1, {"z": 2}]}}),
    *(case["config"] for case in CLEAN),
]
manifests = st.sampled_from(MANIFESTS)


def names(result: Any) -> list[str]:
    return [str(one) for one in result.classes]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Places of all scalars."""
    if isinstance(value, dict):
        return [leaf for key, one in value.items() for leaf in leaves(one, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, one in enumerate(value) for leaf in leaves(one, (*path, index))]
    return [path] if value is not None else []


def declared_leaves(manifest: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Leaves that say something: not the identity, not what the server keeps for itself."""
    own = {name: value for name, value in manifest.items() if name not in {"apiVersion", "kind"}}
    metadata = own.pop("metadata")
    own["metadata"] = {key: metadata.get(key) or {} for key in ("labels", "annotations")}
    return [path for path in leaves(own) if path[0] != "stringData" and not _says_nothing(path)]


def _says_nothing(path: tuple[Any, ...]) -> bool:
    return path[-1] == "preserveUnknownFields"


def other(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 7
    return value + "x" if parse_quantity(value) is None else f"7{value}"


def put(obj: dict[str, Any], path: tuple[Any, ...], value: Any) -> None:
    inner: Any = obj
    for token in path[:-1]:
        inner = inner[token]
    inner[path[-1]] = value


def shuffled(value: Any, shape: Any, draw: st.DrawFn) -> Any:
    """The same value, its maps and keyed lists in another order."""
    if isinstance(value, dict):
        keys = draw(st.permutations(list(value)))
        return {key: shuffled(value[key], shape.child(key), draw) for key in keys}
    if isinstance(value, list):
        item = shape.item
        inner = [shuffled(one, item, draw) if item else one for one in value]
        keyed = shape.shape is Shape.KEYED and _distinct(value, shape.keys)
        return draw(st.permutations(inner)) if keyed else inner
    return value


def _distinct(items: list[dict[str, Any]], keys: tuple[str, ...]) -> bool:
    found = [tuple(item.get(key) for key in keys) for item in items]
    return len(set(found)) == len(found)


@st.composite
def reordered(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    manifest = draw(manifests)
    shape = builtin_schema().of(manifest["apiVersion"], manifest["kind"])
    return manifest, shuffled(manifest, shape, draw)


@given(manifests)
def test_an_object_never_drifts_from_itself(manifest: dict[str, Any]) -> None:
    result = compare(desired=manifest, live=manifest, last_synced=manifest)
    assert names(result) == ["clean"]


@given(manifests)
def test_server_defaults_are_never_drift(manifest: dict[str, Any]) -> None:
    assert names(Cluster(ROUTE_DEFINITION).apply(manifest).judge(manifest)) == ["clean"]
    assert names(Cluster().client_side_apply(manifest).judge(manifest)) == ["clean"]


@pytest.mark.parametrize("kind", sorted(set(DEFAULTS) - {"Route", "Secret", "Role"}))
def test_defaults_owned_by_whoever_created_the_object_are_never_drift(kind: str) -> None:
    fitting = [one for one in MANIFESTS if one["kind"] == kind]
    for manifest in fitting:
        cluster = Cluster().client_side_apply(manifest, manager="kubectl-client-side-apply")
        assert names(cluster.apply(manifest).judge(manifest)) == ["clean"]


@given(reordered())
def test_order_of_maps_and_keyed_lists_is_never_drift(
    pair: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    manifest, mixed = pair
    live = Cluster().apply(manifest).get()
    assert names(compare(desired=mixed, live=live, last_synced=manifest)) == ["clean"]
    assert names(compare(desired=mixed, live=live)) == ["clean"]


@given(manifests, st.sampled_from([None, {}, []]), st.data())
def test_spelling_nothing_is_never_drift(
    manifest: dict[str, Any], nothing: Any, data: st.DataObject
) -> None:
    git = copy.deepcopy(manifest)
    target: Any = git
    for _ in range(data.draw(st.integers(0, 3))):
        inner = [key for key, one in target.items() if isinstance(one, dict) and _is_struct(one)]
        if inner:
            target = target[data.draw(st.sampled_from(sorted(inner)))]
    target["nothingDeclaredHere"] = nothing
    live = Cluster().apply(manifest).get()
    assert names(compare(desired=git, live=live, last_synced=manifest)) == ["clean"]


def _is_struct(value: dict[str, Any]) -> bool:
    """Not a map of texts or quantities: `{}` is no value there."""
    return any(isinstance(one, (dict, list)) for one in value.values())


@given(manifests, st.data())
def test_changing_any_declared_leaf_is_found(manifest: dict[str, Any], data: st.DataObject) -> None:
    paths = declared_leaves(manifest)
    assume(paths)
    path = data.draw(st.sampled_from(paths))
    live = Cluster().apply(manifest).get()
    value: Any = live
    for token in path:
        value = value[token]
    put(live, path, other(value))
    for live_fields in (live["metadata"].get("managedFields"), None):
        live["metadata"]["managedFields"] = live_fields
        result = compare(desired=manifest, live=live, last_synced=manifest)
        assert result.changes, path


@given(manifests, st.data())
def test_removing_any_declared_leaf_of_a_map_is_found(
    manifest: dict[str, Any], data: st.DataObject
) -> None:
    live = Cluster().apply(manifest).get()
    paths = [path for path in declared_leaves(manifest) if isinstance(path[-1], str)]
    assume(paths)
    path = data.draw(st.sampled_from(paths))
    inner: Any = live
    for token in path[:-1]:
        inner = inner[token]
    del inner[path[-1]]
    result = compare(desired=manifest, live=live, last_synced=manifest)
    assert result.changes, path


@given(manifests, st.data())
def test_any_value_added_by_hand_is_found(manifest: dict[str, Any], data: st.DataObject) -> None:
    cluster = Cluster().apply(manifest)
    key = data.draw(st.text("abcdefghij-/.", min_size=1, max_size=12))
    where = data.draw(st.sampled_from(["labels", "annotations"]))

    def add(live: dict[str, Any]) -> None:
        live["metadata"].setdefault(where, {})[f"example.com/x{key}"] = "1"

    result = cluster.update("kubectl-label", add).judge(manifest)
    assert names(result) == ["manual"]


@given(st.integers(0, 10**12), st.sampled_from(["", "Ki", "Mi", "Gi", "k", "M", "G"]))
def test_quantities_are_equal_however_they_are_spelled(number: int, suffix: str) -> None:
    value = parse_quantity(f"{number}{suffix}")
    assert value is not None
    assert parse_quantity(str(value.normalize())) == value
    if value < 10**15:
        assert parse_quantity(f"{value * 1000:f}m") == value
    git = {"limits": {"memory": f"{number}{suffix}"}}
    live = {"limits": {"memory": f"{value * 1000:f}m"}}
    desired, found = deployment(), deployment()
    desired["spec"]["template"]["spec"]["containers"][0]["resources"] = git
    found["spec"]["template"]["spec"]["containers"][0]["resources"] = live
    assert names(compare(desired=desired, live=found, last_synced=desired)) == ["clean"]


@given(st.text(max_size=80))
def test_no_text_breaks_the_number_parsers(text: str) -> None:
    for parsed in (parse_quantity(text), parse_duration(text)):
        assert parsed is None or isinstance(parsed, Decimal)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abf:kv.", max_size=3), inner)
    ),
    max_leaves=8,
)


@given(json_values, json_values, json_values, json_values)
def test_no_object_however_strange_crashes(spec: Any, found: Any, before: Any, fields: Any) -> None:
    git = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": spec}
    live = {**git, "spec": found, "metadata": {"name": "x", "managedFields": fields}}
    other_live = {**live, "metadata": found, "kind": "Widget"}
    assert compare(desired=git, live=live, last_synced={**git, "spec": before}).classes
    assert compare(desired={**git, "kind": "Widget"}, live=other_live).classes
    assert compare(desired={**git, "metadata": spec}, live=live).classes
    assert compare(desired=None, live=other_live).classes
