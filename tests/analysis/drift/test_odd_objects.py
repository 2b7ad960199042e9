"""Objects that are not what they claim to be: compared somehow, never a crash."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aof.analysis.drift import compare, compare_all

FILE = Path(__file__).parents[2] / "fixtures/drift/recorded_here.json"
RECORDED: list[dict[str, Any]] = json.loads(FILE.read_text())["cases"]
ODD: list[Any] = [
    *(None, [], {}, "", 0, -1, True, 10**30, 1.5, "x", [None], {"a": None}, [[1]], [{}]),
    *({"name": "x"}, [{"name": None}], [{"name": "web"}] * 2, {"f:a": {}}, ["a", "a"], {"": {}}),
]
NAMES = ["name", "metadata", "spec", "items", "f:spec", "k:{}", 'k:{"name":{}}', "v:{"]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys or positions."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in inside:
        yield value, key
        if isinstance(one, (dict, list)):
            yield from places(one)


def broken(value: dict[str, Any], random: Random) -> dict[str, Any]:
    """A copy with up to three values replaced, removed or added."""
    value = copy.deepcopy(value)
    for _ in range(random.randint(0, 3)):
        container, key = random.choice(list(places(value)) or [({}, "a")])
        odd = copy.deepcopy(random.choice(ODD))
        how = random.choice(["replace", "replace", "remove", "add"])
        if how == "remove":
            del container[key]
        elif how == "add" and isinstance(container, list):
            container.append(odd)
        else:
            container[random.choice(NAMES) if how == "add" else key] = odd
    return value


@given(st.sampled_from(RECORDED), st.randoms(use_true_random=False))
def test_nothing_inside_an_object_breaks_the_comparison(
    case: dict[str, Any], random: Random
) -> None:
    desired, live, before = (broken(case[name], random) for name in ("config", "live", "base"))
    definitions = [broken(case["schema"], random)] if isinstance(case["schema"], dict) else []
    result = compare(desired=desired, live=live, last_synced=before, definitions=definitions)
    json.dumps(result.as_dict(), allow_nan=False)
    report = compare_all([desired], [live, *definitions], [before])
    json.dumps(report.as_dict(), allow_nan=False)


def test_members_of_a_set_may_be_objects() -> None:
    """Atomic objects are allowed in sets; two members differ by value."""
    properties = {
        "spec": {
            "type": "object",
            "properties": {
                "hosts": {
                    "type": "array",
                    "x-kubernetes-list-type": "set",
                    "items": {"type": "object", "x-kubernetes-map-type": "atomic"},
                }
            },
        }
    }
    version = {"name": "v1", "schema": {"openAPIV3Schema": {"properties": properties}}}
    spec = {"group": "a.b", "names": {"kind": "W"}, "versions": [version]}
    definition = {"kind": "CustomResourceDefinition", "spec": spec}
    git = {"apiVersion": "a.b/v1", "kind": "W", "metadata": {"name": "w"}}
    owner = {
        "manager": "kubectl-edit",
        "operation": "Update",
        "fieldsV1": {"f:spec": {"f:hosts": {}}},
    }
    live = copy.deepcopy(git) | {"spec": {"hosts": [{"a": 1}, {"b": 2}]}}
    live["metadata"]["managedFields"] = [owner]  # type: ignore[index]
    desired = {**git, "spec": {"hosts": [{"a": 1}]}}
    result = compare(desired=desired, live=live, last_synced=desired, definitions=[definition])
    assert [change.path for change in result.changes] == ["/spec/hosts/1"]
    assert result.classes == ("manual",)
