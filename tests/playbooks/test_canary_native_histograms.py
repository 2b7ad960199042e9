"""Native histograms: exact counts at real bounds, and the same verdicts from a real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from aof.playbooks.canary_native import cumulative_series
from aof.playbooks.canary_windows import Series
from tests.cli.aofctl import Ran, aofctl
from tests.servers.native_histograms import exposition, scrape_target
from tests.servers.prometheus import Version, require_prometheus, scraping_prometheus

APPS = {
    "healthy": {"stable": Version(20), "canary": Version(20)},
    "slow": {"stable": Version(20), "canary": Version(20, median_s=0.16)},
}


def answer(*samples: list[list[object]], **labels: str) -> dict[str, Any]:
    """A matrix item whose samples have these buckets: [from, to, observations]."""
    histograms = [
        [
            60 * at,
            {
                "count": str(sum(float(str(one[2])) for one in buckets)),
                "sum": "0",
                "buckets": [[0, str(low), str(high), str(count)] for low, high, count in buckets],
            },
        ]
        for at, buckets in enumerate(samples)
    ]
    return {"metric": labels, "histograms": histograms}


def counts(series: list[Series]) -> dict[str, list[float]]:
    return {one.labels["le"]: [value for _, value in one.samples] for one in series}


def test_buckets_become_cumulative_counts() -> None:
    item = answer([[0.1, 0.2, 3], [0.2, 0.4, 2]], [[0.1, 0.2, 5], [0.2, 0.4, 2], [0.4, 0.8, 1]])
    found = counts(cumulative_series({"canary": [item]})["canary"])
    assert found == {"0.2": [3, 5], "0.4": [5, 7], "0.8": [5, 8], "+Inf": [5, 8]}


def test_bounds_that_a_coarser_bucket_straddles_are_left_out() -> None:
    fine = answer([[0.1, 0.14, 3], [0.14, 0.2, 2], [0.2, 0.28, 1]])
    coarse = answer([[0.1, 0.2, 9], [0.2, 0.4, 4]])
    found = cumulative_series({"baseline": [fine], "canary": [coarse]})
    assert counts(found["baseline"]) == {"0.2": [5], "0.4": [6], "+Inf": [6]}
    assert counts(found["canary"]) == {"0.2": [9], "0.4": [13], "+Inf": [13]}


def test_classic_series_are_no_native_histograms() -> None:
    found = cumulative_series({"canary": [{"metric": {"le": "1"}, "values": [[1, "2"]]}]})
    assert found == {"canary": []}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """URL of a Prometheus holding native histograms, and the moment they end."""
    require_prometheus()
    # A fresh server takes samples up to an hour older than its first.
    end = int(time.time()) // 60 * 60 - 60
    body = exposition(APPS, end - 31 * 60, end, seed=5)
    folder = tmp_path_factory.mktemp("native")
    with scrape_target(body) as target, scraping_prometheus(folder, target) as url:
        if not _scraped(url):
            pytest.skip("this Prometheus does not take native histograms")
        yield url, datetime.fromtimestamp(end, UTC).isoformat()


def _scraped(url: str) -> bool:
    for _ in range(100):
        query = {"query": "http_request_duration_seconds[1h]"}
        result = httpx.get(f"{url}/api/v1/query", params=query, timeout=5).json()["data"]["result"]
        if result:
            return "histograms" in result[0]
        time.sleep(0.2)
    return False


def analyze(server: tuple[str, str], cwd: Path, *asked: str) -> Ran:
    given = ("analyze", "canary", *asked, "-o", "json")
    return aofctl(*given, cwd=cwd, PROMETHEUS_URL=server[0])


@pytest.mark.parametrize(
    ("app", "decisions"), [("healthy", {"PROCEED"}), ("slow", {"NO-GO", "ROLLBACK"})]
)
def test_native_histograms_are_judged(
    server: tuple[str, str], tmp_path: Path, app: str, decisions: set[str]
) -> None:
    asked = ("--from-prometheus", "--app", app, "--end", server[1], "--export", "evidence.json")
    live = analyze(server, tmp_path, *asked)
    judged = live.json()
    assert judged["decision"] in decisions, live.out + live.err
    latency = next(one for one in judged["metrics"] if one["name"] == "latency_p95")
    # The true p95 is the median times exp(0.4 * 1.645); a bucket is 9 % wide.
    assert latency["baseline"] == pytest.approx(0.1545, rel=0.02)
    assert "Coarse" not in latency["detail"]
    assert (
        'http_request_duration_seconds{app="'
        in judged["queries"]["http_request_duration_seconds canary"]
    )
    assert analyze(server, tmp_path, "evidence.json").json() == judged
