"""What must hold for any text: commands stay one line of whole words, IDs stay IDs."""

import json
import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aof.errors import UsageFault
from aof.messages import Effect, Operation
from aof.redaction import Redactor
from aof.tools import kubernetes_objects as objects
from aof.tools.argocd import Argocd
from aof.tools.argocd_application import same_revision
from aof.tools.argocd_settings import setting_steps
from aof.tools.base import checked_arguments
from aof.tools.flux import Flux
from aof.tools.kubectl import Kubectl

CHANGES = [
    pytest.param(operation, id=operation.function_name)
    for tool in (Argocd, Kubectl, Flux)
    for operation in tool.operations().values()
    if operation.effect is Effect.WRITE
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
OBJECT = st.dictionaries(st.text(max_size=6), JSON, max_size=4)
ANYTHING = st.fixed_dictionaries(
    {},
    optional={
        "name": st.text(),
        "resource": st.text(),
        "namespace": st.text(),
        "kind": st.text(),
        "revision": st.text(),
        "parameters": st.dictionaries(st.text(), st.text(), max_size=2),
        "images": st.lists(st.text(), max_size=2),
        "patch": OBJECT,
        "manifests": st.lists(OBJECT, max_size=2),
        "history_id": st.text(),
    },
)


@pytest.mark.parametrize("operation", CHANGES)
@settings(max_examples=40)
@given(arguments=ANYTHING)
def test_a_command_keeps_every_argument_a_word_of_its_own(
    operation: Operation, arguments: dict[str, Any]
) -> None:
    command = operation.command(arguments)
    words = shlex.split(command, comments=True)
    verb = shlex.split(operation.command({}), comments=True)[:1]
    assert words[:1] == verb
    used = set(operation.parameters["properties"])
    for name in {"namespace", "revision"} & used & set(arguments):
        assert not arguments[name] or arguments[name] in words
    if arguments.get("name") and "/" not in arguments.get("resource", "") and "name" in used:
        assert any(arguments["name"] in word for word in words)


@settings(max_examples=40)
@given(st.lists(OBJECT, max_size=2))
def test_the_comment_of_an_apply_stays_on_its_line(manifests: list[dict[str, Any]]) -> None:
    command = Kubectl.operations()["apply"].command({"manifests": manifests})
    assert len(command.splitlines()) == 1


@given(st.text() | st.floats() | st.booleans() | st.none() | st.binary())
def test_only_a_plain_small_number_is_a_history_id(value: object) -> None:
    try:
        got = checked_arguments(Argocd, "app_rollback", {"name": "shop", "history_id": value})
    except UsageFault:
        return
    assert str(got["history_id"]) == value


@given(st.from_regex(r"[0-9a-f]{7,40}", fullmatch=True))
def test_no_commit_is_a_history_id(commit: str) -> None:
    with pytest.raises(UsageFault):
        checked_arguments(Argocd, "app_rollback", {"name": "shop", "history_id": commit})


@given(st.from_regex(r"[0-9a-f]{40}", fullmatch=True), st.integers(0, 40), st.text())
def test_a_revision_is_itself_and_its_long_beginnings(commit: str, length: int, other: str) -> None:
    assert same_revision(commit[:length], commit) == (length >= 7)
    assert same_revision(other, commit) == (commit.startswith(other) and len(other) >= 7)


@given(OBJECT)
def test_nothing_differs_from_itself(manifest: dict[str, Any]) -> None:
    same = json.loads(json.dumps({**manifest, "metadata": {}}))
    assert objects.difference({**manifest, "metadata": {}}, same) == ""


SECRET_VALUE = st.from_regex(r"[A-Za-z0-9]{12,20}", fullmatch=True)


@given(SECRET_VALUE, SECRET_VALUE, st.booleans())
def test_a_secret_value_is_in_no_text_of_ours(old: str, new: str, in_annotation: bool) -> None:
    def secret(value: str) -> dict[str, Any]:
        applied = json.dumps({"kind": "Secret", "data": {"k": value}})
        about = {"annotations": {objects.LAST_APPLIED: applied}} if in_annotation else {}
        return {"kind": "Secret", "metadata": {"name": "s", **about}, "data": {"k": value}}

    before, after = secret(old), secret(new)
    shown = [
        objects.difference(before, after),
        str(objects.hide_secret(before)),
        str(Redactor().value(objects.hide_last_applied(before))),
    ]
    assert not any(value in text for value in (old, new) for text in shown)


@given(
    st.dictionaries(st.text(min_size=1, max_size=4), st.text(max_size=4), max_size=4),
    st.dictionaries(st.text(min_size=1, max_size=4), st.text(max_size=4), max_size=4),
)
def test_setting_parameters_keeps_the_others_and_is_stable(
    present: dict[str, str], wanted: dict[str, str]
) -> None:
    listed = [{"name": name, "value": value} for name, value in present.items()]
    source: dict[str, Any] = {"helm": {"parameters": listed}}
    steps = setting_steps(source, "/spec/source", revision="", parameters=wanted, images=[])
    for step in steps:
        if step["op"] == "add" and step["path"].endswith("/parameters"):
            source["helm"]["parameters"] = step["value"]
    now = {one["name"]: one["value"] for one in source["helm"]["parameters"]}
    assert now == {**present, **wanted}
    again = setting_steps(source, "/spec/source", revision="", parameters=wanted, images=[])
    assert again == []
