"""How far a model may go in one run, and how far it has gone."""

from __future__ import annotations

from dataclasses import dataclass, field

from aof.messages import Usage


@dataclass(frozen=True, slots=True)
class Limits:
    """What a manifest and the command line allow.

    Attributes:
        iterations: Turns, the final answer included.
        answer_tokens: Longest answer of one turn.
        temperature: See `ModelRequest`.
        context_tokens: How much the model reads at once.
        context_messages: So many newest messages stay whole.
        tokens: In and out over the whole run; None for no limit.
        cost_usd: Over the whole run; None for no limit.
    """

    iterations: int = 12
    answer_tokens: int = 4096
    temperature: float | None = None
    context_tokens: int = 64_000
    context_messages: int = 40
    tokens: int | None = None
    cost_usd: float | None = None


@dataclass(slots=True)
class Budget:
    """Tokens and dollars spent, against the limits.

    The next turn is expected to cost what the last one did: a limit is kept by stopping
    before it, as nobody can stop a provider in the middle of a turn.
    """

    limits: Limits
    usage: Usage = field(default_factory=Usage)
    _last: Usage = field(default_factory=Usage)

    def add(self, usage: Usage) -> None:
        """Count one turn."""
        self.usage += usage
        self._last = usage

    def spent(self) -> str:
        """Why no further turn may be made; empty when one may."""
        tokens, cost = self._after(turns=1)
        if self.limits.tokens is not None and tokens > self.limits.tokens:
            used, _ = self._after(turns=0)
            return (
                f"the model was stopped: it used {used} tokens, and a further turn would pass "
                f"the limit {self.limits.tokens}"
            )
        if self.limits.cost_usd is not None and cost > self.limits.cost_usd:
            return (
                f"the model was stopped: it cost ${self.usage.cost_usd or 0.0:.4f}, and a "
                f"further turn would pass the limit ${self.limits.cost_usd:g}"
            )
        return ""

    def nearly_spent(self) -> bool:
        """Only one more turn fits: it should be the answer."""
        tokens, cost = self._after(turns=2)
        return (self.limits.tokens is not None and tokens > self.limits.tokens) or (
            self.limits.cost_usd is not None and cost > self.limits.cost_usd
        )

    def _after(self, *, turns: int) -> tuple[int, float]:
        """Tokens and dollars after so many more turns like the last one."""
        used, last = self.usage, self._last
        tokens = used.input_tokens + used.output_tokens
        tokens += turns * (last.input_tokens + last.output_tokens)
        return tokens, (used.cost_usd or 0.0) + turns * (last.cost_usd or 0.0)
