"""Mean test regret over simulated time, and its confidence interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..search import Trajectories
from ..search.observations import Doubles

_RESAMPLES = 1000
_SHARES = (0.025, 0.975)


@dataclass(frozen=True, eq=False)
class MeanRegret:
    """A step function of simulated time: the mean regret is `regret[i]` from `seconds[i]` on.

    It begins when every run has an incumbent. Runs in which no training ended are left out.

    Attributes:
        seconds: float64 (N,), ascending. N is 0 if no training ended in any run.
        regret: float64 (N,).
    """

    seconds: Doubles
    regret: Doubles

    def first_below(self, level: float) -> float | None:
        """The simulated seconds at which the mean is first below a level; None if it never is."""
        below = np.flatnonzero(self.regret < level)
        return float(self.seconds[below[0]]) if len(below) else None


def mean_regret(trajectories: Trajectories) -> MeanRegret:
    """The exact mean of the runs. It changes at every incumbent of a run.

    Example:
        >>> mean_regret(search.run("rs", index, runs=500, budget_seconds=1e7)).first_below(0.01)
    """
    incumbents = trajectories.incumbents
    has_begun = np.diff(incumbents.starts) > 0
    begins = incumbents.starts[:-1][has_begun]
    if not len(begins):
        return MeanRegret(np.empty(0), np.empty(0))
    regret = trajectories.best_test_accuracy - incumbents.test_accuracy
    change = np.diff(regret, prepend=0.0)
    change[begins] = regret[begins]
    order = np.argsort(incumbents.seconds, kind="stable")
    seconds, mean = incumbents.seconds[order], np.cumsum(change[order]) / len(begins)
    is_known = seconds >= incumbents.seconds[begins].max()
    is_known[:-1] &= seconds[1:] > seconds[:-1]  # of equal times, the last has all changes
    return MeanRegret(seconds[is_known], mean[is_known])


def confidence_band(values: Doubles) -> tuple[Doubles, Doubles]:
    """The 95 % bootstrap interval of the mean over runs.

    The runs are resampled 1,000 times, in the same way for all points.

    Args:
        values: float64 (runs, N).

    Returns:
        The lower and the upper end, float64 (N,) each; NaN if there are fewer than 2 runs.
    """
    runs = len(values)
    if runs < 2:
        return np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    rng = np.random.default_rng(0)
    weights = rng.multinomial(runs, np.full(runs, 1 / runs), _RESAMPLES) / runs
    low, high = np.quantile(weights @ values, _SHARES, axis=0)
    return low, high
