"""Mean test regret over simulated time, and how sure one can be of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..search import Trajectories
from ..search.steps import Doubles

_RESAMPLES = 1000
_SHARES = (0.025, 0.975)


@dataclass(frozen=True, eq=False)
class MeanRegret:
    """A step function: `regret[i]` from `seconds[i]` on.

    It begins where each run has an incumbent. Runs in which no training ended take no part.

    Attributes:
        seconds, regret: float64 (N,), by ascending seconds; N is 0 where no training ended.
    """

    seconds: Doubles
    regret: Doubles

    def first_below(self, level: float) -> float | None:
        """When it first is below a level, in simulated seconds; None: never."""
        below = np.flatnonzero(self.regret < level)
        return float(self.seconds[below[0]]) if len(below) else None


def mean_regret(trajectories: Trajectories) -> MeanRegret:
    """The exact mean of the runs, a step at each of their incumbents.

    Example:
        >>> mean_regret(search.run("rs", index, runs=500, budget_seconds=1e7)).first_below(0.01)
    """
    steps = trajectories.incumbents
    has_begun = np.diff(steps.starts) > 0
    begins = steps.starts[:-1][has_begun]
    if not len(begins):
        return MeanRegret(np.empty(0), np.empty(0))
    regret = trajectories.best_test_accuracy - steps.test_accuracy
    change = np.diff(regret, prepend=0.0)
    change[begins] = regret[begins]
    order = np.argsort(steps.seconds, kind="stable")
    seconds, mean = steps.seconds[order], np.cumsum(change[order]) / len(begins)
    is_known = seconds >= steps.seconds[begins].max()
    is_known[:-1] &= seconds[1:] > seconds[:-1]  # of equal times the last counts
    return MeanRegret(seconds[is_known], mean[is_known])


def confidence_band(values: Doubles) -> tuple[Doubles, Doubles]:
    """The 95 % bootstrap interval of the mean over runs, low and high: (N,) of (runs, N).

    From 1,000 resamples of the runs, the same ones for all points. NaN for less than 2 runs.
    """
    runs = len(values)
    if runs < 2:
        return np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    rng = np.random.default_rng(0)
    weights = rng.multinomial(runs, np.full(runs, 1 / runs), _RESAMPLES) / runs
    low, high = np.quantile(weights @ values, _SHARES, axis=0)
    return low, high
