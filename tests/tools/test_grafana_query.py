"""Queries, dashboards and annotations through Grafana's API."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from aof.clock import FrozenClock
from aof.errors import Unreachable, UsageFault
from aof.messages import Effect
from aof.tools.grafana_frames import frames_of
from aof.tools.grafana_query import GrafanaQuery
from tests.servers.grafana import EDITOR, VIEWER, GrafanaServer
from tests.servers.loopback import Reply

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[GrafanaServer]:
    server = GrafanaServer()
    with server.running():
        yield server


def bound(server: GrafanaServer, **more: str) -> GrafanaQuery:
    settings = {"GRAFANA_URL": server.url, "GRAFANA_TOKEN": VIEWER, **more}
    tool = GrafanaQuery.bind(settings, clock=FrozenClock(NOW))
    assert isinstance(tool, GrafanaQuery)
    return tool


def read(server: GrafanaServer, operation: str, **arguments: Any) -> Any:
    return bound(server).invoke(operation, arguments).data


@pytest.mark.parametrize("datasource", ["prom-1", "Main Prometheus"])
def test_a_data_source_is_found_by_uid_or_name(server: GrafanaServer, datasource: str) -> None:
    output = bound(server).invoke("query", {"datasource": datasource, "query": "up"})
    assert output.data["datasource"] == {"uid": "prom-1", "type": "prometheus"}
    assert output.data["series"] == [
        {
            "name": "rate",
            "labels": {"pod": "a"},
            "values": [[1790000000.0, 0.5], [1790000060.0, None]],
        }
    ]
    assert output.warnings == ("partial data",)


def test_the_time_range_is_sent_in_milliseconds(server: GrafanaServer) -> None:
    read(server, "query", datasource="prom-1", query="up", start="now-10m", step_s=30)
    body = server.requests("POST")[0].json()
    assert (body["from"], body["to"]) == ("1795175400000", "1795176000000")
    assert (body["queries"][0]["intervalMs"], body["queries"][0]["maxDataPoints"]) == (30000, 21)


def test_without_the_right_to_look_it_up_the_uid_is_trusted(server: GrafanaServer) -> None:
    denied = Reply(403, {"message": "permissions needed: datasources:read"})
    server.plan("GET", "/api/datasources", denied, denied)
    data = read(server, "query", datasource="prom-1", query="up")
    assert data["datasource"] == {"uid": "prom-1", "type": None}


def test_an_unknown_data_source_is_an_error(server: GrafanaServer) -> None:
    with pytest.raises(Unreachable, match="404") as caught:
        read(server, "query", datasource="nope", query="up")
    assert "Data source not found" in caught.value.why


def test_a_query_the_source_refuses_comes_back_in_its_words(server: GrafanaServer) -> None:
    with pytest.raises(Unreachable, match="refuses the query") as caught:
        read(server, "query", datasource="prom-1", query="rate(")
    assert caught.value.why == "parse error"


def test_a_login_page_is_recognised(server: GrafanaServer) -> None:
    server.plan("POST", "/api/ds/query", Reply(500, b"<html>oops</html>"))
    with pytest.raises(Unreachable, match="500"):
        read(server, "query", datasource="prom-1", query="up")


def test_what_is_no_time_series_is_a_table() -> None:
    fields = [{"name": "job", "type": "string"}, {"name": "n", "type": "number"}]
    frame = {"schema": {"fields": fields}, "data": {"values": [["a", "b"] * 600, [1, 2] * 600]}}
    series, tables, warnings = frames_of({"frames": [frame]})
    assert series == []
    assert tables[0]["columns"] == ["job", "n"]
    assert tables[0]["rows"][:2] == [["a", 1], ["b", 2]]
    assert warnings == ["200 of 1200 rows are left out"]


def test_dashboards_are_searched(server: GrafanaServer) -> None:
    data = read(server, "dashboards", query="shop", tags=["slo", "prod"])
    assert data["dashboards"][0]["uid"] == "shop"
    asked = server.asked[0]
    assert [value for name, value in asked.pairs if name == "tag"] == ["slo", "prod"]


def test_a_dashboard_tells_what_its_panels_ask(server: GrafanaServer) -> None:
    data = read(server, "dashboards", uid="shop")
    assert [panel["title"] for panel in data["panels"]] == ["Row", "Errors"]
    assert data["panels"][1]["queries"] == ["rate(errors[5m])"]
    assert data["variables"][0]["name"] == "env"


def test_an_annotation_is_added_and_found(server: GrafanaServer) -> None:
    tool = bound(server, GRAFANA_TOKEN_WRITE=EDITOR)
    span = {"time": "now-5m", "time_end": "now"}
    output = tool.invoke("annotate", {"text": "deploy v2", "tags": ["deploy"], **span})
    assert (output.data["id"], output.warnings) == (1, ())
    found = read(server, "annotations", tags=["deploy"])["annotations"]
    assert (found[0]["text"], found[0]["at"]) == ("deploy v2", "2026-11-20T11:55:00.000Z")
    assert found[0]["until"] == "2026-11-20T12:00:00.000Z"


def test_an_annotation_can_belong_to_one_panel(server: GrafanaServer) -> None:
    tool = bound(server, GRAFANA_TOKEN_WRITE=EDITOR)
    tool.invoke("annotate", {"text": "x", "dashboard_uid": "shop", "panel_id": 2})
    assert server.annotations[0]["dashboardUID"] == "shop"
    assert server.annotations[0]["panelId"] == 2


def test_one_token_for_both_is_a_warning(server: GrafanaServer) -> None:
    output = bound(server, GRAFANA_TOKEN=EDITOR).invoke("annotate", {"text": "x"})
    assert "GRAFANA_TOKEN_WRITE is not set" in output.warnings[0]


def test_missing_permission_is_grafanas_words(server: GrafanaServer) -> None:
    with pytest.raises(Unreachable, match="403") as caught:
        read(server, "annotate", text="x")
    assert "annotations:create" in caught.value.why
    assert VIEWER not in str(caught.value)


def test_annotating_reads_as_curl() -> None:
    operation = GrafanaQuery.operations()["annotate"]
    assert operation.effect is Effect.NOTIFY
    line = operation.command({"text": "it's live", "tags": ["deploy"]})
    assert line.startswith('curl -X POST "$GRAFANA_URL/api/annotations"')
    assert "it'\"'\"'s live" in line


def test_start_must_be_before_end(server: GrafanaServer) -> None:
    with pytest.raises(UsageFault, match="not before end"):
        read(server, "annotations", start="now", end="now-1h")


def test_the_probe_tells_the_version(server: GrafanaServer) -> None:
    assert bound(server).probe() == "Grafana 12.4.0"
