"""Reading runs, jobs, logs, annotations and artifacts from GitHub's API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aof.errors import NotBound, Unreachable, UsageFault
from aof.tools.base import Tool
from aof.tools.github_actions import GithubActions
from tests.servers.github import READ_TOKEN, REPO, SHA, GithubServer, job, run, zipped
from tests.servers.loopback import Reply
from tests.servers.tls import serve_tls

JUNIT = b"""<testsuites><testsuite name="unit"><testcase classname="a.B" name="adds" file="b.py"
 line="7"><failure message="2 != 3" type="AssertionError">trace</failure></testcase>
 <testcase name="ok"/></testsuite></testsuites>"""


@pytest.fixture
def server() -> Iterator[GithubServer]:
    server = GithubServer()
    with server.running():
        yield server


@pytest.fixture
def github(server: GithubServer) -> GithubActions:
    tool = GithubActions.bind(
        {"GITHUB_TOKEN": READ_TOKEN, "GITHUB_API_URL": server.url, "GITHUB_REPOSITORY": REPO}
    )
    assert isinstance(tool, GithubActions)
    return tool


def read(tool: Tool, operation: str, **arguments: Any) -> Any:
    return tool.invoke(operation, arguments).data


def test_a_run_says_what_failed_and_at_which_commit(github: GithubActions) -> None:
    output = github.invoke("get_workflow_run", {"run_id": 100})
    assert output.data["head_sha"] == SHA
    assert output.data["head_commit"]["author"] == "Mona"
    assert "failure" in output.summary


def test_an_earlier_attempt_can_be_asked_for(server: GithubServer, github: GithubActions) -> None:
    server.runs = [run(100, conclusion="failure"), run(100, run_attempt=2, conclusion="success")]
    assert read(github, "get_workflow_run", run_id=100)["conclusion"] == "success"
    assert read(github, "get_workflow_run", run_id=100, attempt=1)["conclusion"] == "failure"


def test_runs_are_filtered_and_paged(server: GithubServer, github: GithubActions) -> None:
    server.runs = [run(number, head_branch="main") for number in range(230)]
    server.runs += [run(999, head_branch="other")]
    listed = read(github, "list_runs", branch="main", limit=200)
    assert [one["id"] for one in listed["runs"]] == list(range(200))
    assert (listed["total"], listed["complete"]) == (230, False)
    assert [asked.query["page"] for asked in server.requests("GET")[1:]] == ["2"]


def test_the_last_page_makes_the_list_complete(server: GithubServer, github: GithubActions) -> None:
    server.runs = [run(number) for number in range(130)]
    listed = read(github, "list_runs", limit=500, workflow="ci.yml")
    assert (len(listed["runs"]), listed["complete"]) == (130, True)


def test_runs_of_one_commit_never_include_others(
    server: GithubServer, github: GithubActions
) -> None:
    lost_filter = {"total_count": 2, "workflow_runs": [run(1), run(2, head_sha="cd" * 20)]}
    server.plan("GET", "/actions/runs", Reply(200, lost_filter))
    assert [one["id"] for one in read(github, "list_runs", head_sha=SHA)["runs"]] == [1]


def test_a_renamed_repository_keeps_filters_and_pages(
    server: GithubServer, github: GithubActions
) -> None:
    server.runs = [run(number) for number in range(120)]
    server.runs.append(run(999, head_branch="other"))
    target = {"Location": f"{server.url}/repositories/7/actions/runs"}
    server.route("GET", "/repos/acme/old/actions/runs", lambda _: Reply(301, {}, target))
    server.route("GET", "/repositories/7/actions/runs", server._list_runs)
    arguments = {"repository": "acme/old", "branch": "main", "limit": 500}
    listed = read(github, "list_runs", **arguments)
    assert [one["id"] for one in listed["runs"]] == list(range(120))


def test_jobs_of_all_attempts_show_flakiness(server: GithubServer, github: GithubActions) -> None:
    server.jobs = [job(1), job(2, run_attempt=2, conclusion="success")]
    assert [one["id"] for one in read(github, "list_jobs", run_id=100)["jobs"]] == [2]
    everything = read(github, "list_jobs", run_id=100, filter="all")["jobs"]
    assert [one["conclusion"] for one in everything] == ["failure", "success"]
    assert [one["id"] for one in read(github, "list_jobs", run_id=100, attempt=1)["jobs"]] == [1]


def test_the_storage_host_never_sees_the_token(server: GithubServer, github: GithubActions) -> None:
    log = read(github, "get_job_logs", job_id=1)
    assert log["available"] and log["log"] == "line one\nError: it broke\n"
    assert "authorization" not in server.storage.asked[0].headers


def test_a_long_log_keeps_its_beginning_and_its_end(
    server: GithubServer, github: GithubActions
) -> None:
    lines = [f"line {number:06}\n" for number in range(1, 5001)]
    server.logs[1] = "".join(lines).encode()
    log = read(github, "get_job_logs", job_id=1, max_bytes=8192)
    kept = log["log"].splitlines()
    after, missing = log["omitted"]["after_line"], log["omitted"]["lines"]
    assert kept[after - 1] == f"line {after:06}"
    assert kept[after] == f"line {after + missing + 1:06}"
    assert kept[-1] == "line 005000"
    assert len(log["log"]) + log["omitted"]["bytes"] == log["bytes"] == 60000


def test_a_deleted_log_is_told_with_the_job(server: GithubServer, github: GithubActions) -> None:
    server.plan("GET", "/logs", Reply(410, {"message": "Server Error"}))
    output = github.invoke("get_job_logs", {"job_id": 1})
    assert output.data["available"] is False
    assert "deleted" in output.data["reason"]
    assert output.data["job"]["steps"][1]["conclusion"] == "failure"


def test_a_lost_runner_leaves_its_steps(server: GithubServer, github: GithubActions) -> None:
    server.logs = {}
    data = read(github, "get_job_logs", job_id=1)
    assert "the runner was lost" in data["reason"]
    assert data["job"]["steps"]


def test_a_running_job_has_no_log_yet(server: GithubServer, github: GithubActions) -> None:
    server.logs, server.jobs = {}, [job(1, status="in_progress", conclusion=None)]
    assert "in_progress" in read(github, "get_job_logs", job_id=1)["reason"]


def test_an_unknown_job_is_an_error(github: GithubActions) -> None:
    with pytest.raises(Unreachable, match="/actions/jobs/77: 404") as caught:
        read(github, "get_job_logs", job_id=77)
    assert caught.value.why == "Not Found"


def test_a_log_that_breaks_off_is_fetched_again(
    server: GithubServer, github: GithubActions
) -> None:
    server.storage.plan("GET", "/blobs/log-1", Reply(200, b"x" * 100, cut=10))
    assert "it broke" in read(github, "get_job_logs", job_id=1)["log"]


def test_annotations_of_a_job(server: GithubServer, github: GithubActions) -> None:
    note = {"path": "a.py", "start_line": 3, "annotation_level": "failure", "message": "no"}
    server.annotations[1] = [note] * 3
    found = read(github, "get_annotations", job_id=1)
    assert len(found["annotations"]) == 3
    assert found["annotations"][0]["path"] == "a.py"


def test_artifacts_deliver_failed_tests(server: GithubServer, github: GithubActions) -> None:
    server.artifacts = {
        "binaries": zipped({"app": b"\0" * 10}),
        "test-results": zipped({"out/junit.xml": JUNIT, "coverage.xml": b"<coverage/>"}),
    }
    data = read(github, "get_artifacts", run_id=100)
    failed = data["test_reports"][0]["failed"][0]
    assert (failed["name"], failed["file"], failed["line"]) == ("adds", "b.py", 7)
    assert data["test_reports"][0]["tests"] == 2
    assert data["skipped"] == [
        "test-results/coverage.xml: not JUnit XML (it begins with <coverage>)"
    ]


def test_artifacts_can_be_listed_without_downloads(
    server: GithubServer, github: GithubActions
) -> None:
    server.artifacts = {"a": b"x", "b": b"y"}
    data = read(github, "get_artifacts", run_id=100, reports=False, name="b")
    assert [one["name"] for one in data["artifacts"]] == ["b"]
    assert server.storage.asked == []


def test_expired_and_damaged_artifacts_are_passed_over_with_the_reason(
    server: GithubServer, github: GithubActions
) -> None:
    server.artifacts = {"test": b"this is no zip archive"}
    old = {"id": 9, "name": "old", "size_in_bytes": 1, "expired": True}
    broken = {"id": 1, "name": "test", "size_in_bytes": 22, "expired": False}
    server.plan("GET", "/artifacts", Reply(200, {"total_count": 2, "artifacts": [old, broken]}))
    skipped = read(github, "get_artifacts", run_id=100)["skipped"]
    assert skipped == ["test: not read as a zip archive (no directory found)", "old: expired"]


def test_a_busy_server_is_asked_again(server: GithubServer, github: GithubActions) -> None:
    server.plan("GET", "/runs/100", Reply(502, b"bad gateway"))
    server.plan("GET", "/runs/100", Reply(429, {"message": "slow"}, {"Retry-After": "0"}))
    assert read(github, "get_workflow_run", run_id=100)["id"] == 100


def test_a_secondary_rate_limit_is_waited_out(server: GithubServer, github: GithubActions) -> None:
    limited = {"message": "You have exceeded a secondary rate limit"}
    server.plan("GET", "/runs/100", Reply(403, limited, {"Retry-After": "0"}))
    assert read(github, "get_workflow_run", run_id=100)["id"] == 100


def test_a_long_secondary_rate_limit_says_how_long(
    server: GithubServer, github: GithubActions
) -> None:
    limited = {"message": "You have exceeded a secondary rate limit"}
    server.plan("GET", "/runs/100", Reply(403, limited, {"Retry-After": "60"}))
    with pytest.raises(Unreachable, match="403") as caught:
        read(github, "get_workflow_run", run_id=100)
    assert caught.value.fix == "GitHub asks for patience: try again in 60 s"
    assert len(server.asked) == 1


def test_a_used_up_rate_limit_says_until_when(server: GithubServer, github: GithubActions) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1790000000"}
    server.plan("GET", "/runs/100", Reply(403, {"message": "API rate limit exceeded"}, headers))
    with pytest.raises(Unreachable, match="403") as caught:
        read(github, "get_workflow_run", run_id=100)
    assert "2026-09-21T" in caught.value.fix
    assert len(server.asked) == 1


def test_a_wrong_token_is_named_but_never_shown(server: GithubServer) -> None:
    tool = GithubActions.bind(
        {"GITHUB_TOKEN": "ghp_wrong", "GITHUB_API_URL": server.url, "GITHUB_REPOSITORY": REPO}
    )
    with pytest.raises(Unreachable, match="401") as caught:
        tool.invoke("get_workflow_run", {"run_id": 100})
    assert "GITHUB_TOKEN" in caught.value.fix
    assert "ghp_wrong" not in str(caught.value)


def test_a_token_that_ends_in_a_line_break_works(server: GithubServer) -> None:
    settings = {"GITHUB_TOKEN": f"{READ_TOKEN}\n", "GITHUB_API_URL": server.url}
    tool = GithubActions.bind(settings)
    assert read(tool, "get_workflow_run", run_id=100, repository=REPO)["id"] == 100


def test_a_token_that_cannot_be_sent_is_never_shown(server: GithubServer) -> None:
    settings = {"GITHUB_TOKEN": "ghp_a\nghp_b", "GITHUB_API_URL": server.url}
    with pytest.raises(NotBound, match="the header authorization cannot be sent") as caught:
        read(GithubActions.bind(settings), "get_workflow_run", run_id=1, repository=REPO)
    assert "ghp_" not in str(caught.value)


def test_silence_is_given_up_after_the_time_of_one_request(
    server: GithubServer, github: GithubActions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aof.tools.forge_api.TIMEOUT_S", 1)
    server.plan("GET", "/runs/100", Reply(200, b"   ", drip_s=3.0))
    with pytest.raises(Unreachable, match="no answer within 1 s"):
        read(github, "get_workflow_run", run_id=100)
    assert len(server.asked) == 1


def test_enterprise_server_with_a_private_ca(tmp_path: Path) -> None:
    server = GithubServer()
    certificate = serve_tls(server, tmp_path)
    settings = {"GITHUB_TOKEN": READ_TOKEN, "GITHUB_REPOSITORY": REPO}
    with server.running():
        settings["GITHUB_API_URL"] = server.url
        with pytest.raises(Unreachable, match="no connection"):
            read(GithubActions.bind(settings), "get_workflow_run", run_id=100)
        tool = GithubActions.bind({**settings, "GITHUB_CA_FILE": str(certificate)})
        assert read(tool, "get_workflow_run", run_id=100)["id"] == 100


def test_a_login_page_instead_of_the_api_is_recognised(
    server: GithubServer, github: GithubActions
) -> None:
    server.plan("GET", "/runs/100", Reply(200, b"<html>Sign in</html>"))
    with pytest.raises(Unreachable, match="not JSON"):
        read(github, "get_workflow_run", run_id=100)


def test_nobody_at_home_is_an_error_with_the_request() -> None:
    tool = GithubActions.bind(
        {"GITHUB_TOKEN": "x", "GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_REPOSITORY": REPO}
    )
    with pytest.raises(Unreachable, match="no connection") as caught:
        tool.invoke("get_workflow_run", {"run_id": 100})
    assert "GET http://127.0.0.1:9/repos/acme/shop/actions/runs/100" in caught.value.what


@pytest.mark.parametrize("repository", ["nobody", "a/b/c", "../x", "a/..", "a b/c"])
def test_a_repository_must_be_owner_and_name(github: GithubActions, repository: str) -> None:
    with pytest.raises(UsageFault, match="is not a repository"):
        read(github, "get_workflow_run", run_id=1, repository=repository)


def test_without_any_repository_the_setting_is_named(server: GithubServer) -> None:
    tool = GithubActions.bind({"GITHUB_TOKEN": READ_TOKEN, "GITHUB_API_URL": server.url})
    with pytest.raises(UsageFault) as caught:
        tool.invoke("get_workflow_run", {"run_id": 1})
    assert "GITHUB_REPOSITORY" in caught.value.why


def test_without_a_token_the_tool_is_not_bound() -> None:
    with pytest.raises(NotBound) as caught:
        GithubActions.bind({})
    assert "GITHUB_TOKEN" in caught.value.why
