from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from aof.clock import FrozenClock
from aof.messages import Message
from aof.models.base import ModelFailed
from aof.models.openai_compatible import OpenAiCompatible, Price
from tests.models.conversations import ASK, ignore
from tests.servers.llm import ModelServer, Raw, Refuse, Say, Stall, Truncate, Turn, serving
from tests.servers.openai import OpenAi

CLOCK_START = datetime(2026, 11, 20, tzinfo=UTC)


@contextmanager
def asked(
    *turns: Turn, **settings: Any
) -> Iterator[tuple[OpenAiCompatible, ModelServer, FrozenClock]]:
    clock = FrozenClock(CLOCK_START)
    with serving(turns, OpenAi()) as server:
        model = OpenAiCompatible(
            "openai-compatible:m", model="m", base_url=f"{server.url}/v1", clock=clock, **settings
        )
        try:
            yield model, server, clock
        finally:
            model.close()


def test_text_streams_piece_by_piece_and_arrives_whole() -> None:
    seen: list[str] = []
    with asked(Say("All of it is well, as e1 shows.")) as (model, _, _):
        reply = model.complete(ASK, seen.append)
    assert reply.message.content == "All of it is well, as e1 shows."
    assert "".join(seen) == reply.message.content
    assert len([piece for piece in seen if piece]) > 1
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (100, 20)


def test_the_request_says_what_the_api_asks_for() -> None:
    with asked(Say("x"), key="sekrit") as (model, server, _):
        model.complete(ASK, ignore)
    sent = server.requests[0]
    assert server.paths == ["/v1/chat/completions"]
    assert server.headers[0]["authorization"] == "Bearer sekrit"
    assert sent["messages"][1] == {"role": "user", "content": "Is myapp well?"}
    assert sent["tools"][0]["function"]["name"] == "prometheus_query_query"
    assert (sent["max_tokens"], sent["temperature"], sent["stream"]) == (512, 0.1, True)


def test_parallel_calls_are_put_together_from_their_pieces() -> None:
    calls = (
        ("prometheus_query_query", '{"query": "up"}'),
        ("prometheus_query_query", '{"query": "down"}'),
    )
    with asked(Say("", calls)) as (model, _, _):
        reply = model.complete(ASK, ignore)
    assert [call.arguments["query"] for call in reply.message.tool_calls] == ["up", "down"]
    assert len({call.id for call in reply.message.tool_calls}) == 2
    assert reply.finish == "calls"


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("rm_rf", "{}", "there is no function 'rm_rf'"),
        ("prometheus_query_query", '{"query": ', "not JSON"),
        ("prometheus_query_query", '["up"]', "not a JSON object"),
    ],
)
def test_a_call_that_cannot_be_run_says_why(name: str, arguments: str, problem: str) -> None:
    with asked(Say("", ((name, arguments),))) as (model, _, _):
        reply = model.complete(ASK, ignore)
    assert problem in reply.message.tool_calls[0].problem


def test_an_answered_call_goes_back_under_its_id() -> None:
    with asked(Say("", (("prometheus_query_query", '{"query": "up"}'),)), Say("done")) as (
        model,
        server,
        _,
    ):
        first = model.complete(ASK, ignore).message
        answer = Message("tool", "1", tool_call_id=first.tool_calls[0].id)
        model.complete(replace(ASK, messages=(*ASK.messages, first, answer)), ignore)
    said, answered = server.requests[1]["messages"][2:]
    assert said["tool_calls"][0]["function"] == {
        "name": "prometheus_query_query",
        "arguments": '{"query": "up"}',
    }
    assert answered["tool_call_id"] == said["tool_calls"][0]["id"]


def test_calls_that_all_have_index_0_stay_apart() -> None:
    def whole(call_id: str) -> bytes:
        return (
            b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"' + call_id.encode()
            + b'","function":{"name":"prometheus_query_query","arguments":"{}"}}]}}]}\n\n'
        )  # fmt: skip

    end = b'data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]}\n\ndata: [DONE]\n\n'
    with asked(Raw(whole("a") + whole("b") + end)) as (model, _, _):
        reply = model.complete(ASK, ignore)
    assert [call.id for call in reply.message.tool_calls] == ["a", "b"]


