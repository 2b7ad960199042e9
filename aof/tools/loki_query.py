"""The tool `loki_query`: logs and log metrics from Grafana Loki, through its HTTP API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from aof.errors import Unreachable, UsageFault
from aof.messages import ToolOutput
from aof.tools.base import Setting, Tool, operation
from aof.tools.credentials import authorization
from aof.tools.times import nanoseconds, rfc3339
from aof.transport.http import Http, Refused
from aof.transport.paging import quoted_path

_PAGE = 5000
"""`max_entries_limit_per_query` of a server that nobody configured."""
_TOO_MANY = re.compile(r"max_entries_limit\w* \(\d+ > (\d+)\)")

Query = Annotated[str, Field(min_length=1, description='LogQL, e.g. {app="shop"} |= "error"')]
Limit = Annotated[int, Field(ge=1, le=100_000)]
_Entry = tuple[int, str, int]


class LokiQuery(Tool):
    """One Loki server or tenant."""

    name: ClassVar[str] = "loki_query"
    about: ClassVar[str] = "Logs and log metrics from Grafana Loki."
    settings_read: ClassVar[tuple[Setting, ...]] = (
        Setting("LOKI_URL", "the server, without /loki/api/v1", required=True),
        Setting("LOKI_TOKEN", "a bearer token", secret=True),
        Setting("LOKI_USERNAME", "user for basic authentication"),
        Setting("LOKI_PASSWORD", "password for basic authentication", secret=True),
        Setting("LOKI_ORG_ID", "tenant, sent as X-Scope-OrgID"),
        Setting("LOKI_CA_FILE", "CA certificate of a server with a private one"),
    )

    @operation(timeout_s=60.0)
    def query(self, query: Query, time: str = "now", limit: Limit = 1000) -> ToolOutput:
        """Evaluate a LogQL metric query at one moment, e.g. count_over_time(...[5m]).

        Args:
            query: LogQL that gives numbers; for log lines use query_range.
            time: RFC 3339, Unix seconds, now or now-15m.
            limit: Most series the server may return.

        Returns:
            result_type and series, each with labels and values [[unix seconds, "number"]].
        """
        at = nanoseconds(time, self.clock.now())
        document = self._get("query", {"query": query, "time": at, "limit": limit})
        data = document["data"]
        if data.get("resultType") == "streams":
            raise UsageFault(
                "this query selects log lines", fix="use query_range, or count_over_time(...)"
            )
        return _numbers(data, _warnings(document))

    @operation(timeout_s=90.0)
    def query_range(
        self,
        query: Query,
        start: str = "now-1h",
        end: str = "now",
        *,
        limit: Limit = 5000,
        step: str | None = None,
    ) -> ToolOutput:
        """Log lines, or a metric over time, between two moments.

        Args:
            query: LogQL.
            start: RFC 3339, Unix seconds, or now-1h.
            end: The same; not included.
            limit: Most log lines; the newest are kept.
            step: For metrics: seconds or a duration such as 30s between points.

        Returns:
            For lines: log (text in order of time), entries, complete (false when the limit
            cut older lines), first_at, last_at and streams (labels, entries). For metrics:
            result_type and series.
        """
        now = self.clock.now()
        begin, finish = nanoseconds(start, now), nanoseconds(end, now)
        if begin >= finish:
            raise UsageFault(f"start {start} is not before end {end}")
        page = min(limit, _PAGE)
        asked = {"query": query, "start": begin, "direction": "backward"}
        if step is not None:
            asked["step"] = step
        try:
            document = self._get("query_range", {**asked, "end": finish, "limit": page})
        except Refused as refused:
            page = _allowed_page(refused)
            document = self._get("query_range", {**asked, "end": finish, "limit": page})
        if document["data"].get("resultType") != "streams":
            return _numbers(document["data"], _warnings(document))
        reading = _Lines(limit)
        while not reading.add(document["data"], page):
            # The oldest moment is asked for again: it may have more lines than were given.
            more = {**asked, "end": reading.oldest + 1, "limit": page}
            document = self._get("query_range", more)
        return reading.output(_warnings(document))

    @operation()
    def labels(
        self, name: str | None = None, start: str = "now-6h", end: str = "now"
    ) -> ToolOutput:
        """Names of the labels that log streams have, or the values of one label.

        Args:
            name: The label whose values are wanted; without it the names are listed.
            start: RFC 3339, Unix seconds, or now-6h.
            end: The same.

        Returns:
            labels or values.
        """
        now = self.clock.now()
        between = {"start": nanoseconds(start, now), "end": nanoseconds(end, now)}
        path = f"label/{quoted_path(name)}/values" if name else "labels"
        found = self._get(path, between).get("data") or []
        what = "values" if name else "labels"
        return ToolOutput({what: found}, f"{len(found)} {what}")

    def probe(self) -> str:
        """Ask for the server's build; says its version."""
        answer = self._http().get("loki/api/v1/status/buildinfo").require().json()
        return f"Loki {answer.get('version', '')}".strip()

    def _http(self) -> Http:
        headers = authorization(self.settings, "LOKI")
        if tenant := self.settings.get("LOKI_ORG_ID"):
            headers["x-scope-orgid"] = tenant
        ca_file = self.settings.get("LOKI_CA_FILE")
        return Http(
            self.settings["LOKI_URL"], headers=headers, timeout_s=45.0, verify=ca_file or True
        )

    def _get(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._http().get(f"loki/api/v1/{path}", params).require()
        document = answer.json()
        if not isinstance(document, dict) or document.get("status") != "success":
            raise Unreachable(
                f"{answer.request}: this is not Loki's API",
                why="the answer has no status 'success'",
                fix="check LOKI_URL",
            )
        return document


class _Lines:
    """Log lines gathered page by page, newest first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._streams: dict[str, tuple[int, dict[str, str]]] = {}
        self._found: set[_Entry] = set()
        self._complete = False
        self.oldest = 0

    def add(self, data: Mapping[str, Any], page: int) -> bool:
        """Take a page in; True when there is nothing more to ask for."""
        before, given = len(self._found), 0
        for stream in data.get("result") or []:
            labels = stream.get("stream") or {}
            number, _ = self._streams.setdefault(
                repr(sorted(labels.items())), (len(self._streams), labels)
            )
            for value in stream.get("values") or []:
                self._found.add((int(value[0]), str(value[1]), number))
                given += 1
        if given < page:
            self._complete = len(self._found) <= self._limit
            return True
        self.oldest = min(entry[0] for entry in self._found)
        return len(self._found) >= self._limit or len(self._found) == before

    def output(self, warnings: tuple[str, ...]) -> ToolOutput:
        """The newest lines up to the limit, in order of time."""
        kept = sorted(self._found, key=lambda entry: (entry[0], entry[2]))[-self._limit :]
        counts: dict[int, int] = {}
        for _, _, number in kept:
            counts[number] = counts.get(number, 0) + 1
        return ToolOutput(
            {
                "result_type": "streams",
                "log": "".join(f"{line.rstrip(chr(10))}\n" for _, line, _ in kept),
                "entries": len(kept),
                "complete": self._complete,
                "first_at": rfc3339(kept[0][0]) if kept else None,
                "last_at": rfc3339(kept[-1][0]) if kept else None,
                "streams": [
                    {"labels": labels, "entries": counts[number]}
                    for number, labels in self._streams.values()
                    if number in counts
                ],
            },
            f"{len(kept)} log lines{'' if self._complete else ', older ones left out'}",
            warnings,
        )


def _allowed_page(refused: Refused) -> int:
    """The page size of a server that allows less than we asked for; else the refusal again."""
    found = _TOO_MANY.search(refused.why)
    if found is None or not 0 < int(found[1]) < _PAGE:
        raise refused
    return int(found[1])


def _numbers(data: Mapping[str, Any], warnings: tuple[str, ...]) -> ToolOutput:
    """A vector, matrix or scalar in one shape: values are [[unix seconds, "number"], ...]."""
    kind, result = data.get("resultType"), data.get("result") or []
    if kind == "scalar":
        result = [{"metric": {}, "value": result}]
    series = [
        {
            "labels": one.get("metric") or {},
            "values": one.get("values") or [one["value"]],
        }
        for one in result
    ]
    return ToolOutput({"result_type": kind, "series": series}, f"{len(series)} series", warnings)


def _warnings(document: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(warning) for warning in document.get("warnings") or ())
