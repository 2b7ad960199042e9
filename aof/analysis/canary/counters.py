"""Bad events out of all, canary against baseline, window by window: the e-process.

Given the bad events of both arms in one window, k, how many of them fall on the canary
depends on its share of the traffic, f, and on the rate ratio theta alone; drift that both
arms share and changes of the traffic split cancel out. The likelihood ratio of a mixture
over theta against "not worse" is an e-process: it may be looked at any number of times,
and under "not worse" exceeds 1/alpha with probability alpha at most (Ville). Real arms are
noisier than counting noise, so its exponent is divided by the measured dispersion.

Source: Lindon and Malek, NeurIPS 2022 (arXiv 2011.03567), anytime-valid counts; the
dispersion is Pearson's, inflated for autocorrelation, as in quasi-likelihood.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import pairwise

from aof.analysis.canary.intervals import newcombe, z_of

# Log-spaced rate ratios: the first 48 span [1.1, 50], the rest serve the margin null.
_FIRST = 48
_STEP = (math.log(50) - math.log(1.1)) / (_FIRST - 1)
_LOG_THETA = [math.log(1.1) + _STEP * i for i in range(_FIRST + 52)]
_THETA_LESS_1 = [math.expm1(log_theta) for log_theta in _LOG_THETA]
_LARGEST_NULL = 100.0
# The mixture's weights fall as 1/theta: doubled errors are common, fiftyfold ones need no prior.
_LOG_WEIGHTS = [-log_theta for log_theta in _LOG_THETA]
# Belief before data: as many blocks of the configured noise, correlated from block to block.
_PRIOR_BLOCKS = 6.0
_PRIOR_CORRELATION = 0.6
_PRIOR_CORRELATION_BLOCKS = 16.0
_LARGEST_CORRELATION = 0.8


@dataclass(slots=True)
class Block:
    """Counts of one stretch of about a minute."""

    start_s: float
    end_s: float
    bad_c: float = 0.0
    n_c: float = 0.0
    bad_b: float = 0.0
    n_b: float = 0.0

    @property
    def weight(self) -> float:
        """Mantel-Haenszel weight: harmonic in the two exposures."""
        total = self.n_c + self.n_b
        return self.n_c * self.n_b / total if total else 0.0

    @property
    def rise(self) -> float:
        """Canary's bad share minus the baseline's."""
        return self.bad_c / self.n_c - self.bad_b / self.n_b

    @property
    def usable(self) -> bool:
        """Both arms had traffic."""
        return self.n_c > 0 and self.n_b > 0


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates standardised to equal exposure per block, and how many requests they are worth."""

    baseline: float
    canary: float
    n_b: float
    n_c: float

    @property
    def rise(self) -> float:
        """Canary minus baseline."""
        return self.canary - self.baseline

    def interval(self, dispersion: float, confidence: float) -> tuple[float, float]:
        """Newcombe interval of the rise; each end one-sided at `confidence`."""
        return newcombe(
            self.canary,
            self.n_c / dispersion,
            self.baseline,
            self.n_b / dispersion,
            z=z_of(confidence),
        )


