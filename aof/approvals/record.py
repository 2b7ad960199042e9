"""One approval or rejection: what it is bound to, who gave it, and how that is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aof.plans import Plan, canonical_json
from aof.runlog import Event, RunLog

GIVEN = "approval.given"
Source = Literal["local", "ssh", "github", "gitlab", "server"]


class Approval(BaseModel):
    """Bound to one plan by id and digest, to one approver, and to a time it ends.

    Attributes:
        approver: Identity, `source:name`.
        proof: What the identity can be checked by again: a signature, a run of the forge.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    plan: str
    digest: str
    decision: Literal["approve", "reject"]
    approver: str
    source: Source
    at: datetime
    expires_at: datetime
    reason: str = ""
    nonce: str = ""
    proof: dict[str, Any] = Field(default_factory=dict)

    def statement(self) -> bytes:
        """What a signature covers: everything but the proof itself."""
        return canonical_json(self.model_dump(mode="json", exclude={"proof"})).encode()

    @property
    def unverified(self) -> bool:
        """Nothing but the word of this machine says who it was."""
        return self.source == "local"


def record(log: RunLog, approval: Approval) -> None:
    """Write an approval into the run's log, on disk before this returns."""
    log.append(GIVEN, durable=True, **approval.model_dump(mode="json"))


def recorded(events: Iterable[Event], plan: Plan) -> Iterator[Approval]:
    """Approvals in a log that name `plan`; ones that cannot be read are passed over."""
    for event in events:
        if event.kind != GIVEN or event.data.get("plan") != plan.id:
            continue
        try:
            yield Approval.model_validate(event.data)
        except ValidationError:
            continue
