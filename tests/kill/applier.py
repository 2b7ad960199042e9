"""Applies plans in processes that can be killed. Run: python -m tests.kill.applier URL.

Reads `ROOT POINT SECONDS` per line and forks: the child applies the plan below ROOT, and
kills itself with SIGKILL when it comes to the POINT-th place where something could go wrong
(0: nowhere). The parent kills it after SECONDS (0: never), and prints its exit code.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aof.approvals.claims import FolderClaims
from aof.approvals.record import Approval, record
from aof.approvals.standing import Court
from aof.clock import SystemClock
from aof.engine.apply import Apply
from aof.engine.calls import BoundTool
from aof.engine.planning import Governance
from aof.engine.progress import Silent
from aof.messages import Effect, ToolOutput
from aof.plans import Action, Assumption, Check, Origin, Plan, Requirement, digest
from aof.policy.people import Directory
from aof.redaction import Redactor
from aof.runlog import RunLog
from aof.runs.locks import target_locks
from aof.tools.base import Tool, operation
from aof.transport.http import Http

ACTIONS = 3


class Remote(Tool):
    """Puts items into the world over HTTP."""

    name = "remote"
    about = "The world."

    @operation(timeout_s=5)
    def get(self, item: str) -> ToolOutput:
        """Whether it is there."""
        data = Http(self.settings["URL"]).get(f"/items/{item}").require().json()
        return ToolOutput(data, "looked")

    @operation(effect=Effect.WRITE, command="remote put {item}", timeout_s=0.25)
    def put(self, item: str) -> ToolOutput:
        """Put it there."""
        data = Http(self.settings["URL"]).send("PUT", f"/items/{item}", json={}).require().json()
        return ToolOutput(data, "put")


def actions(prefix: str) -> list[Action]:
    made = []
    for number in range(1, ACTIONS + 1):
        where = {"item": f"{prefix}-{number}"}
        made.append(
            Action(
                id=f"a{number}", tool="remote", operation="put", arguments=where,
                command="remote put", reason="wanted", target=where["item"],
                origin=Origin.PLAYBOOK,
                assumes=(Assumption(tool="remote", operation="get", arguments=where, path="there",
                                    digest=digest(False), describes=where["item"]),),
                verify=(Check(tool="remote", operation="get", arguments=where,
                              condition="there", describes=where["item"]),),
            )
        )  # fmt: skip
    return made


def prepare(root: Path) -> None:
    """A run folder with an approved plan."""
    now = datetime.now(UTC)
    plan = Plan(
        id="plan-kill", agent="k", run_id="r1", created_at=now,
        expires_at=now + timedelta(hours=1), verdict="pass", decision="PROCEED",
        actions=tuple(actions(root.name)), requirements=(Requirement(source="p"),),
    ).sealed()  # fmt: skip
    with RunLog(root / "runs" / "r1", redactor=Redactor()) as log:
        log.append("plan.created", plan=plan.id, digest=plan.digest)
        record(
            log,
            Approval(plan=plan.id, digest=plan.digest, decision="approve", approver="ssh:bo",
                     source="ssh", at=now, expires_at=plan.expires_at),
        )  # fmt: skip
    (root / "plan.json").write_text(plan.model_dump_json())


def apply(root: Path, url: str) -> None:
    clock = SystemClock()
    with RunLog(root / "runs" / "r1", redactor=Redactor(), clock=clock) as log:
        outcome = Apply(
            plan=Plan.model_validate_json((root / "plan.json").read_text()),
            log=log,
            tools={"remote": BoundTool("remote", Remote, Remote({"URL": url}))},
            governance=Governance(),
            court=Court(Directory(), {"ssh": lambda _: ""}, False, clock.now()),
            claims=FolderClaims(root / "claims"),
            lock=target_locks(root / "locks"),
            clock=clock,
            progress=Silent(),
            verify_s=5,
        ).execute()
    if outcome.stopped:
        raise SystemExit(outcome.stopped)


def kill_at(point: int) -> None:
    """Count the places before and after every event and every call; die at one of them."""
    passed = 0

    def around(function: Any) -> Any:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            step()
            result = function(*args, **kwargs)
            step()
            return result

        return wrapped

    def step() -> None:
        nonlocal passed
        passed += 1
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)

    RunLog.append = around(RunLog.append)  # type: ignore[method-assign]
    RunLog._write_head = around(RunLog._write_head)  # type: ignore[method-assign]
    FolderClaims.take = around(FolderClaims.take)  # type: ignore[method-assign]
    Http.get = around(Http.get)  # type: ignore[method-assign]
    Http.send = around(Http.send)  # type: ignore[method-assign]


def child(root: Path, point: int, url: str) -> int:
    if point:
        kill_at(point)
    try:
        apply(root, url)
    except Exception as error:  # noqa: BLE001 - the trial reports it
        (root / "error.txt").write_text(repr(error))
        return 1
    except SystemExit as stopped:
        (root / "error.txt").write_text(str(stopped))
        return 1
    return 0


def main() -> None:
    url = sys.argv[1]
    import httpx  # noqa: F401 - imported once, before forking
    import jmespath  # noqa: F401

    for line in sys.stdin:
        root, point, seconds = line.rsplit(maxsplit=2)
        if not (Path(root) / "plan.json").exists():
            prepare(Path(root))
        pid = os.fork()
        if pid == 0:
            os._exit(child(Path(root), int(point), url))
        if float(seconds):
            time.sleep(float(seconds))
            os.kill(pid, signal.SIGKILL)  # not yet waited for: the pid is still the child's
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
