"""Releases under faults at any request: running again ends in one whole release."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aof.errors import Unreachable
from aof.tools.github_actions import GithubActions
from aof.tools.gitlab_ci import GitlabCi
from tests.servers import github, gitlab
from tests.servers.faulty import FAULTS, Faulty

TAG, SHA = "v1.2.0", "ab" * 20
Step = Callable[[], Any]


def run_until_done(steps: list[Step], runs: int) -> int:
    """Do all steps, from the first again after every failure; how many runs it took."""
    why = ""
    for number in range(1, runs + 1):
        try:
            for step in steps:
                step()
        except Unreachable as error:
            why = str(error)
            continue
        return number
    raise AssertionError(f"never done: {why}")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("aof.transport.http._pause", lambda *_: 0.0)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.zip").write_bytes(b"content")


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(FAULTS), max_size=40))
def test_on_github(faults: list[str]) -> None:
    server = github.GithubServer()
    server.changes.immutable = True
    server.changes.annotated[TAG] = SHA
    with server.running():
        tool = GithubActions.bind(
            {
                "GITHUB_TOKEN": github.WRITE_TOKEN,
                "GITHUB_API_URL": server.url,
                "GITHUB_REPOSITORY": github.REPO,
            }
        )
        words = {"tag": TAG, "title": "v1.2.0", "notes": "notes"}
        Faulty(server, faults)
        steps: list[Step] = [
            lambda: tool.invoke("create_release", words),
            lambda: tool.invoke("upload_asset", {"tag": TAG, "path": "app.zip"}),
            lambda: tool.invoke("publish_release", {"tag": TAG, "sha": SHA, "assets": ["app.zip"]}),
        ]
        run_until_done(steps, runs=len(faults) + 1)
    published = [one for one in server.changes.releases if not one["draft"]]
    assert len(published) == 1
    assert [(one["name"], one["size"]) for one in published[0]["assets"]] == [("app.zip", 7)]
    assert server.changes.tags == {}
    assert len(server.changes.releases) == 1


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(FAULTS), max_size=40))
def test_on_gitlab(faults: list[str]) -> None:
    server = gitlab.GitlabServer()
    server.changes.tags[TAG] = SHA
    with server.running():
        tool = GitlabCi.bind(
            {
                "GITLAB_TOKEN": gitlab.WRITE_TOKEN,
                "GITLAB_URL": server.url,
                "GITLAB_PROJECT": gitlab.PROJECT,
            }
        )
        words = {"tag": TAG, "title": "v1.2.0", "notes": "notes", "assets": ["app.zip"]}
        Faulty(server, faults)
        steps: list[Step] = [
            lambda: tool.invoke("upload_asset", {"tag": TAG, "path": "app.zip"}),
            lambda: tool.invoke("create_release", {**words, "sha": SHA}),
        ]
        run_until_done(steps, runs=len(faults) + 1)
    assert [one["tag_name"] for one in server.changes.releases] == [TAG]
    assert [one["name"] for one in server.changes.releases[0]["assets"]["links"]] == ["app.zip"]
    assert len(server.changes.files) == 1
