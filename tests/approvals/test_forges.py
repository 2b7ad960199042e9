"""Approvals read from a forge's API, as the vendors document the answers."""

from collections.abc import Iterator

import pytest

from aof.approvals.forges import Forge, forge_verifier
from aof.errors import Unreachable, UsageFault
from tests.approvals.people import MADE, approval, plan
from tests.servers.loopback import Loopback, Reply

REVIEWS = [
    {"state": "approved", "comment": "ok", "environments": [{"name": "production"}],
     "user": {"login": "cy"}},
    {"state": "approved", "comment": "", "environments": [{"name": "staging"}],
     "user": {"login": "eve"}},
]  # fmt: skip


@pytest.fixture
def server() -> Iterator[Loopback]:
    loopback = Loopback()
    loopback.route("GET", "/repos/o/r/actions/runs/7/approvals", lambda _: Reply(200, REVIEWS))
    job = {"id": 9, "user": {"username": "cy"}, "pipeline": {"id": 5}}
    loopback.route("GET", "/api/v4/projects/3/jobs/9", lambda _: Reply(200, job))
    with loopback.running():
        yield loopback


def github(server: Loopback) -> Forge:
    return Forge(
        {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "7",
         "GITHUB_API_URL": server.url, "GITHUB_TOKEN": "t"}, MADE,
    )  # fmt: skip


def gitlab(server: Loopback, **more: str) -> Forge:
    return Forge(
        {"GITLAB_CI": "true", "CI_PROJECT_ID": "3", "CI_PIPELINE_ID": "5", "CI_JOB_ID": "9",
         "CI_API_V4_URL": f"{server.url}/api/v4", "CI_JOB_MANUAL": "true", **more}, MADE,
    )  # fmt: skip


OF_GITHUB = plan(forge_run="github:o/r/7", environment="production")
OF_GITLAB = plan(forge_run="gitlab:3/5")


def test_reviewers_of_the_plan_s_environment_count(server: Loopback) -> None:
    found = list(github(server).approvals(OF_GITHUB))
    assert [(a.approver, a.digest) for a in found] == [("github:cy", OF_GITHUB.digest)]
    assert server.asked[0].headers["authorization"] == "Bearer t"


def test_a_plan_of_another_run_is_refused(server: Loopback) -> None:
    with pytest.raises(UsageFault, match="was not made in this run"):
        list(github(server).approvals(plan(forge_run="github:o/r/6", environment="production")))
    with pytest.raises(UsageFault, match="not a job"):
        list(Forge({}, MADE).approvals(OF_GITHUB))


def test_without_an_environment_nobody_s_review_counts(server: Loopback) -> None:
    with pytest.raises(UsageFault, match="no environment"):
        list(github(server).approvals(plan(forge_run="github:o/r/7")))


def test_who_started_the_manual_job_approved(server: Loopback) -> None:
    assert [a.approver for a in gitlab(server).approvals(OF_GITLAB)] == ["gitlab:cy"]
    assert list(gitlab(server, CI_JOB_MANUAL="").approvals(OF_GITLAB)) == []


def test_a_stored_approval_is_asked_for_again(server: Loopback) -> None:
    forge = github(server)
    verify = forge_verifier(forge, OF_GITHUB)
    real = next(forge.approvals(OF_GITHUB))
    assert verify(real) == ""
    assert "does not know" in verify(real.model_copy(update={"approver": "github:mallory"}))
    assert "cannot be asked" in verify(approval(OF_GITHUB, source="gitlab", approver="gitlab:x"))
    other = real.model_copy(update={"proof": {"environment": "staging"}})
    assert "for the environment staging" in verify(other)


def test_a_forge_that_refuses_is_an_error_not_an_approval(server: Loopback) -> None:
    server.plan("GET", "approvals", Reply(403, {"message": "no"}))
    with pytest.raises(Unreachable, match="403"):
        list(github(server).approvals(OF_GITHUB))
