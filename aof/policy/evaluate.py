"""From policies and a question to one decision, the rule that made it, and who must approve.

Within a policy the first matching rule decides; of several policies the strictest holds; a
write nobody mentions is denied. A rule whose conditions cannot be answered never makes
anything milder: an `allow` is passed over, anything stricter counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aof.manifests.base import Approval, duration_s
from aof.manifests.policy import Policy, PolicyApproval, Rule
from aof.messages import Effect
from aof.plans import Decision, Origin, Requirement, strictest_decision
from aof.policy.commands import command_matches
from aof.policy.conditions import Question, matches
from aof.policy.people import Directory


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision, who made it, and the approvals it asks for."""

    decision: Decision
    policy: str
    rule: str
    reason: str
    requirements: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True)
class Policies:
    """Every policy in force here, and who is who."""

    documents: tuple[Policy, ...]
    directory: Directory

    def decide(
        self, question: Question, manifests: Sequence[tuple[str, Approval | None]] = ()
    ) -> Answer:
        """Answer `question`.

        Args:
            question: What would be done.
            manifests: Name and `approval` of the agent and the trigger; they can only make
                the answer stricter.
        """
        answers = [self._of(document, question) for document in self.documents]
        opinions = [answer for answer in answers if answer is not None]
        if not opinions:
            opinions = [_nobody_mentions(question)]
        opinions += [
            answer
            for source, approval in manifests
            if (answer := _of_manifest(source, approval, question)) is not None
        ]
        guarded = _guard_against_injection(question, opinions)
        if guarded is not None:
            opinions.append(guarded)
        return _strictest(opinions)

    def _of(self, policy: Policy, question: Question) -> Answer | None:
        unsure: list[Rule] = []
        for rule in policy.spec.rules:
            found = matches(rule.when, question, is_one_of=self.directory.is_one_of)
            if found:
                return _strictest(
                    [_by_rule(policy, item) for item in unsure] + [_by_rule(policy, rule)]
                )
            if found is None and rule.decision is not Decision.ALLOW:
                unsure.append(rule)
        if not unsure:
            return None
        names = ", ".join(rule.name for rule in unsure)
        return Answer(
            Decision.DENY,
            policy.metadata.name,
            unsure[0].name,
            f"cannot tell whether it applies ({names}): the environment, actor, label or "
            "argument it asks about is not known",
        )


def _by_rule(policy: Policy, rule: Rule) -> Answer:
    name = policy.metadata.name
    reason = rule.reason or f"rule {rule.name} of policy {name}"
    if rule.decision is not Decision.REQUIRE_APPROVAL:
        return Answer(rule.decision, name, rule.name, reason)
    requirement = _requirement(rule.approval or policy.spec.approval, f"policy {name}, {rule.name}")
    return Answer(rule.decision, name, rule.name, reason, (requirement,))


def _requirement(approval: PolicyApproval, source: str) -> Requirement:
    return Requirement(
        source=source,
        approvers=approval.approvers,
        quorum=approval.quorum,
        timeout_s=duration_s(approval.timeout),
        local=approval.local,
        self_approval=approval.self_approval,
        forge_environment=approval.forge_environment,
    )


def _nobody_mentions(question: Question) -> Answer:
    if question.counts_as is Effect.NOTIFY:
        return Answer(Decision.ALLOW, "built in", "declared-output", "the manifest declares it")
    return Answer(Decision.DENY, "built in", "default", "no policy mentions it")


def _of_manifest(source: str, approval: Approval | None, question: Question) -> Answer | None:
    """An agent's or trigger's own `approval`: it asks, it never allows."""
    if approval is None or not approval.required or question.counts_as is not Effect.WRITE:
        return None
    patterns = approval.commands
    if patterns and not any(command_matches(item, question.command) for item in patterns):
        return None
    requirement = Requirement(
        source=source,
        approvers=approval.approvers,
        quorum=approval.quorum,
        timeout_s=duration_s(approval.timeout),
    )
    return Answer(
        Decision.REQUIRE_APPROVAL, source, "approval", f"{source} asks for it", (requirement,)
    )


def _guard_against_injection(question: Question, opinions: Sequence[Answer]) -> Answer | None:
    """After text from outside was read, what a model wants is never done unasked."""
    allowed = strictest_decision(*(answer.decision for answer in opinions)) is Decision.ALLOW
    if not allowed or not question.tainted or question.origin is not Origin.MODEL:
        return None
    if question.counts_as is Effect.NOTIFY:
        return None
    return Answer(
        Decision.REQUIRE_APPROVAL,
        "built in",
        "untrusted-input",
        "the model had read text from outside before it asked for this",
        (Requirement(source="built in, untrusted-input"),),
    )


def _strictest(answers: Sequence[Answer]) -> Answer:
    decision = strictest_decision(*(answer.decision for answer in answers))
    first = next(answer for answer in answers if answer.decision is decision)
    requirements = tuple(
        dict.fromkeys(
            requirement
            for answer in answers
            if answer.decision is Decision.REQUIRE_APPROVAL
            for requirement in answer.requirements
        )
    )
    asked = requirements if decision is Decision.REQUIRE_APPROVAL else ()
    return Answer(decision, first.policy, first.rule, first.reason, asked)
