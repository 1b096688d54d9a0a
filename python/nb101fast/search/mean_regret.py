"""Mean regret over what the runs have spent, and its confidence interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np

from ..arrays import Doubles
from ..checks import check_choice
from .fronts import Fronts
from .observations import Unit
from .optimizer_runs import OptimizerRuns
from .trajectories import Regret, Trajectories

_RESAMPLES = 1000
_SHARES = (0.025, 0.975)


_ROUNDING = 1e-12  # Means that differ by less are equal: their sums were rounded in other orders.


@dataclass(frozen=True, eq=False)
class MeanRegret:
    """A step function of what each run has spent: the mean is `regret[i]` from `spent[i]` on.

    It begins when every run has an incumbent. Runs in which no training ended are left out.

    Attributes:
        spent: float64 (N,), ascending: simulated seconds, or evaluations. N is 0 if no training
            ended in any run.
        regret: float64 (N,).
    """

    spent: Doubles
    regret: Doubles

    def first_below(self, level: float) -> float | None:
        """What was spent when the mean is first below a level; None if it never is."""
        below = np.flatnonzero(self.regret < level - _ROUNDING)
        return float(self.spent[below[0]]) if len(below) else None


def regret_of(runs: OptimizerRuns, regret: Regret = "test") -> Doubles:
    """The regret of each row of `incumbents`: float64. Fronts have that of the hypervolume alone.

    Raises:
        TypeError: these are neither trajectories nor fronts.
    """
    if isinstance(runs, Fronts):
        return runs.regret_of_incumbents()
    if isinstance(runs, Trajectories):
        return runs.regret_of_incumbents(regret)
    raise TypeError(f"trajectories={runs!r} is not allowed; use Trajectories or Fronts")


def mean_regret(
    trajectories: OptimizerRuns, *, regret: Regret = "test", unit: Unit = "seconds"
) -> MeanRegret:
    """The exact mean of the runs. It changes at every incumbent of a run.

    Args:
        trajectories: the runs, or the fronts of runs.
        regret: which regret, see `Trajectories.regret_at`. Fronts have one regret alone.
        unit: whether it is a function of "seconds" or of "evaluations".

    Raises:
        TypeError: these are neither trajectories nor fronts.
        ValueError: there is no such regret or unit.

    Example:
        >>> from nb101fast import search
        >>> mean_regret(search.run("rs", index, runs=500, budget_seconds=1e6)).first_below(0.01)
    """
    check_choice("unit", unit, get_args(Unit))
    values = regret_of(trajectories, regret)
    incumbents = trajectories.incumbents
    has_begun = np.diff(incumbents.starts) > 0
    begins = incumbents.starts[:-1][has_begun]
    if not len(begins):
        return MeanRegret(np.empty(0), np.empty(0))
    change = np.diff(values, prepend=0.0)
    change[begins] = values[begins]
    spent = incumbents.spent(unit)
    order = np.argsort(spent, kind="stable")
    first = spent[begins].max()
    spent, mean = spent[order], np.cumsum(change[order]) / len(begins)
    is_known = spent >= first
    is_known[:-1] &= spent[1:] > spent[:-1]  # of equal places, the last has all changes
    return MeanRegret(spent[is_known], mean[is_known])


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
