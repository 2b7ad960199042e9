"""Which rule decides, and that doubt never makes anything milder."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.manifests.base import Approval
from aof.manifests.policy import Policy
from aof.messages import Effect
from aof.plans import Decision, Origin
from aof.policy.commands import command_matches
from aof.policy.conditions import Applied, Question
from aof.policy.evaluate import Policies
from aof.policy.load import policies_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)  # a Friday
ALLOW_ALL: dict[str, Any] = {"name": "all", "decision": "allow"}


def policy(*rules: dict[str, Any], name: str = "test", **spec: Any) -> Policy:
    return Policy.model_validate(
        {
            "apiVersion": "aof.dev/v1alpha1",
            "kind": "Policy",
            "metadata": {"name": name},
            "spec": {"rules": list(rules), **spec},
        }
    )


def policies(*rules: dict[str, Any], **spec: Any) -> Policies:
    return policies_of([policy(*rules, **spec)])


def question(**given: Any) -> Question:
    defaults: dict[str, Any] = {
        "tool": "argocd", "operation": "app_sync", "now": NOON, "origin": Origin.PLAYBOOK,
    }  # fmt: skip
    return Question(**{**defaults, **given})


def decide(*rules: dict[str, Any], **given: Any) -> str:
    return policies(*rules).decide(question(**given)).decision.value


def rule(decision: str = "deny", **when: Any) -> dict[str, Any]:
    return {"name": "rule", "decision": decision, "when": when}


def test_a_write_nobody_mentions_is_denied() -> None:
    assert decide(rule("allow", tools=["flux"])) == "deny"


def test_the_first_matching_rule_decides() -> None:
    answer = policies(
        rule("require-approval", tools=["argocd"]), {**ALLOW_ALL, "name": "later"}
    ).decide(question())
    assert (answer.decision, answer.rule) == (Decision.REQUIRE_APPROVAL, "rule")


def test_of_several_policies_the_strictest_holds() -> None:
    both = policies_of([policy(ALLOW_ALL), policy(rule("require-approval"), name="strict")])
    assert both.decide(question()).policy == "strict"


@pytest.mark.parametrize(
    ("when", "given", "expected"),
    [
        ({"tools": ["argo*"]}, {}, "deny"),
        ({"tools": ["kubectl"]}, {}, "allow"),
        ({"operations": ["app_*"]}, {}, "deny"),
        ({"arguments": {"prune": True}}, {"arguments": {"prune": True}}, "deny"),
        ({"arguments": {"prune": True}}, {"arguments": {"prune": False}}, "allow"),
        ({"arguments": {"prune": True}}, {"arguments": {"prune": 1}}, "allow"),
        ({"arguments": {"app": "pay-*"}}, {"arguments": {"app": "pay-api"}}, "deny"),
        ({"arguments": {"app": ["a", "b"]}}, {"arguments": {"app": "b"}}, "deny"),
        ({"arguments": {"files": "prod/*"}}, {"arguments": {"files": ["x", "prod/y"]}}, "deny"),
        ({"arguments": {"replicas": {"min": 11}}}, {"arguments": {"replicas": 11}}, "deny"),
        ({"arguments": {"replicas": {"min": 11}}}, {"arguments": {"replicas": 10}}, "allow"),
        ({"arguments": {"replicas": {"max": 0}}}, {"arguments": {"replicas": "many"}}, "allow"),
        ({"arguments": {"revision": {"absent": True}}}, {}, "deny"),
        ({"arguments": {"ns": {"not": "dev"}}}, {"arguments": {"ns": "prod"}}, "deny"),
        ({"arguments": {"ns": {"not": "dev"}}}, {"arguments": {"ns": "dev"}}, "allow"),
        ({"environments": ["prod*"]}, {"environment": "production"}, "deny"),
        ({"environments": ["prod*"]}, {"environment": "dev"}, "allow"),
        ({"labels": {"team": "pay*"}}, {"labels": {"team": "payments"}}, "deny"),
        ({"actors": ["github:ana"]}, {"actor": "github:ana"}, "deny"),
        ({"actors": ["github:ana"]}, {"actor": "gitlab:ana"}, "allow"),
        ({"verdicts": ["fail"]}, {"verdict": "pass"}, "allow"),
        ({"origins": ["model"]}, {"origin": Origin.MODEL}, "deny"),
        ({"commands": ["argocd app sync"]}, {"command": "argocd app sync shop"}, "deny"),
        ({"effects": ["notify"]}, {}, "allow"),
    ],
)
def test_conditions(when: dict[str, Any], given: dict[str, Any], expected: str) -> None:
    assert decide(rule(**when), ALLOW_ALL, **given) == expected


@pytest.mark.parametrize(
    ("window", "at", "inside"),
    [
        ({"days": ["fri"], "from": "16:00"}, "2026-11-20T16:00:00+00:00", True),
        ({"days": ["fri"], "from": "16:00"}, "2026-11-20T15:59:59+00:00", False),
        ({"from": "16:00", "timezone": "Europe/Berlin"}, "2026-11-20T15:00:00+00:00", True),
        ({"from": "16:00", "timezone": "Europe/Berlin"}, "2026-07-20T14:00:00+00:00", True),
        ({"days": ["fri"], "from": "22:00", "to": "06:00"}, "2026-11-21T05:59:00+00:00", True),
        ({"days": ["fri"], "from": "22:00", "to": "06:00"}, "2026-11-20T05:59:00+00:00", False),
        ({"from": 1320, "to": "06:00"}, "2026-11-20T22:30:00+00:00", True),
        ({"start": "2026-12-20T00:00:00+01:00"}, "2026-12-19T23:00:00+00:00", True),
        ({"end": "2026-12-20T00:00:00+01:00"}, "2026-12-19T23:00:00+00:00", False),
        ([{"days": ["sat"]}, {"days": ["sun"]}], "2026-11-22T10:00:00+00:00", True),
    ],
)
def test_freezes_hold_in_their_timezone(window: Any, at: str, *, inside: bool) -> None:
    found = decide(rule(window=window), ALLOW_ALL, now=datetime.fromisoformat(at))
    assert found == ("deny" if inside else "allow")


@pytest.mark.parametrize(
    "window", [{"timezone": "Mars/Base"}, {"from": "25:00"}, {"start": "2026-12-20T00:00:00"},
               {"from": "10:00", "to": "10:00"}]
)  # fmt: skip
def test_a_window_that_means_nothing_is_refused(window: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="window"):
        policy(rule(window=window))


def test_a_rate_counts_what_was_applied_before() -> None:
    limit = rule(tools=["argocd"], rate={"at_least": 2, "within": "1h"})
    recent = Applied(NOON.replace(minute=0, hour=11), "argocd", "app_sync")
    old = Applied(NOON.replace(hour=9), "argocd", "app_sync")
    other = Applied(NOON, "flux", "reconcile")
    assert decide(limit, ALLOW_ALL, applied=[recent, old, other]) == "allow"
    assert decide(limit, ALLOW_ALL, applied=[recent, recent]) == "deny"


@pytest.mark.parametrize(
    "when",
    [{"environments": ["production"]}, {"actors": ["github:ana"]}, {"labels": {"tier": "1"}},
     {"arguments": {"sha": "x"}}],
)  # fmt: skip
def test_what_is_not_known_never_makes_an_answer_milder(when: dict[str, Any]) -> None:
    unknown: dict[str, Any] = {"arguments": {"sha": {"$result": "a1.sha"}}}
    assert decide(rule("deny", **when), ALLOW_ALL, **unknown) == "deny"
    assert decide(rule("allow", **when), rule("deny"), **unknown) == "deny"
    assert decide(rule("allow", **when), **unknown) == "deny"


def test_an_agent_can_ask_for_more_but_never_allow() -> None:
    lax = policies(ALLOW_ALL)
    agent = ("agent guardian", Approval(approvers=("ana",), commands=("argocd app sync",)))
    answer = lax.decide(question(command="argocd app sync shop"), [agent])
    assert answer.decision is Decision.REQUIRE_APPROVAL
    assert answer.requirements[0].approvers == ("ana",)
    assert lax.decide(question(command="argocd app get x"), [agent]).decision is Decision.ALLOW
    open_door = ("agent x", Approval(required=False))
    assert policies(rule("deny")).decide(question(), [open_door]).decision is Decision.DENY


def test_all_who_ask_must_be_satisfied() -> None:
    asks = policies({**rule("require-approval"), "approval": {"approvers": ["bo"], "quorum": 2}})
    answer = asks.decide(question(), [("agent a", Approval(approvers=("ana",)))])
    assert [found.approvers for found in answer.requirements] == [("bo",), ("ana",)]


def test_after_reading_text_from_outside_a_model_is_never_obeyed_unasked() -> None:
    lax = policies(ALLOW_ALL)
    answer = lax.decide(question(origin=Origin.MODEL, tainted=True))
    assert (answer.decision, answer.rule) == (Decision.REQUIRE_APPROVAL, "untrusted-input")
    assert lax.decide(question(origin=Origin.PLAYBOOK, tainted=True)).decision is Decision.ALLOW


def test_notifications_pass_where_declared_and_count_as_writes_elsewhere() -> None:
    silent = policies(rule("deny", tools=["nothing"]))
    assert silent.decide(question(effect=Effect.NOTIFY, declared=True)).decision is Decision.ALLOW
    assert silent.decide(question(effect=Effect.NOTIFY)).decision is Decision.DENY


@pytest.mark.parametrize(
    ("pattern", "command", "expected"),
    [
        ("kubectl apply", "kubectl apply -f x.yaml", True),
        ("git push --tags", "git push origin --tags", True),
        ("git push --tags", "git push origin main", False),
        ("argocd app sync", "argocd app rollback shop 12", False),
        ("flux reconcile", "flux reconcile kustomization apps", True),
        ("argocd app *back", "argocd app rollback shop 12", True),
        ("kubectl", "kubectlx apply", False),
        ("kubectl apply", "kubectl -n prod apply -f 'a b'", True),
        ("", "git push", False),
    ],
)
def test_command_patterns_of_the_specification(pattern: str, command: str, *,
                                               expected: bool) -> None:  # fmt: skip
    assert command_matches(pattern, command) is expected


@given(st.lists(st.sampled_from(list(Decision)), min_size=1, max_size=4), st.booleans())
def test_adding_a_policy_never_makes_an_answer_milder(
    decisions: list[Decision], known: bool
) -> None:
    environment = "production" if known else ""
    documents = [policy(rule(d.value, environments=["prod*"])) for d in decisions]
    order = list(Decision)
    found = [
        order.index(policies_of(documents[:n]).decide(question(environment=environment)).decision)
        for n in range(1, len(documents) + 1)
    ]
    assert found == sorted(found)
