"""Noise beyond counting noise: Pearson's dispersion, inflated for autocorrelation.

Measured and believed: few blocks say little, so the belief before data counts as some blocks
of its own. Source: quasi-likelihood (McCullagh and Nelder, chapter 9); Kendall's bias of a
lag-1 autocorrelation from few values.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from aof.analysis.canary.blocks import Block, Counts

# Belief before data: as many blocks of the configured noise, correlated from block to block.
_PRIOR_BLOCKS = 6.0
_PRIOR_CORRELATION = 0.6
_PRIOR_CORRELATION_BLOCKS = 16.0
_LARGEST_CORRELATION = 0.8
# Squares are small differences of large sums: below this nothing is left to be correlated.
_ROUNDING = 1e-6


@dataclass(slots=True)
class Residuals:
    """Sums of the blocks' Pearson residuals, squared and times the one before, at any rate ratio.

    Of k bad events in a block c fall on the canary; q is its baseline requests over its canary
    requests. At rate ratio r the residual is `a / sqrt(r) - b * sqrt(r)` with a = c sqrt(q / k)
    and b = (k - c) / sqrt(k q). Neither depends on r, so r may move with every look while each
    block is summed up once. Only the variance, k q r / (r + q)^2, has to be summed up anew.
    """

    blocks: list[tuple[float, float]] = field(default_factory=list)  # k q and q of each
    a: float = 0.0
    b: float = 0.0
    squares_aa: float = 0.0
    squares_ab: float = 0.0
    squares_bb: float = 0.0
    products_aa: float = 0.0
    products_ab: float = 0.0
    products_bb: float = 0.0

    @classmethod
    def over(cls, blocks: Iterable[Counts]) -> Self:
        """Those of `blocks`, in order of time."""
        found = cls()
        found.add(blocks)
        return found

    def add(self, blocks: Iterable[Counts]) -> None:
        """More blocks; they have bad events."""
        for bad_c, bad, n_c, n_b in blocks:
            q = n_b / n_c
            a, b = bad_c * math.sqrt(q / bad), (bad - bad_c) / math.sqrt(bad * q)
            self.squares_aa += a * a
            self.squares_ab += a * b
            self.squares_bb += b * b
            self.products_aa += self.a * a
            self.products_ab += self.a * b + self.b * a
            self.products_bb += self.b * b
            self.a, self.b = a, b
            self.blocks.append((bad * q, q))

    def plus(self, counts: Counts) -> Residuals:
        """These and one block more, which may still grow."""
        found = Residuals(
            [*self.blocks],
            self.a,
            self.b,
            self.squares_aa,
            self.squares_ab,
            self.squares_bb,
            self.products_aa,
            self.products_ab,
            self.products_bb,
        )
        found.add([counts])
        return found

    def dispersion(self, ratio: float, noise: float) -> float:
        """Variance of the canary's bad events over that of counting noise (1 and up).

        Args:
            ratio: Rate ratio of the arms over all blocks.
            noise: Belief before data: by how much (relative, standard deviation) two arms of
                one version differ in one block.
        """
        count = len(self.blocks)
        if not count:
            return 1.0
        variances = ratio * sum([kq / ((ratio + q) * (ratio + q)) for kq, q in self.blocks])
        prior = 1 + noise * noise * variances / count
        squares = self.squares_aa / ratio - 2 * self.squares_ab + self.squares_bb * ratio
        pearson = max(
            (max(squares, 0.0) + _PRIOR_BLOCKS * prior) / (count - 1 + _PRIOR_BLOCKS), 1.0
        )
        correlation = 0.0
        if count > 1 and squares > _ROUNDING * count:
            products = self.products_aa / ratio - self.products_ab + self.products_bb * ratio
            correlation = products / squares
            # Kendall's correction: the estimate from few blocks is too low by about this much.
            correlation += (1 + 3 * correlation) / count
        # Correlation is believed only as far as there is noise beyond counting noise.
        weight = count / (count + _PRIOR_CORRELATION_BLOCKS)
        correlation = weight * correlation + (1 - weight) * _believed_correlation(pearson)
        return _inflated(pearson, min(max(correlation, 0.0), _LARGEST_CORRELATION))


def believed_dispersion(blocks: Sequence[Block], noise: float) -> float:
    """By belief alone, for stretches too short to measure it."""
    information, usable = 0.0, [block for block in blocks if block.usable]
    for block in usable:
        share = block.n_c / (block.n_c + block.n_b)
        information += (block.bad_c + block.bad_b) * share * (1 - share)
    pearson = 1 + noise * noise * information / max(len(usable), 1)
    return _inflated(pearson, _believed_correlation(pearson))


def _believed_correlation(pearson: float) -> float:
    """From block to block, as far as there is noise beyond counting noise."""
    return _PRIOR_CORRELATION * (pearson - 1) / pearson


def _inflated(pearson: float, correlation: float) -> float:
    """The dispersion of a sum of correlated blocks."""
    return pearson * (1 + correlation) / (1 - correlation)
