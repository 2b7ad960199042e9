import sys
from pathlib import Path

import pytest

from aof.errors import NotBound, UsageFault
from aof.models.catalog import choose, model_of
from aof.models.openai_compatible import OpenAiCompatible
from aof.models.providers import PROVIDERS, parse_model_name


@pytest.mark.parametrize(
    ("text", "litellm"),
    [
        ("google:gemini-2.5-flash", "gemini/gemini-2.5-flash"),
        ("gemini/gemini-2.5-flash", "gemini/gemini-2.5-flash"),
        ("bedrock:anthropic.claude-sonnet-4-v1:0", "bedrock/anthropic.claude-sonnet-4-v1:0"),
        ("vertex:gemini-2.5-pro", "vertex_ai/gemini-2.5-pro"),
        ("vertex_ai/gemini-2.5-pro", "vertex_ai/gemini-2.5-pro"),
        ("openrouter:meta/llama-3:free", "openrouter/meta/llama-3:free"),
        ("ollama:llama3.1:8b", "ollama_chat/llama3.1:8b"),
    ],
)
def test_only_the_first_colon_separates(text: str, litellm: str) -> None:
    assert parse_model_name(text).litellm == litellm


def test_a_compatible_model_names_its_server() -> None:
    name = parse_model_name("openai-compatible:llama3.1:8b@http://localhost:11434/v1")
    assert (name.model, name.url) == ("llama3.1:8b", "http://localhost:11434/v1")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("gpt-4o", "names no model"),
        ("antropic:claude", "did you mean 'anthropic'"),
        ("openai-compatible:m", "names no server"),
        ("openai-compatible:m@http://u:p@host/v1", "credentials"),
        ("openai:gpt@http://u:p@host/v1", "credentials"),
        ("openai-compatible:m@http://", "no server"),
    ],
)
def test_an_unusable_model_string_says_how_to_write_it(text: str, says: str) -> None:
    with pytest.raises(UsageFault) as caught:
        parse_model_name(text)
    assert says in str(caught.value)


@pytest.mark.parametrize("provider", [one for one, what in PROVIDERS.items() if what.keys])
def test_a_missing_key_names_its_variable_before_any_import(provider: str) -> None:
    before = set(sys.modules)
    with pytest.raises(NotBound) as caught:
        model_of(f"{provider}:some-model", {})
    assert PROVIDERS[provider].keys[0][0] in caught.value.why
    assert "litellm" not in set(sys.modules) - before


def test_auto_goes_on_without_a_key_and_says_why() -> None:
    chosen = choose(["google:gemini-2.5-flash"], environment={})
    assert chosen.models == ()
    assert "GEMINI_API_KEY" in chosen.notice


def test_require_fails_without_a_key() -> None:
    with pytest.raises(NotBound, match="google:gemini"):
        choose(["google:gemini-2.5-flash"], llm="require", environment={})
    with pytest.raises(UsageFault, match="none is named"):
        choose(["embedded"], llm="require", environment={})


def test_off_asks_no_model() -> None:
    assert choose(["ollama:x"], llm="off", environment={}).models == ()


def test_fallbacks_follow_and_embedded_ends_the_list() -> None:
    names = ["google:g", "openai-compatible:a@http://h/v1", "embedded", "ollama:never"]
    chosen = choose(names, environment={})
    assert [model.name for model in chosen.models] == ["openai-compatible:a@http://h/v1"]


def test_without_litellm_a_provider_is_asked_at_its_compatible_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert isinstance(model_of("google:g", {"GEMINI_API_KEY": "k"}), OpenAiCompatible)
    with pytest.raises(NotBound, match="extra 'llm'"):
        model_of("anthropic:c", {"ANTHROPIC_API_KEY": "k"})


@pytest.mark.parametrize("price", ["1", "a/b", "1/"])
def test_an_unreadable_price_is_refused(price: str) -> None:
    with pytest.raises(UsageFault, match="AOF_MODEL_PRICE"):
        model_of("openai-compatible:m@http://h/v1", {"AOF_MODEL_PRICE": price})


def test_a_script_of_turns_is_a_model(tmp_path: Path) -> None:
    script = tmp_path / "turns.yaml"
    script.write_text("- text: first\n  calls: [{git_log: {limit: 3}}]\n- second\n")
    assert model_of(f"scripted:{script}", {}).name == f"scripted:{script}"
    for wrong, said in {"just: a mapping": "not a script", "a: mapping of: x": "not valid"}.items():
        script.write_text(wrong)
        with pytest.raises(UsageFault, match=said):
            model_of(f"scripted:{script}", {})
