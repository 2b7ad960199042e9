"""Tool `prometheus_query`: instant and range queries, series, targets and alerts.

Speaks the HTTP API of Prometheus and of what imitates it (Thanos, Mimir, VictoriaMetrics).
Warnings of the server are carried along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aof.errors import Unreachable
from aof.messages import ToolOutput
from aof.tools.base import Setting, Tool, operation
from aof.transport.http import Http


class PrometheusQuery(Tool):
    """Reads metrics from a Prometheus server."""

    name = "prometheus_query"
    about = "Metrics from Prometheus: queries, series, targets, alerts."
    settings_read = (
        Setting("PROMETHEUS_URL", "base URL of the server", required=True),
        Setting("PROMETHEUS_TOKEN", "bearer token", secret=True),
        Setting("PROMETHEUS_USERNAME", "user of basic authentication"),
        Setting("PROMETHEUS_PASSWORD", "password of basic authentication", secret=True),
        Setting("PROMETHEUS_TENANT", "tenant, sent as X-Scope-OrgID"),
        Setting("PROMETHEUS_CA_FILE", "file with the CA certificates to trust"),
    )

    def __init__(self, settings: Mapping[str, str], **more: Any) -> None:
        super().__init__(settings, **more)
        self._http = Http(
            settings["PROMETHEUS_URL"],
            headers=_headers(settings),
            verify=settings.get("PROMETHEUS_CA_FILE") or True,
            timeout_s=25.0,
            connect_timeout_s=2.5,
            attempts=2,
        )

    @operation(timeout_s=60)
    def query(self, query: str, time: str = "") -> ToolOutput:
        """Evaluate a PromQL expression at one moment.

        Args:
            query: PromQL. A range selector such as `up[5m]` returns the raw samples.
            time: RFC 3339 or Unix seconds; now when empty.

        Returns:
            `resultType` and `result` as the server gives them.
        """
        return self._ask("api/v1/query", {"query": query, "time": time})

    @operation(timeout_s=60)
    def query_range(self, query: str, start: str, end: str, step: str = "60s") -> ToolOutput:
        """Evaluate a PromQL expression at every step between two moments.

        Args:
            query: PromQL; must give an instant vector or a scalar.
            start: RFC 3339 or Unix seconds.
            end: RFC 3339 or Unix seconds.
            step: Seconds or a duration such as `60s`.

        Returns:
            `resultType` "matrix" and `result`.
        """
        asked = {"query": query, "start": start, "end": end, "step": step}
        return self._ask("api/v1/query_range", asked)

    @operation(timeout_s=60)
    def series(self, match: list[str], start: str = "", end: str = "") -> ToolOutput:
        """List the label sets of the series that match.

        Args:
            match: Series selectors such as `up{job="api"}`.
            start: RFC 3339 or Unix seconds; the server's default when empty.
            end: The same.
        """
        return self._ask("api/v1/series", {"match[]": match, "start": start, "end": end})

    @operation()
    def targets(self, state: str = "active") -> ToolOutput:
        """List what Prometheus scrapes, with health and last error.

        Args:
            state: `active`, `dropped` or `any`.
        """
        return self._ask("api/v1/targets", {"state": state}, post=False)

    @operation()
    def alerts(self) -> ToolOutput:
        """List the alerts that are pending or firing."""
        return self._ask("api/v1/alerts", {}, post=False)

    def probe(self) -> str:
        """Ask for the server's build; says its version."""
        answer = self._http.get("api/v1/status/buildinfo").require().json()
        return f"Prometheus {answer.get('data', {}).get('version', '')}".strip()

    def _ask(self, path: str, asked: Mapping[str, Any], *, post: bool = True) -> ToolOutput:
        given = {key: value for key, value in asked.items() if value not in ("", [])}
        answer = self._http.read_by_post(path, given) if post else self._http.get(path, given)
        if answer.status == 405:  # some proxies allow GET only
            answer = self._http.get(path, given)
        body = _body(answer.require() if answer.status not in {400, 422} else answer)
        data = body.get("data")
        warnings = [*body.get("warnings", []), *body.get("infos", [])]
        return ToolOutput(data, _summary(data), tuple(str(item) for item in warnings))


def _headers(settings: Mapping[str, str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    if token := settings.get("PROMETHEUS_TOKEN"):
        headers["authorization"] = f"Bearer {token}"
    elif user := settings.get("PROMETHEUS_USERNAME"):
        import base64

        pair = f"{user}:{settings.get('PROMETHEUS_PASSWORD', '')}"
        headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    if tenant := settings.get("PROMETHEUS_TENANT"):
        headers["x-scope-orgid"] = tenant
    return headers


def _body(answer: Any) -> dict[str, Any]:
    body = answer.json()
    if not isinstance(body, dict) or "status" not in body:
        raise Unreachable(
            f"{answer.request}: this is not a Prometheus API",
            why="the answer has no `status`",
            fix="check PROMETHEUS_URL",
        )
    if body["status"] != "success":
        raise Unreachable(
            f"{answer.request}: {body.get('errorType', 'error')}",
            why=str(body.get("error", "no message")),
            fix="correct the query",
        )
    return body


def _summary(data: Any) -> str:
    if isinstance(data, list):
        return f"{len(data)} series"
    if isinstance(data, dict) and isinstance(data.get("result"), list):
        result = data["result"]
        points = sum(len(item.get("values", ())) for item in result if isinstance(item, dict))
        return f"{len(result)} series" + (f", {points} samples" if points else "")
    if isinstance(data, dict) and "alerts" in data:
        return f"{len(data['alerts'])} alerts"
    if isinstance(data, dict) and "activeTargets" in data:
        return f"{len(data['activeTargets'])} active targets"
    return "answered"
