"""Grafana's HTTP API, as far as the tool uses it: query, search, dashboards, annotations."""

from __future__ import annotations

from typing import Any

from tests.servers.loopback import Asked, Loopback, Reply

VIEWER = "glsa_viewer00000000000000000"
EDITOR = "glsa_editor00000000000000000"


class GrafanaServer(Loopback):
    """One Prometheus data source, one dashboard, and annotations that can be added."""

    def __init__(self) -> None:
        super().__init__()
        self.sources = [{"uid": "prom-1", "name": "Main Prometheus", "type": "prometheus"}]
        self.frames: list[dict[str, Any]] = [
            {
                "schema": {
                    "name": "rate",
                    "meta": {"notices": [{"severity": "warning", "text": "partial data"}]},
                    "fields": [
                        {"name": "Time", "type": "time"},
                        {"name": "Value", "type": "number", "labels": {"pod": "a"}},
                    ],
                },
                "data": {"values": [[1790000000000, 1790000060000], [0.5, None]]},
            }
        ]
        self.annotations: list[dict[str, Any]] = []
        self.route("GET", r"/api/datasources/(uid|name)/(.+)", self._source)
        self.route("POST", "/api/ds/query", self._query)
        self.route("GET", "/api/search", self._search)
        self.route("GET", r"/api/dashboards/uid/shop", self._dashboard)
        self.route("GET", "/api/annotations", self._list_annotations)
        self.route("POST", "/api/annotations", self._annotate)
        self.route("GET", "/api/health", lambda _: Reply(200, {"version": "12.4.0"}))

    def answer(self, asked: Asked) -> Reply:
        allowed = {f"Bearer {VIEWER}", f"Bearer {EDITOR}"}
        if asked.headers.get("authorization") not in allowed:
            return Reply(401, {"message": "Invalid API key"})
        return super().answer(asked)

    def _source(self, _: Asked, kind: str, wanted: str) -> Reply:
        found = [one for one in self.sources if one[kind] == wanted.replace("%20", " ")]
        return Reply(200, found[0]) if found else Reply(404, {"message": "Data source not found"})

    def _query(self, asked: Asked) -> Reply:
        query = asked.json()["queries"][0]
        if query["expr"] == "rate(":
            return Reply(400, {"results": {"A": {"status": 400, "error": "parse error"}}})
        return Reply(200, {"results": {"A": {"status": 200, "frames": self.frames}}})

    def _search(self, _: Asked) -> Reply:
        board = {"uid": "shop", "title": "Shop", "url": "/d/shop", "tags": ["slo"], "id": 4}
        return Reply(200, [board])

    def _dashboard(self, _: Asked) -> Reply:
        panel = {
            "id": 2, "title": "Errors", "type": "timeseries", "datasource": {"uid": "prom-1"},
            "targets": [{"refId": "A", "expr": "rate(errors[5m])"}, {"refId": "B"}],
        }  # fmt: skip
        row = {"id": 1, "title": "Row", "type": "row", "panels": [panel]}
        variables = [{"name": "env", "type": "query", "query": "label_values(env)"}]
        board = {"uid": "shop", "title": "Shop", "panels": [row], "templating": {"list": variables}}
        return Reply(200, {"dashboard": board, "meta": {"folderTitle": "Team"}})

    def _list_annotations(self, asked: Asked) -> Reply:
        tags = {value for name, value in asked.pairs if name == "tags"}
        found = [one for one in self.annotations if tags <= set(one["tags"])]
        return Reply(200, found[: int(asked.query["limit"])])

    def _annotate(self, asked: Asked) -> Reply:
        if asked.headers["authorization"] != f"Bearer {EDITOR}":
            return Reply(403, {"message": "You'll need additional permissions: annotations:create"})
        self.annotations.append({"id": len(self.annotations) + 1, **asked.json()})
        return Reply(200, {"message": "Annotation added", "id": len(self.annotations)})
