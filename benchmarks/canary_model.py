"""Simulated rollouts: Poisson traffic, shared drift, noise of each version, true effects.

Thirty one-minute windows (5, 10 and 15 minutes at 5, 25 and 50 %); where the last stage is
looked at, thirty more at 100 %. Latency and error intensity of both versions drift together
(AR(1)); each version has noise of its own on top, the small canary more than the stable
version. Everything random comes from the generator passed in. Needs numpy, which the
product itself does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from aof.analysis.canary import Arm, CanaryEvidence, Window
from aof.analysis.canary.evidence import Gauge

Floats = NDArray[np.float64]

BESIDE = np.array([0.05] * 5 + [0.25] * 10 + [0.5] * 15)
STAGE_ENDS = [4, 14, 29]
MINUTES = len(BESIDE)
_ALONE = np.ones(30)
_STAGE_OF = {0.05: 1, 0.25: 2, 0.5: 3, 1.0: 4}
START = datetime(2026, 11, 20, 10, tzinfo=UTC)

DEFAULT_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf)
# Eight bounds to each doubling, as native histograms of schema 3 have.
FINE_BOUNDS = (*(float(f"{0.015 * 2 ** (k / 8):.6g}") for k in range(64)), math.inf)


@dataclass(frozen=True)
class Noise:
    """Standard deviations on the log scale; `scale` multiplies those of the versions."""

    drift_latency: float = 0.10
    drift_errors: float = 0.30
    canary_latency: float = 0.04
    canary_errors: float = 0.25
    baseline_latency: float = 0.01
    baseline_errors: float = 0.08
    drift_use: float = 0.08
    own_use: float = 0.05
    scale: float = 1.0


@dataclass(frozen=True)
class Scenario:
    """What is true of the canary, from minute `onset` on.

    Rates are shares, `slower` multiplies every latency, `tail` those of one request in a
    hundred. `gauges` are the mean readings of baseline and canary, and what the canary's
    grows by in a minute; those called cpu and memory are shares of a limit. `alone` adds the
    stage at 100 %, in which all harm then begins. `near_goal` asks for four times the runs.
    """

    name: str
    errors: float = 0.001
    canary_errors: float | None = None
    slower: float = 1.0
    tail: float = 1.0
    burst: float = 1.0
    warm_up: float = 0.0
    fine: bool = True
    onset: int = 0
    gauges: tuple[tuple[str, float, float, float], ...] = ()
    alone: bool = False
    near_goal: bool = False

    @property
    def weights(self) -> Floats:
        """The canary's share of traffic in each minute."""
        return np.concatenate([BESIDE, _ALONE]) if self.alone else BESIDE

    @property
    def bounds(self) -> tuple[float, ...]:
        """Bucket bounds of this scenario's histograms."""
        return FINE_BOUNDS if self.fine else DEFAULT_BOUNDS


@dataclass(frozen=True)
class Runs:
    """Counts of many simulated rollouts: arrays of (run, minute) and (run, minute, bound).

    `gauges` holds readings of canary and baseline, (run, minute) each.
    """

    weights: Floats
    bounds: tuple[float, ...]
    requests_c: Floats
    requests_b: Floats
    errors_c: Floats
    errors_b: Floats
    buckets_c: Floats
    buckets_b: Floats
    gauges: dict[str, tuple[Floats, Floats]] = field(default_factory=dict)

    def windows(self, run: int) -> Iterator[Window]:
        """The windows of one run, in order of time."""
        keys = ["+Inf" if bound == math.inf else repr(bound) for bound in self.bounds]
        for minute, weight in enumerate(self.weights.tolist()):
            yield Window.model_construct(
                start=START + timedelta(minutes=minute),
                seconds=60.0,
                stage=_STAGE_OF[weight],
                weight=weight,
                baseline=_arm(
                    keys,
                    self.requests_b[run, minute],
                    self.errors_b[run, minute],
                    self.buckets_b[run, minute],
                )
                if weight < 1
                else None,
                canary=_arm(
                    keys,
                    self.requests_c[run, minute],
                    self.errors_c[run, minute],
                    self.buckets_c[run, minute],
                ),
            )

    def readings(self, run: int, minutes: int) -> CanaryEvidence | None:
        """The gauges of one run as known after so many minutes; None without gauges."""
        if not self.gauges:
            return None
        gauges = {
            name: Gauge.model_construct(
                canary=tuple(canary[run, :minutes].tolist()),
                baseline=tuple(baseline[run, :minutes].tolist()),
                limit=1.0 if name in ("cpu", "memory") else None,
            )
            for name, (canary, baseline) in self.gauges.items()
        }
        return CanaryEvidence.model_construct(windows=(), gauges=gauges)


def _arm(keys: list[str], requests: float, errors: float, buckets: Floats) -> Arm:
    counts = dict(zip(keys, buckets.tolist(), strict=True))
    return Arm.model_construct(
        requests=float(requests), errors=float(errors), latency_buckets=counts, ratios={}
    )


