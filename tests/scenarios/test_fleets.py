"""Fleets: from the command line and under test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.aofctl import aofctl

AGENT = """\
apiVersion: aof.dev/v1alpha1
kind: Agent
metadata: {{name: {name}}}
spec:
  tools: [prometheus_query, argocd]
  playbook: {{name: canary, with: {{app: {name}}}}}
"""
FLEET = """\
apiVersion: aof.dev/v1alpha1
kind: Fleet
metadata: {{name: both}}
spec:
  mode: {mode}
  agents:
    - ref: one
    - ref: {second}
"""
SICK = "Error rate: 9% (baseline: 0.1%)"
WELL = "Error rate: 0.1% (baseline: 0.1%)"


@pytest.fixture(params=["sequential", "parallel"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(AGENT.format(name=name))
    (tmp_path / "both.yaml").write_text(FLEET.format(mode=request.param, second="two"))
    return tmp_path


@pytest.mark.parametrize(("text", "code", "verdict"), [(SICK, 1, "fail"), (WELL, 0, "pass")])
def test_the_strictest_verdict_is_the_fleets(
    folder: Path, text: str, code: int, verdict: str
) -> None:
    ran = aofctl("run", "fleet", "both", text, "-o", "json", cwd=folder)
    answer = ran.json()
    assert (ran.code, answer["verdict"]) == (code, verdict)
    assert [member["agent"] for member in answer["members"]] == ["one", "two"]
    assert "# one" in answer["report"]
    assert "# two" in answer["report"]


def test_a_member_that_cannot_judge_does_not_silence_the_other(folder: Path) -> None:
    two = AGENT.format(name="two").replace("argocd]", "{name: argocd, required: true}]")
    (folder / "two.yaml").write_text(two)
    ran = aofctl("run", "fleet", "both", WELL, "-o", "json", cwd=folder)
    one, failed = ran.json()["members"]
    assert ran.code == 5
    assert one["decision"] == "PROCEED"
    assert "argocd" in failed["error"]["what"]


def test_a_fleet_with_a_missing_member_is_refused_with_its_line(folder: Path) -> None:
    (folder / "both.yaml").write_text(FLEET.format(mode="sequential", second="tow"))
    ran = aofctl("run", "fleet", "both", WELL, "-o", "json", cwd=folder)
    assert (ran.code, ran.json()["error"]["line"]) == (2, 8)


def test_a_setting_only_one_member_knows_is_given_to_all(folder: Path) -> None:
    release = AGENT.format(name="two").replace("canary, with: {app: two}", "ci_failure")
    (folder / "two.yaml").write_text(release)
    (folder / "log").write_text("src/cart.ts(3,7): error TS2322: Type 'x' is not assignable.\n")
    ran = aofctl("run", "fleet", "both", WELL, "--set", "log=log", "-o", "json", cwd=folder)
    assert ran.json()["members"][1]["decision"] == "DIAGNOSED"
    ran = aofctl("run", "fleet", "both", WELL, "--set", "lgo=log", "-o", "json", cwd=folder)
    assert (ran.code, ran.json()["error"]["fix"]) == (2, "did you mean 'log'?")


def test_a_fleet_can_be_tested(folder: Path) -> None:
    (folder / "both.test.yaml").write_text(f"""\
apiVersion: aof.dev/v1alpha1
kind: AgentTest
metadata: {{name: both-tests}}
spec:
  fleet: {{ref: both}}
  scenarios:
    - name: sick
      input: "{SICK}"
      assertions:
        - verdict: fail
        - facts: {{one.decision: ROLLBACK, two.decision: ROLLBACK}}
""")
    ran = aofctl("test", "both.test.yaml", "-o", "json", cwd=folder)
    assert ran.code == 0, json.dumps(ran.json(), indent=1)
