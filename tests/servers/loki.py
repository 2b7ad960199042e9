"""Loki's HTTP API, as far as the tool uses it: streams, paging by time, tenants."""

from __future__ import annotations

from tests.servers.loopback import Asked, Loopback, Reply

Stream = tuple[dict[str, str], list[tuple[int, str]]]


class LokiServer(Loopback):
    """Holds `streams`: labels with lines, each at a nanosecond."""

    def __init__(self) -> None:
        super().__init__()
        self.streams: list[Stream] = []
        self.most = 5000
        self.route("GET", "/loki/api/v1/query_range", self._range)
        self.route("GET", "/loki/api/v1/query", self._instant)
        self.route("GET", "/loki/api/v1/labels", self._labels)
        self.route("GET", "/loki/api/v1/label/(.+)/values", self._values)
        self.route("GET", "/loki/api/v1/status/buildinfo", lambda _: Reply(200, {"version": "3"}))

    def _range(self, asked: Asked) -> Reply:
        limit = int(asked.query["limit"])
        if limit > self.most:
            words = f"max_entries_limit_per_query ({limit} > {self.most})"
            text = f"max entries limit per query exceeded, limit > {words}"
            return Reply(400, text.encode(), {"Content-Type": "text/plain"})
        if not asked.query["query"].startswith("{"):
            series = {"metric": {"app": "shop"}, "values": [[1790000000, "3"], [1790000060, "4"]]}
            return _success({"resultType": "matrix", "result": [series]})
        start, end = int(asked.query["start"]), int(asked.query["end"])
        found = sorted(
            (
                (at, number, line)
                for number, (_, lines) in enumerate(self.streams)
                for at, line in lines
                if start <= at < end
            ),
            reverse=asked.query["direction"] == "backward",
        )[:limit]
        result = [
            {
                "stream": labels,
                "values": [[str(at), line] for at, stream, line in found if stream == number],
            }
            for number, (labels, _) in enumerate(self.streams)
            if any(stream == number for _, stream, _ in found)
        ]
        return _success({"resultType": "streams", "result": result})

    def _instant(self, asked: Asked) -> Reply:
        if asked.query["query"].startswith("{"):
            return _success({"resultType": "streams", "result": []})
        series = {"metric": {"app": "shop"}, "value": [int(asked.query["time"]) / 1e9, "NaN"]}
        return _success({"resultType": "vector", "result": [series]})

    def _labels(self, _: Asked) -> Reply:
        return _success(sorted({name for labels, _ in self.streams for name in labels}))

    def _values(self, _: Asked, name: str) -> Reply:
        return _success(sorted({labels[name] for labels, _ in self.streams if name in labels}))


def _success(data: object) -> Reply:
    return Reply(200, {"status": "success", "data": data, "warnings": []})
