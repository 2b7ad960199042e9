"""The providers a model string may name: what they are called elsewhere and which keys they need.

A static table, so that a manifest is validated and a missing key is reported without
importing anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from aof.errors import NotBound, UsageFault, did_you_mean

COMPATIBLE = "openai-compatible"
_AWS = (
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("AWS_PROFILE",),
    ("AWS_BEARER_TOKEN_BEDROCK",),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI",),
)


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider.

    Attributes:
        litellm: Its name there.
        keys: Alternatives; each names the variables that together are enough. Empty: no key.
        compatible_url: The provider's own OpenAI-compatible address, for use without litellm.
    """

    litellm: str
    keys: tuple[tuple[str, ...], ...] = ()
    compatible_url: str = ""

    def key(self, environment: Mapping[str, str]) -> str:
        """The value of the first single variable that is set; empty when there is none."""
        single = (way[0] for way in self.keys if len(way) == 1)
        return next((environment[one] for one in single if environment.get(one)), "")

    def missing(self, environment: Mapping[str, str]) -> str:
        """Which variables would have to be set; empty when one alternative is complete."""
        if not self.keys or any(all(environment.get(one) for one in way) for way in self.keys):
            return ""
        return " or ".join(" and ".join(way) for way in self.keys)


_GEMINI = Provider(
    "gemini",
    (("GEMINI_API_KEY",), ("GOOGLE_API_KEY",)),
    "https://generativelanguage.googleapis.com/v1beta/openai",
)
PROVIDERS: dict[str, Provider] = {
    "anthropic": Provider("anthropic", (("ANTHROPIC_API_KEY",),)),
    "azure": Provider("azure", (("AZURE_API_KEY", "AZURE_API_BASE"),)),
    "bedrock": Provider("bedrock", _AWS),
    "cerebras": Provider("cerebras", (("CEREBRAS_API_KEY",),), "https://api.cerebras.ai/v1"),
    "cohere": Provider("cohere_chat", (("COHERE_API_KEY",),)),
    "deepseek": Provider("deepseek", (("DEEPSEEK_API_KEY",),), "https://api.deepseek.com/v1"),
    "fireworks": Provider(
        "fireworks_ai",
        (("FIREWORKS_API_KEY",), ("FIREWORKS_AI_API_KEY",)),
        "https://api.fireworks.ai/inference/v1",
    ),
    "gemini": _GEMINI,
    "google": _GEMINI,
    "groq": Provider("groq", (("GROQ_API_KEY",),), "https://api.groq.com/openai/v1"),
    "mistral": Provider("mistral", (("MISTRAL_API_KEY",),), "https://api.mistral.ai/v1"),
    "ollama": Provider("ollama_chat", compatible_url="http://localhost:11434/v1"),
    "openai": Provider("openai", (("OPENAI_API_KEY",),), "https://api.openai.com/v1"),
    "openrouter": Provider(
        "openrouter", (("OPENROUTER_API_KEY",),), "https://openrouter.ai/api/v1"
    ),
    "together": Provider(
        "together_ai",
        (("TOGETHERAI_API_KEY",), ("TOGETHER_API_KEY",)),
        "https://api.together.xyz/v1",
    ),
    "vertex": Provider("vertex_ai", (("GOOGLE_APPLICATION_CREDENTIALS",), ("VERTEXAI_PROJECT",))),
    "xai": Provider("xai", (("XAI_API_KEY",),), "https://api.x.ai/v1"),
}
"""Provider name in manifests to what it needs. Source: the providers' and litellm's manuals."""


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model string taken apart: `provider:model` or `provider:model@URL`.

    `url` replaces the provider's own address; it is required for `openai-compatible`.
    """

    text: str
    provider: str
    model: str
    url: str = ""

    @property
    def litellm(self) -> str:
        """The name litellm knows it by."""
        return f"{PROVIDERS[self.provider].litellm}/{self.model}"


def parse_model_name(text: str) -> ModelName:
    """Take a model string apart.

    Only the first `:` separates (Bedrock's model names hold more of them). litellm's own
    `provider/model` is accepted too.

    Raises:
        UsageFault: No provider, an unknown one, no model, or an unusable URL.
    """
    name, url = _split_url(text)
    head, colon, model = name.partition(":")
    if "/" in head:
        head, colon, model = name.partition("/")
        head = _own_name(head)
    if not colon or not model:
        raise UsageFault(
            f"'{text}' names no model",
            why="a model is written provider:model",
            fix="for example google:gemini-2.5-flash, or embedded for none",
        )
    _refuse_credentials(url)
    if head == COMPATIBLE:
        return ModelName(text, head, model, _required_url(text, url))
    if head not in PROVIDERS:
        known = [*PROVIDERS, COMPATIBLE]
        raise UsageFault(
            f"unknown model provider '{head}'",
            why=f"there are: {', '.join(known)}",
            fix=did_you_mean(head, known, otherwise=f"or {COMPATIBLE}:NAME@URL"),
        )
    return ModelName(text, head, model, url)


def check_key(name: ModelName, environment: Mapping[str, str]) -> None:
    """Nothing, or `NotBound` naming the variables that are missing."""
    missing = PROVIDERS[name.provider].missing(environment) if name.provider in PROVIDERS else ""
    if missing:
        raise NotBound(
            f"the model {name.text} has no key",
            why=f"{missing} is not set",
            fix="set it, choose another model with --model, or use --llm off",
        )


def key_variables() -> frozenset[str]:
    """Every variable that may hold a provider's secret, for redaction."""
    names = {one for provider in PROVIDERS.values() for way in provider.keys for one in way}
    return frozenset({name for name in names if "KEY" in name or "TOKEN_B" in name})


def _split_url(text: str) -> tuple[str, str]:
    for scheme in ("@http://", "@https://"):
        name, found, rest = text.partition(scheme)
        if found:
            return name, f"{scheme[1:]}{rest}"
    return text, ""


def _own_name(litellm: str) -> str:
    return next((one for one, what in PROVIDERS.items() if what.litellm == litellm), litellm)


def _required_url(text: str, url: str) -> str:
    if not urlsplit(url).hostname:
        raise UsageFault(
            f"'{text}' names no server",
            why=f"{COMPATIBLE} is written {COMPATIBLE}:NAME@URL",
            fix="for example openai-compatible:llama3.1@http://localhost:11434/v1",
        )
    return url


def _refuse_credentials(url: str) -> None:
    if "@" in urlsplit(url).netloc:
        raise UsageFault(
            "a model's URL with credentials in it is not accepted",
            why="it would be printed and recorded",
            fix="put the key into AOF_MODEL_KEY or the provider's own variable",
        )
