"""Changing runs, comments, checks and pull requests through GitHub's API."""

from collections.abc import Iterator
from typing import Any

import pytest

from aof.errors import Unreachable, UsageFault
from aof.messages import Effect
from aof.tools.github_actions import GithubActions
from tests.servers.github import READ_TOKEN, REPO, SHA, WRITE_TOKEN, GithubServer, run
from tests.servers.loopback import Reply

BRANCHES = {"head": "release/v1", "base": "main"}


@pytest.fixture
def server() -> Iterator[GithubServer]:
    server = GithubServer()
    with server.running():
        yield server


def bound(server: GithubServer, **more: str) -> GithubActions:
    settings = {
        "GITHUB_TOKEN": READ_TOKEN,
        "GITHUB_TOKEN_WRITE": WRITE_TOKEN,
        "GITHUB_API_URL": server.url,
        "GITHUB_REPOSITORY": REPO,
        **more,
    }
    tool = GithubActions.bind(settings)
    assert isinstance(tool, GithubActions)
    return tool


def do(server: GithubServer, operation: str, **arguments: Any) -> Any:
    return bound(server).invoke(operation, arguments).data


@pytest.mark.parametrize("operation", ["rerun_workflow", "rerun_failed_jobs"])
def test_a_completed_run_runs_again_with_the_token_for_changes(
    server: GithubServer, operation: str
) -> None:
    data = do(server, operation, run_id=100, debug=True)
    assert (data["changed"], data["run"]["run_attempt"]) == (True, 2)
    sent = server.requests("POST")[0]
    assert sent.json() == {"enable_debug_logging": True}
    assert sent.headers["authorization"].endswith(WRITE_TOKEN)


def test_running_again_twice_starts_one_attempt(server: GithubServer) -> None:
    do(server, "rerun_failed_jobs", run_id=100)
    assert do(server, "rerun_failed_jobs", run_id=100)["changed"] is False
    assert server.runs[0]["run_attempt"] == 2


def test_without_a_token_for_changes_there_is_a_warning(server: GithubServer) -> None:
    output = bound(server, GITHUB_TOKEN_WRITE="").invoke("rerun_workflow", {"run_id": 100})
    assert "GITHUB_TOKEN_WRITE is not set" in output.warnings[0]
    assert server.requests("POST")[0].headers["authorization"].endswith(READ_TOKEN)


def test_reads_never_use_the_token_for_changes(server: GithubServer) -> None:
    do(server, "list_runs")
    assert server.asked[0].headers["authorization"].endswith(READ_TOKEN)


def test_a_write_is_sent_once_whatever_comes_back(server: GithubServer) -> None:
    server.plan("POST", "/rerun", Reply(502, b"bad gateway", {"Retry-After": "0"}))
    with pytest.raises(Unreachable, match="502"):
        do(server, "rerun_workflow", run_id=100)
    assert len(server.requests("POST")) == 1


@pytest.mark.parametrize(("force", "path"), [(False, "/cancel"), (True, "/force-cancel")])
def test_a_running_run_is_cancelled(server: GithubServer, force: bool, path: str) -> None:
    server.runs = [run(100, status="in_progress", conclusion=None)]
    data = do(server, "cancel", run_id=100, force=force)
    assert data["run"]["conclusion"] == "cancelled"
    assert server.requests("POST")[0].path.endswith(path)


def test_a_run_that_has_ended_is_left_alone(server: GithubServer) -> None:
    assert do(server, "cancel", run_id=100)["changed"] is False
    assert server.requests("POST") == []


@pytest.mark.parametrize(("knows", "run_id"), [(True, 777), (False, None)])
def test_a_workflow_is_started_once_with_inputs(
    server: GithubServer, knows: bool, run_id: int | None
) -> None:
    server.changes.knows_run_details = knows
    inputs = {"env": "prod"}
    data = do(server, "dispatch", workflow="deploy.yml", ref="main", inputs=inputs)
    assert data["run_id"] == run_id
    assert server.changes.dispatched == [
        {"workflow": "deploy.yml", "ref": "main", "inputs": inputs}
    ]


