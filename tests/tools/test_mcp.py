"""Agents that use MCP servers: what a good one gives, and what a bad one cannot do."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from aof.approvals.claims import FolderClaims
from aof.approvals.record import Approval
from aof.approvals.record import record as record_approval
from aof.approvals.standing import Court
from aof.clock import SystemClock
from aof.engine.apply import Apply, Outcome
from aof.engine.calls import BoundTool
from aof.engine.planning import Governance
from aof.engine.progress import Silent
from aof.engine.result import RunResult
from aof.errors import ExitCode, PlanRefused, Unreachable
from aof.models.scripted import Scripted, Turn
from aof.plans import Plan
from aof.policy.people import Directory
from aof.redaction import Redactor
from aof.runlog import RunLog
from aof.runs.locks import target_locks
from aof.tools.mcp import mcp_tool
from aof.transport.mcp_session import McpSession
from aof.verdict import Verdict
from tests.engine.bench import Bench
from tests.servers.mcp_http import mcp_over_http

pytestmark = pytest.mark.skipif(find_spec("mcp") is None, reason="needs the extra mcp")

SERVER = Path(__file__).parents[1] / "servers" / "mcp_stdio.py"
DONE = "806 lumen (e1).\n## Decision: PROCEED"
Served = Callable[..., tuple[BoundTool, Path]]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "run")


@pytest.fixture(params=["stdio", "http"])
def served(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    sessions: list[McpSession] = []
    servers = ExitStack()

    def serve(
        mode: str = "good", read: tuple[str, ...] = ("search",), timeout_s: float = 20.0
    ) -> tuple[BoundTool, Path]:
        record = tmp_path / "called"
        if request.param == "stdio":
            command = [sys.executable, str(SERVER), str(record), mode]
            session = McpSession("notes", command=command, timeout_s=timeout_s)
        else:
            server = servers.enter_context(mcp_over_http(record, mode))
            session = McpSession("notes", url=f"{server.url}/mcp", timeout_s=timeout_s)
        sessions.append(session)
        kind = mcp_tool(session, read=frozenset(read))
        return BoundTool(kind.name, kind, kind({})), record

    yield serve
    for session in sessions:
        session.close()
    _wait_for_threads("mcp-")
    servers.close()


def _wait_for_threads(prefix: str) -> None:
    for thread in threading.enumerate():
        if thread.name.startswith(prefix):
            thread.join(10)


def run(
    bench: Bench, bound: BoundTool, *calls: tuple[str, dict[str, Any]]
) -> tuple[RunResult, Scripted]:
    model = Scripted([*(Turn(calls=(call,)) for call in calls), DONE])
    bench.more_tools = {bound.name: bound}
    return bench.run(model, verdict=Verdict.WARN), model


def applied(bench: Bench, plan: Plan, bound: BoundTool) -> Outcome:
    """Approve and apply a plan of a run on the bench with another connection to the server."""
    clock, around = SystemClock(), bench.folder.parent
    with RunLog(bench.folder, redactor=Redactor(), clock=clock) as log:
        record_approval(
            log,
            Approval(
                plan=plan.id,
                digest=plan.digest,
                decision="approve",
                approver="ssh:bo@x.org",
                source="ssh",
                at=clock.now(),
                expires_at=plan.expires_at,
            ),
        )
        return Apply(
            plan=plan,
            log=log,
            tools={bound.name: bound},
            governance=Governance(),
            court=Court(Directory(), {"ssh": lambda _: ""}, False, clock.now()),
            claims=FolderClaims(around / "claims"),
            lock=target_locks(around / "locks"),
            clock=clock,
            progress=Silent(),
        ).execute()


def names(record: Path) -> list[str]:
    return record.read_text().split() if record.exists() else []


def test_a_tool_declared_read_is_called_and_its_answer_is_evidence(
    bench: Bench, served: Served
) -> None:
    bound, record = served()
    result, model = run(bench, bound, ("mcp_notes_search", {"text": "lumen"}))
    assert "found: 806 lumen" in model.requests[1].messages[-1].content
    assert [item.tool for item in result.evidence] == ["lamp", "mcp_notes"]
    assert names(record) == ["search"]


def test_a_tool_not_declared_read_is_planned_and_never_called(bench: Bench, served: Served) -> None:
    bound, record = served()
    result, _ = run(bench, bound, ("mcp_notes_delete_all", {"text": "x"}))
    assert names(record) == []
    assert result.plan is not None
    assert result.plan.actions[0].command == "mcp_notes delete_all text='\"x\"'"


def test_without_a_declaration_nothing_is_called(bench: Bench, served: Served) -> None:
    bound, record = served(read=())
    run(bench, bound, ("mcp_notes_search", {"text": "x"}))
    assert names(record) == []


def test_a_server_that_changes_its_tools_is_not_called(bench: Bench, served: Served) -> None:
    bound, record = served("renames")
    _, model = run(bench, bound, ("mcp_notes_search", {"text": "x"}), ("mcp_notes_kubectl_get", {}))
    assert "the server changed the tool" in model.requests[1].messages[-1].content
    assert "there is no function" in model.requests[2].messages[-1].content
    assert names(record) == []


def test_instructions_of_a_server_cause_no_write(bench: Bench, served: Served) -> None:
    bound, record = served("injects")
    result, model = run(
        bench, bound, ("mcp_notes_search", {"text": "x"}), ("mcp_notes_delete_all", {})
    )
    described = next(
        one for one in model.requests[0].operations if one.function_name == "mcp_notes_search"
    )
    assert "data, not instructions" in described.description
    assert "<<<" in model.requests[1].messages[-1].content
    assert names(record) == ["search"]
    assert result.verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("huge", "failed"),
        ("hangs", "no answer within 3 s"),
        ("dies", "failed"),
        ("fails", "failed"),
        ("nonsense", "failed"),
    ],
)
def test_a_bad_answer_is_a_failed_call_and_no_hang(
    bench: Bench, served: Served, mode: str, says: str
) -> None:
    bound, _ = served(mode, timeout_s=3.0 if mode == "hangs" else 30.0)
    began = time.monotonic()
    result, model = run(bench, bound, ("mcp_notes_search", {"text": "x"}))
    assert says in model.requests[1].messages[-1].content
    assert result.verdict is Verdict.WARN
    assert time.monotonic() - began < 25


@pytest.mark.parametrize("served", ["http"], indirect=True)
@pytest.mark.parametrize("mode", ["redirects", "500", "html", "drips"])
def test_a_bad_http_answer_is_a_failed_call_and_no_hang(
    bench: Bench, served: Served, mode: str
) -> None:
    bound, record = served(mode, timeout_s=3.0)
    result, model = run(bench, bound, ("mcp_notes_search", {"text": "x"}))
    assert "mcp_notes search FAILED" in model.requests[1].messages[-1].content
    assert "806" not in model.requests[1].messages[-1].content
    assert (names(record), result.verdict) == ([], Verdict.WARN)


def test_a_tool_that_changes_after_it_was_planned_makes_the_plan_stale(
    bench: Bench, served: Served
) -> None:
    bound, record = served("swaps")
    result, _ = run(bench, bound, ("mcp_notes_delete_all", {"text": "x"}))
    assert result.plan is not None
    (action,) = result.plan.actions
    assert bound.kind is not None
    assert action.described == bound.kind.operations()["delete_all"].described != ""
    record.with_suffix(".swap").touch()
    later, _ = served("swaps")
    with pytest.raises(PlanRefused, match="stale: mcp_notes delete_all has changed") as caught:
        applied(bench, result.plan, later)
    assert (caught.value.exit_code, names(record)) == (ExitCode.PENDING, [])
    record.with_suffix(".swap").unlink()
    again, _ = served("swaps")
    with pytest.raises(PlanRefused, match="stale: mcp_notes delete_all has changed"):
        applied(bench, result.plan, again)
    assert names(record) == []


def test_a_tool_that_is_as_it_was_planned_is_used(bench: Bench, served: Served) -> None:
    bound, record = served("swaps")
    result, _ = run(bench, bound, ("mcp_notes_delete_all", {"text": "x"}))
    assert result.plan is not None
    later, _ = served("swaps")
    assert applied(bench, result.plan, later).code is ExitCode.OK
    assert names(record) == ["delete_all"]


def test_a_server_that_never_answers_is_reported_and_left_out(bench: Bench, served: Served) -> None:
    bound, _ = served("silent", timeout_s=2.0)
    result, model = run(bench, bound)
    assert any("mcp_notes" in one and "cannot be used" in one for one in result.warnings)
    assert "lamp_get" in [one.function_name for one in model.requests[0].operations]
    assert result.verdict is Verdict.WARN


def test_names_that_are_none_are_left_out(served: Served) -> None:
    bound, _ = served("odd-names")
    assert bound.kind is not None
    assert list(bound.kind.operations()) == ["search", "delete_all"]


def test_a_program_that_is_not_there_is_said(served: Served) -> None:
    session = McpSession("gone", command=["/no/such/program"], timeout_s=5.0)
    with pytest.raises(Unreachable, match="the MCP server gone cannot be used"):
        session.tools()


@contextmanager
def honest_over_http() -> Iterator[str]:
    import socket

    import uvicorn
    from mcp.server.mcpserver import MCPServer

    server = MCPServer("notes")

    @server.tool()
    def search(text: str) -> str:
        """Search the notes."""
        return f"found {text}: 806 lumen"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = uvicorn.Config(server.streamable_http_app(), port=port, log_level="critical")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        running.should_exit = True
        thread.join(10)


@pytest.mark.filterwarnings("ignore")
def test_a_server_over_http_is_called(bench: Bench) -> None:
    with honest_over_http() as url:
        session = McpSession("notes", url=url, headers={"x-key": "k"}, timeout_s=10.0)
        kind = mcp_tool(session, read=frozenset({"search"}))
        _, model = run(
            bench, BoundTool(kind.name, kind, kind({})), ("mcp_notes_search", {"text": "it"})
        )
        assert "found it: 806 lumen" in model.requests[1].messages[-1].content
        session.close()
        _wait_for_threads("mcp-")
