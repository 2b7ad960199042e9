"""A shelf things are put on, a plan of three puts, and what apply needs around them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aof.approvals.claims import FolderClaims
from aof.approvals.record import Approval, record
from aof.approvals.standing import Court
from aof.clock import FrozenClock
from aof.engine.apply import Apply, Outcome
from aof.engine.calls import BoundTool
from aof.engine.planning import Governance
from aof.engine.progress import Silent
from aof.errors import Unreachable
from aof.messages import Effect, ToolOutput
from aof.plans import Action, Assumption, Check, Origin, Plan, Requirement, digest
from aof.policy.people import Directory
from aof.redaction import Redactor
from aof.runlog import RunLog
from aof.runs.locks import target_locks
from aof.tools.base import Tool, operation

MADE = datetime(2026, 11, 20, 10, tzinfo=UTC)


class Shelf(Tool):
    """Remembers every put; can break, lose an answer, or ignore a put. `then` follows a put."""

    name = "shelf"
    about = "A shelf."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items: dict[str, str] = {}
        self.puts: list[str] = []
        self.broken = self.lost_answer = self.ignored = self.unreadable = ""
        self.then: Callable[[str], object] = lambda name: None

    @operation()
    def get(self, name: str) -> ToolOutput:
        """What stands there."""
        if name == self.unreadable:
            raise Unreachable("shelf out of sight")
        return ToolOutput({"name": name, "value": self.items.get(name)}, "looked")

    @operation(effect=Effect.WRITE, command="shelf put {name} {value}", timeout_s=10)
    def put(self, name: str, value: str) -> ToolOutput:
        """Put something there."""
        if name == self.broken:
            raise Unreachable("shelf broke")
        if name != self.ignored:
            self.items[name] = value
            self.puts.append(name)
            self.then(name)
        if name == self.lost_answer:
            raise Unreachable("no answer")
        return ToolOutput({"sha": f"after-{len(self.puts)}"}, f"{name} put")


def put(number: int, name: str, value: Any) -> Action:
    """An action that puts `value`, assumes the place empty, and checks afterwards."""
    where = {"name": name}
    shown = value if isinstance(value, str) else "..."
    condition = f"value == '{value}'" if isinstance(value, str) else "value != null"
    return Action(
        id=f"a{number}",
        tool="shelf",
        operation="put",
        arguments={"name": name, "value": value},
        command=f"shelf put {name} {shown}",
        reason="the shelf is empty",
        target=f"shelf/{name}",
        assumes=(
            Assumption(tool="shelf", operation="get", arguments=where, path="value",
                       digest=digest(None), describes=f"there is no {name} yet"),
        ),
        verify=(
            Check(tool="shelf", operation="get", arguments=where, condition=condition,
                  describes=f"{name} is on the shelf", result="{sha: 'after-1'}"),
        ),
        undo=f"shelf take {name}",
        origin=Origin.PLAYBOOK,
    )  # fmt: skip


def shelf_plan() -> Plan:
    """Three puts, the last with a result of the first; needs one approval."""
    actions = (put(1, "one", "1"), put(2, "two", "2"), put(3, "three", {"$result": "a1.sha"}))
    return Plan(
        id="plan-shelf",
        agent="keeper",
        run_id="r1",
        created_at=MADE,
        expires_at=MADE + timedelta(hours=4),
        verdict="pass",
        decision="PROCEED",
        actions=actions,
        requested_by="local:ana",
        requirements=(Requirement(source="policy p"),),
    ).sealed()


class Bench:
    """A run folder with the plan in it, and what apply needs."""

    def __init__(self, root: Path, *, shelf: Shelf | None = None) -> None:
        self.root = root
        self.folder = root / "runs" / "r1"
        self.plan = shelf_plan()
        self.shelf = shelf or Shelf({})
        self.clock = FrozenClock(MADE + timedelta(minutes=1))
        self.governance = Governance(requested_by="local:ana")
        self.lock = target_locks(root / "locks", timeout_s=0.05)
        self.claims = FolderClaims(root / "claims")
        existed = (self.folder / "events.jsonl").exists()
        self.log = RunLog(self.folder, redactor=Redactor(), clock=self.clock)
        if not existed:
            self.log.append("plan.created", plan=self.plan.id, digest=self.plan.digest)

    def approval(self, *, of: Plan | None = None, **changes: Any) -> Approval:
        plan = of or self.plan
        given: dict[str, Any] = {
            "plan": plan.id, "digest": plan.digest, "decision": "approve",
            "approver": "ssh:bo@x.org", "source": "ssh", "at": self.clock.now(),
            "expires_at": plan.expires_at,
        }  # fmt: skip
        return Approval(**{**given, **changes})

    def approve(self, **changes: Any) -> None:
        record(self.log, self.approval(**changes))

    def intend(self, name: str) -> None:
        """As if a process had been killed after it wrote down what it was about to do."""
        self.log.append("apply.started", plan=self.plan.id, holder="before")
        self.log.append("action.intended", durable=True, plan=self.plan.id, action=name)

    def apply(self, *, plan: Plan | None = None) -> Outcome:
        court = Court(Directory(), {"ssh": lambda _: ""}, False, self.clock.now())
        return Apply(
            plan=plan or self.plan,
            log=self.log,
            tools={"shelf": BoundTool("shelf", Shelf, self.shelf)},
            governance=self.governance,
            court=court,
            claims=self.claims,
            lock=self.lock,
            clock=self.clock,
            progress=Silent(),
            applied_by="local:eve",
            verify_s=5,
        ).execute()

    def reopened(self, *, content: bytes) -> None:
        """The log as it was earlier."""
        self.log.close()
        (self.folder / "events.jsonl").write_bytes(content)
        self.log = RunLog(self.folder, redactor=Redactor(), clock=self.clock)

    def copied(self, root: Path) -> Bench:
        """Another runner with a copy of the run folder, the same world and the same claims."""
        shutil.copytree(self.folder, root / "runs" / "r1")
        other = Bench(root, shelf=self.shelf)
        other.claims = self.claims
        return other
