"""The gateway against loopback servers that speak OpenAI's, Anthropic's and Gemini's formats."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec

import pytest

from aof.clock import FrozenClock
from aof.errors import ExitCode
from aof.messages import Message
from aof.models.base import ModelFailed
from aof.models.litellm_gateway import LitellmGateway
from aof.models.providers import parse_model_name
from aof.verdict import Verdict
from tests.engine.bench import Bench
from tests.models.conversations import ASK, ignore
from tests.servers.anthropic import Anthropic
from tests.servers.gemini import Gemini
from tests.servers.llm import Format, ModelServer, Raw, Refuse, Say, Stall, Truncate, Turn, serving
from tests.servers.openai import OpenAi

pytestmark = [
    # Not `importorskip`: the plain import fetches a price list over the network.
    pytest.mark.skipif(find_spec("litellm") is None, reason="needs the extra llm"),
    # What litellm and its SDKs leave open or warn about is theirs.
    pytest.mark.filterwarnings("ignore"),
]

START = datetime(2026, 11, 20, tzinfo=UTC)
WIRES: dict[str, tuple[str, Format, str]] = {
    "openai": ("openai:gpt-4o", OpenAi(), "/v1"),
    "anthropic": ("anthropic:claude-sonnet-4-5", Anthropic(), ""),
    "gemini": ("google:gemini-2.5-flash", Gemini(), ""),
}
CALLS = (
    ("prometheus_query_query", '{"query": "up"}'),
    ("prometheus_query_query", '{"query": "down"}'),
)


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(name, "not-a-real-key")


@contextmanager
def asked(
    wire: str, *turns: Turn, silence_s: float = 5.0
) -> Iterator[tuple[LitellmGateway, ModelServer, FrozenClock]]:
    name, form, path = WIRES[wire]
    clock = FrozenClock(START)
    with serving(turns, form) as server:
        parsed = parse_model_name(f"{name}@{server.url}{path}")
        yield LitellmGateway(parsed, silence_s=silence_s, clock=clock), server, clock


@pytest.mark.parametrize("wire", WIRES)
def test_text_calls_usage_and_price_arrive(wire: str) -> None:
    seen: list[str] = []
    with asked(wire, Say("All of it is well, as e1 shows.", CALLS)) as (model, _, _):
        reply = model.complete(ASK, seen.append)
        priced = model.priced
    assert "".join(seen) == reply.message.content == "All of it is well, as e1 shows."
    assert [call.arguments for call in reply.message.tool_calls] == [
        {"query": "up"},
        {"query": "down"},
    ]
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (100, 20)
    assert priced
    assert reply.usage.cost_usd is not None
    assert reply.usage.cost_usd > 0


@pytest.mark.parametrize("wire", WIRES)
def test_answers_of_calls_go_back(wire: str) -> None:
    with asked(wire, Say("", CALLS), Say("done")) as (model, server, _):
        said = model.complete(ASK, ignore).message
        answers = [Message("tool", "it is 1", tool_call_id=call.id) for call in said.tool_calls]
        whole = replace(ASK, messages=(*ASK.messages, said, *answers), may_call=False)
        assert model.complete(whole, ignore).message.content == "done"
    assert str(server.requests[1]).count("it is 1") == 2


FAILURES: dict[str, Turn] = {
    "401": Refuse(401, "bad key"),
    "429": Refuse(429, "slow down", {"retry-after": "1"}),
    "500": Refuse(500, "internal"),
    "malformed-json": Raw(b"data: {nonsense\n\n"),
    "empty": Raw(b""),
    "truncated": Truncate(Say("a long enough answer to be cut in two")),
    "stall": Stall(Say("a long enough answer to stop in the middle"), 10.0),
}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_leaves_the_verdict(bench: Bench, wire: str, failure: str) -> None:
    with asked(wire, FAILURES[failure], silence_s=0.3) as (model, server, _):
        result = bench.run(model, verdict=Verdict.FAIL, decision="ROLLBACK")
    assert result.exit_code() is ExitCode.STOP
    assert "## Decision: ROLLBACK" in result.report
    assert any("could not finish" in warning for warning in result.warnings)
    assert len(server.requests) == (1 if failure == "401" else 3)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("bad", [("rm_rf", "{}"), ("lamp_get", '{"floor": 1}')])
def test_wrong_calls_do_not_end_the_conversation(
    bench: Bench, wire: str, bad: tuple[str, str]
) -> None:
    with asked(wire, Say("", (bad,)), Say("Bright: 806 lumen (e1).")) as (model, _, _):
        result = bench.run(model, verdict=Verdict.FAIL, decision="ROLLBACK")
    assert "Bright" in result.report
    assert result.exit_code() is ExitCode.STOP


@pytest.mark.parametrize("wire", WIRES)
def test_an_endless_loop_of_calls_ends(bench: Bench, wire: str) -> None:
    with asked(wire, Say("", (("lamp_get", '{"room": "x"}'),))) as (model, server, _):
        result = bench.run(model, verdict=Verdict.FAIL, decision="ROLLBACK", max_iterations=4)
    assert len(server.requests) == 4
    assert result.exit_code() is ExitCode.STOP


@pytest.mark.parametrize("wire", ["openai", "anthropic"])
def test_an_answer_that_stops_without_saying_so_is_not_taken_as_whole(wire: str) -> None:
    form = WIRES[wire][1]
    request = {"model": "m", "stream_options": {"include_usage": True}}
    half = b"".join(form.blocks(Say("a long enough answer to be cut"), request)[:3])
    with asked(wire, Raw(half)) as (model, _, _), pytest.raises(ModelFailed, match="complete"):
        model.complete(ASK, ignore)


@pytest.mark.parametrize("wire", WIRES)
def test_retry_after_is_obeyed(wire: str) -> None:
    with asked(wire, Refuse(429, "slow", {"retry-after": "7"}), Say("x")) as (model, _, clock):
        model.complete(ASK, ignore)
    assert (clock.now() - START).total_seconds() == 7


def test_importing_it_asks_no_server_for_prices() -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        address = f"http://127.0.0.1:{trap.getsockname()[1]}"
        environment = {**os.environ, "HTTPS_PROXY": address, "HTTP_PROXY": address}
        code = "from aof.models.litellm_gateway import _litellm; _litellm()"
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code], env=environment, check=True, timeout=60
        )
        trap.settimeout(0.1)
        with pytest.raises(TimeoutError):
            trap.accept()
