import json
from typing import Any

import pytest

from aof.engine.structured import parse_answer
from aof.models.scripted import Scripted
from aof.verdict import Verdict
from tests.engine.bench import Bench

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"decision": {"type": "string"}, "risk": {"type": "integer", "maximum": 10}},
    "required": ["decision", "risk"],
    "additionalProperties": False,
}
GOOD = json.dumps({"decision": "PASS", "risk": 3})


@pytest.mark.parametrize("text", [GOOD, f"Here:\n```json\n{GOOD}\n```\nDone.", f"So {GOOD}."])
def test_the_value_is_found_however_it_is_wrapped(text: str) -> None:
    assert parse_answer(text, SCHEMA) == ({"decision": "PASS", "risk": 3}, [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("I'd rather not say", "no JSON value"),
        ('{"decision": "PASS"}', "'risk' is a required property"),
        ('{"decision": "PASS", "risk": 11}', "11 is greater than the maximum"),
        ('{"decision": "PASS", "risk": 1, "x": 1}', "Additional properties"),
        ("[" * 100_000, "no JSON value"),
    ],
)
def test_what_is_wrong_is_said(text: str, problem: str) -> None:
    _, problems = parse_answer(text, SCHEMA)
    assert problem in problems[0]


def test_a_schema_elsewhere_is_never_fetched() -> None:
    _, problems = parse_answer("{}", {"$ref": "http://127.0.0.1:9/schema.json"})
    assert "refers to what is not in it" in problems[0]


def test_a_structured_answer_is_in_the_result_and_decides(bench: Bench) -> None:
    result = bench.run(Scripted([GOOD]), verdict=None, output_schema=SCHEMA)
    assert result.as_dict()["answer"] == {"decision": "PASS", "risk": 3}
    assert result.verdict is Verdict.PASS


def test_a_wrong_answer_is_repaired_once(bench: Bench) -> None:
    model = Scripted(['{"decision": "PASS"}', GOOD])
    result = bench.run(model, verdict=None, output_schema=SCHEMA)
    assert "'risk' is a required property" in model.requests[1].messages[-1].content
    assert result.answer == {"decision": "PASS", "risk": 3}


def test_an_answer_that_stays_wrong_is_reported(bench: Bench) -> None:
    model = Scripted(['{"decision": "PASS"}'], loop=True)
    result = bench.run(model, verdict=None, output_schema=SCHEMA)
    assert len(model.requests) == 2
    assert (result.verdict, result.answer) == (Verdict.INCONCLUSIVE, None)
    assert any("does not follow output_schema" in warning for warning in result.warnings)
