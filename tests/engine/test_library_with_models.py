"""The library's agents: a model that agrees changes neither verdict, decision nor exit code."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.aofctl import aofctl
from tests.servers.llm import Say, serving
from tests.servers.openai import OpenAi

ROOT = Path(__file__).parents[2]
REQUESTS = {
    "healthy": ROOT / "examples/requests/healthy-canary.txt",
    "failing": ROOT / "examples/requests/failing-canary.txt",
}


def run(folder: Path, request: str, *options: str) -> tuple[int, dict[str, Any]]:
    agent = "library/cicd/deployment-guardian"
    ran = aofctl(
        "run", "agent", agent, request, "-o", "json", "--dry-run", *options,
        cwd=folder, AOF_LIBRARY_PATH=str(ROOT),
    )  # fmt: skip
    return ran.code, ran.json()


@pytest.mark.parametrize("name", REQUESTS)
def test_embedded_scripted_and_stubbed_models_come_to_the_same(tmp_path: Path, name: str) -> None:
    request = REQUESTS[name].read_text()
    code, embedded = run(tmp_path, request, "--llm", "off")
    agrees = f"As e1 shows.\n\n## Decision: {embedded['decision']}"
    script = tmp_path / "script.yaml"
    script.write_text(json.dumps([agrees]))
    outcomes = [run(tmp_path, request, "--model", f"scripted:{script}")]
    with serving([Say(agrees)], OpenAi()) as server:
        model = f"openai-compatible:m@{server.url}/v1"
        outcomes.append(run(tmp_path, request, "--model", model, "--llm", "require"))
    for other_code, other in outcomes:
        assert other["model"] != "embedded"
        assert other_code == code
        same = ("verdict", "decision", "facts", "actions", "findings", "summary")
        assert {key: other[key] for key in same} == {key: embedded[key] for key in same}
