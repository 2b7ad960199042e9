"""Recorded runs: played again with no network, and turned into tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.aofctl import aofctl
from tests.servers.loopback import Loopback, Reply

GUARD = ("run", "agent", "library/cicd/deployment-guardian")


@pytest.fixture
def empty_prometheus() -> Iterator[Loopback]:
    empty = {"status": "success", "data": {"resultType": "vector", "result": []}}
    server = Loopback()
    with server.running():
        server.route("POST", "/api/v1/query", lambda asked: Reply(200, empty))
        yield server


def test_a_replayed_run_gives_the_same_verdict_with_no_server(
    empty_prometheus: Loopback, tmp_path: Path
) -> None:
    url = empty_prometheus.url
    first = aofctl(*GUARD, "Canary of shop", "-o", "json", cwd=tmp_path, PROMETHEUS_URL=url)
    asked = len(empty_prometheus.asked)
    again = aofctl(*GUARD, "--replay", first.json()["run_id"], "-o", "json", cwd=tmp_path)
    for key in ("verdict", "decision", "summary", "findings", "facts", "actions"):
        assert again.json()[key] == first.json()[key], key
    assert again.code == first.code == 3
    assert len(empty_prometheus.asked) == asked > 0


def test_a_replay_sees_the_memory_of_then(tmp_path: Path) -> None:
    request = "Canary deployment: shop\nError rate: 5% (baseline: 0.1%)"
    first = aofctl(*GUARD, request, "-o", "json", cwd=tmp_path).json()
    second = aofctl(*GUARD, request, "-o", "json", cwd=tmp_path).json()
    again = aofctl(*GUARD, "--replay", first["run_id"], "-o", "json", cwd=tmp_path).json()
    assert "Earlier deployments" in second["report"]
    assert "Earlier deployments" not in again["report"]


def test_an_unknown_run_cannot_be_replayed(tmp_path: Path) -> None:
    ran = aofctl(*GUARD, "--replay", "nothing", "-o", "json", cwd=tmp_path)
    assert (ran.code, ran.json()["error"]["exit_code"]) == (2, 2)


def test_a_run_becomes_a_test_that_passes(empty_prometheus: Loopback, tmp_path: Path) -> None:
    url = empty_prometheus.url
    first = aofctl(*GUARD, "Canary of shop", "-o", "json", cwd=tmp_path, PROMETHEUS_URL=url)
    run_id = first.json()["run_id"]
    wrote = aofctl("test", "from-run", run_id, "--output-file", "t/a.test.yaml", cwd=tmp_path)
    assert wrote.code == 0, wrote.err
    ran = aofctl("test", "t", cwd=tmp_path)
    assert (ran.code, "1 passed" in ran.out) == (0, True), ran.out


def test_a_test_from_a_run_fails_when_the_answer_changes(tmp_path: Path) -> None:
    request = "Canary deployment: shop\nError rate: 5% (baseline: 0.1%)"
    run_id = aofctl(*GUARD, request, "-o", "json", cwd=tmp_path).json()["run_id"]
    aofctl("test", "from-run", run_id, "--output-file", "a.test.yaml", cwd=tmp_path)
    path = tmp_path / "a.test.yaml"
    path.write_text(path.read_text().replace("5%", "0.1%"))
    assert aofctl("test", cwd=tmp_path).code == 1


def test_an_evidence_file_is_part_of_the_recording(tmp_path: Path) -> None:
    fixtures = Path(__file__).parents[2] / "library/cicd/fixtures"
    evidence = tmp_path / "e.json"
    evidence.write_text((fixtures / "canary-errors.json").read_text())
    asked = [*GUARD, "shop", "--set", "evidence=e.json", "-o", "json"]
    run_id = aofctl(*asked, cwd=tmp_path).json()["run_id"]
    aofctl("test", "from-run", run_id, "--output-file", "t/a.test.yaml", cwd=tmp_path)
    evidence.write_text((fixtures / "canary-healthy.json").read_text())
    again = aofctl(*GUARD, "--replay", run_id, "-o", "json", cwd=tmp_path)
    assert again.json()["decision"] == "ROLLBACK"
    assert aofctl("test", "t", cwd=tmp_path).code == 0


LOG = "step\n  src/cart.ts(3,7): error TS2322: Type 'string' is not assignable.\nexit code 2\n"
OBJECT = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: shop, namespace: prod}}
data: {{greeting: {0}}}
"""


def replayed_and_tested(folder: Path, agent: str, *settings: str) -> tuple[dict, dict]:
    """What the agent says of files, and what it says once they are gone; a test from it passes."""
    run = ("run", "agent", f"library/cicd/{agent}", "-o", "json")
    given = [word for setting in settings for word in ("--set", setting)]
    first = aofctl(*run, *given, cwd=folder).json()
    wrote = aofctl(
        *("test", "from-run", first["run_id"], "--output-file", "t/a.test.yaml"), cwd=folder
    )
    assert wrote.code == 0, wrote.err
    for file in ("build.log", "git.yaml", "live.yaml", "audit.log"):
        (folder / file).unlink(missing_ok=True)
    again = aofctl(*run, "--replay", first["run_id"], cwd=folder).json()
    tested = aofctl("test", "t", cwd=folder)
    assert tested.code == 0, tested.out
    return first, again


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_log_is_part_of_the_recording(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "build.log").write_bytes(LOG.encode(encoding))
    first, again = replayed_and_tested(tmp_path, "pipeline-doctor", "log=build.log")
    assert first["facts"]["primary"]["location"]["file"] == "src/cart.ts"
    assert again["facts"] == first["facts"]


def test_manifests_and_audit_logs_are_part_of_the_recording(tmp_path: Path) -> None:
    (tmp_path / "git.yaml").write_text(OBJECT.format("hello"))
    (tmp_path / "live.yaml").write_text(OBJECT.format("changed"))
    (tmp_path / "audit.log").write_text('{"verb": "get"}\n')
    settings = ("desired=git.yaml", "live=live.yaml", "audit_log=audit.log")
    first, again = replayed_and_tested(tmp_path, "drift-detector", *settings)
    assert first["decision"] == "DRIFT"
    assert again["facts"] == first["facts"]


def test_a_file_too_large_to_keep_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "build.log").write_text("x" * 79 + "\n", "utf-8")
    with (tmp_path / "build.log").open("a") as log:
        log.write(("y" * 79 + "\n") * 60_000 + LOG)
    doctor = ("run", "agent", "library/cicd/pipeline-doctor", "-o", "json")
    first = aofctl(*doctor, "--set", "log=build.log", cwd=tmp_path).json()
    again = aofctl(*doctor, "--replay", first["run_id"], cwd=tmp_path).json()
    assert again["facts"]["primary"] == first["facts"]["primary"] is not None
    (tmp_path / "build.log").unlink()
    assert aofctl(*doctor, "--replay", first["run_id"], cwd=tmp_path).code == 2
