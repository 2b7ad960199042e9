"""The tool `grafana_query`: data sources, dashboards and annotations through Grafana's API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from aof.errors import Unreachable, UsageFault
from aof.messages import Effect, ToolOutput
from aof.tools.base import Setting, Tool, operation, quoted
from aof.tools.credentials import authorization
from aof.tools.fields import only
from aof.tools.grafana_frames import frames_of
from aof.tools.times import nanoseconds, rfc3339
from aof.transport.documents import document, entries
from aof.transport.http import Answer, Http, Refused, repeated
from aof.transport.paging import quoted_path

_QUERY_FIELD = {"graphite": "target", "influxdb": "query", "mysql": "rawSql", "mssql": "rawSql",
                "postgres": "rawSql", "grafana-postgresql-datasource": "rawSql"}  # fmt: skip
_ATTEMPTS = 3
NO_WRITE_TOKEN = (
    "GRAFANA_TOKEN_WRITE is not set; GRAFANA_TOKEN was used, so reading and writing share one token"
)

Limit = Annotated[int, Field(ge=1, le=5000)]


def _annotate_command(arguments: Mapping[str, Any]) -> str:
    named = {"dashboard_uid": "dashboardUID", "panel_id": "panelId", "time_end": "timeEnd"}
    body = {
        named.get(name, name): value
        for name, value in arguments.items()
        if value is not None and (name, value) != ("time", "now")
    }
    return (
        'curl -X POST "$GRAFANA_URL/api/annotations" -H "Authorization: Bearer $GRAFANA_TOKEN" '
        f"--json {quoted(json.dumps(body, ensure_ascii=False))}"
    )


class GrafanaQuery(Tool):
    """One Grafana server and organization."""

    name: ClassVar[str] = "grafana_query"
    about: ClassVar[str] = "Data sources, dashboards and annotations of Grafana."
    settings_read: ClassVar[tuple[Setting, ...]] = (
        Setting("GRAFANA_URL", "the server", required=True),
        Setting("GRAFANA_TOKEN", "service account token with role Viewer", secret=True),
        Setting("GRAFANA_TOKEN_WRITE", "token that may write annotations", secret=True,
                write_only=True),
        Setting("GRAFANA_ORG_ID", "organization, sent as X-Grafana-Org-Id"),
        Setting("GRAFANA_CA_FILE", "CA certificate of a server with a private one"),
    )  # fmt: skip

    @operation(timeout_s=60.0)
    def query(
        self,
        datasource: str,
        query: str,
        start: str = "now-1h",
        end: str = "now",
        *,
        step_s: Annotated[float, Field(gt=0)] = 60.0,
    ) -> ToolOutput:
        """Ask a data source through Grafana, in its own language (PromQL, LogQL, SQL, ...).

        Args:
            datasource: Uid or name of the data source, as `dashboards` shows it.
            query: In the language of the data source.
            start: RFC 3339, Unix seconds, or now-1h.
            end: The same.
            step_s: Seconds between two points.

        Returns:
            datasource {uid, type}, series (name, labels, values [[unix seconds, number]])
            and tables (columns, rows) for answers that are not time series.
        """
        begin, finish = self._between(start, end)
        source = self._datasource(datasource)
        asked = {
            "refId": "A",
            "datasource": {name: value for name, value in source.items() if value},
            _QUERY_FIELD.get(source["type"] or "", "expr"): query,
            "intervalMs": int(step_s * 1000),
            "maxDataPoints": min(int((finish - begin) / 1000 / step_s) + 1, 11_000),
            "format": "time_series",
            "range": True,
            "rawQuery": True,
        }
        body = {"queries": [asked], "from": str(begin), "to": str(finish)}
        answer = repeated(
            lambda: self._http().send("POST", "api/ds/query", json=body), attempts=_ATTEMPTS
        )
        series, tables, warnings = frames_of(_result(answer))
        return ToolOutput(
            {"datasource": source, "series": series, "tables": tables},
            f"{len(series)} series" + (f", {len(tables)} tables" if tables else ""),
            tuple(warnings),
        )

    @operation(aliases=("grafana_dashboard_list", "grafana_dashboard_get"))
    def dashboards(
        self,
        query: str | None = None,
        tags: list[str] | None = None,
        uid: str | None = None,
        limit: Limit = 100,
    ) -> ToolOutput:
        """Find dashboards, or read one: its panels and what each of them asks.

        Args:
            query: Words of the title.
            tags: Only dashboards with all of these tags.
            uid: Read this dashboard instead of searching.
            limit: Most dashboards to return.

        Returns:
            Searching: dashboards (uid, title, url, tags, folderTitle). Reading: uid, title,
            tags, variables and panels (id, title, type, datasource, queries).
        """
        if uid:
            return self._dashboard(uid)
        params = {"type": "dash-db", "limit": limit, "query": query, "tag": tags}
        given = {name: value for name, value in params.items() if value}
        found = entries(self._http().get("api/search", given).require())
        names = ("uid", "title", "url", "tags", "folderTitle")
        return ToolOutput(
            {"dashboards": [only(one, names) for one in found]}, f"{len(found)} dashboards"
        )

    @operation()
    def annotations(
        self,
        start: str = "now-24h",
        end: str = "now",
        *,
        tags: list[str] | None = None,
        dashboard_uid: str | None = None,
        limit: Limit = 100,
    ) -> ToolOutput:
        """Annotations between two moments: deployments, alerts that changed state, notes.

        Args:
            start: RFC 3339, Unix seconds, or now-24h.
            end: The same.
            tags: Only annotations with all of these tags.
            dashboard_uid: Only annotations of this dashboard.
            limit: Most annotations to return.

        Returns:
            annotations (id, at, until, text, tags, dashboardUID, panelId, alertName,
            newState), newest first.
        """
        begin, finish = self._between(start, end)
        params = {"from": begin, "to": finish, "limit": limit, "tags": tags,
                  "dashboardUID": dashboard_uid}  # fmt: skip
        given = {name: value for name, value in params.items() if value}
        found = entries(self._http().get("api/annotations", given).require())
        annotations = [_annotation_of(one) for one in found]
        return ToolOutput({"annotations": annotations}, f"{len(annotations)} annotations")

    @operation(
        effect=Effect.NOTIFY, command=_annotate_command, aliases=("grafana_annotation_create",)
    )
    def annotate(
        self,
        text: str,
        tags: list[str] | None = None,
        time: str = "now",
        *,
        time_end: str | None = None,
        dashboard_uid: str | None = None,
        panel_id: int | None = None,
    ) -> ToolOutput:
        """Mark a moment, or a span, on dashboards.

        Args:
            text: What happened.
            tags: Tags that dashboards select annotations by.
            time: RFC 3339, Unix seconds, or now.
            time_end: End of the span.
            dashboard_uid: Only on this dashboard; without it on all that select the tags.
            panel_id: Only on this panel of it.

        Returns:
            id and at.
        """
        at = self._milliseconds(time)
        body: dict[str, Any] = {"text": text, "tags": tags or [], "time": at}
        if time_end is not None:
            body["timeEnd"] = self._milliseconds(time_end)
        if dashboard_uid:
            body["dashboardUID"] = dashboard_uid
        if panel_id is not None:
            body["panelId"] = panel_id
        own = self.settings.get("GRAFANA_TOKEN_WRITE")
        answer = document(self._http(own).send("POST", "api/annotations", json=body).require())
        warnings = () if own else (NO_WRITE_TOKEN,)
        data = {"id": answer.get("id"), "at": rfc3339(at * 10**6)}
        return ToolOutput(data, f"annotation {data['id']} added", warnings)

    def probe(self) -> str:
        """Ask for the server's health; says its version."""
        answer = self._http().get("api/health").require().json()
        return f"Grafana {answer.get('version', '')}".strip()

    def _http(self, token: str | None = None) -> Http:
        settings = {**self.settings, **({"GRAFANA_TOKEN": token} if token else {})}
        headers = authorization(settings, "GRAFANA")
        if organization := self.settings.get("GRAFANA_ORG_ID"):
            headers["x-grafana-org-id"] = organization
        ca_file = self.settings.get("GRAFANA_CA_FILE")
        return Http(
            self.settings["GRAFANA_URL"], headers=headers, timeout_s=30.0, verify=ca_file or True
        )

    def _milliseconds(self, text: str) -> int:
        return nanoseconds(text, self.clock.now()) // 10**6

    def _between(self, start: str, end: str) -> tuple[int, int]:
        begin, finish = self._milliseconds(start), self._milliseconds(end)
        if begin >= finish:
            raise UsageFault(f"start {start} is not before end {end}")
        return begin, finish

    def _datasource(self, wanted: str) -> dict[str, Any]:
        """Uid and type of a data source; what was given when the token may not look it up."""
        part = quoted_path(wanted)
        answers = []
        for kind in ("uid", "name"):
            answer = self._http().get(f"api/datasources/{kind}/{part}")
            if answer.status == 200:
                return only(document(answer), ("uid", "type"))
            answers.append(answer)
        if any(answer.status == 403 for answer in answers):
            return {"uid": wanted, "type": None}
        raise Refused(answers[-1])

    def _dashboard(self, uid: str) -> ToolOutput:
        path = f"api/dashboards/uid/{quoted_path(uid)}"
        board = document(self._http().get(path).require()).get("dashboard") or {}
        panels = [_panel_of(panel) for panel in _flat(board.get("panels") or [])]
        variables = (board.get("templating") or {}).get("list") or []
        data = {
            **only(board, ("uid", "title", "tags")),
            "variables": [only(one, ("name", "type", "query")) for one in variables],
            "panels": panels,
        }
        return ToolOutput(data, f"dashboard '{data['title']}': {len(panels)} panels")


