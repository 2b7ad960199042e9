"""Table tests of policies: each row is a question with the answer its author expects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

from aof.manifests.policy import Given, Policy, PolicyTest
from aof.policy.conditions import Applied, Question
from aof.policy.evaluate import Answer
from aof.policy.load import policies_of


@dataclass(frozen=True, slots=True)
class Row:
    """One row and what came out."""

    policy: str
    test: PolicyTest
    answer: Answer

    @property
    def ok(self) -> bool:
        """The answer is the expected one, by the expected rule where one is named."""
        return self.answer.decision is self.test.expect and (
            not self.test.rule or self.answer.rule == self.test.rule
        )


def run_tables(documents: Sequence[Policy]) -> Iterator[Row]:
    """Ask each policy its own rows."""
    for policy in documents:
        policies = policies_of([policy])
        for test in policy.spec.tests:
            yield Row(policy.metadata.name, test, policies.decide(_question(test.given)))


def _question(given: Given) -> Question:
    at = given.at if given.at.tzinfo else given.at.replace(tzinfo=UTC)
    earlier = Applied(at - timedelta(minutes=1), given.tool, given.operation)
    return Question(
        tool=given.tool,
        operation=given.operation,
        now=at,
        effect=given.effect,
        arguments=given.arguments,
        command=given.command,
        environment=given.environment,
        labels=given.labels,
        actor=given.actor,
        agent=given.agent,
        verdict=given.verdict,
        decision=given.decision,
        origin=given.origin,
        declared=given.declared,
        applied=(earlier,) * given.applied,
    )
