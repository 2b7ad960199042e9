"""Every reading operation of the CI tools, against every way a server can fail it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from aof.errors import Unreachable
from aof.messages import Effect
from aof.tools.catalog import tool_class
from tests.servers.loopback import Asked, Loopback, Reply
from tests.tools.test_every_ci_operation import CALLS, working

SECRETS = ("ghp_", "glpat-", "api-token", "glsa_")
# These download a body: a missing one is an answer of theirs, and its limit is tested elsewhere.
LOGS = {"get_job_logs", "get_console_log", "get_artifacts"}
ABSENCE_IS_AN_ANSWER = {("gitlab_ci", "get_release")}
READS = [
    (name, operation.name)
    for name in CALLS
    for operation in tool_class(name).operations().values()
    if operation.effect is Effect.READ
]
FAULTS = {
    "not found": Reply(404, {"message": "Not Found"}),
    "gone": Reply(410, {"message": "Gone"}),
    "not allowed": Reply(403, {"message": "Resource not accessible by integration"}),
    "busy for long": Reply(429, {"message": "slow down"}, {"Retry-After": "3600"}),
    "broken": Reply(500, b"<html>oops</html>"),
    "a proxy's error": Reply(502, b"bad gateway"),
    "a body that breaks off": Reply(200, b'{"id": 1, "jobs": []}', cut=5),
    "no answer at all": Reply(drop=True),
    "a login page": Reply(200, b"<html>Sign in</html>"),
    "a body without end": Reply(200, blocks=itertools.repeat(b"[" * 65536)),
}


def test_no_operation_is_left_out() -> None:
    for name, calls in CALLS.items():
        assert set(calls) == set(tool_class(name).operations())


def failing(server: Loopback, reply: Reply) -> None:
    server.answer = lambda _: reply  # type: ignore[method-assign]


@pytest.mark.parametrize(("name", "operation"), READS)
def test_a_fault_is_told_in_its_own_words(
    name: str, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aof.transport.http._pause", lambda *_: 0.0)
    monkeypatch.setattr("aof.transport.http._MOST_BODY", 1 << 20)
    with working(name) as (tool, server):
        for fault, reply in FAULTS.items():
            if operation in LOGS and reply.status == 200 and reply.cut is None:
                continue
            if reply.status == 404 and (name, operation) in ABSENCE_IS_AN_ANSWER:
                continue
            failing(server, reply)
            with pytest.raises(Unreachable) as caught:
                tool.invoke(operation, CALLS[name][operation])
            told = str(caught.value)
            assert caught.value.what.startswith(("GET ", "POST ")), (fault, told)
            assert reply.status == 200 or str(reply.status) in told, (fault, told)
            assert not any(secret in told for secret in SECRETS), (fault, told)


@pytest.mark.parametrize(("name", "operation"), READS)
def test_credentials_never_follow_a_redirect_to_another_host(name: str, operation: str) -> None:
    elsewhere = Loopback()
    with elsewhere.running(), working(name) as (tool, server):
        failing(server, Reply(302, None, {"Location": f"{elsewhere.url}/?sig=signed"}))
        with pytest.raises(Unreachable) as caught:
            tool.invoke(operation, CALLS[name][operation])
    assert "signed" not in str(caught.value)
    assert not any({"authorization", "private-token"} & set(one.headers) for one in elsewhere.asked)


@pytest.mark.parametrize(("name", "operation"), READS)
def test_a_busy_server_is_asked_again(name: str, operation: str) -> None:
    with working(name) as (tool, server):
        answer, refused = server.answer, [Reply(429, b"slow", {"Retry-After": "0"})]

        def once_busy(asked: Asked) -> Any:
            return refused.pop() if refused else answer(asked)

        server.answer = once_busy  # type: ignore[method-assign]
        assert tool.invoke(operation, CALLS[name][operation]).summary
    assert not refused
