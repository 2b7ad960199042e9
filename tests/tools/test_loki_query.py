"""Logs and log metrics from Loki's API."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aof.clock import FrozenClock
from aof.errors import Unreachable, UsageFault
from aof.tools import loki_query
from aof.tools.loki_query import LokiQuery
from tests.servers.loki import LokiServer
from tests.servers.loopback import Reply

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECOND = 10**9
BEGIN = int(NOW.timestamp()) * SECOND - 600 * SECOND


@pytest.fixture
def server() -> Iterator[LokiServer]:
    server = LokiServer()
    with server.running():
        yield server


def bound(server: LokiServer, **more: str) -> LokiQuery:
    tool = LokiQuery.bind({"LOKI_URL": server.url, **more}, clock=FrozenClock(NOW))
    assert isinstance(tool, LokiQuery)
    return tool


def read(server: LokiServer, operation: str, **arguments: Any) -> Any:
    return bound(server).invoke(operation, arguments).data


def test_lines_of_all_streams_come_in_order_of_time(server: LokiServer) -> None:
    server.streams = [
        ({"pod": "a"}, [(BEGIN, "first"), (BEGIN + 2 * SECOND, "third\n")]),
        ({"pod": "b"}, [(BEGIN + SECOND, "second")]),
    ]
    data = read(server, "query_range", query='{app="shop"}')
    assert data["log"] == "first\nsecond\nthird\n"
    assert data["streams"] == [
        {"labels": {"pod": "a"}, "entries": 2},
        {"labels": {"pod": "b"}, "entries": 1},
    ]
    assert (data["complete"], data["first_at"]) == (True, "2026-11-20T11:50:00.000Z")


def test_the_newest_lines_are_kept(server: LokiServer) -> None:
    server.streams = [({"pod": "a"}, [(BEGIN + n, f"line {n}") for n in range(50)])]
    data = read(server, "query_range", query="{}", limit=3)
    assert data["log"] == "line 47\nline 48\nline 49\n"
    assert data["complete"] is False


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, 12), max_size=60), st.integers(5, 20), st.integers(1, 80))
def test_pages_lose_and_repeat_nothing(
    server: LokiServer, moments: list[int], page: int, limit: int
) -> None:
    lines = [(BEGIN + at, f"{index}") for index, at in enumerate(sorted(moments))]
    server.streams = [({"pod": "a"}, lines)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loki_query, "_PAGE", page)
        data = read(server, "query_range", query="{}", limit=limit)
    found = data["log"].split()
    assert len(found) == len(set(found)) <= limit
    crowded = max((moments.count(at) for at in moments), default=0) >= page
    if len(lines) <= limit and not crowded:
        assert sorted(map(int, found)) == list(range(len(lines)))
    assert data["complete"] is False or len(found) == len(lines)


def test_a_server_that_allows_less_is_asked_in_smaller_pages(server: LokiServer) -> None:
    server.most = 10
    server.streams = [({"pod": "a"}, [(BEGIN + n, f"{n}") for n in range(25)])]
    data = read(server, "query_range", query="{}")
    assert data["entries"] == 25


def test_metrics_over_time_keep_their_numbers(server: LokiServer) -> None:
    data = read(server, "query_range", query="rate({}[5m])", step="1m")
    assert data["result_type"] == "matrix"
    assert data["series"][0]["values"] == [[1790000000, "3"], [1790000060, "4"]]
    assert server.asked[0].query["step"] == "1m"


def test_a_metric_at_one_moment(server: LokiServer) -> None:
    at = "2026-11-20T11:00:00Z"
    data = read(server, "query", query="count_over_time({}[5m])", time=at)
    assert data["series"][0]["values"] == [[1795172400.0, "NaN"]]


def test_query_refuses_log_lines_and_says_what_to_use(server: LokiServer) -> None:
    with pytest.raises(UsageFault) as caught:
        read(server, "query", query="{}")
    assert "query_range" in caught.value.fix


def test_labels_and_their_values(server: LokiServer) -> None:
    server.streams = [({"app": "shop", "pod": "a"}, []), ({"app": "cart"}, [])]
    assert read(server, "labels")["labels"] == ["app", "pod"]
    assert read(server, "labels", name="app")["values"] == ["cart", "shop"]


def test_tenant_and_token_are_sent(server: LokiServer) -> None:
    bound(server, LOKI_TOKEN="t0ken-value", LOKI_ORG_ID="team-a").invoke("labels", {})
    assert server.asked[0].headers["x-scope-orgid"] == "team-a"
    assert server.asked[0].headers["authorization"] == "Bearer t0ken-value"


def test_a_bad_query_comes_back_in_lokis_words(server: LokiServer) -> None:
    server.plan("GET", "query_range", Reply(400, b"parse error at line 1, col 2"))
    with pytest.raises(Unreachable, match="400") as caught:
        read(server, "query_range", query="{")
    assert caught.value.why == "parse error at line 1, col 2"


def test_another_server_is_recognised(server: LokiServer) -> None:
    server.plan("GET", "labels", Reply(200, {"hello": 1}))
    with pytest.raises(Unreachable, match="this is not Loki's API"):
        read(server, "labels")


@pytest.mark.parametrize(
    "moments", [{"start": "yesterday"}, {"start": "now", "end": "now-5m"}, {"end": "now-x"}]
)
def test_moments_must_make_sense(server: LokiServer, moments: dict[str, str]) -> None:
    with pytest.raises(UsageFault):
        read(server, "query_range", query="{}", **moments)


def test_the_probe_tells_the_version(server: LokiServer) -> None:
    assert bound(server).probe() == "Loki 3"
