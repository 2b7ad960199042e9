"""No operation without a call that works, its documentation and its place in the reference."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from aof.errors import AofError
from aof.messages import Effect
from aof.plans import canonical_json
from aof.tools.base import Tool
from aof.tools.catalog import TOOLS, tool_class
from tests.servers import github, gitlab, grafana
from tests.servers.jenkins import JenkinsServer
from tests.servers.loki import LokiServer
from tests.servers.loopback import Loopback, Reply

SHA = github.SHA
PULL = {"title": "Release", "head": "release/v1", "base": "main"}
MERGE = {"title": "Release", "source_branch": "release/v1", "target_branch": "main"}
CHECK = {"name": "c", "head_sha": SHA, "conclusion": "success", "title": "t", "summary": "s"}
JOB = {"job": "team/shop/feature%2Fcart"}

CALLS: dict[str, dict[str, dict[str, Any]]] = {
    "github_actions": {
        "get_workflow_run": {"run_id": 100},
        "list_runs": {},
        "list_jobs": {"run_id": 100},
        "get_job_logs": {"job_id": 1},
        "get_annotations": {"job_id": 1},
        "get_artifacts": {"run_id": 100},
        "rerun_workflow": {"run_id": 100},
        "rerun_failed_jobs": {"run_id": 100},
        "cancel": {"run_id": 101},
        "dispatch": {"workflow": "ci.yml", "ref": "main"},
        "comment": {"body": "hello", "number": 5},
        "create_check": CHECK,
        "get_pull_requests": {"commit": SHA},
        "get_branch": {"branch": "main"},
        "compare": {"base": "v1", "head": "main"},
        "create_pull_request": PULL,
        "get_release": {"tag": "v1"},
        "create_release": {"tag": "v1", "title": "v1", "notes": "x"},
        "upload_asset": {"tag": "v2", "path": "app.zip"},
        "publish_release": {"tag": "v2"},
    },
    "gitlab_ci": {
        "get_pipeline": {"pipeline_id": 500},
        "list_pipelines": {},
        "list_jobs": {"pipeline_id": 500},
        "get_job": {"job_id": 1},
        "get_job_logs": {"job_id": 1},
        "get_test_report": {"pipeline_id": 500},
        "retry_job": {"job_id": 1},
        "retry_pipeline": {"pipeline_id": 500},
        "cancel": {"pipeline_id": 501},
        "trigger": {"ref": "main"},
        "comment": {"body": "hello", "commit": SHA},
        "get_merge_requests": {"commit": SHA},
        "get_branch": {"branch": "main"},
        "compare": {"base": "v1", "head": "main"},
        "create_merge_request": MERGE,
        "get_release": {"tag": "v1"},
        "upload_asset": {"tag": "v1", "path": "app.zip"},
        "create_release": {"tag": "v1", "title": "v1", "notes": "x"},
    },
    "jenkins": {"get_build": JOB, "get_console_log": JOB},
    "loki_query": {
        "query": {"query": "count_over_time({}[5m])"},
        "query_range": {"query": '{app="shop"}'},
        "labels": {},
    },
    "grafana_query": {
        "query": {"datasource": "prom-1", "query": "up"},
        "dashboards": {},
        "annotations": {},
        "annotate": {"text": "deploy"},
    },
}

OPERATIONS = [(name, op) for name in CALLS for op in tool_class(name).operations()]


@contextmanager
def working(name: str) -> Iterator[tuple[Tool, Loopback]]:
    """The tool, bound to a running server that has what `CALLS` speak of."""
    server, settings = _SERVERS[name]()
    with server.running():
        yield tool_class(name).bind({**settings, _URL[name]: server.url}), server


def _github() -> tuple[Loopback, dict[str, str]]:
    server = github.GithubServer()
    server.runs.append(github.run(101, status="in_progress", conclusion=None))
    server.changes.tags.update(v1=SHA, v2=SHA)
    server.changes.release("v2")
    write = {"GITHUB_TOKEN_WRITE": github.WRITE_TOKEN}
    return server, {
        "GITHUB_TOKEN": github.READ_TOKEN,
        "GITHUB_REPOSITORY": github.REPO,
        **write,
    }


def _gitlab() -> tuple[Loopback, dict[str, str]]:
    server = gitlab.GitlabServer()
    server.pipelines.append(gitlab.pipeline(501, status="running"))
    server.changes.tags.update(v1=SHA)
    write = {"GITLAB_TOKEN_WRITE": gitlab.WRITE_TOKEN}
    return server, {"GITLAB_TOKEN": gitlab.READ_TOKEN, "GITLAB_PROJECT": gitlab.PROJECT, **write}


_SERVERS: dict[str, Any] = {
    "github_actions": _github,
    "gitlab_ci": _gitlab,
    "jenkins": lambda: (
        JenkinsServer(),
        {"JENKINS_USERNAME": "mona", "JENKINS_TOKEN": "api-token"},
    ),
    "loki_query": lambda: (LokiServer(), {}),
    "grafana_query": lambda: (grafana.GrafanaServer(), {"GRAFANA_TOKEN": grafana.EDITOR}),
}
_URL = {
    "github_actions": "GITHUB_API_URL",
    "gitlab_ci": "GITLAB_URL",
    "jenkins": "JENKINS_URL",
    "loki_query": "LOKI_URL",
    "grafana_query": "GRAFANA_URL",
}


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_every_operation_works_and_does_what_its_effect_says(
    name: str, operation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.zip").write_bytes(b"app")
    described = tool_class(name).operations()[operation]
    with working(name) as (tool, server):
        output = tool.invoke(operation, CALLS[name][operation])
        methods = {asked.method for asked in server.asked if asked.path != "/api/ds/query"}
    assert output.summary and "\n" not in output.summary
    assert canonical_json(output.data)
    assert (methods - {"GET"} != set()) == (described.effect is not Effect.READ)


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_every_operation_tells_models_its_arguments_and_result(name: str, operation: str) -> None:
    described = tool_class(name).operations()[operation]
    assert "Returns:" in described.description
    for argument in described.parameters["properties"]:
        assert re.search(rf"^ +{argument}: ", described.description, re.MULTILINE), argument


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_every_operation_is_in_the_users_page(name: str, operation: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "tools-ci.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert f"`{operation}`" in section


def test_aliases_mean_one_operation_each() -> None:
    known = [tool_class(name) for name, where in TOOLS.items() if where]
    aliases = [alias for kind in known for op in kind.operations().values() for alias in op.aliases]
    assert len(aliases) == len(set(aliases))


STRANGE = (
    b"null",
    b"[]",
    b"[1, null]",
    b'"text"',
    b"{}",
    b'{"id": 1}',
    b'[{"id": 1}]',
    b'{"jobs": {}, "workflow_runs": [1], "artifacts": null, "results": [], "data": 1}',
    b"<html>",
    b"",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"id": "x", "tag_name": "v1", "draft": true, "assets": "text", "object": 1, "message": 1}',
    b'[{"id": "x", "tag_name": "v1", "draft": true, "assets": [1], "name": "\\ud800"}]',
)
HEADERS = {"Retry-After": "\u00b2", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9" * 5000}


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_strange_answers_are_an_error_and_never_a_crash(
    name: str, operation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.zip").write_bytes(b"app")
    with working(name) as (tool, server):
        for body in STRANGE:
            monkeypatch.setattr(server, "answer", lambda _, body=body: Reply(200, body))
            with suppress(AofError):
                assert tool.invoke(operation, CALLS[name][operation]).summary
        for body in (b'{"message": {}, "errors": 5}', b'{"a":' * 100_000):
            refused = Reply(403, body, HEADERS)
            monkeypatch.setattr(server, "answer", lambda _, refused=refused: refused)
            with pytest.raises(AofError):
                tool.invoke(operation, CALLS[name][operation])
