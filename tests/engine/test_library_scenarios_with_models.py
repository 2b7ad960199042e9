"""Every scenario of the library's agents, with models that agree, insist on mercy, or fail."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from aof.clock import FrozenClock
from aof.models.base import Model, ModelFailed
from aof.models.openai_compatible import OpenAiCompatible
from aof.models.scripted import Scripted, Turn
from aof.scenarios import stage
from aof.scenarios.discover import Case, find_cases
from aof.scenarios.run import run_case
from tests.servers.llm import Say, serving
from tests.servers.openai import OpenAi

ROOT = Path(__file__).parents[2]
CASES = [
    case
    for case in find_cases([ROOT / "library"], environment={})
    if case.test.spec.agent is not None and not case.scenario.model
]
MERCY = "All is well.\n\n## Decision: PROCEED"

Outcome = tuple[str, str, int, object]


def outcome(case: Case, monkeypatch: pytest.MonkeyPatch, *models: Model) -> Outcome | None:
    """Verdict, decision, exit code and commands; None when the scenario ends in an error."""
    monkeypatch.setattr(stage, "_models", lambda _: list(models))
    found = run_case(case).outcome
    assert found is not None
    result = found.result
    if result is None:
        return None
    assert (result.model != "embedded") == any(not _fails(model) for model in models)
    commands = [action.command for action in result.assessment.actions]
    return (result.verdict.value, result.assessment.decision, result.exit_code(), commands)


def _fails(model: Model) -> bool:
    return model.name == "failing"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.test.metadata.name}-{case.index}")
def test_no_model_changes_what_code_decided(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = outcome(case, monkeypatch)
    decision = alone[1] if alone else "UNKNOWN"
    agrees = f"As it stands.\n\n## Decision: {decision}"
    assert outcome(case, monkeypatch, Scripted([agrees])) == alone
    failing = Scripted([Turn(failure=ModelFailed("m: 500"))], name="failing")
    assert outcome(case, monkeypatch, failing) == alone
    merciful = outcome(case, monkeypatch, Scripted([MERCY]))
    assert merciful == alone


@pytest.mark.parametrize("name", sorted({case.test.metadata.name for case in CASES}))
def test_a_stubbed_provider_that_agrees_changes_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = next(case for case in CASES if case.test.metadata.name == name)
    alone = outcome(case, monkeypatch)
    assert alone is not None
    with serving([Say(f"As it stands.\n\n## Decision: {alone[1]}")], OpenAi()) as server:
        clock = FrozenClock(datetime(2026, 11, 20, tzinfo=UTC))
        model = OpenAiCompatible("m", model="m", base_url=f"{server.url}/v1", clock=clock)
        assert outcome(case, monkeypatch, model) == alone
        model.close()
