"""Builds and console text from Jenkins' API."""

from collections.abc import Iterator
from typing import Any

import pytest

from aof.errors import Unreachable, UsageFault
from aof.tools.jenkins import Jenkins
from tests.servers.jenkins import JenkinsServer
from tests.servers.loopback import Reply

JOB = "team/shop/feature%2Fcart"


@pytest.fixture
def server() -> Iterator[JenkinsServer]:
    server = JenkinsServer()
    with server.running():
        yield server


def bound(server: JenkinsServer, token: str = "api-token") -> Jenkins:
    tool = Jenkins.bind(
        {"JENKINS_URL": server.url, "JENKINS_USERNAME": "mona", "JENKINS_TOKEN": token}
    )
    assert isinstance(tool, Jenkins)
    return tool


def read(server: JenkinsServer, operation: str, **arguments: Any) -> Any:
    return bound(server).invoke(operation, {"job": JOB, **arguments}).data


def test_a_build_tells_result_causes_commits_and_tests(server: JenkinsServer) -> None:
    data = read(server, "get_build", build="12")
    assert (data["result"], data["revision"]) == ("FAILURE", "ab" * 20)
    assert data["causes"] == ["Push event to branch feature/cart"]
    assert data["changes"][0]["paths"] == ["a.py"]
    assert data["tests"] == {"failed": 2, "skipped": 1, "total": 40}
    assert (data["duration_s"], data["started_at"]) == (61.5, "2026-09-21T14:13:20.000Z")


def test_without_the_stage_plugin_there_are_no_stages(server: JenkinsServer) -> None:
    assert read(server, "get_build")["stages"] == []


def test_stages_tell_where_it_failed(server: JenkinsServer) -> None:
    error = {"message": "script returned exit code 2", "type": "hudson.AbortException"}
    server.stages = [{"name": "Test", "status": "FAILED", "durationMillis": 5, "error": error}]
    stage = read(server, "get_build")["stages"][0]
    assert (stage["name"], stage["error"]) == ("Test", "script returned exit code 2")


def test_a_build_without_changes_or_tests(server: JenkinsServer) -> None:
    server.build.update(changeSets=[], actions=[], previousBuild=None, building=True, result=None)
    data = read(server, "get_build")
    assert (data["changes"], data["tests"], data["previous"]) == ([], None, None)


def test_the_console_is_text(server: JenkinsServer) -> None:
    data = read(server, "get_console_log", build="lastFailedBuild")
    assert data["log"].endswith("Finished: FAILURE\n")
    assert data["available"] is True


def test_a_long_console_keeps_its_end(server: JenkinsServer) -> None:
    server.console = b"noise\n" * 5000 + b"Finished: FAILURE\n"
    data = read(server, "get_console_log", max_bytes=4096)
    assert data["log"].endswith("Finished: FAILURE\n")
    assert data["omitted"]["lines"] > 4000


def test_an_unknown_build_is_an_error(server: JenkinsServer) -> None:
    with pytest.raises(Unreachable, match="404"):
        read(server, "get_console_log", build="99")


@pytest.mark.parametrize("build", ["latest", "12/../13", "-1"])
def test_a_build_is_a_number_or_a_permalink(server: JenkinsServer, build: str) -> None:
    with pytest.raises(UsageFault, match="wrong arguments"):
        read(server, "get_build", build=build)


@pytest.mark.parametrize("job", ["a//b", "../x"])
def test_a_job_name_stays_below_the_controller(server: JenkinsServer, job: str) -> None:
    with pytest.raises(UsageFault, match="cannot be part of a path"):
        bound(server).invoke("get_build", {"job": job})


def test_a_wrong_token_is_never_shown(server: JenkinsServer) -> None:
    with pytest.raises(Unreachable, match="403") as caught:
        bound(server, "wrong-token").invoke("get_build", {"job": JOB})
    assert "wrong-token" not in str(caught.value)


def test_a_console_that_breaks_off_is_fetched_again(server: JenkinsServer) -> None:
    server.plan("GET", "consoleText", Reply(200, b"x" * 50, cut=5))
    assert "Finished" in read(server, "get_console_log")["log"]


def test_the_probe_tells_the_version(server: JenkinsServer) -> None:
    assert bound(server).probe() == "Jenkins 2.500"
