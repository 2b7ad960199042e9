"""Settings of the canary playbook (`playbook.with`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field, model_validator

from aof.analysis.canary import CanaryLimits
from aof.analysis.canary.evidence import Stage, Strategy
from aof.manifests.base import Duration, duration_s
from aof.playbooks.base import Options

SETTINGS: Mapping[str, str] = {
    "app": "The app, instead of the one the request names.",
    "evidence": "File with evidence (docs/canary.md), instead of asking Prometheus.",
    "end": "Judge as of this time, e.g. 2026-11-20T10:00:00Z; now if not given.",
    "duration": "How far back to look, e.g. 30m.",
}
"""What `--set` can say."""


class CanaryOptions(Options):
    """Where a rollout's metrics are, and by which limits it is judged."""

    thresholds: ClassVar[tuple[str, ...]] = (
        "limits.error_rise_abs",
        "limits.error_rise_rel",
        "limits.error_stop_abs",
        "limits.error_stop_rel",
        "limits.latency_ratio",
        "limits.latency_stop_ratio",
        "limits.cpu",
        "limits.cpu_stop",
        "limits.memory",
        "limits.guard_error_rate",
        "limits.min_requests",
        "limits.warm_up_s",
        "limits.min_compared_s",
    )

    app: str = Field(default="", description="The app, when the request does not name it.")
    app_labels: tuple[str, ...] = Field(
        default=("app", "app_kubernetes_io_name", "service", "job", "deployment"),
        description="Labels that may hold the app's name, in order.",
    )
    version_label: str = Field(default="version", description="Label that tells the arms apart.")
    baseline: str = Field(default="stable", description="Its value for the stable version.")
    canary: str = Field(default="canary", description="Its value for the new version.")
    status_labels: tuple[str, ...] = Field(
        default=("status", "code", "status_code", "http_status"),
        description="Labels that may hold the HTTP status.",
    )
    requests_metric: str = Field(
        default="http_requests_total", description="Counter of requests with a status label."
    )
    latency_metric: str = Field(
        default="http_request_duration_seconds_bucket",
        description="Histogram of request durations in seconds; read as a native histogram "
        "(without `_bucket`) where both versions have one.",
    )
    cpu_query: str = Field(
        default="sum by (pod) "
        '(rate(container_cpu_usage_seconds_total{SELECTOR, container!=""}[2m]))',
        description="CPU cores used, by pod; SELECTOR is replaced.",
    )
    cpu_limit_query: str = Field(
        default='sum by (pod) (kube_pod_container_resource_limits{SELECTOR, resource="cpu"})',
        description="CPU limit in cores, by pod.",
    )
    memory_query: str = Field(
        default='sum by (pod) (container_memory_working_set_bytes{SELECTOR, container!=""})',
        description="Working set in bytes, by pod.",
    )
    memory_limit_query: str = Field(
        default='sum by (pod) (kube_pod_container_resource_limits{SELECTOR, resource="memory"})',
        description="Memory limit in bytes, by pod.",
    )
    strategy: Strategy = Field(default="canary", description="How the rollout is done.")
    stages: tuple[Stage, ...] = Field(
        default=(),
        description="Share of traffic and seconds of each stage; 5/25/50/100 % if empty.",
    )
    argocd_app: str = Field(default="", description="Argo CD application; the app's name if empty.")
    namespace: str = Field(default="", description="Namespace of the workload.")
    workload: str = Field(default="", description="Deployment or Rollout; the app's name if empty.")
    window: Duration = Field(default="60s", description="Length of a window.")
    scrape_interval: Duration = Field(default="15s", description="How often metrics are scraped.")
    duration: Duration = Field(default="30m", description="How far back to look.")
    limits: CanaryLimits = Field(default_factory=CanaryLimits, description="What is tolerable.")

    @model_validator(mode="after")
    def _windows_hold_samples(self) -> Self:
        if self.scrape_interval_s <= 0 or self.window_s < self.scrape_interval_s:
            raise ValueError(
                f"window ({self.window}) must be at least scrape_interval "
                f"({self.scrape_interval}), and both above 0"
            )
        return self

    @property
    def window_s(self) -> float:
        """Seconds of a window."""
        return duration_s(self.window)

    @property
    def scrape_interval_s(self) -> float:
        """Seconds between scrapes."""
        return duration_s(self.scrape_interval)
