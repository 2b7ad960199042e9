"""From the model strings of a manifest to models that can be asked."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from aof.errors import NotBound, UsageFault
from aof.models.base import EMBEDDED
from aof.models.providers import COMPATIBLE, PROVIDERS, ModelName, check_key, parse_model_name

if TYPE_CHECKING:
    from aof.models.base import Model
    from aof.models.openai_compatible import Price

Llm = Literal["auto", "off", "require"]
_SCRIPTED = "scripted:"
_SILENCE_S = 120.0
_CONTEXT_TOKENS = 64_000


@dataclass(frozen=True, slots=True)
class Choice:
    """Which models a run may ask, best first. None: the built-in one.

    `notice` says in one line why a model that was asked for is not used; empty otherwise.
    """

    models: tuple[Model, ...] = ()
    notice: str = ""


def choose(names: Sequence[str], *, llm: Llm = "auto", environment: Mapping[str, str]) -> Choice:
    """The models of `names` (the first, then the fallbacks) that can be used here.

    Args:
        names: Model strings; `embedded` ends the list.
        llm: `off` uses none, `require` makes a missing one a failure.
        environment: Where keys are looked up.

    Raises:
        NotBound: `require`, and none can be used.
        UsageFault: A string names no model, or `require` was given with none to use.
    """
    if llm == "off":
        return Choice()
    models: list[Model] = []
    refusals: list[NotBound] = []
    for name in names:
        if name == EMBEDDED:
            break
        try:
            models.append(model_of(name, environment))
        except NotBound as refusal:
            refusals.append(refusal)
    if not models and llm == "require":
        if refusals:
            raise refusals[0]
        raise UsageFault(
            "a model is required, but none is named",
            why="the agent's model is embedded",
            fix="name one with --model provider:model, or drop --llm require",
        )
    notice = "; ".join(f"{one.what}: {one.why}" for one in refusals)
    return Choice(tuple(models), notice)


def check(name: str) -> None:
    """Nothing when `name` is a usable model string, else `UsageFault`; imports no provider."""
    if name != EMBEDDED and not name.startswith(_SCRIPTED):
        parse_model_name(name)


def model_of(text: str, environment: Mapping[str, str]) -> Model:
    """The model a string names; makes no request.

    Raises:
        UsageFault: The string names no model.
        NotBound: Its key or its extra is missing.
    """
    if text == EMBEDDED:
        from aof.models.embedded import Embedded

        return Embedded()
    if text.startswith(_SCRIPTED):
        from aof.models.scripted import read_script

        return read_script(Path(text.removeprefix(_SCRIPTED)))
    name = parse_model_name(text)
    check_key(name, environment)
    if name.provider == COMPATIBLE:
        return _compatible(name, name.url, environment.get("AOF_MODEL_KEY", ""), environment)
    if importlib.util.find_spec("litellm") is not None:
        from aof.models.litellm_gateway import LitellmGateway

        return LitellmGateway(name, silence_s=_silence(environment))
    provider = PROVIDERS[name.provider]
    url = name.url or provider.compatible_url
    if not url:
        raise NotBound(
            f"the model {text} needs the extra 'llm'",
            why="the package litellm is not installed",
            fix="pip install 'aof[llm]'",
        )
    return _compatible(name, url, provider.key(environment), environment)


def _compatible(name: ModelName, url: str, key: str, environment: Mapping[str, str]) -> Model:
    from aof.models.openai_compatible import OpenAiCompatible

    return OpenAiCompatible(
        name.text,
        model=name.model,
        base_url=url,
        key=key,
        silence_s=_silence(environment),
        price=_price(environment),
    )


def context_tokens(environment: Mapping[str, str]) -> int:
    """How much a model reads at once: `AOF_MODEL_CONTEXT` tokens, else 64,000."""
    return int(_number(environment, "AOF_MODEL_CONTEXT", _CONTEXT_TOKENS, example="32000"))


def _silence(environment: Mapping[str, str]) -> float:
    return _number(environment, "AOF_MODEL_TIMEOUT", _SILENCE_S, example="60")


def _number(environment: Mapping[str, str], name: str, default: float, *, example: str) -> float:
    text = environment.get(name, "")
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise UsageFault(f"{name}={text}: expected a positive number", fix=f"{name}={example}")
    return number


def _price(environment: Mapping[str, str]) -> Price | None:
    from aof.models.openai_compatible import Price

    text = environment.get("AOF_MODEL_PRICE", "")
    if not text:
        return None
    into, _, out = text.partition("/")
    try:
        return Price(float(into), float(out))
    except ValueError:
        raise UsageFault(
            f"AOF_MODEL_PRICE={text}: expected two numbers",
            fix="US dollars per million tokens, input/output, for example 0.30/2.50",
        ) from None
