"""deployment-guardian against a real Prometheus server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.aofctl import Ran, aofctl
from tests.servers.prometheus import Version, open_metrics, prometheus, require_prometheus

END = 1_790_000_000
START = END - 40 * 60
BORN = 600
AT = datetime.fromtimestamp(END, UTC).isoformat()

APPS = {
    "healthy": {"stable": Version(20), "canary": Version(20, born_s=BORN)},
    "sick": {"stable": Version(20), "canary": Version(20, error_ratio=0.05, born_s=BORN)},
    "slow": {"stable": Version(20), "canary": Version(20, median_s=0.16, born_s=BORN)},
    "lonely": {"stable": Version(20)},
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    require_prometheus()
    with prometheus(
        tmp_path_factory.mktemp("prometheus"), open_metrics(APPS, START, END, seed=7)
    ) as address:
        yield address


def guard(request: str, cwd: Path, url: str, *more: str) -> Ran:
    return aofctl(
        *("run", "agent", "library/cicd/deployment-guardian", request, "--llm", "off"),
        *("-o", "json", "--set", f"end={AT}", "--set", "duration=30m", *more),
        cwd=cwd,
        PROMETHEUS_URL=url,
    )


def test_healthy_canary_proceeds(url: str, tmp_path: Path) -> None:
    ran = guard("Validate canary deployment for healthy", tmp_path, url)
    assert (ran.code, ran.json().get("decision")) == (0, "PROCEED"), ran.out + ran.err


def test_five_percent_errors_roll_back(url: str, tmp_path: Path) -> None:
    ran = guard("Validate canary deployment for sick", tmp_path, url)
    answer = ran.json()
    assert (ran.code, answer["decision"]) == (1, "ROLLBACK"), ran.out + ran.err
    assert answer["actions"][0]["command"] == "argocd app rollback sick <history-id>"


def test_doubled_latency_stops(url: str, tmp_path: Path) -> None:
    ran = guard("Validate canary deployment for slow", tmp_path, url)
    assert ran.code == 1, ran.out + ran.err
    assert ran.json()["decision"] in {"NO-GO", "ROLLBACK"}


@pytest.mark.parametrize("app", ["lonely", "unknown"])
def test_missing_canary_series_hold(url: str, tmp_path: Path, app: str) -> None:
    ran = guard(f"Validate canary deployment for {app}", tmp_path, url)
    assert (ran.code, ran.json().get("decision")) == (3, "HOLD"), ran.out + ran.err


def test_an_app_is_asked_for_when_there_are_several(url: str, tmp_path: Path) -> None:
    ran = guard("Validate the rollout", tmp_path, url)
    assert ran.code == 2
    assert "healthy" in ran.json()["error"]["why"]


def test_measured_evidence_wins_over_typed_numbers(url: str, tmp_path: Path) -> None:
    ran = guard("Canary deployment: sick\nError rate: 0.1% (baseline: 0.1%)", tmp_path, url)
    assert ran.json()["decision"] == "ROLLBACK"
    assert any("were not used" in warning for warning in ran.json()["warnings"])


def test_a_counter_born_in_the_range_counts_from_zero(url: str, tmp_path: Path) -> None:
    facts = guard("Validate canary deployment for sick", tmp_path, url).json()["facts"]
    error_rate = next(item for item in facts["metrics"] if item["name"] == "error_rate")
    assert error_rate["canary"] == pytest.approx(0.05, rel=0.1)


def test_unreachable_server_is_named(tmp_path: Path) -> None:
    ran = guard("Validate canary deployment for x", tmp_path, "http://127.0.0.1:9")
    assert ran.code == 5
    assert "http://127.0.0.1:9" in ran.json()["error"]["what"]
