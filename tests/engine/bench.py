"""A run on a bench: a tool that answers at once, a playbook with a fixed verdict."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aof.clock import SystemClock
from aof.engine.calls import BoundTool
from aof.engine.progress import Silent
from aof.engine.report import default_template
from aof.engine.result import RunResult
from aof.engine.run import Run, Runnable, RunOptions
from aof.errors import Unreachable
from aof.manifests.agent import AgentSpec
from aof.memory.base import InMemory
from aof.messages import Effect, ToolOutput
from aof.models.base import Model
from aof.playbooks.base import Calls, Options, Request
from aof.redaction import Redactor
from aof.runlog import RunLog
from aof.tools.base import Tool, operation
from aof.verdict import Assessment, Finding, Verdict

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TOKEN = "hunter2-hunter2"


class Lamp(Tool):
    name = "lamp"
    about = "A lamp."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.switched: list[str] = []
        self.threads: set[int] = set()

    @operation()
    def get(self, room: str) -> ToolOutput:
        """Tell how bright the lamp is."""
        self.threads.add(threading.get_ident())
        return ToolOutput({"room": room, "lumen": 806, "note": f"key {TOKEN}"}, f"{room} is on")

    @operation()
    def slow(self, room: str) -> ToolOutput:
        """Take a while."""
        time.sleep(0.2)
        return ToolOutput({"room": room}, "slow")

    @operation()
    def broken(self) -> ToolOutput:
        """Fail."""
        raise Unreachable("lamp: no connection", why="refused")

    @operation()
    def log(self, lines: int = 10_000) -> ToolOutput:
        """Print a long log."""
        return ToolOutput("\n".join(f"line {number} of many" for number in range(lines)), "a log")

    @operation(effect=Effect.WRITE, command="lamp switch {room}")
    def switch(self, room: str) -> ToolOutput:
        """Switch the lamp."""
        self.switched.append(room)
        return ToolOutput({}, "switched")

    @operation(effect=Effect.NOTIFY, command="lamp tell {text}")
    def tell(self, text: str) -> ToolOutput:
        """Tell everybody."""
        self.switched.append(text)
        return ToolOutput({}, "told")


class Fixed:
    """Reads once and concludes what it was told to."""

    name = "fixed"
    options = Options

    def __init__(self, verdict: Verdict, decision: str) -> None:
        self.verdict = verdict
        self.decision = decision

    def assess(
        self, request: Request, calls: Calls, options: Any, memory: Sequence[Any]
    ) -> Assessment:
        result = calls.read("lamp", "get", room="hall")
        action = calls.action("lamp", "switch", {"room": "hall"}, reason="the next step")
        return Assessment(
            verdict=self.verdict,
            decision=self.decision,
            summary="The lamp was judged.",
            findings=(
                Finding(id="f1", verdict=self.verdict, title="Light", detail="806 lumen",
                        evidence=(result.evidence_id,)),
            ),
            actions=(action,) if self.verdict is Verdict.PASS else (),
            memory={"decision": self.decision, "verdict": self.verdict.value},
        )  # fmt: skip


class Watching(Silent):
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.called: list[str] = []

    def said(self, text: str) -> None:
        self.pieces.append(text)

    def call(self, name: str, *, ok: bool, summary: str, seconds: float) -> None:
        self.called.append(name)


@dataclass
class Bench:
    """Runs the lamp's agent with the models given."""

    folder: Path
    lamp: Lamp = field(default_factory=lambda: Lamp({}))
    progress: Watching = field(default_factory=Watching)
    memory: InMemory = field(default_factory=InMemory)
    log: RunLog | None = None
    more_tools: dict[str, BoundTool] = field(default_factory=dict)

    def run(
        self,
        *models: Model,
        verdict: Verdict | None = Verdict.PASS,
        decision: str = "PROCEED",
        request: Request | None = None,
        context_tokens: int = 64_000,
        allowed: tuple[str, ...] = (),
        options: RunOptions | None = None,
        **spec: Any,
    ) -> RunResult:
        """One run; `verdict=None` means an agent with no playbook."""
        playbook = Fixed(verdict, decision) if verdict is not None else None
        bound = BoundTool("lamp", Lamp, self.lamp, allowed=allowed)
        runnable = Runnable(
            name="lamp-keeper",
            spec=AgentSpec.model_validate({"model": "x:y", "tools": ["lamp"], **spec}),
            playbook=playbook,
            options=Options(),
            tools={"lamp": bound, **self.more_tools},
            memory=self.memory,
            template=default_template(),
            template_name="report.md.j2",
            models=models,
            context_tokens=context_tokens,
        )
        with RunLog(self.folder, redactor=Redactor({"LAMP_TOKEN": TOKEN})) as self.log:
            return Run(
                runnable=runnable,
                request=request or Request("Is it bright?", NOW),
                run_id="r1",
                log=self.log,
                store=None,
                clock=SystemClock(),
                progress=self.progress,
                options=options or RunOptions(),
            ).execute()

    def events(self, kind: str) -> list[dict[str, Any]]:
        assert self.log is not None
        return [event.data for event in self.log.events if event.kind == kind]
