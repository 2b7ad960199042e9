"""Proposed changes: actions, the state they assume, and a plan bound to both by a digest.

Shapes, canonical JSON and digests only. Who may approve is `policy` and `approvals`;
carrying a plan out is `engine`.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from enum import StrEnum
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
    FAILED = "failed"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Assumption(_Frozen):
    """State that was read and must still hold when the action runs.

    Apply calls `operation` again with `arguments` and compares: `path` (jmespath) selects
    the part of the answer that matters, `digest` is the digest of that part.
    """

    tool: str
    operation: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    path: str = "@"
    digest: str
    describes: str


class Check(_Frozen):
    """How apply sees that an action took effect: a read and a jmespath that must be true."""

    tool: str
    operation: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    condition: str
    describes: str


class Action(_Frozen):
    """One change: what would be done, the command a person would type, and why.

    `arguments` may refer to results of earlier actions as `{"$result": "a1.sha"}`.
    `executable` is False for a recommendation: a target or tool is not known.
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


class Plan(_Frozen):
    """Actions in order, bound to the state they assume. `digest` covers all but itself."""

    id: str
    agent: str
    run_id: str
    created_at: datetime
    expires_at: datetime
    verdict: str
    decision: str
    environment: str = ""
    actions: tuple[Action, ...]
    digest: str = ""

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


def digest(value: Any) -> str:
    """`sha256:` and the hash of the canonical JSON of `value`."""
    return "sha256:" + hashlib.sha256(canonical_json(value).encode()).hexdigest()
