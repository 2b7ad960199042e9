"""Canary evidence from Prometheus: which series, which arm, which windows.

Asks through `Calls` only. What is found becomes a `CanaryEvidence`; what is missing stays
missing, so that the judge can say NODATA.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aof.errors import UsageFault
from aof.playbooks.base import Calls
from aof.playbooks.canary_native import cumulative_series
from aof.playbooks.canary_options import CanaryOptions
from aof.playbooks.canary_stages import placed_in_stages
from aof.playbooks.canary_windows import (
    Series,
    by_bound,
    increments,
    summed,
    watched_since,
    window_edges,
)

_LEAD_S = 300.0
_SERVER_ERROR = re.compile(r"5(\d\d|xx)", re.IGNORECASE)
_POD_LABELS = ("pod", "kubernetes_pod_name", "pod_name")
ARMS = ("baseline", "canary")
_USUAL_WEIGHTS = (0.05, 0.25, 0.50, 1.00)


@dataclass(slots=True)
class Measured:
    """What Prometheus gave.

    Attributes:
        app: The app that was looked at; empty when none could be told.
        evidence: The JSON of a canary evidence file.
        evidence_ids: Of the recorded calls.
        missing: Why there is nothing to judge; empty when there is.
    """

    app: str
    evidence: dict[str, Any]
    evidence_ids: list[str] = field(default_factory=list)
    missing: str = ""


@dataclass(slots=True)
class CanaryMetrics:
    """Reads one rollout. `start` and `end` are Unix seconds."""

    calls: Calls
    options: CanaryOptions
    start: float
    end: float
    ids: list[str] = field(default_factory=list)
    queries: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def measure(self, app: str) -> Measured:
        """Evidence about `app`; with an empty name, about the only app that has both arms."""
        matcher, found, missing = self._find(app)
        if missing:
            return Measured(found or app, {"windows": []}, self.ids, missing)
        selectors = {arm: self._selector(matcher, arm) for arm in ARMS}
        requests = self._counters(self.options.requests_metric, selectors)
        start = self._rollout_start(requests)
        edges = window_edges(start, self.end, self.options.window_s)
        watched = watched_since(one for arm in ARMS for one in requests[arm])
        buckets = self._latency(selectors)
        arms = {arm: self._arm_windows(requests[arm], buckets[arm], edges, watched) for arm in ARMS}
        evidence: dict[str, Any] = {
            "strategy": self.options.strategy,
            "windows": placed_in_stages(
                [_window(edges, index, arms) for index in range(len(edges) - 1)],
                [stage.weight for stage in self.options.stages] or list(_USUAL_WEIGHTS),
            ),
            "queries": self.queries,
            "warnings": self.warnings,
        }
        if self.options.stages:
            stages = [stage.model_dump(mode="json") for stage in self.options.stages]
            evidence["stages"] = stages
        pods = {arm: _pods(requests[arm]) for arm in ARMS}
        evidence["gauges"] = self._gauges(selectors, pods, edges)
        evidence["events"] = self._restarts(pods, edges)
        if not evidence["windows"]:
            seconds = self.end - start
            self.warnings.append(
                f"the canary has been watched for {seconds:.0f} s: not one whole window"
            )
        return Measured(found, evidence, self.ids)

    def _find(self, app: str) -> tuple[str, str, str]:
        """Label matcher, app name, and what is missing."""
        options = self.options
        versions = f'{options.version_label}=~"{_either(options.baseline, options.canary)}"'
        labels = options.app_labels
        duration = f"{int(self.end - self.start + _LEAD_S)}s"
        query = (
            f"count by ({', '.join([*labels, options.version_label])}) "
            f"(last_over_time({options.requests_metric}{{{versions}}}[{duration}]))"
        )
        found = self._vector(query, "apps")
        apps: dict[str, str] = {}
        for labels_of_one in found:
            for label in labels:
                if labels_of_one.get(label):
                    apps.setdefault(labels_of_one[label], label)
        if app:
            if app in apps:
                return f'{apps[app]}="{_escaped(app)}"', app, ""
            return "", app, self._not_found(app, apps)
        names = {one.get(next((lb for lb in labels if one.get(lb)), ""), "") for one in found}
        names.discard("")
        if len(names) == 1:
            name = names.pop()
            return f'{apps[name]}="{_escaped(name)}"', name, ""
        if not names and found:
            return "", "", ""  # one unlabelled service: the version label alone selects it
        if not names:
            return "", "", self._not_found("", apps)
        raise UsageFault(
            "the request does not say which app to judge",
            why=f"Prometheus has {len(names)} with both labels: {', '.join(sorted(names)[:8])}",
            fix="name it in the request, with `--set app=NAME`, or with --app NAME (analyze)",
        )

    def _not_found(self, app: str, apps: Mapping[str, str]) -> str:
        options = self.options
        who = f"of {app} " if app else ""
        known = f"; there are: {', '.join(sorted(apps)[:8])}" if apps else ""
        return (
            f"no {options.requests_metric} series {who}with {options.version_label}="
            f"{options.baseline} or {options.canary}{known}"
        )

    def _selector(self, matcher: str, arm: str) -> str:
        value = self.options.baseline if arm == "baseline" else self.options.canary
        version = f'{self.options.version_label}="{_escaped(value)}"'
        return f"{matcher}, {version}" if matcher else version

    def _counters(self, metric: str, selectors: Mapping[str, str]) -> dict[str, list[Series]]:
        seconds = int(self.end - self.start + _LEAD_S)
        return {
            arm: self._matrix(f"{metric}{{{selectors[arm]}}}[{seconds}s]", f"{metric} {arm}")
            for arm in ARMS
        }

    def _latency(self, selectors: Mapping[str, str]) -> dict[str, list[Series]]:
        """Cumulative bucket series of each arm: of native histograms where both have them."""
        metric = self.options.latency_metric.removesuffix("_bucket")
        seconds = int(self.end - self.start + _LEAD_S)
        results = {
            arm: self._ask(f"{metric}{{{selectors[arm]}}}[{seconds}s]", f"{metric} {arm}")
            for arm in ARMS
        }
        native = cumulative_series(results)
        if all(native.values()):
            return native
        for arm in ARMS:
            self.queries.pop(f"{metric} {arm}", None)
        classic = self._counters(f"{metric}_bucket", selectors)
        for arm in ARMS:
            if native[arm] and not all(classic.values()):
                self.warnings.append(
                    f"only the {arm} has {metric} as a native histogram: latency cannot be compared"
                )
        return classic

    def _rollout_start(self, requests: Mapping[str, Sequence[Series]]) -> float:
        """The canary's first sample when it was born in the range, else the range's start."""
        first = watched_since(requests["canary"])
        others = watched_since(requests["baseline"])
        born_later = first > others + 2 * self.options.scrape_interval_s
        if first == float("inf") or not born_later or first < self.start:
            return self.start
        return first - self.options.scrape_interval_s

    def _arm_windows(
        self,
        requests: Sequence[Series],
        buckets: Sequence[Series],
        edges: Sequence[float],
        watched: float,
    ) -> list[dict[str, Any] | None]:
        """One arm's counts per window; None where nothing was scraped."""
        windows = len(edges) - 1
        born_after = watched + 2 * self.options.scrape_interval_s
        rises = [(one, increments(one, edges, born_after=born_after)) for one in requests]
        totals = summed((rise for _, rise in rises), windows)
        errors = summed((rise for one, rise in rises if self._is_error(one)), windows)
        per_bound = by_bound(buckets, edges, born_after)
        return [
            None
            if (total := totals[index]) is None
            else _counts(total, errors[index], {le: v[index] for le, v in per_bound.items()})
            for index in range(windows)
        ]

    def _is_error(self, series: Series) -> bool:
        for label in self.options.status_labels:
            if label in series.labels:
                return _SERVER_ERROR.fullmatch(series.labels[label]) is not None
        return False

    def _gauges(
        self,
        selectors: Mapping[str, str],
        pods: Mapping[str, Sequence[str]],
        edges: Sequence[float],
    ) -> dict[str, Any]:
        if len(edges) < 2:
            return {}
        gauges: dict[str, Any] = {}
        for name, usage, limit in (
            ("cpu", self.options.cpu_query, self.options.cpu_limit_query),
            ("memory", self.options.memory_query, self.options.memory_limit_query),
        ):
            readings: dict[str, list[float | None]] = {}
            for arm in ARMS:
                chosen = _pod_selector(pods[arm]) or selectors[arm]
                query = f"max({usage} / {limit})".replace("SELECTOR", chosen)
                readings[arm] = self._per_window(query, f"{name} {arm}", edges)
            if any(value is not None for value in readings["canary"]):
                gauges[name] = {**readings, "limit": 1.0}
        return gauges

    def _restarts(
        self, pods: Mapping[str, Sequence[str]], edges: Sequence[float]
    ) -> list[dict[str, Any]]:
        """Restarts of the pods of both arms, with OOM kills named as such."""
        events: list[dict[str, Any]] = []
        if len(edges) < 2:
            return events
        for arm in ARMS:
            if not pods[arm]:
                continue
            chosen = _pod_selector(pods[arm])
            seconds = int(self.end - self.start + _LEAD_S)
            restarts = self._matrix(
                f"kube_pod_container_status_restarts_total{{{chosen}}}[{seconds}s]",
                f"restarts {arm}",
            )
            killed = {
                labels.get("pod", "")
                for labels in self._vector(
                    "kube_pod_container_status_last_terminated_reason"
                    f'{{{chosen}, reason="OOMKilled"}} > 0',
                    f"oom {arm}",
                )
            }
            for one in restarts:
                for index, rise in enumerate(increments(one, edges, born_after=float("inf"))):
                    pod = one.labels.get("pod", "")
                    events += [
                        {
                            "at": _rfc3339(edges[index + 1]),
                            "arm": arm,
                            "kind": "oom" if pod in killed else "restart",
                            "pod": pod,
                        }
                    ] * int(rise or 0)
        return events

    def _per_window(self, query: str, name: str, edges: Sequence[float]) -> list[float | None]:
        """The value of an expression at the end of each window."""
        answer = self.calls.read(
            "prometheus_query",
            "query_range",
            query=query,
            start=str(edges[1]),
            end=str(edges[-1]),
            step=f"{self.options.window_s:g}s",
        )
        result = self._result(answer.require(), query, name, answer.evidence_id)
        values: list[float | None] = [None] * (len(edges) - 1)
        for one in Series.from_matrix(result)[:1]:
            for at, value in one.samples:
                index = round((at - edges[1]) / self.options.window_s)
                if 0 <= index < len(values) and not math.isnan(value):
                    values[index] = value
        return values

    def _matrix(self, query: str, name: str) -> list[Series]:
        return Series.from_matrix(self._ask(query, name))

    def _vector(self, query: str, name: str) -> list[Mapping[str, str]]:
        result = self._ask(query, name)
        return [item["metric"] for item in result if isinstance(item.get("metric"), dict)]

    def _ask(self, query: str, name: str) -> list[Any]:
        answer = self.calls.read("prometheus_query", "query", query=query, time=f"{self.end:.3f}")
        return self._result(answer.require(), query, name, answer.evidence_id)

    def _result(self, data: Any, query: str, name: str, evidence_id: str) -> list[Any]:
        self.ids.append(evidence_id)
        result = data.get("result") if isinstance(data, dict) else None
        found = [item for item in result or [] if isinstance(item, dict)]
        if found:
            self.queries[name] = query
        return found


def _window(
    edges: Sequence[float], index: int, arms: Mapping[str, Sequence[Any]]
) -> dict[str, Any]:
    counts = {arm: arms[arm][index] for arm in ARMS if arms[arm][index] is not None}
    return {
        "start": _rfc3339(edges[index]),
        "seconds": edges[index + 1] - edges[index],
        **counts,
    }


def _counts(
    requests: float, errors: float | None, buckets: Mapping[str, float | None]
) -> dict[str, Any]:
    counts: dict[str, Any] = {"requests": requests, "errors": min(errors or 0.0, requests)}
    known = {le: value for le, value in buckets.items() if value is not None}
    if known and len(known) == len(buckets):
        counts["latency_buckets"] = known
    return counts


def _pods(series: Iterable[Series]) -> list[str]:
    found = {one.labels[label] for one in series for label in _POD_LABELS if one.labels.get(label)}
    return sorted(found)


def _pod_selector(pods: Sequence[str]) -> str:
    return f'pod=~"{_either(*pods)}"' if pods else ""


def _either(*values: str) -> str:
    """A PromQL regular expression that matches exactly these values."""
    return "|".join(_escaped(re.escape(value)) for value in values)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
