"""Before a rollout: which rises of the error rate can a plan detect, and by when.

Not a simulation: expected counts, made as unlucky as needed, go through the judge's own
test. The probability of detection is that of not being unluckier. Unlucky is counting
noise of both versions and the noise the limits believe in.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

from aof.analysis.canary.counters import RatioSeries
from aof.analysis.canary.evidence import Stage
from aof.analysis.canary.limits import CanaryLimits
from aof.analysis.canary.look import WHOLE_SHARE
from aof.analysis.canary.wording import percent

EFFECTS = (1.5, 2.0, 3.0, 5.0, 10.0)
_TARGET = 0.8
_LARGEST = 1000.0
_FAMILIES = 2  # errors and latency
_CORRELATION = 0.6


@dataclass(frozen=True, slots=True)
class StagePower:
    """One stage's end: what was compared by then, and what would have been seen.

    Attributes:
        minute: Since the start of the rollout.
        canary_requests, expected_errors: Compared so far; errors at the baseline's rate.
        detects: Effect (times the baseline's rate) -> probability of a stop by then.
        smallest: Smallest canary error rate stopped with 80 % probability; None: not any.
    """

    number: int
    weight: float
    minute: float
    canary_requests: float
    expected_errors: float
    detects: dict[str, float]
    smallest: float | None


@dataclass(frozen=True, slots=True)
class Power:
    """What a plan can detect, stage by stage."""

    rps: float
    baseline_error: float
    allowed: float
    stages: tuple[StagePower, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON."""
        return {"schema": "aof.dev/canary-power/v1", **asdict(self)}

    def markdown(self) -> str:
        """The table for people."""
        head = ["Stage", "Minute", "Canary requests", "Errors expected"]
        head += [f"{effect:g}x" for effect in EFFECTS] + ["Seen with 80 %"]
        rows = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        for stage in self.stages:
            cells = [
                f"{stage.number} ({stage.weight:.0%})",
                f"{stage.minute:.0f}",
                f"{stage.canary_requests:,.0f}",
                f"{stage.expected_errors:.1f}",
                *(f"{stage.detects[f'{effect:g}']:.0%}" for effect in EFFECTS),
                "nothing" if stage.smallest is None else f"from {percent(stage.smallest)}",
            ]
            rows.append("| " + " | ".join(cells) + " |")
        return (
            f"At {self.rps:g} requests a second and {percent(self.baseline_error)} errors, a rise "
            f"of up to {self.allowed * 100:.2f} pp is tolerable. Probability that a canary with so "
            "many times the errors is stopped by the end of each stage:\n\n"
            + "\n".join(rows)
            + "\n"
        )


def power_of(
    stages: tuple[Stage, ...], rps: float, baseline_error: float, limits: CanaryLimits
) -> Power:
    """The power of a plan at `rps` requests a second (both versions) and a baseline error rate."""
    plan = _Plan(stages, rps, baseline_error, limits)
    found = [
        plan.stage(number) for number in range(1, len(stages) + 1) if stages[number - 1].weight < 1
    ]
    return Power(rps, baseline_error, plan.allowed, tuple(found))


class _Plan:
    def __init__(
        self, stages: tuple[Stage, ...], rps: float, error: float, limits: CanaryLimits
    ) -> None:
        self.stages, self.rps, self.error, self.limits = stages, rps, error, limits
        self.allowed = limits.errors.allowed(error)

    def _blocks(self, number: int) -> list[tuple[float, float, float, float]]:
        """Start, end, canary's and baseline's requests of each compared block."""
        blocks, at = [], 0.0
        for stage in self.stages[:number]:
            count = max(1, round(stage.seconds / self.limits.block_s))
            length = stage.seconds / count
            for _ in range(count):
                if at + length > self.limits.warm_up_s + 1e-6 and stage.weight < 1:
                    served = self.rps * length
                    blocks.append(
                        (at, at + length, served * stage.weight, served * (1 - stage.weight))
                    )
                at += length
        return blocks

    def stage(self, number: int) -> StagePower:
        """What the end of stage `number` can tell."""
        blocks = self._blocks(number)
        requests = sum(block[2] for block in blocks)
        return StagePower(
            number=number,
            weight=self.stages[number - 1].weight,
            minute=sum(stage.seconds for stage in self.stages[:number]) / 60,
            canary_requests=requests,
            expected_errors=requests * self.error,
            detects={f"{effect:g}": round(self._power(effect, blocks), 3) for effect in EFFECTS},
            smallest=self._smallest(blocks),
        )

    def _smallest(self, blocks: list[tuple[float, float, float, float]]) -> float | None:
        largest = min(_LARGEST, 1 / self.error)
        if self._power(largest, blocks) < _TARGET:
            return None
        low, high = 1.0, largest
        for _ in range(30):
            middle = math.sqrt(low * high)
            low, high = (low, middle) if self._power(middle, blocks) >= _TARGET else (middle, high)
        return high * self.error

    def _power(self, effect: float, blocks: list[tuple[float, float, float, float]]) -> float:
        """Probability that the canary is not unluckier for us than the test survives."""
        spread = self._spread(effect, blocks)
        low, high = -6.0, 6.0
        if not self._stops(effect * math.exp(high * spread), blocks):
            return 0.0
        for _ in range(25):
            middle = (low + high) / 2
            low, high = (
                (low, middle)
                if self._stops(effect * math.exp(middle * spread), blocks)
                else (middle, high)
            )
        return 1 - NormalDist().cdf(high)

    def _spread(self, effect: float, blocks: list[tuple[float, float, float, float]]) -> float:
        """Standard deviation of the log rate ratio over all blocks."""
        weights = [n_c * n_b / (n_c + n_b) for _, _, n_c, n_b in blocks]
        effective = sum(weights) ** 2 / sum(weight * weight for weight in weights) if weights else 1
        errors_c = sum(block[2] for block in blocks) * self.error * effect
        errors_b = sum(block[3] for block in blocks) * self.error
        noise = self.limits.noise**2 * (1 + _CORRELATION) / (1 - _CORRELATION) / effective
        return math.sqrt(noise + 1 / max(errors_c, 1e-9) + 1 / max(errors_b, 1e-9))

    def _stops(self, effect: float, blocks: list[tuple[float, float, float, float]]) -> bool:
        """The judge's confirmation on expected counts."""
        limits, rate = self.limits, min(self.error * effect, 1.0)
        compared = sum(end - start for start, end, _, _ in blocks)
        if compared < limits.min_compared_s or rate - self.error <= self.allowed:
            return False
        if sum(block[2] for block in blocks) * rate < limits.min_errors:
            return False
        series = RatioSeries()
        information = 0.0
        for number, (start, end, n_c, n_b) in enumerate(blocks):
            series.add(number, (start, end), (n_c * rate, n_c), (n_b * self.error, n_b))
            bad, share = n_c * rate + n_b * self.error, n_c * rate / (n_c * rate + n_b * self.error)
            information += bad * share * (1 - share)
        pearson = 1 + limits.noise**2 * information / len(blocks)
        correlation = _CORRELATION * (pearson - 1) / pearson
        dispersion = pearson * (1 + correlation) / (1 - correlation)
        return series.log_e(dispersion) >= math.log(_FAMILIES / (limits.alpha * WHOLE_SHARE))
