"""The mixture over rate ratios that the e-process averages over.

Log-spaced from 1.1 to 50 times "not worse", with weights that fall as 1/theta: doubled
errors are common, and fiftyfold ones need no help from a prior. All log-likelihoods here are
concave in log theta: once far below their top they only fall, and whoever averages them
stops there. So they are iterators, and of 10,000 good minutes few points are ever asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from aof.analysis.canary.blocks import Counts

_POINTS = 48
_STEP = (math.log(50) - math.log(1.1)) / (_POINTS - 1)
_LOG_THETA = [math.log(1.1) + _STEP * point for point in range(_POINTS)]
_THETA_LESS_1 = [math.expm1(log_theta) for log_theta in _LOG_THETA]
_LOG_ALL_WEIGHTS = math.log(sum(math.exp(-log_theta) for log_theta in _LOG_THETA))
_LARGEST_NULL = 100.0
_NEGLIGIBLE = 45.0  # below the top: forty-eight of them are lost in rounding


def losses(blocks: Iterable[Counts], known: list[float]) -> Iterator[float]:
    """What the likelihood loses for all bad events of `blocks`, theta by theta.

    Args:
        blocks: Those with bad events.
        known: The losses of the first points, as far as they were ever asked for; it grows.
    """
    yield from known
    for less_1 in _THETA_LESS_1[len(known) :]:
        known.append(_loss(less_1, blocks))
        yield known[-1]


def with_block(losses: Iterable[float], counts: Counts) -> Iterator[float]:
    """The same with one block more."""
    _, bad, n_c, n_b = counts
    of_one = _losses_of_one(n_c / (n_c + n_b))
    return (loss + bad * more for loss, more in zip(losses, of_one, strict=False))


def _loss(theta_less_1: float, blocks: Iterable[Counts]) -> float:
    loss, log1p = 0.0, math.log1p
    for _, bad, n_c, n_b in blocks:
        loss += bad * log1p(n_c / (n_c + n_b) * theta_less_1)
    return loss


@lru_cache(maxsize=256)
def _losses_of_one(share: float) -> tuple[float, ...]:
    """Of one bad event at every point; the same for all metrics of one window."""
    return tuple([math.log1p(share * less_1) for less_1 in _THETA_LESS_1])


def log_e_worse(bad_c: float, losses: Iterable[float], dispersion: float) -> float:
    """Log of the e-value against "not worse", given the canary's bad events and the losses."""
    likelihoods = (
        bad_c * log_theta - loss for log_theta, loss in zip(_LOG_THETA, losses, strict=False)
    )
    return _log_mean(likelihoods, dispersion)


def log_e_beyond(null: float, blocks: Sequence[Counts], dispersion: float) -> float:
    """Log of the e-value against "at most `null` times worse"; the mixture is beyond that."""
    null = min(null, _LARGEST_NULL)
    bad_c, at_null = sum([counts[0] for counts in blocks]), _loss(null - 1, blocks)
    likelihoods = (
        bad_c * log_theta - (_loss(null * (1 + less_1) - 1, blocks) - at_null)
        for log_theta, less_1 in zip(_LOG_THETA, _THETA_LESS_1, strict=True)
    )
    return _log_mean(likelihoods, dispersion)


def log_e_above(bad_c: float, expected: float, dispersion: float) -> float:
    """Log of the e-value against "at most `expected` bad events", Poisson, of one arm alone."""
    return log_e_worse(bad_c, (expected * less_1 for less_1 in _THETA_LESS_1), dispersion)


def _log_mean(likelihoods: Iterable[float], dispersion: float) -> float:
    """Log of the mixture's mean, each log-likelihood ratio divided by `dispersion`."""
    logs: list[float] = []
    top = -math.inf
    for likelihood, log_theta in zip(likelihoods, _LOG_THETA, strict=False):
        value = likelihood / dispersion - log_theta
        if value > top:
            top = value
        elif value < top - _NEGLIGIBLE:
            break
        logs.append(value)
    return top + math.log(sum([math.exp(value - top) for value in logs])) - _LOG_ALL_WEIGHTS
