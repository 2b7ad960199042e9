"""Proposed changes: actions, the state they assume, and a plan bound to both by a digest.

Shapes, canonical JSON and digests only. Who may approve is `policy` and `approvals`;
carrying a plan out is `engine`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from itertools import takewhile
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from aof.messages import Effect


class ActionStatus(StrEnum):
    """Where an action stands."""

    PROPOSED = "proposed"
    PENDING = "pending"
    APPROVED = "approved"
    APPLIED = "applied"
    REFUSED = "refused"
    EXPIRED = "expired"
    STALE = "stale"
    FAILED = "failed"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Assumption(_Frozen):
    """State that was read and must still hold when the action runs.

    Apply calls `operation` again with `arguments` and compares: `path` (jmespath) selects
    the part of the answer that matters, `digest` is the digest of that part. `describes` is
    a statement that was true of it: "HEAD has not moved".
    """

    tool: str
    operation: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    path: str = "@"
    digest: str
    describes: str


class Check(_Frozen):
    """How apply sees that an action took effect: a read and a jmespath that must be true.

    `result` (jmespath) selects, from the same answer, what the action would have returned;
    later actions can then refer to it even when the answer of the action itself was lost.
    """

    tool: str
    operation: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    condition: str
    describes: str
    result: str = ""


class Origin(StrEnum):
    """Who proposed an action: code that judged evidence, a model, or a declared output."""

    PLAYBOOK = "playbook"
    MODEL = "model"
    OUTPUT = "output"


class Action(_Frozen):
    """One change: what would be done, the command a person would type, and why.

    `arguments` may refer to results of earlier actions as `{"$result": "a1.sha"}`.
    `executable` is False for a recommendation: a target or tool is not known.
    An action nobody vouches for counts as the model's. `described` is the digest of what a
    server said the operation is when it was planned; empty for operations of ours.
    """

    id: str
    tool: str
    operation: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    effect: Effect = Effect.WRITE
    command: str
    reason: str
    evidence: tuple[str, ...] = ()
    executable: bool = True
    target: str = ""
    assumes: tuple[Assumption, ...] = ()
    verify: tuple[Check, ...] = ()
    undo: str = ""
    origin: Origin = Origin.MODEL
    described: str = ""


class Decision(StrEnum):
    """What policy says to an action. Compare with `strictest_decision`."""

    ALLOW = "allow"
    REQUIRE_APPROVAL = "require-approval"
    DENY = "deny"


def strictest_decision(*decisions: Decision) -> Decision:
    """Deny before require-approval before allow; deny when there are none."""
    order = list(Decision)
    return max(decisions, key=order.index, default=Decision.DENY)


class Requirement(_Frozen):
    """Whose approval a plan needs. Several requirements must all be met.

    Attributes:
        source: Who asks for it: `policy production, rule writes`, `agent guardian`.
        approvers: People, identities or teams; empty means anybody who may approve at all.
        quorum: How many different people.
        timeout_s: Longest time between plan and apply.
        local: Whether the unverified person at this terminal counts; None: outside CI.
        self_approval: Whether who asked for the run may approve; None: only at the terminal.
        forge_environment: The protected environment whose reviewers count.
    """

    source: str
    approvers: tuple[str, ...] = ()
    quorum: int = 1
    timeout_s: float = 4 * 3600.0
    local: bool | None = None
    self_approval: bool | None = None
    forge_environment: str = ""


class Ruling(_Frozen):
    """A policy decision about one action, with the rule that made it."""

    action: str
    decision: Decision
    policy: str
    rule: str
    reason: str


class Plan(_Frozen):
    """Actions in order, bound to the state they assume. `digest` covers all but itself.

    Attributes:
        ref: The manifest that apply assembles again.
        requested_by: Identity of who asked for the run, e.g. `github:ana`.
        forge_run: The CI run that made the plan, e.g. `github:org/repo/123`.
        rulings: What policy said to each action when the plan was made.
        requirements: Approvals the plan needs; empty when policy allows every action.
    """

    id: str
    agent: str
    run_id: str
    created_at: datetime
    expires_at: datetime
    verdict: str
    decision: str
    environment: str = ""
    actions: tuple[Action, ...]
    ref: str = ""
    requested_by: str = ""
    forge_run: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    rulings: tuple[Ruling, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    digest: str = ""

    @property
    def needs_approval(self) -> bool:
        """Whether anybody has to approve."""
        return bool(self.requirements)

    def computed_digest(self) -> str:
        """What `digest` must be for this content."""
        return digest(self.model_dump(mode="json", exclude={"digest"}))

    def sealed(self) -> Plan:
        """The same plan with its digest filled in."""
        return self.model_copy(update={"digest": self.computed_digest()})


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces and no NaN: equal values give equal bytes."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def text_in_path(text: str) -> str:
    """`text` as a value in a JMESPath expression, whatever quotes it holds."""
    return "`" + json.dumps(text).replace("`", "\\`") + "`"


def name_in_path(text: str) -> str:
    """`text` as the name of a member in a JMESPath expression, whatever quotes it holds."""
    return json.dumps(text)


def digest(value: Any) -> str:
    """`sha256:` and the hash of the canonical JSON of `value`."""
    return "sha256:" + hashlib.sha256(canonical_json(value).encode()).hexdigest()


def way_back(applied: Sequence[Action]) -> list[str]:
    """Commands that take `applied` back, last one first, as far as that goes.

    What came before a step that cannot be taken back stays, too.
    """
    return [one.undo for one in takewhile(lambda one: one.undo, reversed(applied))]
