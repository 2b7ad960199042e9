"""Every way a provider can fail, against a real server: the verdict and exit code stay."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from aof.clock import FrozenClock
from aof.engine.run import RunOptions
from aof.errors import ExitCode
from aof.models.openai_compatible import OpenAiCompatible
from aof.verdict import Verdict
from tests.engine.bench import Bench
from tests.servers.llm import ModelServer, Raw, Refuse, Say, Stall, Truncate, Turn, serving
from tests.servers.openai import OpenAi

LOOK = ("lamp_get", '{"room": "attic"}')
DONE = Say("Bright: 806 lumen (e2).\n\n## Decision: ROLLBACK")


@contextmanager
def provider(
    *turns: Turn, silence_s: float = 5.0
) -> Iterator[tuple[OpenAiCompatible, ModelServer]]:
    clock = FrozenClock(datetime(2026, 11, 20, tzinfo=UTC))
    with serving(turns, OpenAi()) as server:
        model = OpenAiCompatible(
            "m", model="m", base_url=f"{server.url}/v1", silence_s=silence_s, clock=clock
        )
        try:
            yield model, server
        finally:
            model.close()


FAILURES: dict[str, Turn] = {
    "401": Refuse(401, "Incorrect API key provided"),
    "404": Refuse(404, "The model does not exist"),
    "429": Refuse(429, "slow down", {"retry-after": "1"}),
    "429-for-an-hour": Refuse(429, "quota", {"retry-after": "3600"}),
    "500": Refuse(500, "internal"),
    "malformed-json": Raw(b"data: {nonsense\n\n"),
    "not-an-object": Raw(b"data: [1, 2]\n\n"),
    "login-page": Raw(b"<html>sign in</html>"),
    "error-in-stream": Raw(b'data: {"error": {"message": "overloaded"}}\n\n'),
    "empty": Raw(b""),
    "truncated": Truncate(Say("a long enough answer to be cut in two")),
    "binary": Raw(bytes(range(256))),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("after", ["at-once", "in-the-middle"])
def test_a_failing_provider_leaves_the_verdict(bench: Bench, failure: Turn, after: str) -> None:
    turns = [failure] if after == "at-once" else [Say("", (LOOK,)), failure]
    with provider(*turns) as (model, _):
        result = bench.run(model, verdict=Verdict.FAIL, decision="ROLLBACK")
        assert result.exit_code() is ExitCode.STOP
        assert "## Decision: ROLLBACK" in result.report
        assert any("could not finish" in warning for warning in result.warnings)
        required = bench.run(model, options=RunOptions(require_model=True))
    assert required.exit_code() is ExitCode.UNREACHABLE


def test_a_stall_of_ten_seconds_is_cut_short(bench: Bench) -> None:
    with provider(Stall(Say("never whole"), 10.0), silence_s=0.2) as (model, _):
        result = bench.run(model, verdict=Verdict.FAIL, decision="ROLLBACK")
    assert result.exit_code() is ExitCode.STOP
    assert result.duration_s < 5.0


def test_tool_calls_and_usage_go_over_the_wire(bench: Bench) -> None:
    both = Say("Looking.", (LOOK, ("lamp_get", '{"room": "cellar"}')), usage=(100, 20))
    with provider(both, DONE) as (model, server):
        result = bench.run(model, verdict=Verdict.FAIL, decision="ROLLBACK")
    answers = [message for message in server.requests[1]["messages"] if message["role"] == "tool"]
    assert ["attic" in answers[0]["content"], "cellar" in answers[1]["content"]] == [True, True]
    assert (result.usage.input_tokens, result.usage.output_tokens) == (200, 40)
    assert result.unsupported == ()


@pytest.mark.parametrize(
    "bad",
    [("rm_rf", "{}"), ("lamp_get", '{"room": '), ("lamp_get", '{"floor": 1}'), ("", "")],
    ids=["unknown-tool", "arguments-cut", "wrong-arguments", "no-name"],
)
def test_a_call_that_cannot_run_does_not_end_the_conversation(
    bench: Bench, bad: tuple[str, str]
) -> None:
    with provider(Say("", (bad,)), DONE) as (model, server):
        result = bench.run(model, verdict=Verdict.FAIL, decision="ROLLBACK")
    assert "Bright" in result.report
    assert result.exit_code() is ExitCode.STOP
    assert len(server.requests) == 2


def test_an_endless_tool_loop_ends(bench: Bench) -> None:
    with provider(Say("", (LOOK,))) as (model, server):
        result = bench.run(model, verdict=Verdict.FAIL, decision="ROLLBACK", max_iterations=5)
    assert len(server.requests) == 5
    assert server.requests[-1]["tool_choice"] == "none"
    assert result.exit_code() is ExitCode.STOP


def test_an_answer_cut_at_max_tokens_is_reported(bench: Bench) -> None:
    with provider(Say("Bright (e1), and so on", finish="length")) as (model, _):
        result = bench.run(model)
    assert "the model's answer was cut off at max_tokens" in result.warnings


def test_the_fallback_answers_when_the_first_provider_is_down(bench: Bench) -> None:
    with provider(Refuse(500)) as (first, _), provider(DONE) as (second, _):
        result = bench.run(first, second, verdict=Verdict.FAIL, decision="ROLLBACK")
    assert "Bright" in result.report
    assert result.model == "m"
