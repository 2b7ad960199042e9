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
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from aof.analysis.canary.intervals import newcombe, z_of

# The mixture over rate ratios: log-spaced from 1.1 to 50 times "not worse", with weights that
# fall as 1/theta: doubled errors are common, and fiftyfold ones need no help from a prior.
_POINTS = 48
_STEP = (math.log(50) - math.log(1.1)) / (_POINTS - 1)
_LOG_THETA = [math.log(1.1) + _STEP * point for point in range(_POINTS)]
_THETA_LESS_1 = [math.expm1(log_theta) for log_theta in _LOG_THETA]
_LOG_WEIGHTS = [-log_theta for log_theta in _LOG_THETA]
_LOG_ALL_WEIGHTS = math.log(sum(math.exp(weight) for weight in _LOG_WEIGHTS))
_LARGEST_NULL = 100.0
_NO_EVENTS = 1e-6  # rounding in the source, not events
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
    def excess(self) -> float:
        """Bad events the canary has more than it would at the baseline's rate, standardised."""
        return (self.bad_c * self.n_b - self.bad_b * self.n_c) / (self.n_c + self.n_b)

    @property
    def counts(self) -> tuple[float, float, float, float]:
        """Bad events of the canary and of both, requests of the canary and the baseline."""
        return self.bad_c, self.bad_c + self.bad_b, self.n_c, self.n_b

    @property
    def usable(self) -> bool:
        """Both arms had traffic; counts may be fractional, but half a request is none."""
        return self.n_c >= 0.5 and self.n_b >= 0.5


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
class _Sums:
    """Sums over blocks: Mantel-Haenszel weights, weighted rates, and what their variance needs."""

    weight: float = 0.0
    rate_c: float = 0.0
    rate_b: float = 0.0
    square_c: float = 0.0
    square_b: float = 0.0

    def add(self, block: Block) -> None:
        """Add a block with traffic in both arms."""
        n_c, n_b = block.n_c, block.n_b
        total = n_c + n_b
        weight = n_c * n_b / total
        self.weight += weight
        self.rate_c += n_b / total * block.bad_c
        self.rate_b += n_c / total * block.bad_b
        self.square_c += weight * n_b / total
        self.square_b += weight * n_c / total

    def less(self, other: _Sums) -> _Sums:
        """These sums without those of earlier blocks."""
        return _Sums(
            self.weight - other.weight,
            self.rate_c - other.rate_c,
            self.rate_b - other.rate_b,
            self.square_c - other.square_c,
            self.square_b - other.square_b,
        )

    def rates(self) -> Rates | None:
        """Standardised rates; None without traffic."""
        if self.weight <= 0:
            return None
        return Rates(
            baseline=self.rate_b / self.weight,
            canary=self.rate_c / self.weight,
            n_b=self.weight * self.weight / self.square_b,
            n_c=self.weight * self.weight / self.square_c,
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment in a series; `RatioSeries.since` gives what came after it."""

    blocks: int
    counts: int
    expected: list[float]
    bad_c: float
    closed: _Sums


@dataclass(slots=True)
class RatioSeries:
    """All compared blocks of one counter; `add` joins counts to the block with the same id.

    Closed blocks are summed up, so that one more window costs little however many came before.
    """

    blocks: list[Block] = field(default_factory=list)
    _open_id: int = -1
    _expected: list[float] = field(default_factory=lambda: [0.0] * _POINTS)
    _bad_c: float = 0.0
    _closed: _Sums = field(default_factory=_Sums)
    _counts: list[tuple[float, float, float, float]] = field(default_factory=list)
    _worst: Block | None = None

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

    def mark(self) -> Mark:
        """Remember this moment; the next window begins a new block."""
        self._close()
        self._open_id = -1
        return Mark(
            len(self.blocks),
            len(self._counts),
            self._expected,
            self._bad_c,
            self._closed.less(_Sums()),
        )

    def since(self, mark: Mark) -> RatioSeries:
        """The blocks after `mark` as a series of their own."""
        closed = [block for block in self.blocks[mark.blocks : -1] if block.usable]
        return RatioSeries(
            blocks=self.blocks[mark.blocks :],
            _open_id=self._open_id,
            _expected=[a - b for a, b in zip(self._expected, mark.expected, strict=True)],
            _bad_c=self._bad_c - mark.bad_c,
            _closed=self._closed.less(mark.closed),
            _counts=self._counts[mark.counts :],
            _worst=max(closed, key=lambda block: block.excess, default=None),
        )

    def _close(self) -> None:
        if self._open_id == -1 or not self.blocks[-1].usable:
            return
        block = self.blocks[-1]
        self._expected = _with_block(self._expected, block)
        self._bad_c += block.bad_c
        self._closed.add(block)
        self._counts.append(block.counts)
        self._worst = _worse(self._worst, block)

    def covers(self, seconds: float) -> bool:
        """At least so long was compared, in two blocks or more: one may be left out."""
        usable = [block for block in self.blocks if block.usable]
        compared = sum(block.end_s - block.start_s for block in usable)
        return len(usable) >= 2 and compared >= seconds - 1

    def log_e(self, dispersion: float, *, null: float = 1.0) -> float:
        """Log of the e-value against "the rate ratio is at most `null`"."""
        logs = self._log_e_beyond(min(null, _LARGEST_NULL)) if null > 1 else self._log_e_at_1()
        tempered = [
            value / dispersion + weight for value, weight in zip(logs, _LOG_WEIGHTS, strict=True)
        ]
        return _log_sum(tempered) - _LOG_ALL_WEIGHTS

    def log_e_above(self, rate: float, dispersion: float) -> float:
        """Log of the e-value against "the canary's rate is at most `rate`".

        Poisson counts of one arm: what the baseline does in the same minutes is not looked at.
        """
        whole = self.total()
        expected = whole.n_c * rate
        logs = [
            (whole.bad_c * log_theta - expected * less_1) / dispersion + weight
            for log_theta, less_1, weight in zip(
                _LOG_THETA, _THETA_LESS_1, _LOG_WEIGHTS, strict=True
            )
        ]
        return _log_sum(logs) - _LOG_ALL_WEIGHTS

    def _log_e_at_1(self) -> list[float]:
        """Log-likelihood ratios against "not worse", one for each theta of the mixture."""
        expected, bad_c = self._expected, self._bad_c
        if self.blocks and self.blocks[-1].usable:
            expected = _with_block(expected, self.blocks[-1])
            bad_c += self.blocks[-1].bad_c
        return [
            bad_c * log_theta - minus for log_theta, minus in zip(_LOG_THETA, expected, strict=True)
        ]

    def _log_e_beyond(self, null: float) -> list[float]:
        """The same against `null`; the mixture begins at 1.1 times it."""
        theta_less_1 = [null * (1 + less_1) - 1 for less_1 in _THETA_LESS_1]
        logs = [0.0] * _POINTS
        for block in self.blocks:
            if block.usable:
                share = block.n_c / (block.n_c + block.n_b)
                bad, at_null = block.bad_c + block.bad_b, math.log1p(share * (null - 1))
                logs = [
                    value + block.bad_c * log_theta - bad * (math.log1p(share * less_1) - at_null)
                    for value, log_theta, less_1 in zip(logs, _LOG_THETA, theta_less_1, strict=True)
                ]
        return logs

    def rates(self, *, since_s: float = -math.inf, without: Block | None = None) -> Rates | None:
        """Standardised rates over the blocks ending after `since_s`; None without traffic."""
        sums = _Sums()
        if since_s > -math.inf or without is not None:
            for block in reversed(self.blocks):
                if block.end_s <= since_s:
                    break
                if block is not without and block.usable:
                    sums.add(block)
            return sums.rates()
        closed = self._closed
        sums = _Sums(closed.weight, closed.rate_c, closed.rate_b, closed.square_c, closed.square_b)
        if self.blocks and self.blocks[-1].usable:
            sums.add(self.blocks[-1])
        return sums.rates()

    def believed_dispersion(self, noise: float, *, since_s: float) -> float:
        """Dispersion by belief alone, for stretches too short to measure it."""
        recent = [b for b in self.blocks if b.end_s > since_s and b.usable]
        information = 0.0
        for block in recent:
            share = block.n_c / (block.n_c + block.n_b)
            information += (block.bad_c + block.bad_b) * share * (1 - share)
        pearson = 1 + noise * noise * information / max(len(recent), 1)
        correlation = _PRIOR_CORRELATION * (pearson - 1) / pearson
        return pearson * (1 + correlation) / (1 - correlation)

    def bad_since(self, since_s: float) -> float:
        """The canary's bad events in the blocks ending after `since_s`."""
        return sum(block.bad_c for block in self.blocks if block.end_s > since_s)

    def worst(self) -> Block | None:
        """The block that adds most to the canary's rise."""
        if self.blocks and self.blocks[-1].usable:
            return _worse(self._worst, self.blocks[-1])
        return self._worst

    def dispersion(self, noise: float, *, without: Block | None = None) -> float:
        """Variance beyond counting noise (1 and up), measured and believed.

        Pearson's, times that of autocorrelation. `noise` is the belief before data: by how
        much (relative, standard deviation) two arms of one version differ in one block.
        """
        counts = self._counts
        if self.blocks and self.blocks[-1].usable:
            counts = [*counts, self.blocks[-1].counts]
        if without is not None:
            counts = [one for one in counts if one != without.counts]
        ratio, sqrt = self._rate_ratio(), math.sqrt
        residuals, information = [], 0.0
        for bad_c, bad, n_c, n_b in counts:
            if bad > _NO_EVENTS:
                odds = ratio * n_c
                total = odds + n_b
                mean = bad * odds / total
                variance = mean * n_b / total
                information += variance
                residuals.append((bad_c - mean) / sqrt(variance))
        if not residuals:
            return 1.0
        return _dispersion(residuals, 1 + noise * noise * information / len(residuals))

    def _rate_ratio(self) -> float:
        """Mantel-Haenszel rate ratio, within the mixture's range."""
        above, below = self._closed.rate_c, self._closed.rate_b
        if self.blocks and self.blocks[-1].usable:
            open_ = self.blocks[-1]
            above += open_.bad_c * open_.n_b / (open_.n_c + open_.n_b)
            below += open_.bad_b * open_.n_c / (open_.n_c + open_.n_b)
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


def _with_block(expected: list[float], block: Block) -> list[float]:
    """What the likelihood loses at each theta for all bad events, with one block more."""
    bad = block.bad_c + block.bad_b
    if bad <= _NO_EVENTS:
        return expected
    row = _log_row(block.n_c / (block.n_c + block.n_b))
    return [total + bad * loss for total, loss in zip(expected, row, strict=True)]


@lru_cache(maxsize=256)
def _log_row(share: float) -> tuple[float, ...]:
    """log(1 + share (theta - 1)) for every theta: the same for all metrics of one window."""
    return tuple([math.log1p(share * less_1) for less_1 in _THETA_LESS_1])


def _worse(one: Block | None, other: Block) -> Block:
    return one if one is not None and one.excess >= other.excess else other


def _dispersion(residuals: list[float], prior: float) -> float:
    """Dispersion of standardised residuals, `prior` being what one block is believed to have."""
    count = len(residuals)
    squares = sum([residual * residual for residual in residuals])
    pearson = max((squares + _PRIOR_BLOCKS * prior) / (count - 1 + _PRIOR_BLOCKS), 1.0)
    correlation = 0.0
    if count > 1 and squares > 0:
        correlation = sum([a * b for a, b in pairwise(residuals)]) / squares
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
