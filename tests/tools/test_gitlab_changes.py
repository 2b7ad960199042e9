"""Changing pipelines, merge requests and comments through GitLab's API."""

from collections.abc import Iterator
from typing import Any

import pytest

from aof.errors import Unreachable, UsageFault
from aof.messages import Effect
from aof.tools.gitlab_ci import GitlabCi
from tests.servers.gitlab import (
    PROJECT,
    READ_TOKEN,
    SHA,
    WRITE_TOKEN,
    GitlabServer,
    job,
    pipeline,
)
from tests.servers.loopback import Reply

BRANCHES = {"source_branch": "release/v1", "target_branch": "main"}


@pytest.fixture
def server() -> Iterator[GitlabServer]:
    server = GitlabServer()
    with server.running():
        yield server


def bound(server: GitlabServer, **more: str) -> GitlabCi:
    settings = {
        "GITLAB_TOKEN": READ_TOKEN,
        "GITLAB_TOKEN_WRITE": WRITE_TOKEN,
        "GITLAB_URL": server.url,
        "GITLAB_PROJECT": PROJECT,
        **more,
    }
    tool = GitlabCi.bind(settings)
    assert isinstance(tool, GitlabCi)
    return tool


def do(server: GitlabServer, operation: str, **arguments: Any) -> Any:
    return bound(server).invoke(operation, arguments).data


def test_a_job_runs_again_once(server: GitlabServer) -> None:
    first = do(server, "retry_job", job_id=1)
    second = do(server, "retry_job", job_id=1)
    assert (first["changed"], second["changed"]) == (True, False)
    assert first["job"]["id"] == second["job"]["id"] != 1
    assert server.requests("POST")[0].headers["authorization"] == f"Bearer {WRITE_TOKEN}"


def test_a_running_job_is_left_alone(server: GitlabServer) -> None:
    server.jobs = [job(1, status="running")]
    assert do(server, "retry_job", job_id=1)["changed"] is False
    assert server.requests("POST") == []


def test_a_pipeline_runs_again_once(server: GitlabServer) -> None:
    assert do(server, "retry_pipeline", pipeline_id=500)["changed"] is True
    assert do(server, "retry_pipeline", pipeline_id=500)["changed"] is False
    assert len(server.requests("POST")) == 1


def test_a_pipeline_is_cancelled(server: GitlabServer) -> None:
    server.pipelines = [pipeline(500, status="running")]
    assert do(server, "cancel", pipeline_id=500) == {"changed": True, "status": "canceling"}


def test_a_job_is_cancelled_once(server: GitlabServer) -> None:
    server.jobs = [job(1, status="running")]
    assert do(server, "cancel", job_id=1) == {"changed": True, "status": "canceled"}
    assert do(server, "cancel", job_id=1) == {"changed": False, "status": "canceled"}


@pytest.mark.parametrize("target", [{}, {"pipeline_id": 1, "job_id": 2}])
def test_cancelling_needs_one_target(server: GitlabServer, target: dict[str, int]) -> None:
    with pytest.raises(UsageFault, match="either pipeline_id or job_id"):
        do(server, "cancel", **target)


def test_a_pipeline_is_started_with_variables(server: GitlabServer) -> None:
    do(server, "trigger", ref="main", variables={"ENV": "prod"})
    sent = server.requests("POST")[0].json()
    assert sent == {"ref": "main", "variables": [{"key": "ENV", "value": "prod"}]}


def test_an_unknown_ref_is_gitlabs_words(server: GitlabServer) -> None:
    with pytest.raises(Unreachable, match="400") as caught:
        do(server, "trigger", ref="gone")
    assert caught.value.why == "base: Reference not found"


def test_a_write_is_sent_once_whatever_comes_back(server: GitlabServer) -> None:
    server.plan("POST", "/pipeline", Reply(429, {"message": "slow"}, {"Retry-After": "0"}))
    with pytest.raises(Unreachable, match="429"):
        do(server, "trigger", ref="main")
    assert len(server.requests("POST")) == 1


def test_without_a_token_for_changes_there_is_a_warning(server: GitlabServer) -> None:
    output = bound(server, GITLAB_TOKEN_WRITE="").invoke("trigger", {"ref": "main"})
    assert "GITLAB_TOKEN_WRITE is not set" in output.warnings[0]


def test_reads_never_use_the_token_for_changes(server: GitlabServer) -> None:
    do(server, "list_pipelines")
    assert server.asked[0].headers["authorization"] == f"Bearer {READ_TOKEN}"


def test_a_merge_request_is_opened_once(server: GitlabServer) -> None:
    first = do(server, "create_merge_request", title="Release v1", draft=True, **BRANCHES)
    second = do(server, "create_merge_request", title="Release v1", **BRANCHES)
    assert (first["created"], first["draft"], second["created"]) == (True, True, False)
    assert first["iid"] == second["iid"]


