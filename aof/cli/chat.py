"""`aofctl chat`: a conversation with an agent. Every line is a run that changes nothing."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from aof.cli.output import emit, emit_markdown, emit_table, notice
from aof.errors import AofError, UsageFault

if TYPE_CHECKING:
    from aof.assembly import Assembled
    from aof.engine.result import RunResult
    from aof.runs.chats import Chat, ChatStore
    from aof.runs.store import RunStore

_HELP = """\
A line is a question; the agent looks again and answers. It changes nothing.
/run [TEXT]     run the agent in earnest: memory is kept, a plan is stored
/plan           show what the last answer would change, and store it after a question
/approve [ID]   approve the stored plan
/memory         what the agent remembers
/tools          what the agent can look at
/new            forget what was said
/help, /exit"""


@click.command()
@click.argument("ref", default="")
@click.option(
    "--resume",
    metavar="ID",
    help="Go on with a chat; `last` is the newest, with REF the newest of that agent.",
)
@click.option("--list", "list_", is_flag=True, help="List the chats of this folder.")
@click.option("--llm", type=click.Choice(["auto", "off", "require"]), default="auto")
@click.option("--model", default="", metavar="PROVIDER:MODEL", help="Instead of the agent's own.")
def chat(
    *,
    ref: str,
    resume: str | None,
    list_: bool,
    llm: Literal["auto", "off", "require"],
    model: str,
) -> None:
    """Talk with the agent REF; reads lines, also from a pipe.

    Works without a model: the agent's playbook answers. Slash commands: /help.

    \b
    Examples:
      aofctl chat library/cicd/deployment-guardian
      aofctl chat --resume last
    """
    from aof.assembly import assemble_agent
    from aof.clock import SystemClock
    from aof.runs.chats import ChatStore
    from aof.runs.store import RunStore

    here = Path.cwd()
    chats = ChatStore(here / ".aof" / "chats")
    if list_:
        rows = [[one.id, one.ref, str(len(one.turns)), one.began] for one in chats.all()]
        emit_table([["CHAT", "AGENT", "TURNS", "BEGAN"], *rows])
        return
    clock = SystemClock()
    current = chats.load(resume, ref=ref) if resume else chats.new(ref, clock.now())
    if not current.ref:
        raise UsageFault("which agent?", fix="aofctl chat library/cicd/deployment-guardian")
    assembled = assemble_agent(
        current.ref, environment=dict(os.environ), folder=here, clock=clock, llm=llm, model=model
    )
    if assembled.notice:
        notice(f"without the model: {assembled.notice}")
    elif llm == "auto" and assembled.runnable.playbook and not assembled.runnable.models:
        notice("without a model: the agent's playbook answers")
    notice(f"{current.id} with {assembled.runnable.name}; /help lists the commands")
    _Talk(assembled, current, chats, RunStore(here / ".aof" / "runs")).hold()


@dataclass(slots=True)
class _Talk:
    """The conversation while it goes on."""

    assembled: Assembled
    chat: Chat
    chats: ChatStore
    runs: RunStore
    last: RunResult | None = None

    def hold(self) -> None:
        """Answer line after line, until there are no more or `/exit`."""
        while (line := _line()) is not None:
            text = line.strip()
            if text in {"/exit", "/quit"}:
                return
            try:
                if text.startswith("/"):
                    self._command(text)
                elif text:
                    self._ask(text)
            except AofError as error:
                notice(f"error: {error}")

    def _command(self, text: str) -> None:
        name, _, rest = text.partition(" ")
        commands: dict[str, Any] = {
            "/run": self._run,
            "/plan": lambda _: self._plan(),
            "/approve": self._approve,
            "/memory": lambda _: self._memory(),
            "/tools": lambda _: self._tools(),
            "/new": lambda _: self.chat.turns.clear(),
            "/help": lambda _: emit(_HELP),
        }
        if name not in commands:
            raise UsageFault(f"there is no command {name}", fix="/help lists them")
        commands[name](rest.strip())

    def _ask(self, text: str) -> None:
        """A run on everything asked so far, without memory, plan or other trace but its log."""
        from aof.memory.base import InMemory

        memory = InMemory()
        for entry in self.assembled.runnable.memory.entries():
            memory.append(entry)
        self.last = self._execute(text, dry_run=True, memory=memory)
        emit_markdown(self.last.reasoning or self.last.report)
        emit(f"[{self.last.assessment.decision}]")
        if self.last.plan is not None:
            count = len(self.last.plan.actions)
            notice(f"{count} change{'s' if count > 1 else ''} proposed; /plan shows and stores")
        self._remember(text, self.last)

    def _run(self, text: str) -> None:
        from aof.cli.carry_on import carry_on

        self.last = self._execute(text, dry_run=False, memory=self.assembled.runnable.memory)
        emit_markdown(self.last.report)
        self._remember(text or "/run", self.last)
        carry_on(self.last, "", may_ask=True)

    def _execute(self, text: str, *, dry_run: bool, memory: Any) -> RunResult:
        from aof.cli.carry_on import rules_for
        from aof.cli.recorded_run import recorded_run
        from aof.clock import SystemClock
        from aof.engine.run import RunOptions
        from aof.playbooks.base import Request

        clock = SystemClock()
        asked = [one.asked for one in self.chat.turns if not one.asked.startswith("/")]
        request = Request(
            text="\n".join([*asked, text]).strip(),
            now=clock.now(),
            environment=dict(os.environ),
            conversation="\n".join(
                f"person: {one.asked}\nagent: {one.answered}" for one in self.chat.turns
            ),
        )
        remembering = replace(self.assembled.runnable, memory=memory)
        run = recorded_run(
            replace(self.assembled, runnable=remembering),
            request,
            RunOptions(dry_run=dry_run),
            clock=clock,
            governance=rules_for(self.assembled, request, clock),
        )
        with run.log:
            return run.execute()

    def _remember(self, text: str, result: RunResult) -> None:
        from aof.runs.chats import Said

        clean = self.assembled.redactor.text
        answered = clean(result.reasoning or result.assessment.summary)
        self.chat.turns.append(
            Said(clean(text), answered, result.assessment.decision, result.run_id)
        )
        self.chats.save(self.chat)

    def _plan(self) -> None:
        plan = self.last.plan if self.last else None
        if plan is None:
            emit("No changes are proposed.")
            return
        for action in plan.actions:
            emit(f"{action.id}  {action.command}\n    {action.reason}")
        if click.confirm(f"Store {plan.id} for approval?", default=False, err=True):
            self.runs.save_plan(plan)
            notice(f"stored; next: /approve {plan.id}")

    def _approve(self, identifier: str) -> None:
        from aof.cli.approvals import approve

        wanted = identifier or (self.last.plan.id if self.last and self.last.plan else "")
        if not wanted:
            raise UsageFault("which plan?", fix="/approve plan-1a2b3c4d")
        approve.main(args=["--", wanted], prog_name="/approve", standalone_mode=False)
        notice(f"to carry it out: aofctl apply {wanted}")

    def _memory(self) -> None:
        from aof.engine.conversation import as_text

        entries = self.assembled.runnable.memory.entries()
        emit("\n".join(as_text(dict(entry)) for entry in entries) or "Nothing yet.")

    def _tools(self) -> None:
        rows = [["TOOL", "STATE"]]
        for name, bound in self.assembled.runnable.tools.items():
            rows.append([name, bound.reason or "ready"])
        emit_table(rows)


def _line() -> str | None:
    """The next line, or None at the end; Ctrl-C at the prompt ends as well."""
    try:
        if sys.stdin.isatty():
            return input("> ")
        line = sys.stdin.readline()
    except (EOFError, KeyboardInterrupt):
        return None
    return line or None
