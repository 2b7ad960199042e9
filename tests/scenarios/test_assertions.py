"""Every kind of assertion, holding and not holding."""

from __future__ import annotations

from typing import Any

import pytest

from aof.engine.result import RunResult
from aof.errors import Unreachable
from aof.manifests.agent_test import Assertion
from aof.messages import Usage
from aof.plans import Action, Plan
from aof.scenarios.assertions import check
from aof.scenarios.outcome import Called, Outcome
from aof.scenarios.run import USUAL_TIME
from aof.verdict import Assessment, Verdict

ACTION = Action(
    id="a1",
    tool="argocd",
    operation="app_rollback",
    command="argocd app rollback shop 12",
    reason="errors",
)
PLAN = Plan(
    id="p1",
    agent="a",
    run_id="r",
    created_at=USUAL_TIME,
    expires_at=USUAL_TIME,
    verdict="fail",
    decision="ROLLBACK",
    actions=(ACTION,),
)
RESULT = RunResult(
    run_id="r",
    agent="a",
    verdict=Verdict.FAIL,
    assessment=Assessment(
        verdict=Verdict.FAIL,
        decision="ROLLBACK",
        summary="s",
        actions=(ACTION,),
        facts={"metrics": [{"name": "error_rate", "canary": 0.05}], "count": 1},
    ),
    evidence=(),
    report="# Report\n\n## Decision: ROLLBACK\n\nError rate spike\n",
    model="embedded",
    usage=Usage(10, 5, 0.02),
    plan=PLAN,
    duration_s=0.5,
)
OUTCOME = Outcome(
    RESULT,
    None,
    calls=[
        Called("argocd", "app_get", {"name": "shop"}),
        Called("prometheus_query", "query", {"query": "up{app='shop'}"}),
        Called("argocd", "app_history", {"name": "shop"}),
    ],
    memory=[{"decision": "ROLLBACK"}],
    document=RESULT.as_dict(),
    steps=["release: ran", "gate: approved"],
)
FAILED = Outcome(None, Unreachable("no connection to prometheus"))

HOLD: list[dict[str, Any]] = [
    {"contains": "Error rate spike"},
    {"not_contains": "PROCEED"},
    {"icontains": "error RATE"},
    {"matches": r"^## Decision: \w+$"},
    {"verdict": "fail"},
    {"decision": "ROLLBACK"},
    {"exit_code": 1},
    {"facts": {"metrics[?name=='error_rate'].canary | [0]": 0.05, "count": 1.0}},
    {"json_schema": {"type": "object", "required": ["decision"]}},
    {"tool_called": "argocd"},
    {"tool_called": "argocd.app_get"},
    {"tool_called": {"tool": "argocd", "arguments": {"name": "shop"}, "times": 2}},
    {"tool_called": {"tool": "prometheus_query", "arguments": {"query": {"contains": "shop"}}}},
    {"tool_called": {"tool": "prometheus_query", "arguments": {"query": {"pattern": "^up"}}}},
    {"tool_not_called": "argocd.app_sync"},
    {"call_order": ["argocd.app_get", "prometheus_query.query", "argocd.app_history"]},
    {"plan_contains": "app rollback shop"},
    {"plan_empty": False},
    {"proposes": "rollback shop 12"},
    {"approval_required": True},
    {"memory_contains": "ROLLBACK"},
    {"steps": ["release: ran", "gate: approved"]},
    {"max_tokens": 15},
    {"max_cost": 0.02},
    {"max_duration": "1s"},
    {"not": {"contains": "PROCEED"}},
    {"any_of": [{"contains": "PROCEED"}, {"contains": "ROLLBACK"}]},
    {"all_of": [{"verdict": "fail"}, {"decision": "ROLLBACK"}]},
]
DO_NOT: list[tuple[dict[str, Any], str]] = [
    ({"contains": "error rate"}, "Error rate spike"),
    ({"not_contains": "ROLLBACK"}, "| ## Decision: ROLLBACK"),
    ({"icontains": "proceed"}, "proceed"),
    ({"matches": "^Decision"}, "matches"),
    ({"verdict": "pass"}, "verdict is 'fail'"),
    ({"decision": "PROCEED"}, "decision is 'ROLLBACK'"),
    ({"exit_code": 0}, "exit code is 1"),
    ({"error_contains": "x"}, "did not fail"),
    ({"facts": {"count": 2}}, "count is 1, expected 2"),
    ({"facts": {"count": True}}, "count is 1"),
    ({"facts": {"contains(missing, 'x')": True}}, "is null, expected true"),
    ({"json_schema": {"required": ["nothing"]}}, "nothing"),
    ({"tool_called": "kubectl"}, "called 0 times"),
    ({"tool_called": {"tool": "argocd", "times": 1}}, "called 2 times, not 1"),
    ({"tool_called": {"tool": "argocd", "at_least": 3}}, "called 2 times"),
    ({"tool_not_called": "argocd.app_get"}, "argocd.app_get"),
    ({"call_order": ["argocd.app_history", "argocd.app_get"]}, "this order"),
    ({"plan_contains": "kubectl"}, "argocd app rollback shop 12"),
    ({"plan_empty": True}, "argocd app rollback shop 12"),
    ({"proposes": "kubectl"}, "argocd app rollback shop 12"),
    ({"approval_required": False}, "approval required is True"),
    ({"memory_contains": "PROCEED"}, "no memory entry"),
    ({"steps": ["gate: approved", "release: ran"]}, "| release: ran"),
    ({"max_tokens": 14}, "15 tokens"),
    ({"max_cost": 0.01}, "0.0200 USD"),
    ({"max_duration": "100ms"}, "0.500 s"),
    ({"not": {"verdict": "fail"}}, "holds, but must not"),
    ({"any_of": [{"verdict": "pass"}, {"verdict": "warn"}]}, "none of these"),
    ({"all_of": [{"verdict": "fail"}, {"decision": "HOLD"}]}, "decision is"),
    ({"rubric": "it is polite"}, "--live"),
]


@pytest.mark.parametrize("given", HOLD, ids=lambda given: next(iter(given)))
def test_assertion_holds(given: dict[str, Any]) -> None:
    assert check(Assertion.model_validate(given), OUTCOME) == ""


@pytest.mark.parametrize(("given", "reason"), DO_NOT, ids=lambda given: str(given)[:30])
def test_assertion_does_not_hold_and_says_why(given: dict[str, Any], reason: str) -> None:
    assert reason in check(Assertion.model_validate(given), OUTCOME)


def test_every_kind_of_assertion_is_tried_both_ways() -> None:
    kinds = {name.rstrip("_") for name in Assertion.model_fields}
    assert {next(iter(given)) for given, _ in DO_NOT} == kinds
    assert {next(iter(given)) for given in HOLD} == kinds - {"error_contains", "rubric"}


def test_a_failed_run_has_an_error_and_no_verdict() -> None:
    assert check(Assertion(error_contains="prometheus"), FAILED) == ""
    assert "no verdict" in check(Assertion(verdict="pass"), FAILED)
    assert check(Assertion(exit_code=5), FAILED) == ""
