"""Random walks from cell to cell, and the autocorrelation of values along them."""

from __future__ import annotations

import numpy as np

from .. import search_space
from ..arrays import Doubles
from ..ids import NUM_CELLS, Ids

WALKS = 1000
STEPS = 1000  # of each walk, after those that are left out
LAGS = 20
_STEPS_BEFORE = 100  # left out: until then it matters where a walk began
_SEED = 0


def walk(ids: Ids) -> Ids:
    """Walk among some cells at random.

    A walk begins at any cell that has neighbours. At each step it goes on to any of the cell's
    neighbours, each with the same probability.

    Args:
        ids: int32 (N,), the cells that a walk may visit.

    Returns:
        The cell ids along the walks: int32 (STEPS, WALKS), or (STEPS, 0) if no cell has neighbours.
    """
    indptr, indices = graph_of(ids)
    degrees = np.diff(indptr)
    starts = np.flatnonzero(degrees)
    walks = np.empty((STEPS, WALKS if len(starts) else 0), np.int32)
    if not len(starts):
        return walks
    rng = np.random.default_rng(_SEED)
    place = rng.choice(starts, WALKS)
    for step in range(-_STEPS_BEFORE, STEPS):
        place = indices[indptr[place] + (rng.random(WALKS) * degrees[place]).astype(np.int64)]
        if step >= 0:
            walks[step] = place
    return walks


def graph_of(ids: Ids) -> search_space.NeighborTable:
    """The neighbours of some cells among themselves, as compressed sparse rows.

    Two cells are neighbours if one change of either one's representative leads to the other. The
    neighbour table has only the changes of a cell's own representative. A single change never
    revives a dead vertex of a representative, so with these alone every walk would end among the
    smallest cells.

    Returns:
        A `NeighborTable` of all cells, in which the other cells have no neighbours: `indptr`, int64
        (423625,), and `indices`, int32.
    """
    indptr, indices = search_space.neighbor_table()
    present = np.zeros(NUM_CELLS, np.bool_)
    present[ids] = True
    sources = np.repeat(np.arange(NUM_CELLS), np.diff(indptr))
    kept = present[sources] & present[indices]
    sources, targets = sources[kept], indices[kept].astype(np.int64)
    # A pair of cells as one number, so that sorting finds the pairs that occur twice.
    pairs = np.concatenate([sources * NUM_CELLS + targets, targets * NUM_CELLS + sources])
    pairs.sort()  # np.unique would take ten times as long
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]
    sources, targets = np.divmod(pairs, NUM_CELLS)
    ends = np.cumsum(np.bincount(sources, minlength=NUM_CELLS))
    return search_space.NeighborTable(np.concatenate([[0], ends]), targets.astype(np.int32))


def autocorrelate(values: Doubles) -> tuple[Doubles, Doubles]:
    """The autocorrelation of values along walks.

    The mean and the variance are those of all walks together.

    Args:
        values: float64 (steps, walks).

    Returns:
        By lag, float64 (LAGS + 1,) each: the autocorrelation over all walks, and the standard
        deviation between single walks. NaN if there are no values or all are equal.
    """
    nothing = np.full(LAGS + 1, np.nan)
    if not values.size or np.ptp(values) == 0:
        return nothing, nothing
    centred = values - values.mean()
    products = np.stack(
        [
            np.einsum("tw,tw->w", centred[: len(centred) - lag], centred[lag:])
            / (len(centred) - lag)
            for lag in range(LAGS + 1)
        ]
    )
    products /= products[0].mean()
    return products.mean(axis=1), products.std(axis=1, ddof=1)
