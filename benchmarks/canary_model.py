"""Simulated rollouts: Poisson traffic, shared drift, noise of each version, true effects.

Thirty one-minute windows (5, 10 and 15 minutes at 5, 25 and 50 %). Latency and error
intensity of both versions drift together (AR(1)); each version has noise of its own on
top, the small canary more than the stable version. Everything random comes from the
generator passed in. Needs numpy, which the product itself does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from aof.analysis.canary import Arm, Window

Floats = NDArray[np.float64]

WEIGHTS = np.array([0.05] * 5 + [0.25] * 10 + [0.5] * 15)
STAGES = [1] * 5 + [2] * 10 + [3] * 15
STAGE_ENDS = [4, 14, 29]
MINUTES = len(STAGES)
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
    scale: float = 1.0


@dataclass(frozen=True)
class Scenario:
    """What is true of the canary. Rates are shares, `slower` multiplies every latency."""

    name: str
    errors: float = 0.001
    canary_errors: float | None = None
    slower: float = 1.0
    tail: float = 1.0
    burst: float = 1.0
    warm_up: float = 0.0
    fine: bool = True

    @property
    def bounds(self) -> tuple[float, ...]:
        """Bucket bounds of this scenario's histograms."""
        return FINE_BOUNDS if self.fine else DEFAULT_BOUNDS


@dataclass(frozen=True)
class Runs:
    """Counts of many simulated rollouts: arrays of (run, minute) and (run, minute, bound)."""

    bounds: tuple[float, ...]
    requests_c: Floats
    requests_b: Floats
    errors_c: Floats
    errors_b: Floats
    buckets_c: Floats
    buckets_b: Floats

    def windows(self, run: int) -> Iterator[Window]:
        """The windows of one run, in order of time."""
        keys = ["+Inf" if bound == math.inf else repr(bound) for bound in self.bounds]
        for minute in range(MINUTES):
            yield Window.model_construct(
                start=START + timedelta(minutes=minute),
                seconds=60.0,
                stage=STAGES[minute],
                weight=float(WEIGHTS[minute]),
                baseline=_arm(
                    keys,
                    self.requests_b[run, minute],
                    self.errors_b[run, minute],
                    self.buckets_b[run, minute],
                ),
                canary=_arm(
                    keys,
                    self.requests_c[run, minute],
                    self.errors_c[run, minute],
                    self.buckets_c[run, minute],
                ),
            )


def _arm(keys: list[str], requests: float, errors: float, buckets: Floats) -> Arm:
    counts = dict(zip(keys, buckets.tolist(), strict=True))
    return Arm.model_construct(
        requests=float(requests), errors=float(errors), latency_buckets=counts, ratios={}
    )


def _ar1(rng: np.random.Generator, runs: int, sd: float, rho: float) -> Floats:
    """Stationary AR(1) paths of (run, minute)."""
    shocks = rng.standard_normal((runs, MINUTES))
    path = np.empty((runs, MINUTES))
    path[:, 0] = shocks[:, 0]
    for minute in range(1, MINUTES):
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
    requests_c = rng.poisson(rps * 60 * WEIGHTS, (runs, MINUTES))
    requests_b = rng.poisson(rps * 60 * (1 - WEIGHTS), (runs, MINUTES))
    drift = _ar1(rng, runs, noise.drift_errors, 0.8)
    rate_b = scenario.errors * _multiplier(
        drift, _ar1(rng, runs, noise.scale * noise.baseline_errors, 0.8)
    )
    canary_rate = scenario.errors if scenario.canary_errors is None else scenario.canary_errors
    rate_c = canary_rate * _multiplier(
        drift, _ar1(rng, runs, noise.scale * noise.canary_errors, 0.8)
    )
    if scenario.burst > 1:
        rate_c[np.arange(runs), rng.integers(2, MINUTES, runs)] *= scenario.burst
    slow = _ar1(rng, runs, noise.drift_latency, 0.9)
    slow_b = slow + _ar1(rng, runs, noise.scale * noise.baseline_latency, 0.8)
    slow_c = slow + _ar1(rng, runs, noise.scale * noise.canary_latency, 0.8)
    # A cold start: slow at first, gone within about three minutes.
    cold = scenario.warm_up * np.exp(-np.arange(MINUTES) / 0.7)
    slow_c = slow_c + math.log(scenario.slower) + np.log1p(cold)
    shares_b = _Latency().shares(scenario.bounds, slow_b)
    shares_c = _Latency(scenario.tail).shares(scenario.bounds, slow_c)
    return Runs(
        bounds=scenario.bounds,
        requests_c=requests_c.astype(float),
        requests_b=requests_b.astype(float),
        errors_c=rng.binomial(requests_c, np.minimum(rate_c, 1.0)).astype(float),
        errors_b=rng.binomial(requests_b, np.minimum(rate_b, 1.0)).astype(float),
        buckets_c=np.cumsum(rng.multinomial(requests_c, shares_c), axis=2).astype(float),
        buckets_b=np.cumsum(rng.multinomial(requests_b, shares_b), axis=2).astype(float),
    )


def _multiplier(drift: Floats, own: Floats) -> Floats:
    """Log-normal with mean one: noise does not change the true rate."""
    log = drift + own
    factors: Floats = np.exp(log - log.var() / 2)
    return factors
