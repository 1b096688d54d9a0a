"""The correlation of two columns, of their values or of their ranks, without SciPy."""

from __future__ import annotations

import numpy as np

from .measured import Doubles


def pearson(x: Doubles, y: Doubles) -> float:
    """Pearson's correlation over the places where both are numbers; NaN if it is undefined."""
    both = ~(np.isnan(x) | np.isnan(y))
    if both.sum() < 2:
        return np.nan
    x, y = x[both] - x[both].mean(), y[both] - y[both].mean()
    spread = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / spread) if spread > 0 else np.nan


def spearman(x: Doubles, y: Doubles) -> float:
    """Spearman's correlation: Pearson's correlation of the ranks, over the same places."""
    both = ~(np.isnan(x) | np.isnan(y))
    return pearson(mean_ranks(x[both]), mean_ranks(y[both]))


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