def test_the_version_of_the_api_is_named(server: GithubServer) -> None:
    do(server, "list_runs")
    do(server, "get_job_logs", job_id=1)
    versions = {asked.headers.get("x-github-api-version") for asked in server.asked}
    assert versions == {"2022-11-28"}


def test_a_workflow_without_the_trigger_is_githubs_words(server: GithubServer) -> None:
    with pytest.raises(Unreachable, match="422") as caught:
        do(server, "dispatch", workflow="locked.yml", ref="main")
    assert "workflow_dispatch" in caught.value.why


@pytest.mark.parametrize(
    ("target", "where"), [({"number": 5}, "issues/5"), ({"commit": SHA}, f"commits/{SHA}")]
)
def test_a_comment_with_a_key_replaces_the_earlier_one(
    server: GithubServer, target: dict[str, Any], where: str
) -> None:
    first = do(server, "comment", body="broken", key="doctor", **target)
    second = do(server, "comment", body="fixed", key="doctor", **target)
    assert (first["created"], second["created"]) == (True, False)
    comments = server.changes.comments[where]
    assert [one["body"] for one in comments] == ["<!-- aof:doctor -->\nfixed"]


def test_comments_without_a_key_are_added(server: GithubServer) -> None:
    do(server, "comment", body="one", number=5)
    do(server, "comment", body="two", number=5)
    assert [one["body"] for one in server.changes.comments["issues/5"]] == ["one", "two"]


def test_a_comment_that_is_too_long_is_shortened(server: GithubServer) -> None:
    do(server, "comment", body="x" * 70_000, number=5, key="k")
    body = server.changes.comments["issues/5"][0]["body"]
    assert len(body) == 65_535
    assert body.endswith("(shortened)")


@pytest.mark.parametrize("target", [{}, {"number": 1, "commit": SHA}])
def test_a_comment_has_one_place(server: GithubServer, target: dict[str, Any]) -> None:
    with pytest.raises(UsageFault, match="either number or commit"):
        do(server, "comment", body="x", **target)


def test_the_key_of_a_comment_cannot_end_its_mark(server: GithubServer) -> None:
    with pytest.raises(UsageFault, match="cannot be the key"):
        do(server, "comment", body="x", number=1, key="a--> <b>")


def test_a_check_takes_any_number_of_annotations(server: GithubServer) -> None:
    places = [{"path": "a.py", "start_line": n, "message": "no"} for n in range(1, 121)]
    check = {"name": "doctor", "head_sha": SHA, "conclusion": "failure"}
    data = do(server, "create_check", **check, title="t", summary="s", annotations=places)
    assert data["annotations"] == 120
    made = server.changes.checks[0]["output"]["annotations"]
    assert [one["start_line"] for one in made] == list(range(1, 121))
    assert made[0]["end_line"] == 1


def test_a_pull_request_is_opened_once(server: GithubServer) -> None:
    first = do(server, "create_pull_request", title="Release v1", **BRANCHES)
    second = do(server, "create_pull_request", title="Release v1", **BRANCHES)
    assert (first["created"], second["created"]) == (True, False)
    assert first["number"] == second["number"]


def test_a_lost_answer_finds_the_pull_request_it_made(server: GithubServer) -> None:
    server.lose("POST", "/pulls")
    data = do(server, "create_pull_request", title="Release v1", **BRANCHES)
    assert data["number"] == server.changes.pulls[0]["number"]
    assert len(server.changes.pulls) == 1


def test_a_refused_pull_request_is_githubs_words(server: GithubServer) -> None:
    error = {"message": "No commits between main and release/v1"}
    server.plan("POST", "/pulls", Reply(422, {"message": "Validation Failed", "errors": [error]}))
    with pytest.raises(Unreachable, match="422") as caught:
        do(server, "create_pull_request", title="x", **BRANCHES)
    assert caught.value.why == "Validation Failed; No commits between main and release/v1"


