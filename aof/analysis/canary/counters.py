"""Bad events out of all, canary against baseline, window by window: the e-process.

Given the bad events of both arms in one window, k, how many of them fall on the canary
depends on its share of the traffic, f, and on the rate ratio theta alone; drift that both
arms share and changes of the traffic split cancel out. The likelihood ratio of a mixture
over theta against "not worse" is an e-process: it may be looked at any number of times,
and under "not worse" exceeds 1/alpha with probability alpha at most (Ville). Real arms are
noisier than counting noise, so its exponent is divided by the measured dispersion.

Source: Lindon and Malek, NeurIPS 2022 (arXiv 2011.03567), anytime-valid counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile

from aof.analysis.canary.blocks import Block, Counts, Totals
from aof.analysis.canary.dispersion import Residuals
from aof.analysis.canary.mixture import log_e_above, log_e_beyond, log_e_worse, losses, with_block

_NONE_OPEN = -1
_NO_EVENTS = 1e-6  # rounding in the source, not events


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment in a series; `RatioSeries.since` gives what came after it."""

    blocks: int
    counts: int
    totals: Totals
    losses: list[float]


@dataclass(slots=True)
class RatioSeries:
    """All compared blocks of one counter; `add` joins counts to the block with the same id.

    Each block is summed up once, at the first look after it; a look adds the open one.
    """

    blocks: list[Block] = field(default_factory=list)
    _summed: int = 0
    _open_id: int = _NONE_OPEN
    _closed: Totals = field(default_factory=Totals)
    _losses: list[float] = field(default_factory=list)
    _residuals: Residuals = field(default_factory=Residuals)
    _counts: list[Counts] = field(default_factory=list)
    _worst: Block | None = None
    _totals: Totals | None = None

    def add(
        self,
        block_id: int,
        span: tuple[float, float],
        canary: tuple[float, float],
        baseline: tuple[float, float],
    ) -> None:
        """Add one window: `span` in seconds since the start, (bad, all) of each arm."""
        self._totals = None
        if block_id != self._open_id:
            self._open_id = block_id
            self.blocks.append(Block(*span, *canary, *baseline))
            return
        block = self.blocks[-1]
        block.end_s = span[1]
        block.bad_c += canary[0]
        block.n_c += canary[1]
        block.bad_b += baseline[0]
        block.n_b += baseline[1]

    def mark(self) -> Mark:
        """Remember this moment; the next window begins a new block."""
        self._open_id, self._totals = _NONE_OPEN, None
        totals = self.totals
        return Mark(len(self.blocks), len(self._counts), totals, [*self._losses])

    def totals_since(self, mark: Mark) -> Totals:
        """Sums over the blocks after `mark`."""
        return self.totals.less(mark.totals)

    def since(self, mark: Mark) -> RatioSeries:
        """The blocks after `mark` as a series of their own."""
        blocks = self.blocks[mark.blocks :]
        closed = blocks if self._open is None else blocks[:-1]
        self._settle()
        counts = self._counts[mark.counts :]
        return RatioSeries(
            blocks=blocks,
            _summed=len(closed),
            _open_id=self._open_id,
            _closed=self._closed.less(mark.totals),
            _losses=[a - b for a, b in zip(self._losses, mark.losses, strict=False)],
            _residuals=Residuals.over(counts),
            _counts=counts,
            _worst=_worst(None, closed),
        )

    @property
    def _open(self) -> Block | None:
        """The block that may still grow."""
        return None if self._open_id == _NONE_OPEN else self.blocks[-1]

    def _settle(self) -> None:
        """Sum up the blocks that were closed since the last look."""
        end = len(self.blocks) if self._open is None else len(self.blocks) - 1
        if end == self._summed:
            return
        closed = self.blocks[self._summed : end]
        self._summed = end
        self._closed.add(closed)
        self._worst = _worst(self._worst, closed)
        told = [block.counts for block in closed if _tells(block)]
        self._counts += told
        self._residuals.add(told)
        if self._losses:
            for counts in told:
                self._losses = [*with_block(self._losses, counts)]

    @property
    def totals(self) -> Totals:
        """Sums over all blocks."""
        if self._totals is None:
            self._settle()
            self._totals = self._closed.less(Totals())
            if self._open is not None:
                self._totals.add([self._open])
        return self._totals

    def recent(self, since_s: float) -> list[Block]:
        """The blocks that end after `since_s`."""
        return [*takewhile(lambda block: block.end_s > since_s, reversed(self.blocks))]

    def without(self, left_out: Block | None) -> Totals:
        """Sums over all blocks but one."""
        return Totals.over([block for block in self.blocks if block is not left_out])

    @property
    def worst(self) -> Block | None:
        """The block that adds most to the canary's rise."""
        self._settle()
        return self._worst if self._open is None else _worst(self._worst, [self._open])

    @property
    def _growing(self) -> Counts | None:
        """The open block's counts when there is something bad in it."""
        block = self._open
        return block.counts if block is not None and _tells(block) else None

    def log_e(self, dispersion: float, *, null: float = 1.0) -> float:
        """Log of the e-value against "the rate ratio is at most `null`"."""
        self._settle()
        growing = self._growing
        if null > 1:
            counts = self._counts if growing is None else [*self._counts, growing]
            return log_e_beyond(null, counts, dispersion)
        lost = losses(self._counts, self._losses)
        if growing is not None:
            lost = with_block(lost, growing)
        return log_e_worse(self.totals.compared_bad_c, lost, dispersion)

    def log_e_above(self, rate: float, dispersion: float) -> float:
        """Log of the e-value against "the canary's rate is at most `rate`".

        Poisson counts of one arm: what the baseline does in the same minutes is not looked at.
        """
        return log_e_above(self.totals.bad_c, self.totals.n_c * rate, dispersion)

    def dispersion(self, noise: float) -> float:
        """Noise beyond counting noise; `noise` is the belief before data (relative, one block)."""
        self._settle()
        growing = self._growing
        residuals = self._residuals if growing is None else self._residuals.plus(growing)
        return residuals.dispersion(self.totals.rate_ratio, noise)

    def dispersion_without(self, left_out: Block, noise: float) -> float:
        """The same of all blocks but one."""
        kept = [block.counts for block in self.blocks if block is not left_out and _tells(block)]
        return Residuals.over(kept).dispersion(self.totals.rate_ratio, noise)


def _tells(block: Block) -> bool:
    """Something bad happened while both arms had traffic."""
    return block.usable and block.bad_c + block.bad_b > _NO_EVENTS


def _worst(known: Block | None, blocks: list[Block]) -> Block | None:
    usable = [block for block in blocks if block.usable]
    if known is not None:
        usable.insert(0, known)
    return max(usable, key=lambda block: block.excess, default=None)
