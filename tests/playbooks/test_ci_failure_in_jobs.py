"""pipeline-doctor through the command line where it is used: in jobs, on Jenkins, on Loki."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.analysis.ci_log import logs
from tests.cli.aofctl import Ran, aofctl
from tests.servers import github as gh
from tests.servers import gitlab as gl
from tests.servers.jenkins import JenkinsServer
from tests.servers.loki import LokiServer
from tests.servers.loopback import Reply

OUTPUT = (
    "______ test_total ______\n>       assert total([1, 2]) == 4\nE       assert 3 == 4\n\n"
    "tests/test_cart.py:12: AssertionError\n1 failed, 2 passed in 0.1s"
)
IN_ACTIONS = {
    "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "100", "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_REPOSITORY": gh.REPO,
}  # fmt: skip
IN_GITLAB = {"GITLAB_CI": "true", "CI_PIPELINE_ID": "500", "CI_PROJECT_PATH": gl.PROJECT}


def doctor(cwd: Path, *arguments: str, **environment: str) -> Ran:
    agent = ("run", "agent", "library/cicd/pipeline-doctor", "--llm", "off")
    return aofctl(*agent, *arguments, cwd=cwd, **environment)


@pytest.fixture
def github() -> Iterator[gh.GithubServer]:
    """The run goes on: its test job has failed, and the doctor's own job is at work."""
    server = gh.GithubServer()
    server.runs = [gh.run(100, status="in_progress", conclusion=None)]
    begun = [{"number": 1, "name": "Set up job", "status": "completed", "conclusion": "success"}]
    doing = {"status": "in_progress", "conclusion": None, "steps": begun}
    server.jobs = [gh.job(1, name="test"), gh.job(9, name="doctor", **doing)]
    server.logs = {1: logs.github(OUTPUT)}
    with server.running():
        yield server


def test_a_job_of_its_own_diagnoses_the_run_it_is_part_of(
    github: gh.GithubServer, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    ran = doctor(
        tmp_path, **IN_ACTIONS, GITHUB_TOKEN=gh.READ_TOKEN, GITHUB_API_URL=github.url,
        GITHUB_STEP_SUMMARY=str(summary),
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "**Location**: `tests/test_cart.py:12`" in ran.out
    assert "Status: FAILED (in progress)" in ran.out
    assert "Step: Run tests" in ran.out
    assert "Job: test" in ran.out
    assert "test_cart.py:12" in summary.read_text()


def test_without_a_token_the_rights_to_add_are_named(tmp_path: Path) -> None:
    ran = doctor(tmp_path, **IN_ACTIONS)
    assert ran.code == 5
    assert "GITHUB_TOKEN has no value" in ran.err
    assert "permissions: {actions: read, checks: read, contents: read}" in ran.err


def test_a_token_without_the_right_is_told_which(github: gh.GithubServer, tmp_path: Path) -> None:
    refusal = Reply(403, {"message": "Resource not accessible by integration"})
    github.plan("GET", "/actions/runs/100", refusal)
    ran = doctor(tmp_path, **IN_ACTIONS, GITHUB_TOKEN=gh.READ_TOKEN, GITHUB_API_URL=github.url)
    assert ran.code == 5
    assert "Resource not accessible by integration" in ran.err
    assert "permissions: {actions: read" in ran.err


def test_the_token_of_a_gitlab_job_is_not_enough(tmp_path: Path) -> None:
    ran = doctor(tmp_path, **IN_GITLAB, CI_JOB_TOKEN="glcbt-64_x")
    assert ran.code == 5
    assert "CI_JOB_TOKEN cannot read jobs and logs" in ran.err
    assert "read_api" in ran.err


def test_in_the_after_script_of_a_failed_job_that_job_is_meant(tmp_path: Path) -> None:
    server = gl.GitlabServer()
    server.pipelines = [gl.pipeline(500, status="running")]
    server.jobs = [gl.job(1, status="running", failure_reason=None), gl.job(2, name="lint")]
    server.traces = {1: logs.gitlab(OUTPUT), 2: b"src/a.ts(1,1): error TS2304: no\n"}
    with server.running():
        ran = doctor(
            tmp_path, **IN_GITLAB, CI_JOB_ID="1", CI_JOB_STATUS="failed",
            GITLAB_TOKEN=gl.READ_TOKEN, GITLAB_URL=server.url,
        )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "Job: unit" in ran.out
    assert "tests/test_cart.py:12" in ran.out


@pytest.fixture
def jenkins() -> Iterator[JenkinsServer]:
    server = JenkinsServer()
    server.console = logs.jenkins(OUTPUT)
    server.build["previousBuild"] = None
    with server.running():
        yield server


def on_jenkins(server: JenkinsServer, cwd: Path, *arguments: str, **more: str) -> Ran:
    return doctor(
        cwd, *arguments, JENKINS_URL=server.url, JENKINS_USERNAME="mona",
        JENKINS_TOKEN="api-token", **more,
    )  # fmt: skip


def test_a_build_of_jenkins(jenkins: JenkinsServer, tmp_path: Path) -> None:
    ran = on_jenkins(jenkins, tmp_path, "--set", "build=team/shop/feature%2Fcart#12")
    assert ran.code == 0, ran.err
    assert "Pipeline: Jenkins team/shop/feature%2Fcart" in ran.out
    assert "**Location**: `tests/test_cart.py:12`" in ran.out


def test_in_a_build_of_jenkins_its_own_address_names_it(
    jenkins: JenkinsServer, tmp_path: Path
) -> None:
    url = f"{jenkins.url}/job/team/job/shop/job/feature%252Fcart/12/"
    ran = on_jenkins(jenkins, tmp_path, BUILD_URL=url)
    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        pytest.param(Reply(403, b"<html>no</html>"), "an API token", id="refused"),
        pytest.param(Reply(200, b"<html>Sign in</html>"), "is not JSON", id="login page"),
        pytest.param(Reply(500, b"oops"), ": 500", id="broken"),
    ],
)
def test_a_jenkins_that_does_not_answer_is_unreachable(
    jenkins: JenkinsServer, tmp_path: Path, reply: Reply, words: str
) -> None:
    jenkins.plan("GET", "/api/json", reply)
    ran = on_jenkins(jenkins, tmp_path, "--set", "build=team/shop/feature%2Fcart#12")
    assert ran.code == 5
    assert words in ran.err


def test_lines_kept_in_loki(tmp_path: Path) -> None:
    server, now = LokiServer(), time.time_ns()
    lines = [(now - 60 * 10**9 + n, line) for n, line in enumerate(OUTPUT.splitlines())]
    server.streams = [({"job": "ci"}, lines)]
    with server.running():
        ran = doctor(tmp_path, "--set", 'loki={job="ci"}', "--set", "since=2h", LOKI_URL=server.url)
    assert ran.code == 0, ran.err
    assert "**Location**: `tests/test_cart.py:12`" in ran.out
    asked = server.requests("GET", "query_range")[0].query
    assert (int(asked["end"]) - int(asked["start"])) // 10**9 == 7200


def test_a_loki_that_is_not_there(tmp_path: Path) -> None:
    query = ("--set", 'loki={job="ci"}')
    ran = doctor(tmp_path, *query, LOKI_URL="http://127.0.0.1:9")
    assert (ran.code, "no connection" in ran.err) == (5, True)
    ran = doctor(tmp_path, *query, "--set", "since=yesterday", LOKI_URL="http://127.0.0.1:9")
    assert (ran.code, "expected a span such as" in ran.err) == (2, True)