def test_pull_requests_of_a_commit_or_a_branch(server: GithubServer) -> None:
    do(server, "create_pull_request", title="x", **BRANCHES)
    of_commit = do(server, "get_pull_requests", commit="ee" * 20)["pull_requests"]
    of_branch = do(server, "get_pull_requests", head="release/v1", state="open")["pull_requests"]
    assert of_commit == of_branch
    assert (of_commit[0]["author"], of_commit[0]["base"]) == ("mona", "main")
    assert do(server, "get_pull_requests", head="nobody")["pull_requests"] == []


@pytest.mark.parametrize(
    ("protected", "rules", "needs"),
    [
        (False, [], False),
        (False, [{"type": "pull_request"}], True),
        (True, [], None),
        (True, [{"type": "pull_request"}], True),
    ],
)
def test_a_branch_tells_whether_it_needs_a_pull_request(
    server: GithubServer, protected: bool, rules: list[dict[str, Any]], needs: bool | None
) -> None:
    server.changes.protected, server.changes.rules = protected, rules
    data = do(server, "get_branch", branch="release/v1")
    assert (data["name"], data["protected"]) == ("release/v1", protected)
    assert data["requires_pull_request"] is needs


def test_contributors_come_with_their_accounts(server: GithubServer) -> None:
    server.changes.commits = [
        {
            "sha": f"{number:040}",
            "author": {"login": f"user{number}"} if number else None,
            "commit": {"message": f"feat: {number} (#{number})\n\nbody", "author": {"name": "N"}},
        }
        for number in range(130)
    ]
    data = do(server, "compare", base="v1.0.0", head="main")
    assert (data["total"], data["complete"], len(data["commits"])) == (130, True, 130)
    assert data["commits"][129]["subject"] == "feat: 129 (#129)"
    assert data["commits"][0]["author"] is None
    assert do(server, "compare", base="v1.0.0", head="main", limit=5)["complete"] is False


@pytest.mark.parametrize(
    ("operation", "arguments", "line"),
    [
        ("rerun_workflow", {"run_id": 7}, "gh run rerun 7"),
        ("rerun_failed_jobs", {"run_id": 7, "repository": "a/b"},
         "gh run rerun 7 --failed --repo a/b"),
        ("cancel", {"run_id": 7, "force": True}, "gh run cancel 7 --force"),
        ("dispatch", {"workflow": "ci.yml", "ref": "main", "inputs": {"a": "b c"}},
         "gh workflow run ci.yml --ref main --raw-field 'a=b c'"),
        ("comment", {"number": 5, "body": "x"}, "gh pr comment 5 --body-file -"),
        ("comment", {"commit": "abc", "body": "x", "repository": "a/b"},
         "gh api repos/a/b/commits/abc/comments -F body=@-"),
        ("create_check", {"name": "n", "head_sha": "abc", "conclusion": "failure"},
         "gh api 'repos/{owner}/{repo}/check-runs' -f name=n -f head_sha=abc "
         "-f conclusion=failure"),
        ("create_pull_request", {"title": "Release 1", "head": "r", "base": "main"},
         "gh pr create --head r --base main --title 'Release 1' --body-file -"),
        ("publish_release", {"tag": "v1"}, "gh release edit v1 --draft=false"),
        ("upload_asset", {"tag": "v1", "path": "dist/a b.txt"},
         "gh release upload v1 'dist/a b.txt'"),
        ("create_release", {"tag": "v1", "title": "One"},
         "gh release create v1 --draft --verify-tag --title One --notes-file -"),
    ],
)  # fmt: skip
def test_commands_are_what_a_person_would_type(
    operation: str, arguments: dict[str, Any], line: str
) -> None:
    assert GithubActions.operations()[operation].command(arguments) == line


def test_only_comments_and_checks_are_notifications() -> None:
    effects = {name: one.effect for name, one in GithubActions.operations().items()}
    notify = {name for name, effect in effects.items() if effect is Effect.NOTIFY}
    assert notify == {"comment", "create_check"}
    assert effects["publish_release"] is Effect.WRITE
    assert effects["get_release"] is Effect.READ


def test_the_probe_tells_what_is_left(server: GithubServer) -> None:
    core = {"limit": 5000, "remaining": 4990}
    server.plan("GET", "/rate_limit", Reply(200, {"resources": {"core": core}}))
    assert bound(server).probe() == "GitHub, 4990 of 5000 requests left"
