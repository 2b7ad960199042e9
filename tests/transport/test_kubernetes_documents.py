"""Kubernetes objects in files of any kind, and files that mean harm."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.errors import UsageFault
from aof.transport.kubernetes_documents import parse_objects, parse_values, write_objects

WEB = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"k": "v"}}
TEXT = json.dumps(WEB)


def names(text: str | bytes) -> list[str]:
    content = text.encode() if isinstance(text, str) else text
    return [one["metadata"]["name"] for one in parse_objects(content, name="f")]


def data(values: str) -> Any:
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: web}}\ndata: {values}\n"
    return parse_objects(text.encode(), name="f")[0]["data"]


@pytest.mark.parametrize(
    "text",
    [
        f'{{"kind":"List","items":[{TEXT}]}}',
        f'{{"kind":"List","items":[null,{TEXT},3]}}',
        f'{{"kind":"List","items":[{{"kind":"List","items":[{TEXT}]}}]}}',
        f'{{"items":[{TEXT}]}}',
        f"[{TEXT}]",
        f"---\n---\n{TEXT}\n---\n# nothing\n",
        "\ufeff" + TEXT,
    ],
)
def test_lists_and_documents_are_taken_apart(text: str) -> None:
    assert names(text) == ["web"]


def test_json_documents_may_follow_each_other() -> None:
    assert names(f"{TEXT}\n{TEXT}{TEXT}\n") == ["web"] * 3


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8"])
def test_what_powershell_writes_is_read(encoding: str) -> None:
    assert names(TEXT.encode(encoding)) == ["web"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", '{"kind":"List","items":null}'])
def test_nothing_is_no_object(text: str) -> None:
    assert names(text) == []


def test_items_of_typed_lists_get_kind_and_version() -> None:
    text = '{"kind":"ConfigMapList","apiVersion":"v1","items":[{"metadata":{"name":"web"}}]}'
    (one,) = parse_objects(text.encode(), name="f")
    assert (one["kind"], one["apiVersion"]) == ("ConfigMap", "v1")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("{k: on}", True),
        ("{k: 'on'}", "on"),
        ("{k: 010}", 8),
        ("{k: 12:30}", "12:30"),
        ("{k: 2020-01-01}", "2020-01-01"),
        ("{k: !!timestamp 2020-01-01}", "2020-01-01"),
        ("{k: !!binary aGk=}", "hi"),
        ("{k: !!set {a}}", {"a": None}),
        ("{k: .nan}", ".nan"),
        ("{k: 1e999999}", "1e999999"),
        ("{k: " + "9" * 5000 + "}", "9" * 5000),
    ],
)
def test_scalars_are_those_of_kubernetes_and_fit_into_json(written: str, value: Any) -> None:
    found = data(written)["k"]
    assert found == value
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999999"])
def test_numbers_no_json_can_hold_are_text(number: str) -> None:
    assert parse_values(f'{{"k": {number}}}'.encode(), name="f") == [{"k": number}]


def test_keys_are_text() -> None:
    assert list(data("{1: a, null: b, 1.5: c, 2020-01-01: d}")) == [
        "1",
        "null",
        "1.5",
        "2020-01-01",
    ]


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [
        f"a{level + 1}: &a{level + 1} [{','.join([f'*a{level}'] * 10)}]" for level in range(levels)
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        bomb(9),
        "&a\nkind: ConfigMap\ndata: *a\n",
        "data: " + "[" * 5000 + "]" * 5000,
        '{"data":' + "[" * 100_000 + "]" * 100_000 + "}",
        "data: {k: !!python/object/apply:os.system [id]}",
        "metadata:\n\tname: web\n",
        "{[1, 2]: a}",
        "12",
        "text",
    ],
)
def test_what_cannot_be_read_is_said_at_once(text: str) -> None:
    with pytest.raises(UsageFault):
        parse_objects(text.encode(), name="f")


def test_honest_aliases_are_fine() -> None:
    many = "\n".join(f"k{number}: *a" for number in range(1000))
    assert len(parse_values(f"a: &a {{x: [1, 2, 3]}}\n{many}\n".encode(), name="f")[0]) == 1001


_SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)
_VALUES = st.recursive(
    _SCALARS.filter(lambda one: one not in (float("inf"), float("-inf"))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@given(st.lists(st.dictionaries(st.text(), _VALUES, min_size=1, max_size=3), min_size=1))
def test_objects_written_are_read_back(tmp_path_factory: Any, objects: list[Any]) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "objects.yaml"
    write_objects(path, objects)
    assert parse_values(path.read_bytes(), name="f") == objects


@given(st.binary())
def test_bytes_of_any_kind_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(UsageFault):
        parse_values(content, name="f")