class _Paths:
    """Stationary AR(1) paths of (run, minute)."""

    def __init__(self, rng: np.random.Generator, runs: int, minutes: int) -> None:
        self._rng, self._shape = rng, (runs, minutes)

    def draw(self, sd: float, rho: float) -> Floats:
        """Standard deviation `sd`, correlation `rho` from minute to minute."""
        shocks = self._rng.standard_normal(self._shape)
        path = np.empty(self._shape)
        path[:, 0] = shocks[:, 0]
        for minute in range(1, self._shape[1]):
            path[:, minute] = rho * path[:, minute - 1] + math.sqrt(1 - rho**2) * shocks[:, minute]
        return sd * path


class _Latency:
    """A log-normal body with a slower share, scaled to a true p95 of 150 ms."""

    def __init__(self, tail: float = 1.0) -> None:
        self._log = np.linspace(math.log(1e-4), math.log(1e4), 40001)
        body, slow = self._cdf(0.07, 0.40), self._cdf(0.11, 0.55)
        self._share = 0.8 * body + 0.2 * slow
        p95 = math.exp(float(np.interp(0.95, self._share, self._log)))
        self._log += math.log(0.150 / p95)
        if tail > 1:
            # One request in a hundred takes `tail` times as long.
            moved = np.interp(self._log - math.log(tail), self._log, self._share)
            self._share = 0.99 * self._share + 0.01 * moved

    def _cdf(self, median: float, spread: float) -> Floats:
        z = (self._log - math.log(median)) / spread
        return np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in z])

    def shares(self, bounds: tuple[float, ...], log_scale: Floats) -> Floats:
        """Share of requests in each bucket when all latencies are scaled."""
        finite = np.log(np.array(bounds[:-1]))
        below = np.interp(finite[None, None, :] - log_scale[:, :, None], self._log, self._share)
        return np.diff(below, axis=2, prepend=0.0, append=1.0)


def simulate(
    scenario: Scenario, rps: float, runs: int, rng: np.random.Generator, noise: Noise
) -> Runs:
    """Draw `runs` rollouts at `rps` requests a second, both versions together."""
    weights = scenario.weights
    minutes = len(weights)
    paths, scale = _Paths(rng, runs, minutes), noise.scale
    onset = MINUTES if scenario.alone else scenario.onset
    requests_c = rng.poisson(rps * 60 * weights, (runs, minutes))
    requests_b = rng.poisson(rps * 60 * (1 - weights), (runs, minutes))
    drift = paths.draw(noise.drift_errors, 0.8)
    rate_b = scenario.errors * _mean_one(drift + paths.draw(scale * noise.baseline_errors, 0.8))
    rate_c = scenario.errors * _mean_one(drift + paths.draw(scale * noise.canary_errors, 0.8))
    if scenario.canary_errors is not None:
        rate_c[:, onset:] *= scenario.canary_errors / scenario.errors
    if scenario.burst > 1:
        rate_c[np.arange(runs), rng.integers(2, minutes, runs)] *= scenario.burst
    slow = paths.draw(noise.drift_latency, 0.9)
    slow_b = slow + paths.draw(scale * noise.baseline_latency, 0.8)
    slow_c = slow + paths.draw(scale * noise.canary_latency, 0.8)
    slow_c[:, onset:] += math.log(scenario.slower)
    # A cold start: slow at first, gone within about three minutes.
    slow_c += np.log1p(scenario.warm_up * np.exp(-np.arange(minutes) / 0.7))
    shares_b = _Latency().shares(scenario.bounds, slow_b)
    shares_c = _Latency(scenario.tail).shares(scenario.bounds, slow_c)
    return Runs(
        weights=weights,
        bounds=scenario.bounds,
        requests_c=requests_c.astype(float),
        requests_b=requests_b.astype(float),
        errors_c=rng.binomial(requests_c, np.minimum(rate_c, 1.0)).astype(float),
        errors_b=rng.binomial(requests_b, np.minimum(rate_b, 1.0)).astype(float),
        buckets_c=np.cumsum(rng.multinomial(requests_c, shares_c), axis=2).astype(float),
        buckets_b=np.cumsum(rng.multinomial(requests_b, shares_b), axis=2).astype(float),
        gauges={name: _readings(paths, noise, means) for name, *means in scenario.gauges},
    )


def _readings(paths: _Paths, noise: Noise, means: list[float]) -> tuple[Floats, Floats]:
    """Readings of canary and baseline around their means, with drift and noise of their own."""
    baseline, canary, growth = means
    drift, own = paths.draw(noise.drift_use, 0.9), noise.scale * noise.own_use
    own_c, own_b = paths.draw(own, 0.8), paths.draw(own, 0.8)
    level = canary + growth * np.arange(own_c.shape[1])
    return level * _mean_one(drift + own_c), baseline * _mean_one(drift + own_b)


def _mean_one(log: Floats) -> Floats:
    """Log-normal with mean one: noise does not change the true rate."""
    factors: Floats = np.exp(log - log.var() / 2)
    return factors
