"""`aofctl run agent` as CI sees it: text, JSON, exit codes, files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.aofctl import Ran, aofctl

HEALTHY = """\
Canary deployment: myapp v2.0.0
Baseline: myapp v1.9.0

Metrics (5min):
- Error rate: 0.12% (baseline: 0.10%)
- P95 latency: 165ms (baseline: 150ms)
- CPU: 48% (baseline: 45%)
"""
FAILING = """\
Canary deployment: myapp v2.0.0

Metrics:
- Error rate: 5.2% (baseline: 0.10%)
- P95 latency: 450ms (baseline: 150ms)
"""


def guard(request: str, cwd: Path, *more: str, **environment: str) -> Ran:
    return aofctl(
        *("run", "agent", "library/cicd/deployment-guardian", request, *more),
        cwd=cwd,
        **environment,
    )


def test_healthy_canary_of_the_specification(tmp_path: Path) -> None:
    ran = guard(HEALTHY, tmp_path)
    assert ran.code == 0
    assert "PROCEED" in ran.out
    assert "Error rate within threshold" in ran.out
    assert "ROLLBACK" not in ran.out


def test_failing_canary_of_the_specification(tmp_path: Path) -> None:
    ran = guard(FAILING, tmp_path)
    assert ran.code == 1
    assert "ROLLBACK" in ran.out
    assert "Error rate spike" in ran.out
    assert "argocd app rollback" in ran.out


def test_a_rollback_that_is_remembered_does_not_stain_a_later_report(tmp_path: Path) -> None:
    guard(FAILING, tmp_path)
    ran = guard(HEALTHY, tmp_path)
    assert ran.code == 0
    assert "Earlier deployments" in ran.out
    assert "ROLLBACK" not in ran.out


@pytest.mark.parametrize(
    ("request_text", "code"),
    [
        ("Error rate: 5.2% (baseline: 0.1%)", 1),
        ("Error rate: 0.1% (baseline: 0.1%)", 0),
        ("error rate is 25%", 1),
    ],
)
def test_an_error_rate_alone_is_enough(tmp_path: Path, request_text: str, code: int) -> None:
    assert guard(request_text, tmp_path).code == code


def test_json_is_one_document_with_the_public_keys(tmp_path: Path) -> None:
    answer = guard(FAILING, tmp_path, "-o", "json").json()
    assert answer["verdict"] == "fail"
    assert answer["decision"] == "ROLLBACK"
    assert answer["agent"] == "deployment-guardian"
    assert answer["actions"][0]["status"] == "proposed"
    assert answer["actions"][0]["effect"] == "write"
    assert answer["evidence"][0]["tool"] == "request"
    assert answer["facts"]["decision"] == "ROLLBACK"
    assert {"run_id", "summary", "findings", "plan_id", "report", "model", "usage"} <= set(answer)


def test_the_run_folder_holds_result_report_and_log(tmp_path: Path) -> None:
    run_id = guard(FAILING, tmp_path, "-o", "json").json()["run_id"]
    folder = tmp_path / ".aof/runs" / run_id
    assert json.loads((folder / "run.json").read_text())["decision"] == "ROLLBACK"
    assert "ROLLBACK" in (folder / "report.md").read_text()
    kinds = [
        json.loads(line)["kind"] for line in (folder / "events.jsonl").read_text().splitlines()
    ]
    assert kinds[0] == "run.started"
    assert kinds[-1] == "run.finished"


@pytest.mark.parametrize(
    ("fail_on", "request_text", "code"),
    [
        ("never", FAILING, 0),
        ("warn", HEALTHY, 0),
        ("warn", "Error rate: 0.19% (baseline: 0.10%)", 1),
        ("never", "Error rate: 0.19% (baseline: 0.10%)", 0),
    ],
)
def test_fail_on_changes_only_what_it_says(
    tmp_path: Path, fail_on: str, request_text: str, code: int
) -> None:
    assert guard(request_text, tmp_path, "--fail-on", fail_on).code == code


def test_typed_numbers_are_refused_when_measured_ones_are_required(tmp_path: Path) -> None:
    ran = guard(HEALTHY, tmp_path, "--require-measured", PROMETHEUS_URL="http://127.0.0.1:9")
    assert ran.code == 5
    assert "http://127.0.0.1:9" in ran.err
    said = guard("--help", tmp_path).out
    assert "those of a server or a file count" in " ".join(said.split())


def test_without_evidence_and_without_a_server_it_says_what_to_set(tmp_path: Path) -> None:
    ran = guard("Validate canary of shop", tmp_path, "-o", "json")
    error = ran.json()["error"]
    assert (ran.code, error["exit_code"]) == (5, 5)
    assert "PROMETHEUS_URL" in error["fix"]


def test_evidence_from_a_file_is_judged(tmp_path: Path) -> None:
    arm = {"requests": 6000, "errors": 6}
    sick = {"requests": 6000, "errors": 600}
    windows = [
        {
            "start": f"2026-11-20T10:{minute:02}:00Z",
            "seconds": 60,
            "stage": 3,
            "weight": 0.5,
            "baseline": arm,
            "canary": sick,
        }
        for minute in range(16)
    ]
    (tmp_path / "evidence.json").write_text(json.dumps({"windows": windows}))
    ran = guard("shop", tmp_path, "--set", "evidence=evidence.json", "-o", "json")
    assert (ran.code, ran.json()["decision"]) == (1, "ROLLBACK")


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"windows": 3}', '{"windows": [], "colour": 1}', "{}"]
)
def test_a_broken_evidence_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "evidence.json").write_text(content)
    ran = guard("shop", tmp_path, "--set", "evidence=evidence.json", "-o", "json")
    assert (ran.code, ran.json()["error"]["file"]) == (2, "evidence.json")


def test_a_corrupt_memory_is_set_aside_and_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "deployment-guardian-memory.json").write_text("{not json")
    ran = guard(HEALTHY, tmp_path)
    assert ran.code == 0
    assert "was set aside" in ran.out
    assert (tmp_path / "deployment-guardian-memory.json.corrupt-1").exists()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["run", "agent", "no/such"], "no manifest 'no/such'"),
        (["run", "agent", "library/cicd/deployment-guardian", "--set", "x"], "KEY=VALUE"),
        (["run", "agent", "library/cicd/deployment-guardian", "--wait", "soon"], "duration"),
        (["run", "agnet"], "agnet"),
        (["bogus"], "bogus"),
    ],
)
def test_wrong_usage_exits_2_and_keeps_stdout_json(
    tmp_path: Path, arguments: list[str], what: str
) -> None:
    ran = aofctl(*arguments, "-o", "json", cwd=tmp_path)
    assert ran.code == 2
    assert what in ran.json()["error"]["what"]


def test_the_job_summary_is_written_where_github_asks(tmp_path: Path) -> None:
    guard(HEALTHY, tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
    assert "## Decision: PROCEED" in (tmp_path / "summary.md").read_text()


def test_the_result_is_written_to_a_file(tmp_path: Path) -> None:
    guard(HEALTHY, tmp_path, "-o", "json", "--output-file", "result.json")
    assert json.loads((tmp_path / "result.json").read_text())["decision"] == "PROCEED"


@pytest.mark.parametrize(
    ("more", "said"), [((), ""), (("--model", "openai:gpt-5"), "OPENAI_API_KEY is not set")]
)
def test_a_model_is_missed_only_by_who_asked_for_one(
    tmp_path: Path, more: tuple[str, ...], said: str
) -> None:
    ran = guard(HEALTHY, tmp_path, *more)
    assert (ran.code, "without the model" in ran.err) == (0, bool(said))
    assert said in ran.err


@pytest.mark.parametrize(
    ("model", "why", "fix"),
    [
        ("embedded", "its spec names no model", "--model provider:model"),
        ("google:gemini-2.5-flash", "google:gemini-2.5-flash cannot be used", "set its key"),
    ],
)
def test_an_agent_with_neither_playbook_nor_model_says_what_it_lacks(
    tmp_path: Path, model: str, why: str, fix: str
) -> None:
    (tmp_path / "talker.yaml").write_text(
        "apiVersion: aof.dev/v1alpha1\nkind: Agent\nmetadata: {name: talker}\n"
        f'spec: {{system_prompt: "Be brief.", model: "{model}"}}\n'
    )
    ran = aofctl("run", "agent", "talker", "hello", "-o", "json", cwd=tmp_path)
    error = ran.json()["error"]
    assert (ran.code, error["what"]) == (5, "agent talker has no playbook and needs a model")
    assert why in error["why"]
    assert fix in error["fix"]


def test_control_characters_never_reach_the_terminal(tmp_path: Path) -> None:
    ran = guard("Canary deployment: x\x1b[31m v1\nError rate: 1% (baseline: 1%)", tmp_path)
    assert "\x1b" not in ran.out + ran.err


def test_nothing_is_coloured_outside_a_terminal(tmp_path: Path) -> None:
    ran = guard(HEALTHY, tmp_path)
    assert "\033" not in ran.out + ran.err
