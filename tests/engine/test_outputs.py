"""Outputs pass where declared and not denied; changes never pass as outputs."""

from typing import Any

import pytest

from aof.attack.stage import NOW, Stage
from aof.clock import FrozenClock
from aof.engine.calls import RecordedCalls
from aof.engine.outputs import Outputs
from aof.engine.planning import Governance
from aof.engine.progress import Silent
from aof.manifests.policy import Policy
from aof.messages import Effect
from aof.policy.load import policies_of, read_policies, shipped_policy


def outputs(stage: Stage, *policies: Policy) -> Outputs:
    calls = RecordedCalls(stage.tools(), stage.log, FrozenClock(NOW), Silent())
    governance = Governance(policies=policies_of(list(policies)))
    return Outputs(calls, stage.log, governance, FrozenClock(NOW), "guardian")


def comment(stage: Stage, *policies: Policy) -> Any:
    kind = stage.spies["github_actions"].kind
    assert kind.operations()["comment"].effect is Effect.NOTIFY
    from aof.attack.stage import example

    arguments = example(kind.operations()["comment"])
    return outputs(stage, *policies).send("github_actions", "comment", arguments)


def test_a_declared_output_is_sent_and_recorded() -> None:
    stage = Stage()
    assert comment(stage, *read_policies(shipped_policy())).ok
    assert stage.changed == ["github_actions.comment"]
    assert [e.kind for e in stage.log.events][-2:] == ["output.intended", "output.sent"]


@pytest.mark.parametrize("decision", ["deny", "require-approval"])
def test_policy_can_keep_an_output_back(decision: str) -> None:
    policy = Policy.model_validate(
        {"apiVersion": "aof.dev/v1alpha1", "kind": "Policy", "metadata": {"name": "quiet"},
         "spec": {"rules": [{"name": "r", "decision": decision, "when": {"effects": ["notify"]}}]}}
    )  # fmt: skip
    stage = Stage()
    result = comment(stage, policy)
    assert (result.ok, stage.changed) == (False, [])
    assert "policy quiet, rule r" in str(result.error)


def test_a_change_is_no_output() -> None:
    stage = Stage()
    result = outputs(stage).send("git", "push", {})
    assert (result.ok, stage.changed) == (False, [])
    assert "changes go through a plan" in str(result.error)
