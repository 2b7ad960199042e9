"""One time limit for a whole call, and how retries obey it."""

import time
from collections.abc import Iterator

import pytest

from aof.errors import Unreachable
from aof.transport.deadline import remaining_s, time_limit
from aof.transport.http import Http
from tests.servers.loopback import Loopback, Reply


@pytest.fixture
def server() -> Iterator[Loopback]:
    server = Loopback()
    server.route("GET", "/x", lambda _: Reply(200, {}))
    with server.running():
        yield server


def test_an_inner_limit_shortens_but_never_prolongs() -> None:
    assert remaining_s(30) == 30
    with time_limit(10):
        with time_limit(99):
            assert remaining_s(30) <= 10
        with time_limit(1):
            assert remaining_s(30) <= 1
    assert remaining_s(30) == 30


def test_nothing_is_sent_once_the_time_is_up(server: Loopback) -> None:
    with time_limit(0.0), pytest.raises(Unreachable, match="the call's time is up"):
        Http(server.url).get("/x")
    assert server.asked == []


def test_a_short_retry_after_is_obeyed(server: Loopback) -> None:
    server.plan("GET", "/x", Reply(429, {}, {"Retry-After": "0"}))
    assert Http(server.url).get("/x").status == 200


def test_a_retry_after_beyond_the_limit_is_reported_at_once(server: Loopback) -> None:
    server.plan("GET", "/x", Reply(429, {}, {"Retry-After": "9"}))
    began = time.monotonic()
    with time_limit(2), pytest.raises(Unreachable, match="429") as caught:
        Http(server.url).get("/x").require()
    assert "wait 9 s" in caught.value.fix
    assert time.monotonic() - began < 1
    assert len(server.asked) == 1


def test_a_date_as_retry_after_is_understood(server: Loopback) -> None:
    server.plan("GET", "/x", Reply(503, {}, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}))
    assert Http(server.url).get("/x").status == 200


def test_a_write_is_never_repeated(server: Loopback) -> None:
    server.route("POST", "/x", lambda _: Reply(503, {}, {"Retry-After": "0"}))
    assert Http(server.url).send("POST", "/x", json={}).status == 503
    assert len(server.asked) == 1
