"""Reading pipelines, jobs, logs and test reports from GitLab's API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aof.errors import NotBound, Unreachable, UsageFault
from aof.tools.gitlab_ci import GitlabCi
from tests.servers.gitlab import PROJECT, READ_TOKEN, SHA, GitlabServer, job, pipeline
from tests.servers.loopback import Reply
from tests.servers.tls import serve_tls


@pytest.fixture
def server() -> Iterator[GitlabServer]:
    server = GitlabServer()
    with server.running():
        yield server


def bound(server: GitlabServer, **settings: str) -> GitlabCi:
    tool = GitlabCi.bind(
        {
            "GITLAB_TOKEN": READ_TOKEN,
            "GITLAB_URL": server.url,
            "GITLAB_PROJECT": PROJECT,
            **settings,
        }
    )
    assert isinstance(tool, GitlabCi)
    return tool


@pytest.fixture
def gitlab(server: GitlabServer) -> GitlabCi:
    return bound(server)


def read(tool: GitlabCi, operation: str, **arguments: Any) -> Any:
    return tool.invoke(operation, arguments).data


def test_a_pipeline_says_how_it_ended(gitlab: GitlabCi) -> None:
    output = gitlab.invoke("get_pipeline", {"pipeline_id": 500})
    assert (output.data["sha"], output.data["user"]) == (SHA, "tanuki")
    assert "main: failed" in output.summary


def test_broken_configuration_is_kept(server: GitlabServer, gitlab: GitlabCi) -> None:
    server.pipelines = [pipeline(500, yaml_errors="jobs:unit config should contain a script")]
    assert "script" in read(gitlab, "get_pipeline", pipeline_id=500)["yaml_errors"]


def test_pipelines_are_filtered_and_paged(server: GitlabServer, gitlab: GitlabCi) -> None:
    server.pipelines = [pipeline(number) for number in range(150)] + [pipeline(999, ref="x")]
    listed = read(gitlab, "list_pipelines", ref="main", limit=500)
    assert [one["id"] for one in listed["pipelines"]] == list(range(150))
    assert listed["complete"] is True
    assert read(gitlab, "list_pipelines", limit=5)["complete"] is False


def test_a_wrong_external_url_in_links_is_harmless(server: GitlabServer, gitlab: GitlabCi) -> None:
    server.jobs = [job(number, status="failed") for number in range(120)]
    listed = read(gitlab, "list_jobs", pipeline_id=500, scope=["failed", "canceled"])
    assert len(listed["jobs"]) == 120
    second = server.requests("GET", "/jobs")[1]
    assert second.query["page"] == "2"
    assert [value for name, value in second.pairs if name == "scope[]"] == ["failed", "canceled"]


def test_retried_jobs_show_flakiness(server: GitlabServer, gitlab: GitlabCi) -> None:
    server.jobs = [job(1, retried=True), job(2, status="success")]
    assert len(read(gitlab, "list_jobs", pipeline_id=500)["jobs"]) == 1
    everything = read(gitlab, "list_jobs", pipeline_id=500, include_retried=True)["jobs"]
    assert [one["status"] for one in everything] == ["failed", "success"]


def test_downstream_pipelines_are_named(server: GitlabServer, gitlab: GitlabCi) -> None:
    downstream = {"id": 501, "project_id": 43, "status": "failed", "web_url": "u"}
    server.bridges = [
        {"id": 9, "name": "deploy", "pipeline": {"id": 500}, "downstream_pipeline": downstream}
    ]
    bridge = read(gitlab, "list_jobs", pipeline_id=500)["bridges"][0]
    assert bridge["downstream_pipeline"] == downstream


def test_a_job_tells_script_from_runner_failures(server: GitlabServer, gitlab: GitlabCi) -> None:
    server.jobs = [job(1, failure_reason="runner_system_failure")]
    output = gitlab.invoke("get_job", {"job_id": 1})
    assert "runner_system_failure" in output.summary
    assert output.data["runner"] == "shared-1"


def test_a_log_is_text(gitlab: GitlabCi) -> None:
    log = read(gitlab, "get_job_logs", job_id=1)
    assert log["available"] and log["log"].startswith("$ make\n")


def test_a_log_kept_elsewhere_comes_without_the_token(
    server: GitlabServer, gitlab: GitlabCi
) -> None:
    server.traces_elsewhere = True
    assert "exit code 2" in read(gitlab, "get_job_logs", job_id=1)["log"]
    assert "authorization" not in server.storage.asked[0].headers


def test_a_log_the_runner_cut_is_a_warning(server: GitlabServer, gitlab: GitlabCi) -> None:
    server.traces[1] = b"x\nJob's log exceeded limit of 4194304 bytes.\n"
    output = gitlab.invoke("get_job_logs", {"job_id": 1})
    assert "cut the log" in output.warnings[0]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"erased_at": "2026-11-20T11:00:00Z"}, "erased at 2026-11-20"),
        ({"started_at": None, "failure_reason": "stuck_or_timeout_failure"}, "stuck_or_timeout"),
        ({"finished_at": None, "status": "running"}, "written nothing yet"),
        ({}, "GitLab has no log"),
    ],
)
def test_a_missing_log_is_told_with_the_reason(
    server: GitlabServer, gitlab: GitlabCi, fields: dict[str, Any], reason: str
) -> None:
    server.traces, server.jobs = {}, [job(1, **fields)]
    data = read(gitlab, "get_job_logs", job_id=1)
    assert data["available"] is False
    assert reason in data["reason"]
    assert data["job"]["id"] == 1


def test_an_unknown_job_is_an_error(gitlab: GitlabCi) -> None:
    with pytest.raises(Unreachable, match="jobs/77: 404") as caught:
        read(gitlab, "get_job_logs", job_id=77)
    assert caught.value.why == "404 Not found"


def test_the_test_report_lists_failures(server: GitlabServer, gitlab: GitlabCi) -> None:
    case = {
        "status": "failed",
        "name": "adds",
        "classname": "a.B",
        "file": "b.py",
        "stack_trace": "2 != 3\nat b.py:7",
        "recent_failures": {"count": 3, "base_branch": "main"},
    }
    suite = {
        "name": "unit", "total_count": 2, "failed_count": 1, "total_time": 1.5,
        "test_cases": [case, {"status": "success", "name": "ok"}],
    }  # fmt: skip
    broken = {"name": "e2e", "suite_error": "JUnit XML parsing failed", "test_cases": []}
    server.test_report = {"test_suites": [suite, broken]}
    output = gitlab.invoke("get_test_report", {"pipeline_id": 500})
    failed = output.data["test_reports"][0]["failed"]
    assert [(one["name"], one["message"], one["recent_failures"]) for one in failed] == [
        ("adds", "2 != 3", 3)
    ]
    assert output.summary == "2 tests, 1 failed"
    assert output.warnings == ("test suite e2e: JUnit XML parsing failed",)


def test_a_busy_server_is_asked_again(server: GitlabServer, gitlab: GitlabCi) -> None:
    server.plan("GET", "/pipelines/500", Reply(503, b"deploying"))
    server.plan("GET", "/pipelines/500", Reply(429, {"message": "slow"}, {"Retry-After": "0"}))
    assert read(gitlab, "get_pipeline", pipeline_id=500)["id"] == 500


def test_a_long_retry_after_is_not_slept_through(server: GitlabServer, gitlab: GitlabCi) -> None:
    slow = Reply(429, {"message": "Retry later"}, {"Retry-After": "3600"})
    server.plan("GET", "/pipelines/500", slow)
    with pytest.raises(Unreachable, match="429") as caught:
        read(gitlab, "get_pipeline", pipeline_id=500)
    assert caught.value.why == "Retry later"
    assert len(server.asked) == 1


def test_a_body_that_breaks_off_is_asked_for_again(server: GitlabServer, gitlab: GitlabCi) -> None:
    server.plan("GET", "/pipelines/500", Reply(200, pipeline(500), cut=20))
    assert read(gitlab, "get_pipeline", pipeline_id=500)["id"] == 500


def test_a_refusal_that_breaks_off_is_asked_for_again(
    server: GitlabServer, gitlab: GitlabCi
) -> None:
    server.plan("GET", "/pipelines/500", Reply(404, {"message": "404 Not found"}, cut=1))
    assert read(gitlab, "get_pipeline", pipeline_id=500)["id"] == 500


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": {"base": ["is taken", "is bad"]}}, "base: is taken, is bad"),
        ({"error": "insufficient_scope", "error_description": "needs api"}, "needs api"),
        ({"error": "404 Project Not Found"}, "404 Project Not Found"),
        ({"message": ["one", "two"]}, "one, two"),
        (b"<html>down</html>", "<html>down</html>"),
    ],
)
def test_every_form_of_refusal_is_quoted(
    server: GitlabServer, gitlab: GitlabCi, body: Any, words: str
) -> None:
    server.plan("GET", "/pipelines/500", Reply(400, body))
    with pytest.raises(Unreachable, match="400") as caught:
        read(gitlab, "get_pipeline", pipeline_id=500)
    assert caught.value.why == words


def test_a_wrong_token_is_named_but_never_shown(server: GitlabServer) -> None:
    with pytest.raises(Unreachable, match="401") as caught:
        read(bound(server, GITLAB_TOKEN="glpat-wrong"), "get_pipeline", pipeline_id=500)
    assert "GITLAB_TOKEN" in caught.value.fix
    assert "glpat-wrong" not in str(caught.value)


def test_silence_is_given_up_after_the_time_of_one_request(
    server: GitlabServer, gitlab: GitlabCi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aof.tools.forge_api.TIMEOUT_S", 0.5)
    server.plan("GET", "/pipelines/500", Reply(200, b"   ", drip_s=2.0))
    with pytest.raises(Unreachable, match="no answer within"):
        read(gitlab, "get_pipeline", pipeline_id=500)


def test_a_token_that_cannot_be_sent_is_never_shown(server: GitlabServer) -> None:
    with pytest.raises(NotBound, match="the header authorization cannot be sent") as caught:
        read(bound(server, GITLAB_TOKEN="glpat-a\nglpat-b"), "get_pipeline", pipeline_id=500)
    assert "glpat-" not in str(caught.value)


def test_self_managed_gitlab_with_a_private_ca(tmp_path: Path) -> None:
    server = GitlabServer()
    certificate = serve_tls(server, tmp_path)
    with server.running():
        with pytest.raises(Unreachable, match="no connection"):
            read(bound(server), "get_pipeline", pipeline_id=500)
        tool = bound(server, CI_SERVER_TLS_CA_FILE=str(certificate))
        assert read(tool, "get_pipeline", pipeline_id=500)["id"] == 500
        assert read(tool, "get_job_logs", job_id=1)["available"] is True


def test_a_job_of_gitlab_itself_needs_only_a_token(server: GitlabServer) -> None:
    settings = {"GITLAB_URL": "", "CI_API_V4_URL": f"{server.url}/api/v4"}
    tool = bound(server, **settings, GITLAB_PROJECT="", CI_PROJECT_ID="42")
    assert read(tool, "get_pipeline", pipeline_id=500)["id"] == 500


def test_nobody_at_home_is_an_error_with_the_request(server: GitlabServer) -> None:
    with pytest.raises(Unreachable, match="no connection") as caught:
        read(bound(server, GITLAB_URL="http://127.0.0.1:9"), "get_pipeline", pipeline_id=500)
    assert "GET http://127.0.0.1:9/api/v4/projects/acme%2Fshop" in caught.value.what


@pytest.mark.parametrize("project", ["/acme/shop", "acme/shop/", "a b", ".."])
def test_a_project_must_be_an_id_or_a_path(gitlab: GitlabCi, project: str) -> None:
    with pytest.raises(UsageFault, match=r"is not a project|cannot be part"):
        read(gitlab, "get_pipeline", pipeline_id=1, project=project)


def test_without_any_project_the_settings_are_named(server: GitlabServer) -> None:
    with pytest.raises(UsageFault) as caught:
        read(bound(server, GITLAB_PROJECT=""), "get_pipeline", pipeline_id=1)
    assert "CI_PROJECT_ID" in caught.value.why


def test_without_a_token_the_tool_is_not_bound() -> None:
    with pytest.raises(NotBound) as caught:
        GitlabCi.bind({})
    assert "GITLAB_TOKEN" in caught.value.why
