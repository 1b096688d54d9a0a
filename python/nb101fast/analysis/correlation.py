"""The correlation of two columns, of their values or of their ranks, without SciPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..arrays import Doubles


def pearson(x: Doubles, y: Doubles) -> float:
    """Pearson's correlation over the places where both are numbers; NaN if it is undefined."""
    both = ~(np.isnan(x) | np.isnan(y))
    if both.sum() < 2 or np.ptp(x[both]) == 0 or np.ptp(y[both]) == 0:
        return np.nan
    x, y = x[both] - x[both].mean(), y[both] - y[both].mean()
    spread = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / spread) if spread > 0 else np.nan


def spearman(x: Doubles, y: Doubles) -> float:
    """Spearman's correlation: Pearson's correlation of the ranks, over the same places."""
    both = ~(np.isnan(x) | np.isnan(y))
    return pearson(mean_ranks(x[both]), mean_ranks(y[both]))


def kendall(x: Doubles, y: Doubles) -> float:
    """Kendall's tau-b over the places where both are numbers; NaN if it is undefined.

    Example:
        >>> kendall(np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 4]))
        0.6666666666666666
    """
    both = ~(np.isnan(x) | np.isnan(y))
    x_ranks, y_ranks = (np.unique(each[both], return_inverse=True)[1] for each in (x, y))
    order = np.lexsort((y_ranks, x_ranks))
    x_ranks, y_ranks = x_ranks[order].astype(np.int64), y_ranks[order].astype(np.int64)
    pairs = len(order) * (len(order) - 1) // 2
    x_ties, y_ties = _ties(x_ranks), _ties(y_ranks)
    both_ties = _ties(x_ranks * (len(order) + 1) + y_ranks)
    spread = np.sqrt(float(pairs - x_ties) * float(pairs - y_ties))
    concordant_less_discordant = pairs - x_ties - y_ties + both_ties - 2 * _inversions(y_ranks)
    return float(concordant_less_discordant / spread) if spread > 0 else np.nan


def _ties(ranks: npt.NDArray[np.int64]) -> int:
    """How many pairs are equal."""
    counts = np.unique(ranks, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())


def _inversions(ranks: npt.NDArray[np.int64]) -> int:
    """How many pairs have the greater rank first.

    Consider the highest bit in which the two ranks of such a pair differ. There the first rank has
    a 1 and the second a 0. So the pairs are counted for each bit, among ranks whose higher bits are
    equal.
    """
    inversions = 0
    for bit in reversed(range(int(ranks.max(initial=0)).bit_length())):
        is_one = ranks >> bit & 1
        ones_before = np.cumsum(is_one) - is_one
        group = ranks >> (bit + 1)
        is_first = np.append(True, group[1:] != group[:-1])
        sizes = np.diff(np.append(np.flatnonzero(is_first), len(ranks)))
        in_group = ones_before - np.repeat(ones_before[is_first], sizes)
        inversions += int(in_group[is_one == 0].sum())
        ranks = ranks[np.argsort(ranks >> bit, kind="stable")]
    return inversions


def mean_ranks(values: Doubles) -> Doubles:
    """The ranks of the values, from 1 upwards; equal values share their mean rank. No NaN."""
    order = np.argsort(values)
    ascending = values[order]
    first = np.flatnonzero(np.concatenate([[True], ascending[1:] != ascending[:-1]]))
    first = first[: len(values)]
    counts = np.diff(np.append(first, len(values)))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(first + (counts + 1) / 2, counts)
    return ranks
