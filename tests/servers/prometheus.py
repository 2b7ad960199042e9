"""A real Prometheus on loopback, filled from OpenMetrics text."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

BOUNDS = (0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SCRAPE_S = 15


@dataclass(frozen=True)
class Version:
    """Traffic of one version: requests per second, error ratio, median latency in seconds."""

    rps: float
    error_ratio: float = 0.001
    median_s: float = 0.08
    born_s: int = 0


def require_prometheus() -> None:
    """Skip without Prometheus, or fail where services are required."""
    if shutil.which("prometheus") and shutil.which("promtool"):
        return
    if os.environ.get("AOF_REQUIRE_SERVICES"):
        pytest.fail("prometheus and promtool are required here")
    pytest.skip("prometheus is not installed")


def open_metrics(apps: dict[str, dict[str, Version]], start: int, end: int, seed: int) -> str:
    """Scrapes of counters and histograms of every app's versions, `start` to `end`."""
    rng = random.Random(seed)
    requests: list[str] = []
    buckets: list[str] = []
    for app, versions in apps.items():
        for name, version in versions.items():
            for pod in range(2):
                one = _Pod(version, rng)
                labels = f'app="{app}",version="{name}",pod="{app}-{name}-{pod}"'
                for at in range(start + version.born_s, end + 1, SCRAPE_S):
                    one.advance(SCRAPE_S / 2)
                    requests += one.request_lines(labels, at)
                    buckets += one.bucket_lines(labels, at)
    return "\n".join(
        [
            "# TYPE http_requests counter",
            *_grouped(requests),
            "# TYPE http_request_duration_seconds histogram",
            *_grouped(buckets),
            "# EOF",
            "",
        ]
    )


def _grouped(lines: list[str]) -> list[str]:
    """Samples of one series stand together."""
    return sorted(lines, key=lambda line: line.split(" ", 1)[0])


class _Pod:
    def __init__(self, version: Version, rng: random.Random) -> None:
        self._version = version
        self._rng = rng
        self._ok = self._failed = 0
        self._counts = [0] * (len(BOUNDS) + 1)

    def advance(self, seconds: float) -> None:
        mean = self._version.rps * seconds
        total = max(0, round(self._rng.gauss(mean, mean**0.5)))
        failed = sum(self._rng.random() < self._version.error_ratio for _ in range(total))
        self._ok += total - failed
        self._failed += failed
        for _ in range(total):
            latency = self._version.median_s * self._rng.lognormvariate(0, 0.4)
            index = next((i for i, bound in enumerate(BOUNDS) if latency <= bound), len(BOUNDS))
            self._counts[index] += 1

    def request_lines(self, labels: str, at: int) -> list[str]:
        lines = [f'http_requests_total{{{labels},status="200"}} {self._ok} {at}']
        if self._failed:
            lines.append(f'http_requests_total{{{labels},status="503"}} {self._failed} {at}')
        return lines

    def bucket_lines(self, labels: str, at: int) -> list[str]:
        total, lines = 0, []
        for bound, count in zip([*map(str, BOUNDS), "+Inf"], self._counts, strict=True):
            total += count
            lines.append(
                f'http_request_duration_seconds_bucket{{{labels},le="{bound}"}} {total} {at}'
            )
        lines.append(f"http_request_duration_seconds_count{{{labels}}} {total} {at}")
        lines.append(f"http_request_duration_seconds_sum{{{labels}}} {total * 0.1} {at}")
        return lines


@contextmanager
def prometheus(folder: Path, metrics: str) -> Iterator[str]:
    """Run Prometheus on these metrics; yields its URL."""
    source = folder / "metrics.txt"
    source.write_text(metrics)
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", source, folder / "data"],
        check=True,
        capture_output=True,
        timeout=120,
    )
    with _serving(folder, "scrape_configs: []\n") as address:
        yield address


@contextmanager
def scraping_prometheus(folder: Path, target: str) -> Iterator[str]:
    """Run Prometheus with native histograms on, scraping `target`; yields its URL."""
    jobs = f"scrape_configs: [{{job_name: one, static_configs: [{{targets: ['{target}']}}]}}]\n"
    config = "global: {scrape_interval: 1s, scrape_timeout: 1s}\n" + jobs
    with _serving(folder, config, "--enable-feature=native-histograms") as address:
        yield address


@contextmanager
def _serving(folder: Path, config: str, *flags: str) -> Iterator[str]:
    (folder / "prometheus.yml").write_text(config)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with (folder / "prometheus.log").open("w") as log:
        server = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                "--storage.tsdb.retention.time=100y",
                f"--web.listen-address={address}",
                *flags,
            ],
            stdout=log,
            stderr=log,
        )
        try:
            _await_ready(f"http://{address}", server, folder / "prometheus.log")
            yield f"http://{address}"
        finally:
            server.terminate()
            server.wait(timeout=20)


def _await_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"prometheus ended: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{url}/-/ready", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"prometheus did not become ready: {log.read_text()[-2000:]}")