def test_a_lost_answer_finds_the_merge_request_it_made(server: GitlabServer) -> None:
    server.lose("POST", "/merge_requests")
    assert do(server, "create_merge_request", title="x", **BRANCHES)["iid"] == 1
    assert len(server.changes.requests) == 1


def test_one_that_somebody_opened_meanwhile_is_found(server: GitlabServer) -> None:
    do(server, "create_merge_request", title="theirs", **BRANCHES)
    server.plan("GET", "/merge_requests", Reply(200, []))
    assert do(server, "create_merge_request", title="ours", **BRANCHES)["title"] == "theirs"


def test_a_merge_request_needs_two_branches(server: GitlabServer) -> None:
    with pytest.raises(UsageFault, match="both 'main'"):
        do(server, "create_merge_request", title="x", source_branch="main", target_branch="main")


def test_merge_requests_of_a_commit_or_a_branch(server: GitlabServer) -> None:
    do(server, "create_merge_request", title="x", **BRANCHES)
    of_commit = do(server, "get_merge_requests", commit="ee" * 20)["merge_requests"]
    of_branch = do(server, "get_merge_requests", source_branch="release/v1", state="opened")
    assert of_commit == of_branch["merge_requests"]
    assert of_commit[0]["author"] == "tanuki"


@pytest.mark.parametrize("can_push", [True, False])
def test_a_branch_tells_whether_this_token_may_push(server: GitlabServer, can_push: bool) -> None:
    server.changes.can_push = can_push
    data = do(server, "get_branch", branch="release/v1")
    assert (data["name"], data["requires_merge_request"]) == ("release/v1", not can_push)


def test_commits_between_two_tags(server: GitlabServer) -> None:
    server.changes.commits = [{"id": SHA, "title": "feat: x", "author_name": "Mona"}]
    data = do(server, "compare", base="v1", head="v2")
    assert data["commits"] == [{"sha": SHA, "author_name": "Mona", "subject": "feat: x"}]
    assert data["complete"] is True


@pytest.mark.parametrize(
    ("target", "where"),
    [
        ({"merge_request": 5}, "merge_requests/5"),
        ({"commit": SHA}, f"repository/commits/{SHA}"),
    ],
)
def test_a_comment_with_a_key_replaces_the_earlier_one(
    server: GitlabServer, target: dict[str, Any], where: str
) -> None:
    first = do(server, "comment", body="broken", key="doctor", **target)
    second = do(server, "comment", body="fixed", key="doctor", **target)
    assert (first["created"], second["created"]) == (True, False)
    assert first["id"] == second["id"]
    assert [one["body"] for one in server.changes.notes[where]] == ["<!-- aof:doctor -->\nfixed"]


@pytest.mark.parametrize("target", [{}, {"merge_request": 1, "commit": SHA}])
def test_a_comment_has_one_place(server: GitlabServer, target: dict[str, Any]) -> None:
    with pytest.raises(UsageFault, match="either merge_request or commit"):
        do(server, "comment", body="x", **target)


@pytest.mark.parametrize(
    ("operation", "arguments", "line"),
    [
        ("retry_job", {"job_id": 7, "project": "a/b"}, "glab ci retry 7 --repo a/b"),
        ("retry_pipeline", {"pipeline_id": 7},
         "glab api --method POST projects/:fullpath/pipelines/7/retry"),
        ("cancel", {"pipeline_id": 7}, "glab ci cancel pipeline 7"),
        ("cancel", {"job_id": 7, "project": "a/b"}, "glab ci cancel job 7 --repo a/b"),
        ("trigger", {"ref": "main", "variables": {"A": "b c"}},
         "glab ci run --branch main --variables-env 'A:b c'"),
        ("comment", {"merge_request": 5, "body": "x"},
         "glab api --method POST projects/:fullpath/merge_requests/5/notes --field body=@-"),
        ("comment", {"commit": "abc", "project": "a/b", "body": "x"},
         "glab api --method POST projects/a%2Fb/repository/commits/abc/discussions "
         "--field body=@-"),
        ("create_merge_request", {"title": "R 1", **BRANCHES},
         "glab mr create --source-branch release/v1 --target-branch main --title 'R 1' "
         "--description - --yes"),
        ("upload_asset", {"tag": "v1", "path": "a.zip"}, "glab release upload v1 a.zip"),
        ("create_release", {"tag": "v1", "title": "One"},
         "glab release create v1 --name One --notes-file -"),
    ],
)  # fmt: skip
def test_commands_are_what_a_person_would_type(
    operation: str, arguments: dict[str, Any], line: str
) -> None:
    assert GitlabCi.operations()[operation].command(arguments) == line


def test_only_comments_are_notifications() -> None:
    effects = {name: one.effect for name, one in GitlabCi.operations().items()}
    assert [name for name, effect in effects.items() if effect is Effect.NOTIFY] == ["comment"]


def test_the_probe_tells_the_version(server: GitlabServer) -> None:
    server.plan("GET", "/version", Reply(200, {"version": "18.7.0"}))
    assert bound(server).probe() == "GitLab 18.7.0"
