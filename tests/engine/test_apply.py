"""Applying a plan: nothing twice, nothing unasked, and the log says what is true."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aof.approvals.record import record
from aof.engine.action_states import action_states, applied
from aof.engine.observing import resolved
from aof.errors import ExitCode, PlanRefused, PolicyDenied, Unreachable
from aof.manifests.policy import Policy
from aof.plans import Plan
from aof.policy.load import policies_of
from tests.engine.shelf import MADE, Bench, Shelf


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.log.close()


def test_an_approved_plan_is_applied_once(bench: Bench) -> None:
    bench.approve()
    first, second = bench.apply(), bench.apply()
    assert bench.shelf.puts == ["one", "two", "three"]
    assert set(first.statuses.values()) == {"applied"}
    assert (first.nothing_to_do, second.nothing_to_do) == (False, True)


def test_later_actions_use_results_of_earlier_ones(bench: Bench) -> None:
    bench.approve()
    bench.apply()
    assert bench.shelf.items["three"] == "after-1"


def test_a_placeholder_for_a_secret_never_reaches_the_world() -> None:
    with pytest.raises(Unreachable, match="holds a secret"):
        resolved({"value": {"$result": "a1.key"}}, {"a1": {"key": "[SECRET:value:1]"}})


def test_without_an_approval_nothing_happens(bench: Bench) -> None:
    with pytest.raises(PlanRefused, match="is not approved") as caught:
        bench.apply()
    assert "1 approval" in caught.value.why
    assert bench.shelf.puts == []


def test_an_approval_of_another_plan_is_no_approval(bench: Bench) -> None:
    other = bench.plan.model_copy(update={"id": "plan-other"}).sealed()
    record(bench.log, bench.approval(of=other))
    copied = bench.approval(of=other).model_copy(update={"plan": bench.plan.id})
    record(bench.log, copied)
    with pytest.raises(PlanRefused, match="is not approved"):
        bench.apply()


def test_an_edited_plan_is_refused_even_when_sealed_again(bench: Bench) -> None:
    bench.approve()
    action = bench.plan.actions[0].model_copy(update={"arguments": {"name": "evil", "value": "x"}})
    edited = bench.plan.model_copy(update={"actions": (action,)})
    for plan in (edited, edited.sealed()):
        with pytest.raises(PlanRefused, match="not the plan that was made"):
            bench.apply(plan=plan)
    assert bench.shelf.puts == []


def test_a_rejected_plan_is_refused(bench: Bench) -> None:
    bench.approve()
    bench.approve(decision="reject", approver="ssh:cy@x.org")
    with pytest.raises(PlanRefused, match=r"rejected by ssh:cy@x\.org"):
        bench.apply()


def test_an_expired_plan_stays_expired_when_the_clock_is_moved_back(bench: Bench) -> None:
    bench.approve()
    bench.clock.advance(5 * 3600)
    with pytest.raises(PlanRefused, match="expired"):
        bench.apply()
    bench.clock.advance(-5 * 3600)
    with pytest.raises(PlanRefused, match="clock was moved back"):
        bench.apply()
    assert bench.shelf.puts == []


def test_a_changed_world_asks_for_a_new_plan_and_goes_on_asking(bench: Bench) -> None:
    bench.approve()
    bench.shelf.items["three"] = "somebody else's"
    with pytest.raises(PlanRefused, match="it no longer holds that there is no three yet"):
        bench.apply()
    assert bench.shelf.puts == []
    del bench.shelf.items["three"]
    with pytest.raises(PlanRefused, match="it no longer holds that there is no three yet"):
        bench.apply()
    assert bench.shelf.puts == []


def test_the_first_failure_stops_and_offers_the_undo(bench: Bench) -> None:
    bench.approve()
    bench.shelf.broken = "two"
    outcome = bench.apply()
    assert bench.shelf.puts == ["one"]
    assert outcome.stopped.startswith("a2: shelf put two 2 failed: shelf broke")
    assert (outcome.code, outcome.undo) == (ExitCode.STOP, ["shelf take one"])
    assert [s.value for s in outcome.statuses.values()] == ["applied", "failed", "pending"]
    bench.shelf.broken = ""
    with pytest.raises(PlanRefused, match="stopped at a2"):
        bench.apply()


def test_a_plan_that_becomes_stale_half_way_is_refused_as_stale(bench: Bench) -> None:
    bench.approve()
    bench.shelf.then = lambda _: bench.shelf.items.setdefault("two", "somebody else's")
    outcome = bench.apply()
    assert outcome.stopped.startswith("a2: plan-shelf is stale: it no longer holds that there is")
    assert (outcome.code, outcome.undo) == (ExitCode.PENDING, ["shelf take one"])


def test_what_cannot_be_reached_half_way_is_told_apart_from_a_failure(bench: Bench) -> None:
    bench.approve()
    bench.shelf.then = lambda _: setattr(bench.shelf, "unreadable", "two")
    outcome = bench.apply()
    assert (outcome.code, bench.shelf.puts) == (ExitCode.UNREACHABLE, ["one"])


def test_an_error_whose_action_took_effect_anyway_counts_as_applied(bench: Bench) -> None:
    bench.approve()
    bench.shelf.lost_answer = "two"
    outcome = bench.apply()
    assert bench.shelf.puts == ["one", "two", "three"]
    assert "yet it took effect" in outcome.warnings[0]


def test_an_action_without_effect_is_a_failure(bench: Bench) -> None:
    bench.approve()
    bench.shelf.ignored = "two"
    assert "did not take effect: two is on the shelf" in bench.apply().stopped


def test_an_intent_that_happened_is_read_back_not_repeated(bench: Bench) -> None:
    bench.approve()
    bench.intend("a1")
    bench.shelf.items["one"] = "1"
    bench.apply()
    assert bench.shelf.puts == ["two", "three"]


def test_an_intent_that_did_not_happen_is_done(bench: Bench) -> None:
    bench.approve()
    bench.intend("a1")
    bench.apply()
    assert bench.shelf.puts == ["one", "two", "three"]


def test_an_intent_nobody_can_tell_about_is_left_to_a_person(bench: Bench) -> None:
    bench.approve()
    bench.intend("a1")
    bench.shelf.items["one"] = "something else"
    with pytest.raises(PlanRefused, match="nobody can tell"):
        bench.apply()
    assert bench.shelf.puts == []


def test_a_request_under_way_gets_time_to_end_before_it_is_read_back(bench: Bench) -> None:
    bench.approve()
    bench.intend("a1")
    before = bench.clock.monotonic()
    bench.apply()
    assert bench.clock.monotonic() - before >= Shelf.operations()["put"].timeout_s


def test_what_has_happened_already_is_not_waited_for(bench: Bench) -> None:
    bench.approve()
    bench.intend("a1")
    bench.shelf.items["one"] = "1"
    before = bench.clock.monotonic()
    bench.apply()
    assert bench.clock.monotonic() == before


def test_a_copy_of_the_run_cannot_apply_it_a_second_time(bench: Bench, tmp_path: Path) -> None:
    bench.approve()
    copy = bench.copied(tmp_path / "elsewhere")
    bench.apply()
    bench.shelf.items.clear()
    with copy.log, pytest.raises(PlanRefused, match="has been used"):
        copy.apply()
    assert bench.shelf.puts == ["one", "two", "three"]


def test_a_log_set_back_cannot_apply_it_a_second_time(bench: Bench) -> None:
    bench.approve()
    before = (bench.folder / "events.jsonl").read_bytes()
    bench.apply()
    bench.shelf.items.clear()
    bench.reopened(content=before)
    with pytest.raises(PlanRefused, match="has been used"):
        bench.apply()


def test_two_applies_at_once_are_kept_apart(bench: Bench) -> None:
    bench.approve()
    with bench.lock(bench.plan.id), pytest.raises(PlanRefused, match="by another process"):
        bench.apply()


def policy(**rule: Any) -> Policy:
    return Policy.model_validate(
        {"apiVersion": "aof.dev/v1alpha1", "kind": "Policy", "metadata": {"name": "p"},
         "spec": {"rules": [{"name": "r", **rule}]}}
    )  # fmt: skip


def test_policy_is_asked_again_at_the_time_of_apply(bench: Bench) -> None:
    bench.approve()
    frozen = policy(decision="deny", when={"window": {"start": MADE.isoformat()}})
    bench.governance = replace(bench.governance, policies=policies_of([frozen]))
    with pytest.raises(PolicyDenied, match="a1 is denied") as caught:
        bench.apply()
    assert "policy p, rule r" in caught.value.why


def test_policy_sees_arguments_that_were_unknown_when_the_plan_was_made(bench: Bench) -> None:
    bench.approve()
    no_after = policy(decision="deny", when={"arguments": {"value": "after-*"}})
    rest = policy(decision="allow")
    both = no_after.model_copy(
        update={"spec": no_after.spec.model_copy(
            update={"rules": (*no_after.spec.rules, *rest.spec.rules)})}
    )  # fmt: skip
    bench.governance = replace(bench.governance, policies=policies_of([both]))
    with pytest.raises(PolicyDenied, match="a3 is denied"):
        bench.apply()


def test_when_and_by_whom_a_plan_was_applied_is_known_afterwards(bench: Bench) -> None:
    bench.approve()
    assert applied(bench.plan, bench.log.events) is None
    bench.apply()
    done = applied(bench.plan, bench.log.events)
    assert done is not None
    assert (done.at, done.by) == (bench.clock.now(), "local:eve")


def test_the_log_holds_intent_before_act_and_result_after(bench: Bench) -> None:
    bench.approve()
    bench.apply()
    kinds = [e.kind for e in bench.log.events if e.data.get("action") == "a1"]
    assert kinds[-3:] == ["action.intended", "action.done", "action.applied"]
    states = action_states(bench.plan, bench.log.events)
    assert [one.state.value for one in states.values()] == ["applied"] * 3


def test_a_plan_survives_its_file(bench: Bench) -> None:
    text = bench.plan.model_dump_json()
    again = Plan.model_validate(json.loads(text))
    assert again.computed_digest() == bench.plan.digest


def test_the_approval_ends_with_the_plan(bench: Bench) -> None:
    given = bench.approval()
    assert given.expires_at == bench.plan.expires_at == MADE + timedelta(hours=4)
    assert isinstance(given.at, datetime)
