"""Which approvals count. Every doubt refuses."""

from datetime import timedelta

import pytest

from aof.plans import Requirement
from aof.policy.people import Directory
from tests.approvals.people import ACTION, MADE, approval, plan, standing

TEAM = Directory(teams={"@ops": ("bo", "github:cy")}, people={"dee": ("ssh:d@x.org", "github:dee")})


def wanted(**given: object) -> Requirement:
    return Requirement.model_validate({"source": "policy p", **given})


def test_one_valid_approval_suffices_where_nobody_is_named() -> None:
    found = standing(approval())
    assert found.approved
    assert found.approved_by == ("ssh:bo@x.org",)


def test_no_approval_does_not() -> None:
    assert standing().missing == ("1 approval by anybody who may approve (policy p)",)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"plan": "plan-2"}, "another plan"),
        ({"digest": "sha256:0"}, "another plan"),
        ({"at": MADE - timedelta(hours=1)}, "older than the plan"),
        ({"at": MADE + timedelta(hours=1)}, "clock was moved back"),
        ({"expires_at": MADE + timedelta(minutes=9)}, "expired"),
        ({"source": "local"}, "does not come from"),
        ({"source": "server", "approver": "server:bo"}, "cannot be checked"),
    ],
)
def test_an_approval_that_is_not_for_this_plan_now_does_not_count(
    changes: dict[str, object], why: str
) -> None:
    found = standing(approval(**changes))
    assert not found.approved
    assert why in found.refused[0][1]


def test_an_edited_plan_loses_its_approvals() -> None:
    edited = plan(actions=(ACTION.model_copy(update={"arguments": {"app": "y"}}),))
    assert not standing(approval(plan()), of=edited).approved


def test_an_expired_plan_cannot_be_approved() -> None:
    late = approval(at=MADE + timedelta(hours=5), expires_at=MADE + timedelta(hours=9))
    assert not standing(late, minutes=301).approved


def test_a_requirement_can_end_sooner_than_the_plan() -> None:
    assert not standing(approval(), wanted=wanted(timeout_s=300)).approved


def test_one_rejection_is_enough() -> None:
    no = approval(decision="reject", approver="ssh:cy@x.org")
    assert standing(approval(), no).rejected_by == "ssh:cy@x.org"


def test_people_do_not_approve_their_own_runs() -> None:
    own = approval(approver="ssh:ana@x.org")
    assert "their own runs" in standing(own).refused[0][1]
    assert standing(own, wanted=wanted(self_approval=True)).approved


def test_the_person_at_the_terminal_counts_outside_ci_only() -> None:
    here = approval(approver="local:ana", source="local")
    assert standing(here).approved
    assert not standing(here, in_ci=True).approved
    assert not standing(here, wanted=wanted(local=False)).approved
    assert not standing(here, wanted=wanted(self_approval=False)).approved
    assert standing(here, in_ci=True, wanted=wanted(local=True)).approved


def test_approvers_are_people_identities_or_members_of_teams() -> None:
    ask = wanted(approvers=["@ops"])
    assert standing(approval(), wanted=ask, directory=TEAM).approved
    other = approval(approver="ssh:cy@x.org")
    assert not standing(other, wanted=ask, directory=TEAM).approved
    at_forge = approval(approver="github:cy", source="github")
    assert standing(at_forge, wanted=ask, directory=TEAM).approved


def test_a_team_nobody_mapped_admits_nobody_and_says_so() -> None:
    found = standing(approval(), wanted=wanted(approvers=["@deployment-team"]))
    assert "no policy says who is in @deployment-team" in found.missing[0]


def test_a_quorum_needs_different_people() -> None:
    ask = wanted(quorum=2)
    twice = (approval(nonce="1"), approval(nonce="2"))
    assert not standing(*twice, wanted=ask).approved
    both = (approval(approver="ssh:d@x.org"), approval(approver="github:dee", source="github"))
    assert not standing(*both, wanted=ask, directory=TEAM).approved
    assert standing(approval(), approval(approver="ssh:cy@x.org"), wanted=ask).approved
