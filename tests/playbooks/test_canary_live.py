"""`aofctl analyze canary --from-prometheus` against a real Prometheus server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.aofctl import Ran, aofctl
from tests.servers.prometheus import Version, open_metrics, prometheus, require_prometheus

END = 1_790_000_000
START = END - 40 * 60
AT = datetime.fromtimestamp(END, UTC).isoformat()
APPS = {
    "healthy": {"stable": Version(20), "canary": Version(20, born_s=600)},
    "sick": {"stable": Version(20), "canary": Version(20, error_ratio=0.05, born_s=600)},
    "young": {"stable": Version(20), "canary": Version(20, born_s=1800)},
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    require_prometheus()
    folder = tmp_path_factory.mktemp("prometheus")
    with prometheus(folder, open_metrics(APPS, START, END, seed=11)) as address:
        yield address


def analyze(url: str, cwd: Path, *arguments: str) -> Ran:
    given = ("analyze", "canary", *arguments, "-o", "json")
    return aofctl(*given, cwd=cwd, PROMETHEUS_URL=url)


@pytest.mark.parametrize("app", ["healthy", "sick", "young"])
def test_exported_evidence_gives_the_live_judgement(url: str, tmp_path: Path, app: str) -> None:
    asked = ("--from-prometheus", "--app", app, "--end", AT, "--export", "evidence.json")
    live = analyze(url, tmp_path, *asked)
    filed = analyze(url, tmp_path, "evidence.json")
    assert live.code in (0, 1, 3), live.err
    assert live.json() == filed.json()
    assert live.code == filed.code


def test_live_decisions_are_the_right_ones(url: str, tmp_path: Path) -> None:
    found = {
        app: analyze(url, tmp_path, "--from-prometheus", "--app", app, "--end", AT)
        for app in ("healthy", "sick", "young")
    }
    decisions = {app: ran.json()["decision"] for app, ran in found.items()}
    assert decisions["healthy"] == "PROCEED"
    assert decisions["sick"] == "ROLLBACK"
    assert decisions["young"] in ("PROCEED", "HOLD")


def test_calibrate_reads_halves_of_the_stable_pods(url: str, tmp_path: Path) -> None:
    asked = ("calibrate", "--from-prometheus", "--app", "healthy", "--end", AT, "--duration", "35m")
    ran = analyze(url, tmp_path, *asked)
    assert ran.code == 3, ran.err
    assert ran.json()["false_rollbacks"]["tries"] == 2
    assert ran.json()["false_rollbacks"]["hits"] == 0


def test_without_an_address_the_exit_code_is_5(tmp_path: Path) -> None:
    ran = aofctl("analyze", "canary", "--from-prometheus", "--app", "x", cwd=tmp_path)
    assert ran.code == 5
    assert "PROMETHEUS_URL" in ran.err


def test_an_unknown_app_exits_2_and_names_those_there(url: str, tmp_path: Path) -> None:
    ran = analyze(url, tmp_path, "--from-prometheus", "--app", "nope", "--end", AT)
    assert ran.code == 2
    assert "healthy" in ran.json()["error"]["why"]


def test_a_plan_of_ones_own_is_judged_by(url: str, tmp_path: Path) -> None:
    asked = ("--from-prometheus", "--app", "healthy", "--end", AT, "--stages", "50:20m,100:30m")
    judged = analyze(url, tmp_path, *asked).json()
    assert (judged["stage"]["number"], judged["stage"]["of"]) == (1, 2)
    assert judged["stage"]["seconds"] == 1200


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (("--with", "speed=1"), "no such setting"),
        (("--with", "window=0s"), "at least scrape_interval"),
        (("--duration", "30s"), "holds no window"),
        (("--end", "soon"), "expected a time"),
    ],
)
def test_settings_that_measure_nothing_exit_2(
    url: str, tmp_path: Path, settings: tuple[str, ...], says: str
) -> None:
    ran = analyze(url, tmp_path, "--from-prometheus", "--app", "healthy", *settings)
    assert ran.code == 2
    assert says in ran.json()["error"]["what"]