@dataclass(slots=True)
class RatioSeries:
    """All compared blocks of one counter; `add` joins counts to the block with the same id."""

    blocks: list[Block] = field(default_factory=list)
    _open_id: int = -1
    _log_e: list[float] = field(default_factory=lambda: [0.0] * len(_LOG_THETA))

    def add(
        self,
        block_id: int,
        span: tuple[float, float],
        canary: tuple[float, float],
        baseline: tuple[float, float],
    ) -> None:
        """Add one window: `span` in seconds since the start, (bad, all) of each arm."""
        if block_id != self._open_id:
            self._close()
            self.blocks.append(Block(*span))
            self._open_id = block_id
        block = self.blocks[-1]
        block.end_s = span[1]
        block.bad_c += canary[0]
        block.n_c += canary[1]
        block.bad_b += baseline[0]
        block.n_b += baseline[1]

    def _close(self) -> None:
        if self.blocks:
            self._log_e = self._with(self.blocks[-1])

    def _with(self, block: Block) -> list[float]:
        bad = block.bad_c + block.bad_b
        if not block.usable or not bad:
            return self._log_e
        share = block.n_c / (block.n_c + block.n_b)
        bad_c = block.bad_c
        log1p = math.log1p
        return [
            total + bad_c * log_theta - bad * log1p(share * less_1)
            for total, log_theta, less_1 in zip(self._log_e, _LOG_THETA, _THETA_LESS_1, strict=True)
        ]

    def log_e(self, dispersion: float, *, null: float = 1.0) -> float:
        """Log of the e-value against "the rate ratio is at most `null`"."""
        if not self.blocks:
            return 0.0
        logs = self._with(self.blocks[-1])
        null = min(null, _LARGEST_NULL)
        at_null = self._log_likelihood(null) if null > 1 else 0.0
        first = bisect_left(_LOG_THETA, math.log(null * 1.1) - 1e-9)
        past = first + _FIRST
        weights = _LOG_WEIGHTS[first:past]
        tempered = [
            (value - at_null) / dispersion + weight
            for value, weight in zip(logs[first:past], weights, strict=True)
        ]
        return _log_sum(tempered) - _log_sum(weights)

    def _log_likelihood(self, theta: float) -> float:
        log_theta = math.log(theta)
        total = 0.0
        for block in self.blocks:
            if block.usable:
                share = block.n_c / (block.n_c + block.n_b)
                bad = block.bad_c + block.bad_b
                total += block.bad_c * log_theta - bad * math.log1p(share * (theta - 1))
        return total

    def rates(self, *, since_s: float = -math.inf, without: Block | None = None) -> Rates | None:
        """Standardised rates over the blocks ending after `since_s`; None without traffic."""
        weights = rate_c = rate_b = square_c = square_b = 0.0
        for block in self.blocks:
            if block.end_s <= since_s or block is without or not block.usable:
                continue
            weight = block.n_c * block.n_b / (block.n_c + block.n_b)
            weights += weight
            rate_c += weight * block.bad_c / block.n_c
            rate_b += weight * block.bad_b / block.n_b
            square_c += weight * weight / block.n_c
            square_b += weight * weight / block.n_b
        if not weights:
            return None
        return Rates(
            baseline=rate_b / weights,
            canary=rate_c / weights,
            n_b=weights * weights / square_b,
            n_c=weights * weights / square_c,
        )

    def worst(self) -> Block | None:
        """The block that adds most to the canary's rise."""
        usable = [block for block in self.blocks if block.usable]
        return max(usable, key=lambda block: block.weight * block.rise, default=None)

    def dispersion(self, noise: float) -> float:
        """Variance beyond counting noise (1 and up), measured and believed.

        Pearson's, times that of autocorrelation. `noise` is the belief before data: by how
        much (relative, standard deviation) two arms of one version differ in one block.
        """
        ratio = self._rate_ratio()
        residuals, information = [], 0.0
        for block in self.blocks:
            bad = block.bad_c + block.bad_b
            if not block.usable or not bad:
                continue
            odds = ratio * block.n_c
            share = odds / (odds + block.n_b)
            variance = bad * share * (1 - share)
            information += variance
            residuals.append((block.bad_c - bad * share) / math.sqrt(variance))
        if not residuals:
            return 1.0
        return _dispersion(residuals, 1 + noise * noise * information / len(residuals))

    def _rate_ratio(self) -> float:
        """Mantel-Haenszel rate ratio, within the mixture's range."""
        above = below = 0.0
        for block in self.blocks:
            total = block.n_c + block.n_b
            if total:
                above += block.bad_c * block.n_b / total
                below += block.bad_b * block.n_c / total
        # Half an event on either side keeps it finite.
        return min(max((above + 0.5) / (below + 0.5), 0.02), 50.0)

    def total(self) -> Block:
        """Plain sums over all blocks."""
        whole = Block(0.0, 0.0)
        for block in self.blocks:
            whole.bad_c += block.bad_c
            whole.n_c += block.n_c
            whole.bad_b += block.bad_b
            whole.n_b += block.n_b
        return whole


def _dispersion(residuals: list[float], prior: float) -> float:
    """Dispersion of standardised residuals, `prior` being what one block is believed to have."""
    count = len(residuals)
    squares = sum(residual * residual for residual in residuals)
    pearson = max((squares + _PRIOR_BLOCKS * prior) / (count - 1 + _PRIOR_BLOCKS), 1.0)
    correlation = 0.0
    if count > 1 and squares > 0:
        correlation = sum(a * b for a, b in pairwise(residuals)) / squares
        # Kendall's correction: the estimate from few blocks is too low by about this much.
        correlation += (1 + 3 * correlation) / count
    # Correlation is believed only as far as there is noise beyond counting noise.
    believed = _PRIOR_CORRELATION * (pearson - 1) / pearson
    weight = count / (count + _PRIOR_CORRELATION_BLOCKS)
    correlation = weight * correlation + (1 - weight) * believed
    correlation = min(max(correlation, 0.0), _LARGEST_CORRELATION)
    return pearson * (1 + correlation) / (1 - correlation)


def _log_sum(logs: list[float]) -> float:
    """Log of the sum of exponentials."""
    top = max(logs)
    return top + math.log(sum([math.exp(value - top) for value in logs]))