def _result(answer: Answer) -> Mapping[str, Any]:
    """The result of query A. Grafana reports a failing data source with status 400 or 207."""
    if answer.status in {200, 207, 400, 500}:
        try:
            document = answer.json()
        except Unreachable:
            raise Refused(answer) from None
        result = (document.get("results") or {}).get("A") if isinstance(document, dict) else None
        if result and result.get("error"):
            raise Unreachable(
                f"{answer.request}: the data source refuses the query",
                why=str(result["error"])[:400],
                fix="correct the query, or choose another data source",
            )
        if answer.status in {200, 207} and result is not None:
            return result if isinstance(result, dict) else {}
    raise Refused(answer)


def _flat(panels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Panels in order; those inside collapsed rows too."""
    return [inner for panel in panels for inner in (panel, *(panel.get("panels") or []))]


def _panel_of(panel: Mapping[str, Any]) -> dict[str, Any]:
    asks = ("expr", "query", "rawSql", "target")
    targets = panel.get("targets") or []
    return {
        **only(panel, ("id", "title", "type", "datasource")),
        "queries": [
            next(target[name] for name in asks if target.get(name))
            for target in targets
            if any(target.get(name) for name in asks)
        ],
    }


def _annotation_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    until = raw.get("timeEnd")
    at = raw.get("time")
    return {
        **only(raw, ("id", "text", "tags", "dashboardUID", "panelId", "alertName", "newState")),
        "at": rfc3339(at * 10**6) if at else None,
        "until": rfc3339(until * 10**6) if until and until != at else None,
    }
