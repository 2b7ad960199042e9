"""Blocks of counts of both versions, and the sums that rates are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from aof.analysis.canary.intervals import newcombe, z_of

# Bad events of the canary and of both versions, requests of the canary and of the baseline.
Counts = tuple[float, float, float, float]


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
    def counts(self) -> Counts:
        """As a test needs them."""
        return self.bad_c, self.bad_c + self.bad_b, self.n_c, self.n_b

    @property
    def usable(self) -> bool:
        """Both arms had traffic; counts may be fractional, but half a request is none."""
        return self.n_c >= 0.5 and self.n_b >= 0.5


class Rates(NamedTuple):
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
class Totals:
    """Running sums over blocks, which are added one by one.

    Attributes:
        bad_c, n_c, bad_b, n_b: Over all blocks.
        compared: Blocks with traffic in both arms; only these count in what follows.
        compared_s: Their seconds.
        compared_bad_c: Their bad events on the canary.
        weight, rate_c, rate_b: Mantel-Haenszel weights and weighted rates.
        square_c, square_b: What the variance of the rates needs.
    """

    bad_c: float = 0.0
    n_c: float = 0.0
    bad_b: float = 0.0
    n_b: float = 0.0
    compared: int = 0
    compared_s: float = 0.0
    compared_bad_c: float = 0.0
    weight: float = 0.0
    rate_c: float = 0.0
    rate_b: float = 0.0
    square_c: float = 0.0
    square_b: float = 0.0

    @classmethod
    def over(cls, blocks: Iterable[Block]) -> Totals:
        """The sums over `blocks`, in their order."""
        sums = cls()
        sums.add(blocks)
        return sums

    def add(self, blocks: Iterable[Block]) -> None:
        """Count more blocks."""
        for block in blocks:
            bad_c, n_c, bad_b, n_b = block.bad_c, block.n_c, block.bad_b, block.n_b
            self.bad_c += bad_c
            self.n_c += n_c
            self.bad_b += bad_b
            self.n_b += n_b
            if not block.usable:
                continue
            both = n_c + n_b
            weight = n_c * n_b / both
            self.compared += 1
            self.compared_s += block.end_s - block.start_s
            self.compared_bad_c += bad_c
            self.weight += weight
            self.rate_c += n_b / both * bad_c
            self.rate_b += n_c / both * bad_b
            self.square_c += weight * n_b / both
            self.square_b += weight * n_c / both

    def less(self, earlier: Totals) -> Totals:
        """These sums without those of earlier blocks."""
        return Totals(
            self.bad_c - earlier.bad_c,
            self.n_c - earlier.n_c,
            self.bad_b - earlier.bad_b,
            self.n_b - earlier.n_b,
            self.compared - earlier.compared,
            self.compared_s - earlier.compared_s,
            self.compared_bad_c - earlier.compared_bad_c,
            self.weight - earlier.weight,
            self.rate_c - earlier.rate_c,
            self.rate_b - earlier.rate_b,
            self.square_c - earlier.square_c,
            self.square_b - earlier.square_b,
        )

    def covers(self, seconds: float) -> bool:
        """At least so long was compared, in two blocks or more: one may be left out."""
        return self.compared >= 2 and self.compared_s >= seconds - 1

    @property
    def rate_ratio(self) -> float:
        """Mantel-Haenszel rate ratio, within the mixture's range."""
        # Half an event on either side keeps it finite.
        return min(max((self.rate_c + 0.5) / (self.rate_b + 0.5), 0.02), 50.0)

    @property
    def rates(self) -> Rates | None:
        """Standardised rates; None without traffic in both arms."""
        if self.weight <= 0:
            return None
        return Rates(
            baseline=self.rate_b / self.weight,
            canary=self.rate_c / self.weight,
            n_b=self.weight * self.weight / self.square_b,
            n_c=self.weight * self.weight / self.square_c,
        )