def test_a_server_that_does_not_stream_is_understood() -> None:
    body = (
        b'{"choices":[{"message":{"role":"assistant","content":"well"},"finish_reason":"stop"}],'
        b'"usage":{"prompt_tokens":3,"completion_tokens":1}}'
    )
    with asked(Raw(body)) as (model, _, _):
        reply = model.complete(ASK, ignore)
    assert (reply.message.content, reply.usage.input_tokens) == ("well", 3)


def test_a_line_separator_inside_json_does_not_break_the_stream() -> None:
    chunk = 'data: {"choices":[{"delta":{"content":"a\u2028b"},"finish_reason":"stop"}]}\n\n'
    with asked(Raw(chunk.encode())) as (model, _, _):
        assert model.complete(ASK, ignore).message.content == "a\u2028b"


def test_the_price_gives_the_cost() -> None:
    with asked(Say("x", usage=(1_000_000, 500_000)), price=Price(0.3, 2.5)) as (model, _, _):
        reply = model.complete(ASK, ignore)
    assert reply.usage.cost_usd == pytest.approx(0.3 + 1.25)


def test_a_wrong_key_is_not_tried_again() -> None:
    with (
        asked(Refuse(401, "Incorrect API key provided")) as (model, server, _),
        pytest.raises(ModelFailed, match="401") as caught,
    ):
        model.complete(ASK, ignore)
    assert "Incorrect API key provided" in caught.value.why
    assert len(server.requests) == 1


def test_429_waits_as_long_as_the_server_asks() -> None:
    with asked(Refuse(429, "slow down", {"retry-after": "7"}), Say("well")) as (model, _, clock):
        assert model.complete(ASK, ignore).message.content == "well"
    assert (clock.now() - CLOCK_START).total_seconds() == 7


def test_a_wait_that_is_too_long_is_not_made() -> None:
    with (
        asked(Refuse(429, "quota", {"retry-after": "3600"})) as (model, server, clock),
        pytest.raises(ModelFailed, match="429"),
    ):
        model.complete(ASK, ignore)
    assert (len(server.requests), clock.now()) == (1, CLOCK_START)


@pytest.mark.parametrize(
    "bad",
    [
        Refuse(500, "internal"),
        Raw(b"data: {nonsense\n\n"),
        Raw(b"<html>proxy login</html>"),
        Raw(b'data: {"error":{"message":"overloaded"}}\n\n'),
        Raw(b""),
        Truncate(Say("a long enough answer to be cut in two")),
    ],
    ids=["500", "not-json", "html", "error-in-stream", "empty", "cut"],
)
def test_what_may_pass_is_tried_three_times(bad: Turn) -> None:
    with asked(bad, bad, Say("well")) as (model, _, _):
        assert model.complete(ASK, ignore).message.content == "well"
    with asked(bad) as (model, server, _):
        with pytest.raises(ModelFailed):
            model.complete(ASK, ignore)
        assert len(server.requests) == 3


def test_silence_ends_after_its_limit() -> None:
    with (
        asked(Stall(Say("never to be seen whole"), 10.0), silence_s=0.2) as (model, _, _),
        pytest.raises(ModelFailed, match=r"no answer within 0\.2 s"),
    ):
        model.complete(ASK, ignore)


def test_nobody_listening_is_a_failure_of_the_model() -> None:
    model = OpenAiCompatible(
        "m", model="m", base_url="http://127.0.0.1:9/v1", clock=FrozenClock(CLOCK_START)
    )
    with pytest.raises(ModelFailed, match="no connection"):
        model.complete(ASK, ignore)


def test_a_broken_answer_lets_go_of_its_connection_at_once() -> None:
    with asked(Raw(b"data: [1]\n\n" * 50)) as (model, _, _):
        with pytest.raises(ModelFailed) as caught:
            model.complete(ASK, ignore)
        client = model._http._client
        assert client is not None
        assert caught.value.__traceback__ is not None
        pool: Any = client._transport
        assert [one for one in pool._pool.connections if not one.is_closed()] == []
