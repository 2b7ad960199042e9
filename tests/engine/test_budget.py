from aof.engine.run import RunOptions
from aof.messages import Usage
from aof.models.openai_compatible import OpenAiCompatible
from aof.models.scripted import Scripted, Turn
from aof.verdict import Verdict
from tests.engine.bench import Bench

DONE = "Bright (e1).\n## Decision: PROCEED"


def looking(usage: Usage) -> Scripted:
    return Scripted([Turn(calls=(("lamp_get", {"room": "x"}),), usage=usage)], loop=True)


def test_a_cost_limit_is_not_passed(bench: Bench) -> None:
    model = looking(Usage(1000, 100, 0.01))
    result = bench.run(model, options=RunOptions(most_cost_usd=0.035), max_iterations=50)
    assert result.usage.cost_usd is not None
    assert result.usage.cost_usd <= 0.035
    assert len(model.requests) == 3
    assert not model.requests[-1].may_call
    assert result.verdict is Verdict.PASS


def test_a_token_limit_is_not_passed(bench: Bench) -> None:
    model = looking(Usage(1000, 100))
    result = bench.run(model, options=RunOptions(most_tokens=2500), max_iterations=50)
    assert result.usage.input_tokens + result.usage.output_tokens == 2200
    assert any("stopped" in warning for warning in result.warnings)


def test_the_last_turn_that_fits_is_used_for_the_answer(bench: Bench) -> None:
    usage = Usage(1000, 100, 0.01)
    model = Scripted(
        [Turn(calls=(("lamp_get", {"room": "x"}),), usage=usage), Turn(DONE, usage=usage)]
    )
    result = bench.run(model, options=RunOptions(most_cost_usd=0.02))
    assert "Bright" in result.report


def test_without_a_known_price_a_cost_limit_asks_no_model(bench: Bench) -> None:
    model = OpenAiCompatible("m", model="m", base_url="http://127.0.0.1:9/v1")
    result = bench.run(model, options=RunOptions(most_cost_usd=1.0))
    assert any("price is not known" in warning for warning in result.warnings)
    assert (result.verdict, result.model) == (Verdict.PASS, "embedded")
