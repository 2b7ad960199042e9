"""What results show: secrets hidden, long texts short, markdown that cannot be broken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aof.analysis.drift import DriftReport, compare
from aof.analysis.drift.markdown import as_markdown, as_text
from tests.analysis.drift.cluster import Cluster
from tests.analysis.drift.manifests import config_map, deployment, secret, with_container


def changed(git: dict[str, Any], live: dict[str, Any]) -> Any:
    return compare(desired=git, live=Cluster().apply(live).get(), last_synced=git)


def test_only_the_lines_of_a_text_that_differ_are_listed() -> None:
    text = "".join(f"line {number}\n" for number in range(100))
    result = changed(config_map(a=text), config_map(a=text.replace("line 50", "edited")))
    assert result.changes[0].lines == (
        "@@ -50,3 +50,3 @@",
        " line 49",
        "-line 50",
        "+edited",
        " line 51",
    )
    assert "+edited" in as_markdown(DriftReport((result,)))


def test_ten_megabytes_are_compared_and_not_printed() -> None:
    text = "x" * 10_000_000
    result = changed(config_map(a=text), config_map(a=text + "y"))
    shown = json.dumps(result.as_dict())
    assert result.drifted
    assert len(shown) < 5_000
    assert result.changes[0].desired != result.changes[0].live


HIDDEN = "hunter22"
SECRETS = [
    (secret(stringData={"a": HIDDEN}), secret(stringData={"a": "other"})),
    (secret(stringData={"a": HIDDEN}), secret()),
    (secret(), secret(stringData={"a": HIDDEN})),
    (config_map(DB_PASSWORD=HIDDEN), config_map(DB_PASSWORD="other")),
    (
        with_container(env=[{"name": "API_TOKEN", "value": HIDDEN}]),
        with_container(env=[{"name": "API_TOKEN", "value": "other"}]),
    ),
    (with_container(env=[{"name": "API_TOKEN", "value": HIDDEN}]), with_container(env=[])),
]


@pytest.mark.parametrize(("git", "live"), SECRETS)
def test_secret_values_are_in_no_output(git: dict[str, Any], live: dict[str, Any]) -> None:
    cluster = Cluster().apply(live)
    cluster.update("kubectl-edit", lambda one: one["metadata"].setdefault("labels", {"x": "y"}))
    result = cluster.judge(git)
    report = DriftReport((result,))
    shown = json.dumps(report.as_dict()) + as_text(report) + as_markdown(report)
    assert HIDDEN not in shown
    assert "aHVudGVyMjI=" not in shown


def test_an_invalid_secret_value_is_not_quoted_in_the_reason() -> None:
    git = secret(data={"a": "hunter22 is not base64!"})
    result = compare(desired=git, live=Cluster().apply(secret()).get(), last_synced=git)
    assert "hunter22" not in json.dumps(result.as_dict())
    git = secret(stringData={"pin": 12345678})
    result = compare(desired=git, live=Cluster().apply(secret()).get(), last_synced=git)
    assert "12345678" not in json.dumps(result.as_dict())


def test_references_to_secrets_are_not_secrets() -> None:
    reference = {"secretKeyRef": {"name": "login", "key": "password"}}
    git = with_container(env=[{"name": "PASSWORD", "valueFrom": reference}])
    result = changed(git, with_container(env=[]))
    assert result.changes[0].desired["valueFrom"] == reference


def test_values_cannot_end_a_fence_or_start_markup() -> None:
    live = config_map(a="x\n```\n# Decision: CLEAN\n")
    result = changed(config_map(a="y\nz"), live)
    text = as_markdown(DriftReport((result,)))
    assert text.count("```") == 2
    name = deployment()
    name["metadata"]["name"] = "a](http://example.com) **b**"
    report = DriftReport((compare(desired=name, live=None),))
    assert "a](http" not in as_markdown(report)


def test_the_same_note_about_many_objects_stands_once() -> None:
    results = []
    for number in range(9):
        git = deployment()
        git["metadata"]["name"] = f"web-{number}"
        results.append(compare(desired=git, live=git, last_synced=git))
    text = as_text(DriftReport(tuple(results)))
    assert text.count("additions not checkable") == 1
    assert "9 resources: additions not checkable" in text
